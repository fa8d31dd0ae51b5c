"""Xception: which maps each map reads, from one tower to as many as maps."""

from __future__ import annotations

from matplotlib.axes import Axes

from cnnhistory._util.lookup import expected
from cnnhistory.plotting.diagram import Pen, box, frame, line
from cnnhistory.plotting.style import COLORS, axes_or_new

SIDE = 0.62  # of a map; maps are 1 apart
RISE = 1.9  # from one row of maps to the next
TOWERS = COLORS[:6]  # black is for what belongs to no tower
_MIX, _OUTLINE = Pen(color="0.6", width=0.6), Pen(width=0.8)


def tower_links(maps: int, towers: int, mix_first: bool = True, *, ax: Axes | None = None) -> Axes:
    """Draw which maps the maps of a convolution in two steps read, from below to above.

    Gray lines are 1x1, from each map to each; lines in the color of a tower are 3x3, within it.

    Args:
        maps: of the input, and as many after each step.
        towers: parts of the maps that the 3x3 convolution does not mix; six colors take turns.
        mix_first: whether 1x1 is the lower step.
        ax: where to draw; default: a new figure.

    Raises:
        ValueError: a number below 1, or towers that do not share the maps evenly.

    Source: chollet2017xception, Figures 3 and 4.
    """
    if min(maps, towers) < 1 or maps % towers:
        raise expected("towers", f"a divisor of the {maps} maps", towers)
    ax = axes_or_new(ax, (0.5 * maps + 0.6, 3))
    share = maps // towers
    colors = [TOWERS[n // share % len(TOWERS)] for n in range(maps)]
    for step in (0, 1):
        low, high = step * RISE + SIDE / 2, (step + 1) * RISE - SIDE / 2
        mixes = mix_first == (step == 0)
        for source in range(maps):
            for end in range(maps):
                if mixes or source // share == end // share:
                    pen = _MIX if mixes else Pen(color=colors[end], width=1.4)
                    line(ax, ((source, low), (end, high)), pen=pen)
        middle = (step + 0.5) * RISE
        ax.text(-0.6, middle, "1×1" if mixes else "3×3", ha="right", va="center", fontsize=9)
    filtered = {1, 2} if mix_first else {0, 1}
    for row in range(3):
        for n in range(maps):
            face = (colors[n], 0.75) if row in filtered else "white"
            box(ax, (n, row * RISE), (SIDE, SIDE), face=face, pen=_OUTLINE)
    return frame(ax, (-1.5, maps - 0.5), (-0.5, 2 * RISE + 0.5))
