"""Which parts of a figure a narrow page may put below each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox


@dataclass(frozen=True)
class Panel:
    """A part of a figure: some of its axes and the box that holds them.

    `names` is the width of the strip at the left of the row that has the names of its ticks, if
    this panel shares them; 0 if it has its own, or none.

    Units: points, from the left upper corner of what is drawn.
    """

    axes: tuple[Axes, ...]
    left: float
    top: float
    width: float
    height: float
    names: float = 0.0


def panels(figure: Figure, inches: Bbox) -> list[list[Panel]]:
    """Return the panels of each row from top to bottom, none if the figure is in one piece.

    What rows and columns of axes do not overlap can be taken apart, unless something belongs to
    the figure as a whole, such as a title or a legend.

    Args:
        figure: one that was laid out.
        inches: the part of it that is drawn.
    """
    shown = [ax for ax in figure.axes if ax.get_visible() and _is_seen(ax)]
    # what a figure draws itself: its patch, and its axes
    others = [a for a in figure.get_children() if a is not figure.patch and a not in figure.axes]
    if len(shown) < 2 or any(artist.get_visible() for artist in others):
        return []
    boxes = {}
    for ax in shown:
        box = ax.get_tightbbox()
        assert box is not None
        left, right = (72 * (x / figure.dpi - inches.x0) for x in (box.x0, box.x1))
        top, bottom = (72 * (inches.y1 - y / figure.dpi) for y in (box.y1, box.y0))
        boxes[ax] = (left, top, right, bottom)
    rows = _apart(shown, [(boxes[ax][1], boxes[ax][3]) for ax in shown])
    cells = [_apart(row, [(boxes[ax][0], boxes[ax][2]) for ax in row]) for row in rows]
    if all(len(row) == 1 for row in cells):
        return []
    tops = _cuts([(boxes[ax][1], boxes[ax][3]) for ax in shown], rows, shown, 72 * inches.height)
    found = []
    for row, cell_row, (top, bottom) in zip(rows, cells, tops, strict=True):
        sides = [(boxes[ax][0], boxes[ax][2]) for ax in row]
        lefts = _cuts(sides, cell_row, row, 72 * inches.width)
        first = cell_row[0][0]
        spine = 72 * (first.bbox.x0 / figure.dpi - inches.x0)
        found.append(
            [
                Panel(tuple(cell), left, top, right - left, bottom - top,
                      spine if place and _shares(cell, first) else 0.0)
                for place, (cell, (left, right)) in enumerate(zip(cell_row, lefts, strict=True))
            ]
        )  # fmt: skip
    return found


def _is_seen(ax: Axes) -> bool:
    return ax.axison or ax.has_data() or bool(ax.texts or ax.patches or ax.images)


def _shares(cell: Sequence[Axes], first: Axes) -> bool:
    """Whether a panel relies on the names of the ticks of the first axes in its row."""
    ax = cell[0]
    return (
        len(cell) == 1
        and ax.axison
        and ax.get_shared_y_axes().joined(ax, first)
        and ax.yaxis.get_tick_params().get("labelleft") is False
    )


def _apart(axes: Sequence[Axes], spans: Sequence[tuple[float, float]]) -> list[list[Axes]]:
    """Group axes whose spans overlap, in the order of the spans."""
    order = sorted(range(len(axes)), key=lambda n: spans[n])
    groups: list[list[Axes]] = []
    end = float("-inf")
    for n in order:
        low, high = spans[n]
        if not groups or low >= end - 0.5:
            groups.append([])
        groups[-1].append(axes[n])
        end = max(end, high)
    return groups


def _cuts(
    spans: Sequence[tuple[float, float]],
    groups: Sequence[Sequence[Axes]],
    axes: Sequence[Axes],
    whole: float,
) -> list[tuple[float, float]]:
    """Return from where to where each group reaches: they meet in the middle between them."""
    of = dict(zip(axes, spans, strict=True))
    ends = [(min(of[a][0] for a in g), max(of[a][1] for a in g)) for g in groups]
    middles = [(a[1] + b[0]) / 2 for a, b in pairwise(ends)]
    edges = [0.0, *middles, whole]
    return list(pairwise(edges))
