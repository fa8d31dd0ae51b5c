"""Inception-v3: windows in pieces, and how sure a network is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from matplotlib.axes import Axes

from cnnhistory._util.lookup import expected
from cnnhistory.plotting.diagram import Pen, arrow, box, frame
from cnnhistory.plotting.style import COLORS, GRAY, axes_or_new, looks

Window = tuple[int, int]

_CELL, _FLOW = Pen(color=GRAY, width=0.6), Pen(width=1)
SPACE = 1.6  # between two grids, in cells


def window_pieces(windows: Sequence[Window], *, ax: Axes | None = None) -> Axes:
    """Draw what one unit sees through windows in a row: a grid of units for each layer.

    Colored in each grid is what the middle unit of the next one sees. The sides of the first grid
    are those of the one large window that has the same reach.

    Args:
        windows: height and width of each, the one that reads the image first.
        ax: where to draw; default: a new figure.

    Raises:
        ValueError: there is no window, or one with a side that is not odd.

    Source: szegedy2016rethinking, Figures 1 and 3.
    """
    if not windows or any(side < 1 or side % 2 == 0 for window in windows for side in window):
        raise expected("windows", "one or more with odd sides", windows)
    # From the last layer backwards, a grid is larger by the window that reads it, less one.
    grids = [(1, 1)]
    for height, width in reversed(windows):
        rows, columns = grids[0]
        grids.insert(0, (rows + height - 1, columns + width - 1))
    span = sum(columns for _, columns in grids) + SPACE * len(windows)
    ax = axes_or_new(ax, (0.3 * span + 0.4, 0.3 * grids[0][0] + 0.8))
    x, middles = 0.0, []
    for place, (rows, columns) in enumerate(grids):
        height, width = windows[place] if place < len(windows) else (1, 1)
        for row in range(rows):
            for column in range(columns):
                up, right = row - (rows - 1) / 2, column - (columns - 1) / 2
                seen = abs(up) <= (height - 1) / 2 and abs(right) <= (width - 1) / 2
                face = (COLORS[place % len(COLORS)], 0.75) if seen else "white"
                box(ax, (x + column + 0.5, up), (1, 1), face=face, pen=_CELL)
        text = f"{height}×{width}" if place < len(windows) else "unit"
        ax.text(x + columns / 2, -rows / 2 - 0.35, text, ha="center", va="top", fontsize=9)
        middles.append((x, x + columns))
        x += columns + SPACE
    for (_, end), (begin, _) in pairwise(middles):
        arrow(ax, (end + 0.2, 0), (begin - 0.2, 0), pen=_FLOW)
    tall = grids[0][0] / 2
    return frame(ax, (-0.3, x - SPACE + 0.3), (-tall - 1.6, tall + 0.4))


def reliability(
    rows: Mapping[str, Sequence[tuple[float, float]]], *, ax: Axes | None = None
) -> Axes:
    """Draw the share of right answers against the confidence, one point for each bin.

    On the diagonal a network is right as often as it is sure. Below it is too sure, above it is
    not sure enough.

    Args:
        rows: for each name the confidence and the accuracy of its bins.
        ax: where to draw; default: a new figure.

    Units: fractions.

    Raises:
        ValueError: no name, or more than colors.

    Source: guo2017calibration, Figure 1.
    """
    styles = looks(rows, "rows")
    ax = axes_or_new(ax, (4.2, 3.8))
    ax.plot([0, 1], [0, 1], color=GRAY, lw=1, ls="--")
    for name, look in styles.items():
        sure, right = zip(*sorted(rows[name]), strict=True)
        ax.plot(sure, right, ms=5, lw=1.2, label=name, **look)
    ax.set(xlabel="confidence", ylabel="right answers", xlim=(0, 1.02), ylim=(0, 1.02))
    ax.legend(loc="upper left")
    return ax
