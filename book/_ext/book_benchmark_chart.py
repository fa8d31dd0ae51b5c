"""Ratios as dots with their quartiles on a logarithmic axis around 1, as SVG.

The colors are those of the page (_static/benchmarks.css). A panel is as wide as a phone, so
that its text keeps its size there.
"""

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

WIDTH, NAMES, NUMBERS = 340, 122, 40  # a panel; room for names, room for the numbers
ROW, SECTION, AXIS = 20, 22, 26
TICKS = (0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 1, 1.05, 1.1, 1.2, 1.5, 2, 3, 5)
TICKS += (10, 20, 30, 50, 100, 200, 500, 1000, 2000)
APART = 27  # between two labels of the axis


class Row(NamedTuple):
    """One line of a chart: for each machine the ratio and its quartiles."""

    name: str
    section: str
    marks: Mapping[str, tuple[float, float, float]]


class Scale(NamedTuple):
    """A logarithmic axis between two ratios."""

    low: float
    high: float

    def x(self, ratio: float) -> float:
        """Return where a ratio stands."""
        share = math.log(ratio / self.low) / math.log(self.high / self.low)
        return NAMES + share * (WIDTH - NAMES - NUMBERS)

    def ticks(self) -> list[float]:
        """Return the ratios that get a line: 1, and from there outwards what has room."""
        found = [1.0]
        for tick in sorted(TICKS, key=lambda tick: abs(math.log(tick))):
            apart = min(abs(self.x(tick) - self.x(other)) for other in found)
            if self.low <= tick <= self.high and apart >= APART:
                found.append(tick)
        return sorted(found)


def scale(span: tuple[float, float]) -> Scale:
    """Return the axis for these smallest and largest ratios, with a little room."""
    room = 1.04 * max(1.0, (span[1] / span[0]) ** 0.03)
    return Scale(min(span[0], 0.95) / room, max(span[1], 1.05) * room)


def chart(
    kind: str, rows: Sequence[Row], machines: Sequence[str], span: tuple[float, float]
) -> str:
    """Return a panel; the number at the end of a line is that of its first machine."""
    axis = scale(span)
    parts: list[str] = []
    y = 4.0
    section = ""
    for row in rows:
        if row.section != section:
            section = row.section
            y += SECTION
            parts.append(
                f'<text class="section" x="0" y="{y - 6:.0f}">{escape(section)}</text>'
            )
        parts.append(_line(row, machines, axis, y + ROW / 2))
        y += ROW
    bottom = y + 2
    grid = "".join(
        f'<path class="{"one" if tick == 1 else "tick"}" '
        f'd="M{axis.x(tick):.1f} 0V{bottom:.0f}"/>'
        f'<text class="at" x="{axis.x(tick):.1f}" y="{bottom + 14:.0f}">{tick:g}</text>'
        for tick in axis.ticks()
    )
    first = machines[0]
    said = ", ".join(
        f"{row.name}{f' on {row.section}' if row.section else ''} {row.marks[first][0]:.3g}"
        for row in rows
        if first in row.marks
    )
    label = f"Ratios, {kind}, on {first}: {said}" if said else f"Ratios, {kind}"
    return (
        f'<svg class="benchmark-chart" viewBox="0 0 {WIDTH} {bottom + AXIS - 6:.0f}" '
        f'role="img" aria-label="{escape(label)}">{grid}{"".join(parts)}</svg>'
    )


def _line(row: Row, machines: Sequence[str], axis: Scale, y: float) -> str:
    """Return name, intervals, dots and number of a row whose middle is at y."""
    parts = [f'<text x="0" y="{y + 4:.0f}">{escape(row.name)}</text>']
    shown = [machine for machine in machines if machine in row.marks]
    for n, machine in reversed(list(enumerate(machines))):
        if machine not in row.marks:
            continue
        middle, low, high = row.marks[machine]
        at = y + (shown.index(machine) - (len(shown) - 1) / 2) * 7
        parts.append(
            f'<g class="m{n}"><path d="M{axis.x(low):.1f} {at:.1f}H{axis.x(high):.1f}"/>'
            f'<circle cx="{axis.x(middle):.1f}" cy="{at:.1f}" r="3.4"/></g>'
        )
    if shown:
        ratio = row.marks[shown[0]][0]
        text = f"{ratio:.2f}" if ratio < 10 else f"{ratio:.3g}"
        parts.append(f'<text class="number" x="{WIDTH}" y="{y + 4:.0f}">{text}</text>')
    return "".join(parts)
