"""The landscape as one piece of HTML: drawing, table and script, complete without the script.

Nothing is loaded from anywhere, so that the chart works in JupyterLab, in the book and offline.
The rows of the table are the data of the script.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from importlib.resources import files

from cnnhistory._util.html import html_table
from cnnhistory._util.lookup import expected
from cnnhistory._util.numbers import count_text
from cnnhistory.papers import paper
from cnnhistory.plotting.figures.landscape import DATA_SETS, Point, best, pareto
from cnnhistory.survey.accuracies import VIEWS
from cnnhistory.system import ERAS

WIDTH, HEIGHT = 760, 460
LEFT, RIGHT, TOP, BOTTOM = 52, 16, 14, 44
MOST_ERAS = 7  # colors in landscape.css
SMALLEST, LARGEST = 4.0, 22.0  # radius of a dot
LABEL_HEIGHT, LETTER = 12.0, 6.6  # of a label of 11 pixels

Box = tuple[float, float, float, float]  # left, top, right, bottom


class LandscapeChart:
    """Accuracy against multiply-adds, parameters or year, for figures of several data sets.

    The drawing shows the first data set against multiply-adds; where scripts run, controls choose
    the axes, the data set and how many crops of an image were tested, and the arrow keys go from
    dot to dot. The area of a dot grows with the number of parameters.

    Raises:
        ValueError: there is no point, or there are more eras than colors.
    """

    def __init__(self, found: Sequence[Point]) -> None:
        if not found:
            raise expected("found", "at least one point", "none")
        self.points = list(found)
        eras: dict[str, int] = {}
        for point in self.points:
            eras.setdefault(point.era, len(eras))
        if len(eras) > MOST_ERAS:
            raise expected("found", f"points of at most {MOST_ERAS} eras", list(eras))
        self.eras = eras

    def __str__(self) -> str:
        networks = len({point.model for point in self.points})
        return f"{len(self.points)} figures for {networks} networks"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        folder = files("cnnhistory.plotting.figures")
        style = (folder / "landscape.css").read_text(encoding="utf-8")
        script = (folder / "landscape.js").read_text(encoding="utf-8")
        return (
            f'<div class="landscape"><style>{style}</style>\n'
            f"{self._controls()}\n{self._legend()}\n"
            f'<div class="landscape-plot">{self.drawing()}</div>\n'
            '<p class="landscape-card" role="status">Every dot is one figure of a paper; the table '
            "below has all of them.</p>\n"
            f"{self._table()}\n<script>{script}</script></div>"
        )

    def _controls(self) -> str:
        present = {point.figure.data for point in self.points}
        choices = {
            "Data": ("data", {data: data for data in DATA_SETS if data in present}),
            "Accuracy": ("metric", {"top1": "top-1", "top5": "top-5"}),
            "Against": (
                "x",
                {"macs": "multiply-adds", "params": "parameters", "year": "year"},
            ),
            "Tested on": ("views", {"": "everything", **VIEWS}),
        }
        selects = []
        for label, (name, options) in choices.items():
            inside = "".join(
                f'<option value="{escape(value)}">{escape(text)}</option>'
                for value, text in options.items()
            )
            selects.append(f'<label>{label} <select name="{name}">{inside}</select></label>')
        return f'<form class="landscape-controls" hidden>{"".join(selects)}</form>'

    def _legend(self) -> str:
        entries = "".join(
            f'<span><i data-era="{number}"></i>{escape(ERAS[era])}</span>'
            for era, number in self.eras.items()
        )
        return (
            f'<p class="landscape-legend">{entries}<span>larger: more parameters</span>'
            "<span>dashed: nothing cheaper is as accurate</span></p>"
        )

    def _table(self) -> str:
        heads = ("network", "year", "data", "tested on", "top-1 error", "top-5 error",
                 "multiply-adds", "parameters", "source")  # fmt: skip
        table = html_table(
            heads, [_cells(point) for point in self.points],
            data=[self._facts(point) for point in self.points],
        )  # fmt: skip
        return f"<details><summary>All {self} as a table</summary>\n{table}</details>"

    def _facts(self, point: Point) -> dict[str, str]:
        """Return what the script reads of a row."""
        facts = {
            "model": point.model,
            "data": point.figure.data,
            "views": point.figure.views,
            "year": point.year,
            "era": self.eras[point.era],
            "macs": point.multiply_adds,
            "params": point.parameters,
            "top1": point.accuracy(1) or "",
            "top5": point.accuracy(5) or "",
        }
        return {name: str(value) for name, value in facts.items()}

    def drawing(self) -> str:
        """Return the drawing that is there without a script, as SVG."""
        first = self.points[0].figure.data
        data = "ImageNet" if any(p.figure.data == "ImageNet" for p in self.points) else first
        shown = [p for p in self.points if p.figure.data == data and p.accuracy() is not None]
        costs = [p.multiply_adds for p in shown]
        values = [p.accuracy() or 0.0 for p in shown]
        low, high = math.log10(min(costs)) - 0.2, math.log10(max(costs)) + 0.2
        floor, ceiling = min(values) - 1, max(values) + 1

        def x(value: float) -> float:
            share = (math.log10(value) - low) / (high - low)
            return LEFT + share * (WIDTH - LEFT - RIGHT)

        def y(value: float) -> float:
            return HEIGHT - BOTTOM - (value - floor) / (ceiling - floor) * (HEIGHT - TOP - BOTTOM)

        parts = []
        for exponent in range(math.floor(low), math.ceil(high) + 1):
            for tick in (base * 10**exponent for base in (1, 2, 5)):
                if low <= math.log10(tick) <= high:
                    parts.append(
                        f'<path class="grid" d="M{x(tick):.1f} {TOP}V{HEIGHT - BOTTOM}"/>'
                        f'<text x="{x(tick):.1f}" y="{HEIGHT - BOTTOM + 16}" '
                        f'text-anchor="middle">{count_text(tick)}</text>'
                    )
        for level in range(math.ceil(floor / 2) * 2, math.floor(ceiling) + 1, 2):
            parts.append(
                f'<path class="grid" d="M{LEFT} {y(level):.1f}H{WIDTH - RIGHT}"/>'
                f'<text x="{LEFT - 6}" y="{y(level) + 4:.1f}" text-anchor="end">{level}</text>'
            )
        parts.append(
            f'<text class="axis" x="{WIDTH - RIGHT}" y="{HEIGHT - 8}" text-anchor="end">'
            f"multiply-adds for one crop</text>"
            f'<text class="axis" transform="translate(14 {TOP}) rotate(-90)" text-anchor="end">'
            "top-1 accuracy, %</text>"
        )
        on_front = pareto(costs, values)
        front = [(x(costs[i]), y(values[i])) for i in on_front]
        steps = "".join(f"H{right:.1f}V{up:.1f}" for right, up in front[1:])
        parts.append(
            f'<path class="front" d="M{front[0][0]:.1f} {front[0][1]:.1f}{steps}H{WIDTH - RIGHT}"/>'
        )
        largest = max(p.parameters for p in shown)
        dots = []
        for point, value in zip(shown, values, strict=True):
            share = math.sqrt(point.parameters / largest)
            radius = SMALLEST + (LARGEST - SMALLEST) * share
            dots.append((point, x(point.multiply_adds), y(value), radius))
        for point, cx, cy, radius in sorted(dots, key=lambda dot: -dot[3]):
            title = f"{point.name}, {VIEWS[point.figure.views]}: {point.accuracy():g} %"
            parts.append(
                f'<circle class="dot" data-era="{self.eras[point.era]}" cx="{cx:.1f}" '
                f'cy="{cy:.1f}" r="{radius:.1f}"><title>{escape(title)}</title></circle>'
            )
        chosen = {id(p) for p in best(shown)}
        leading = {id(shown[i]) for i in on_front}
        wanted = [dot for dot in dots if id(dot[0]) in chosen]
        wanted.sort(key=lambda dot: (id(dot[0]) not in leading, dot[2]))
        named = [(dot[0].name, *dot[1:]) for dot in wanted]
        ends = [*front[1:], (float(WIDTH - RIGHT), 0.0)]
        lines: list[Box] = []
        for (left, up), (right, next_up) in zip(front, ends, strict=True):
            lines += [(left, up - 1, right, up + 1), (right - 1, next_up, right + 1, up)]
        for text, left, base in labels(named, [d[1:] for d in dots], lines[:-1]):
            parts.append(f'<text class="name" x="{left:.1f}" y="{base:.1f}">{escape(text)}</text>')
        return (
            f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Top-1 accuracy on '
            f"{escape(data)} against multiply-adds, {len(shown)} figures; the table has the "
            f'numbers">{"".join(parts)}</svg>'
        )


def _cells(point: Point) -> list[str]:
    """Return the cells of a row of the table."""
    figure = point.figure
    where = f"{paper(figure.source).authors.split(',')[0]} {paper(figure.source).year}"
    where += f", {figure.where}"
    where += f" ({figure.note})" if figure.note else ""
    tested = VIEWS[figure.views] + (f" of {figure.size}²" if figure.data == "ImageNet" else "")
    errors = [f"{e:g} %" if e is not None else "–" for e in (figure.top1, figure.top5)]
    return [
        point.name,
        str(point.year),
        figure.data,
        tested,
        *errors,
        count_text(point.multiply_adds),
        count_text(point.parameters),
        where,
    ]


def labels(
    named: Sequence[tuple[str, float, float, float]],
    dots: Sequence[tuple[float, float, float]],
    lines: Sequence[Box] = (),
) -> list[tuple[str, float, float]]:
    """Return text, left end and base line of each label that fits beside its dot.

    Args:
        named: text, center and radius of the dots that want a label, the most wanted first.
        dots: centers and radii of all dots; a label keeps off their middle.
        lines: thin boxes around lines that labels keep off.
    """
    taken = [*lines, *(_box(cx, cy, 0.6 * radius) for cx, cy, radius in dots)]
    placed = []
    for text, cx, cy, radius in named:
        wide, near = len(text) * LETTER, 0.7 * radius + 2
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
            inside = left >= LEFT and box[2] <= WIDTH and box[1] >= 0
            if inside and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                placed.append((text, left, base))
                break
    return placed


def _box(cx: float, cy: float, half: float) -> Box:
    return (cx - half, cy - half, cx + half, cy + half)


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
