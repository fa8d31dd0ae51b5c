"""How much larger the texts of a figure may be where a narrow page shows it small."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from xml.etree import ElementTree as ET

FACTORS = (1.7, 1.55, 1.4, 1.25, 1.12)  # tried in this order
LETTER = 0.62  # mean width of a letter, in sizes of the font
RISE, FALL = 0.74, 0.2  # above and below the line that letters stand on
STEP = 1.0  # by which names of axes are moved away, in units
FARTHEST = 30  # that they are moved
Box = tuple[float, float, float, float]


@dataclass
class Words:
    """A text of a figure: where it is anchored, and how it is set, in the figure's units."""

    element: ET.Element
    x: float
    y: float
    size: float
    anchor: str
    upright: bool
    letters: int

    @property
    def axis(self) -> str:
        """Of which axis it is the name: "x", "y" or none."""
        return {"xl": "x", "yl": "y"}.get(self.element.get("class", ""), "")

    def box(self, factor: float = 1.0, shift: float = 0.0) -> Box:
        """Return left, top, right and lower end, with letters so much larger."""
        size = factor * self.size
        width = LETTER * size * self.letters
        begin = {"start": 0.0, "middle": -width / 2, "end": -width}[self.anchor]
        if self.upright:
            x = self.x - (shift if self.axis == "y" else 0)
            return (
                x - RISE * size,
                self.y - begin - width,
                x + FALL * size,
                self.y - begin,
            )
        y = self.y + (shift if self.axis == "x" else 0)
        return self.x + begin, y - RISE * size, self.x + begin + width, y + FALL * size


@dataclass(frozen=True)
class Fit:
    """How texts grow: by what factor, how far the names of axes move, and the room around."""

    factor: float
    down: float
    left: float
    around: Box  # added at the left, top, right and lower side


def fit(svg: ET.Element, box: Box, needed: float) -> Fit | None:
    """Return how texts can grow by the factor that is needed or the largest that fits.

    None if they cannot, since they would cover each other.
    """
    texts = list(words(svg, {}))
    if not texts or any(text is None for text in texts):
        return None
    found = [text for text in texts if text is not None]
    steps = [f for f in FACTORS if f <= needed] or [FACTORS[-1]]
    if steps[0] < needed <= FACTORS[0]:
        steps.insert(0, needed)
    for factor in steps:
        down = moved("x", found, factor)
        left = moved("y", found, factor)
        if down is None or left is None:
            continue
        boxes = [
            text.box(factor, {"x": down, "y": left}.get(text.axis, 0.0))
            for text in found
        ]
        if any(overlap(a, b) for a, b in combinations(boxes, 2)):
            continue
        x, y, width, height = box
        around = (
            max(0.0, x - min(b[0] for b in boxes)),
            max(0.0, y - min(b[1] for b in boxes)),
            max(0.0, max(b[2] for b in boxes) - x - width),
            max(0.0, max(b[3] for b in boxes) - y - height),
        )
        return Fit(factor, down, left, around)
    return None


def moved(axis: str, texts: list[Words], factor: float) -> float | None:
    """Return how far the names of an axis must move from the larger names of its ticks."""
    names = [text for text in texts if text.axis == axis]
    others = [text.box(factor) for text in texts if not text.axis]
    for step in range(int(FARTHEST / STEP)):
        shift = step * STEP
        if not any(
            overlap(name.box(factor, shift), other)
            for name in names
            for other in others
        ):
            return shift
    return None


def words(element: ET.Element, said: dict[str, str]) -> Iterator[Words | None]:
    """Yield the texts of a figure, None for one whose place is not understood."""
    said = {**said, **element.attrib}
    if element.tag != "text":
        handed = {k: v for k, v in said.items() if k in ("font-size", "text-anchor")}
        moves = element.tag == "g" and "transform" in element.attrib
        for child in element:
            if moves:
                yield from [None for _ in element.iter("text")]
                return
            yield from words(child, handed)
        return
    turned = re.fullmatch(r"rotate\((\S+) \S+ \S+\)", element.get("transform", ""))
    if (
        len(element)
        or "font-size" not in said
        or (element.get("transform") and not turned)
    ):
        yield None
        return
    if turned and abs(math.sin(math.radians(float(turned[1]))) + 1) > 0.01:
        yield None
        return
    yield Words(
        element, float(element.get("x", 0)), float(element.get("y", 0)),
        float(said["font-size"]), said.get("text-anchor", "start"), bool(turned),
        len(element.text or ""),
    )  # fmt: skip


def overlap(a: Box, b: Box) -> bool:
    """Return whether two boxes share more than their edges."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
