"""Residual networks as ensembles: the paths through their blocks."""

from __future__ import annotations

from itertools import product

from matplotlib.axes import Axes

from cnnhistory._util.lookup import expected
from cnnhistory.plotting.diagram import Pen, box, frame, line
from cnnhistory.plotting.style import COLORS, axes_or_new

RISE = 0.8  # from one path to the next


def unraveled(blocks: int = 3, *, ax: Axes | None = None) -> Axes:
    """Draw all paths through a few residual blocks, the shortest on top.

    Each line leads from the input to the sum; a box on it is a branch that the path takes, an
    empty place a shortcut.

    Raises:
        ValueError: not 1 to 5 blocks; more cannot be read.

    Source: veit2016residual, Figure 1.
    """
    if not 1 <= blocks <= 5:
        raise expected("blocks", "1 to 5", blocks)
    ax = axes_or_new(ax, (7, 0.35 * 2**blocks + 1))
    paths = sorted(product((False, True), repeat=blocks), key=lambda taken: (sum(taken), taken))
    half = (len(paths) - 1) / 2
    end = 2.0 * blocks + 2
    for row, taken in enumerate(paths):
        y = (half - row) * RISE
        line(ax, [(0, 0), (1, y), (end - 1, y), (end, 0)], pen=Pen(width=0.8))
        for place, take in enumerate(taken):
            if take:
                color = COLORS[place]
                box(
                    ax, (2 * place + 2, y), (1, 0.54), f"$f_{place + 1}$", face=color,
                    pen=Pen(color=color), ink="white", fontsize=11,
                )  # fmt: skip
        ax.text(end + 0.45, y, f"{sum(taken)}", ha="left", va="center", fontsize=9)
    ax.text(end + 0.45, (half + 1) * RISE, "length", ha="left", va="center", fontsize=9)
    ax.text(-0.15, 0, "input", ha="right", va="center")
    ax.text(end, 0, "+", ha="center", va="center", bbox={"boxstyle": "circle", "fc": "white"})
    return frame(ax, (-1.6, end + 1.9), (-(half + 0.7) * RISE, (half + 1.5) * RISE), equal=False)
