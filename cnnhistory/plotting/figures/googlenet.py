"""GoogLeNet and its line: blocks with parallel branches, stacked or added."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from matplotlib.axes import Axes

from cnnhistory._util.lookup import expected
from cnnhistory.plotting.diagram import Pen, arrow, box, frame, line
from cnnhistory.plotting.style import COLORS, axes_or_new

WIDE, HIGH, GAP = 1.7, 0.55, 0.35  # of a box; between columns
RISE = HIGH + 0.55  # from one row to the next
_OUTLINE, _FLOW, _SHORTCUT = Pen(width=0.8), Pen(width=1), Pen(color=COLORS[1], width=1.6)


def branch_diagram(
    branches: Sequence[Sequence[str]],
    below: str,
    above: str,
    marked: Sequence[str] = (),
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw branches side by side, from a common input below to a common output above.

    Args:
        branches: for each branch, the text of its boxes from the input upwards.
        below: text of the input's box.
        above: text of the output's box.
        marked: boxes whose text contains one of these are filled in another color.
        ax: where to draw; default: a new figure.

    Raises:
        ValueError: there is no branch, or a branch without a box.

    Source: szegedy2015going, Figure 2.
    """
    if not branches or not all(branches):
        raise expected("branches", "one or more, none empty", branches)
    tallest = max(map(len, branches))
    width = len(branches) * (WIDE + GAP) - GAP
    top = (tallest + 1) * RISE
    ax = axes_or_new(ax, (1.05 * width + 0.4, 0.8 * (tallest + 2) + 0.3))
    for text, y in ((below, 0.0), (above, top)):
        box(ax, (width / 2, y), (width, HIGH), text, pen=_OUTLINE, rounding=0.05)
    for column, texts in enumerate(branches):
        x = column * (WIDE + GAP) + WIDE / 2
        # The last box of every branch stands in the upper row, as in the paper's figures.
        heights = [RISE * row for row in [*range(1, len(texts)), tallest]]
        for text, y in zip(texts, heights, strict=True):
            color = COLORS[4] if any(word in text for word in marked) else COLORS[5]
            box(ax, (x, y), (WIDE, HIGH), text, face=(color, 0.75), pen=_OUTLINE, rounding=0.05)
        for low, high in pairwise([0.0, *heights, top]):
            arrow(ax, (x, low + HIGH / 2), (x, high - HIGH / 2), pen=_FLOW)
    return frame(ax, (-0.1, width + 0.1), (-HIGH, top + HIGH), equal=False)


def residual_module(
    branches: Sequence[Sequence[str]],
    below: str,
    expand: str,
    scale: str,
    above: str,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw branches side by side whose joint output is expanded, scaled and added to the input.

    Args:
        branches: for each branch, the text of its boxes from the input upwards.
        below: text of the input's box.
        expand: text of the box over all branches.
        scale: what the sum of the branches is multiplied by.
        above: text of the output's box.
        ax: where to draw; default: a new figure.

    Raises:
        ValueError: there is no branch, or a branch without a box.

    Source: szegedy2017inception, Figures 10, 11, 13 and 20.
    """
    ax = axes_or_new(ax, (1.05 * len(branches) * (WIDE + GAP) + 1.4, 4.4))
    branch_diagram(branches, below, expand, ax=ax)
    width = len(branches) * (WIDE + GAP) - GAP
    middle, side = width / 2, width + 0.55
    y = (max(map(len, branches)) + 1) * RISE
    for text, step in ((scale, RISE), ("+", 1.8 * RISE)):
        round_ = HIGH / 2 if text == "+" else 0.05
        size = (HIGH, HIGH) if text == "+" else (1.1, HIGH)
        color = COLORS[1] if text == scale else "white"
        face = (color, 0.4) if text == scale else color
        box(ax, (middle, y + step), size, text, face=face, pen=_OUTLINE, rounding=round_)
    add, top = y + 1.8 * RISE, y + 2.7 * RISE
    box(ax, (middle, top), (width, HIGH), above, pen=_OUTLINE, rounding=0.05)
    for low, high in ((y, y + RISE), (y + RISE, add), (add, top)):
        arrow(ax, (middle, low + HIGH / 2), (middle, high - HIGH / 2), pen=_FLOW)
    line(ax, ((width, 0), (side, 0), (side, add)), pen=_SHORTCUT)
    arrow(ax, (side, add), (middle + HIGH / 2, add), pen=_SHORTCUT)
    return frame(ax, (-0.1, side + 0.1), (-HIGH, top + HIGH), equal=False)
