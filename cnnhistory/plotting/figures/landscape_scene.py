"""Where everything of the landscape stands: dots, names, axes and front, for each choice.

A scene is computed once, here; what draws it, in a notebook or in a page, only puts it there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cnnhistory._util.lookup import expected
from cnnhistory._util.numbers import count_text
from cnnhistory.plotting.figures.landscape import Point, pareto

COSTS = {"macs": "multiply-adds for one crop", "params": "parameters"}
AGAINST = {**COSTS, "year": "year of the paper"}
METRICS = {"top1": 1, "top5": 5}
LEFT, RIGHT, TOP, BOTTOM = 52, 16, 14, 44  # margins of the axes
SMALLEST = 4.0  # radius of a dot
EVEN = 7.0  # radius where parameters are an axis
LABEL_HEIGHT, LETTER = 12.0, 6.6  # of a label of 11 pixels

Box = tuple[float, float, float, float]  # left, top, right, bottom


class Frame(NamedTuple):
    """Width and height of a drawing, and the radius of its largest dot, in pixels."""

    width: int
    height: int
    largest: float


WIDE, NARROW = Frame(760, 460, 22.0), Frame(380, 400, 14.0)


class Dot(NamedTuple):
    """A point as it is drawn: its place in the list of all points, center and radius."""

    number: int
    x: float
    y: float
    radius: float


@dataclass(frozen=True)
class Scene:
    """Everything of one drawing, in pixels from the upper left.

    Args:
        label: what the drawing shows, in words.
        axes: names of the axis to the right and of the one upwards.
        marks: x and text along the first axis; `levels`: y and text along the other.
        bands: left and right end of every other year.
        front: the corners of the Pareto front, from its cheapest network on; none for years.
        links: x, upper and lower end of the line between two dots of one network, and its dot.
        dots: the largest first, so that none is covered.
        names: number of a point, left end and base line of its name.
    """

    label: str
    axes: tuple[str, str]
    marks: list[tuple[float, str]]
    levels: list[tuple[float, str]]
    dots: list[Dot]
    names: list[tuple[int, float, float]]
    links: list[tuple[int, float, float, float]]
    bands: list[tuple[float, float]] = field(default_factory=list)
    front: list[tuple[float, float]] = field(default_factory=list)


def scene(
    found: Sequence[Point],
    data: str = "ImageNet",
    metric: str = "top1",
    against: str = "macs",
    views: str = "",
    *,
    frame: Frame = WIDE,
) -> Scene | None:
    """Return where the figures of a choice stand, or None if the papers have none.

    Args:
        found: all points, whose places in this list number the dots.
        data: one of `DATA_SETS`.
        metric: "top1" or "top5" accuracy.
        against: "macs", "params" or "year".
        views: one of `VIEWS`, or "" for all.
        frame: how large.

    Raises:
        ValueError: `metric` or `against` is none of these.
    """
    if metric not in METRICS:
        raise expected("metric", " or ".join(METRICS), metric)
    if against not in AGAINST:
        raise expected("against", ", ".join(AGAINST), against)
    numbers = [
        number
        for number, point in enumerate(found)
        if point.figure.data == data
        and point.accuracy(METRICS[metric]) is not None
        and views in ("", point.figure.views)
    ]
    if not numbers:
        return None
    shown = [found[number] for number in numbers]
    values = [point.accuracy(METRICS[metric]) or 0.0 for point in shown]
    places, low, high = _places(shown, against)
    room = max(values) - min(values)
    floor = min(values) - max(0.4, room / 10)
    ceiling = min(100.0, max(values) + max(0.4, room / 10))
    right, base = frame.width - RIGHT, frame.height - BOTTOM

    def across(place: float) -> float:
        return LEFT + (place - low) / (high - low) * (right - LEFT)

    def upward(value: float) -> float:
        return base - (value - floor) / (ceiling - floor) * (base - TOP)

    most = max(point.parameters for point in shown)
    dots = [
        Dot(
            number, across(place), upward(value),
            EVEN if against == "params"
            else SMALLEST + (frame.largest - SMALLEST) * math.sqrt(point.parameters / most),
        )
        for number, point, place, value in zip(numbers, shown, places, values, strict=True)
    ]  # fmt: skip
    tops: dict[str, Dot] = {}
    for point, dot in zip(shown, dots, strict=True):
        if point.model not in tops or dot.y < tops[point.model].y:
            tops[point.model] = dot
    on_front = pareto([dot.x for dot in dots], values) if against in COSTS else []
    front = [(dots[i].x, dots[i].y) for i in on_front]
    leading = {dots[i].number for i in on_front}
    wanted = sorted(tops.values(), key=lambda dot: (dot.number not in leading, dot.y))
    kind = "accuracy" if data != "ImageNet" else f"top-{METRICS[metric]} accuracy"
    bands: list[tuple[float, float]] = []
    if against == "year":
        years = sorted({point.year for point in shown})
        marks = [(across(n + 0.5), str(year)) for n, year in enumerate(years)]
        bands = [(across(n), across(n + 1)) for n in range(0, len(years), 2)]
    else:
        marks = [(across(math.log10(t)), count_text(t)) for t in _ticks(low, high, frame.width)]
    return Scene(
        f"{kind[0].upper()}{kind[1:]} on {data} against {AGAINST[against]}, {len(dots)} figures",
        (AGAINST[against], f"{kind} on {data}, %"),
        marks,
        [(upward(level), f"{level:g}") for level in _levels(floor, ceiling)],
        sorted(dots, key=lambda dot: -dot.radius),
        labels(
            [(dot.number, len(found[dot.number].name), *dot[1:]) for dot in wanted],
            [dot[1:] for dot in dots],
            _along(front, right),
            frame.width,
        ),
        [
            (dot.number, dot.x, dot.y, tops[point.model].y)
            for point, dot in zip(shown, dots, strict=True)
            if dot is not tops[point.model]
        ],
        bands,
        front,
    )


def _places(shown: Sequence[Point], against: str) -> tuple[list[float], float, float]:
    """Return the places along the axis, and its ends.

    Costs stand by their logarithm. A year is a band of width 1; where a dot stands in it, beside
    the others of that year, means nothing.
    """
    if against in COSTS:
        costs = [p.multiply_adds if against == "macs" else p.parameters for p in shown]
        places = [math.log10(cost) for cost in costs]
        return places, min(places) - 0.2, max(places) + 0.2
    years = sorted({point.year for point in shown})
    places = []
    for point in shown:
        peers = list(dict.fromkeys(other.model for other in shown if other.year == point.year))
        beside = (peers.index(point.model) + 0.5) / len(peers)
        places.append(years.index(point.year) + 0.06 + 0.88 * beside)
    return places, 0.0, float(len(years))


def _ticks(low: float, high: float, width: int) -> list[float]:
    """Return round numbers between two powers of ten: 1, 2 and 5 where there is room."""
    bases = (1, 2, 5) if width > 90 * (high - low) else (1,)
    exponents = range(math.floor(low), math.ceil(high) + 1)
    ticks = (float(base * 10**exponent) for exponent in exponents for base in bases)
    return [tick for tick in ticks if low <= math.log10(tick) <= high]


def _levels(floor: float, ceiling: float) -> list[float]:
    """Return round percentages between two, at most ten."""
    step = next(s for s in (0.2, 0.5, 1, 2, 5, 10, 20) if (ceiling - floor) / s <= 9)
    first, last = math.ceil(floor / step), math.floor(ceiling / step)
    return [round(k * step, 1) for k in range(first, last + 1)]


def _along(front: Sequence[tuple[float, float]], right: float) -> list[Box]:
    """Return thin boxes around the front, which names keep off."""
    boxes: list[Box] = []
    ends = [*front[1:], (right, front[-1][1])] if front else []
    for (x, y), (next_x, next_y) in zip(front, ends, strict=True):
        boxes += [(x, y - 1, next_x, y + 1), (next_x - 1, next_y, next_x + 1, y)]
    return boxes


def labels(
    named: Sequence[tuple[int, int, float, float, float]],
    dots: Sequence[tuple[float, float, float]],
    lines: Sequence[Box] = (),
    width: float = WIDE.width,
) -> list[tuple[int, float, float]]:
    """Return number, left end and base line of each label that fits beside its dot.

    Args:
        named: number, letters, center and radius of the dots that want a label, the most wanted
            first.
        dots: centers and radii of all dots; a label keeps off their middle.
        lines: thin boxes around lines that labels keep off.
        width: of the drawing.
    """
    taken = [*lines, *(_box(cx, cy, 0.6 * radius) for cx, cy, radius in dots)]
    placed = []
    for number, letters, cx, cy, radius in named:
        wide, near = letters * LETTER, 0.7 * radius + 2
        for left, base in (
            (cx + radius + 3, cy + 4),
            (cx - radius - 3 - wide, cy + 4),
            (cx - wide / 2, cy - radius - 4),
            (cx - wide / 2, cy + radius + 12),
            (cx - near - wide, cy - near),
            (cx + near, cy + near + 9),
            (cx + near, cy - near),
            (cx - near - wide, cy + near + 9),
        ):
            box = (left, base - LABEL_HEIGHT + 2, left + wide, base + 2)
            inside = left >= LEFT and box[2] <= width and box[1] >= 0
            if inside and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                placed.append((number, left, base))
                break
    return placed


def _box(cx: float, cy: float, half: float) -> Box:
    return (cx - half, cy - half, cx + half, cy + half)


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
