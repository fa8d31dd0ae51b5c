"""Scatter plots of networks: dots by group, names that do not cover each other, axes of costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cbook import STEP_LOOKUP_MAP
from matplotlib.text import Annotation
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator
from matplotlib.transforms import Bbox

from cnnhistory._util.lookup import check_one_of, expected
from cnnhistory._util.numbers import count_text
from cnnhistory.plotting.names import display_name
from cnnhistory.plotting.style import axes_or_new, looks

# Where a name may stand, in points from its dot; lines often leave a dot sideways.
_PLACES = (
    (5, 4, "left"),
    (5, -11, "left"),
    (-5, 4, "right"),
    (-5, -11, "right"),
    (0, 6, "center"),
    (0, -13, "center"),
    (7, -3, "left"),
    (-7, -3, "right"),
)


def group_points(
    groups: Mapping[str, Sequence[tuple[float, float]]], *, ax: Axes | None = None
) -> Axes:
    """Draw dots, with one color, one marker and one label for each group.

    A group may be empty: it keeps its look in the other figures that show it.

    Raises:
        ValueError: no group, or more than there are colors.
    """
    styles = looks(groups, "groups")
    ax = axes_or_new(ax, (7, 4))
    for name, dots in groups.items():
        if dots:
            ax.plot(*zip(*dots, strict=True), ls="", label=display_name(name), **styles[name])
    return ax


def cost_axis(ax: Axes, which: str = "x") -> Axes:
    """Make an axis of counts logarithmic, with ticks at 1, 2 and 5 times a power of ten.

    Raises:
        ValueError: `which` is neither "x" nor "y".
    """
    check_one_of("which", which, ("x", "y"))
    axis = ax.xaxis if which == "x" else ax.yaxis
    (ax.set_xscale if which == "x" else ax.set_yscale)("log")
    low, high = ax.get_xlim() if which == "x" else ax.get_ylim()
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high / low < 200 else (1,)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: count_text(value)))
    return ax


def label_points(
    ax: Axes,
    xs: Sequence[float],
    ys: Sequence[float],
    names: Sequence[str],
    fontsize: float = 8,
) -> Axes:
    """Write a name beside each point, where it covers least of other names, points and lines.

    Call it last: the places depend on the limits of the axes.

    Raises:
        ValueError: there are not as many names as points.
    """
    if not len(xs) == len(ys) == len(names):
        raise expected("names", f"{len(xs)} for {len(ys)} heights", len(names))
    if not len(names):
        return ax
    ax.figure.draw_without_rendering()  # type: ignore[union-attr]
    frame = ax.get_window_extent()
    taken = [
        Bbox.from_bounds(x - 3, y - 3, 6, 6)
        for x, y in ax.transData.transform([*zip(xs, ys, strict=True)])
    ]
    taken += _lines(ax)
    for x, y, name in sorted(zip(xs, ys, names, strict=True), key=lambda point: -point[1]):
        tried: list[tuple[float, int, Annotation, Bbox]] = []
        for dx, dy, side in _PLACES:
            text = ax.annotate(
                display_name(name),
                (x, y),
                (dx, dy),
                textcoords="offset points",
                ha=side,
                fontsize=fontsize,
            )
            text.set_in_layout(False)  # or the axes would move to make room
            box = text.get_window_extent()
            covered = sum(_common(box, other) for other in taken)
            outside = box.width * box.height - _common(box, frame)
            tried.append((covered + outside, len(tried), text, box))
            if covered + outside < 1:
                break
        _, _, kept, box = min(tried, key=lambda attempt: attempt[:2])
        for _, _, text, _ in tried:
            if text is not kept:
                text.remove()
        taken.append(box)
    return ax


def _lines(ax: Axes) -> list[Bbox]:
    """Return small boxes along the lines that are drawn, three pixels apart."""
    boxes = []
    for line in ax.lines:
        if line.get_linestyle() == "None":
            continue
        corners = STEP_LOOKUP_MAP[line.get_drawstyle()](*np.asarray(line.get_data(), float))
        for start, end in pairwise(line.get_transform().transform(np.transpose(corners))):
            steps = min(1000, int(np.hypot(*(end - start)) // 3) + 1)
            for x, y in np.linspace(start, end, steps, endpoint=False):
                boxes.append(Bbox.from_bounds(x - 1.5, y - 1.5, 3, 3))
    return boxes


def _common(a: Bbox, b: Bbox) -> float:
    """Return the area that two boxes share, in square pixels."""
    both = Bbox.intersection(a, b)
    return 0.0 if both is None else float(both.width * both.height)
