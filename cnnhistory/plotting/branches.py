"""Pictures of blocks with parallel branches, such as an Inception module."""

from collections.abc import Sequence
from itertools import pairwise

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from cnnhistory.plotting.style import COLORS

WIDE, HIGH, GAP = 1.7, 0.55, 0.35  # of a box; between columns


def branch_diagram(
    branches: Sequence[Sequence[str]],
    below: str,
    above: str,
    marked: Sequence[str] = (),
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
    """
    if not branches or not all(branches):
        raise ValueError(f"branches: expected one or more, none empty, got {branches!r}")
    tallest = max(map(len, branches))
    width = len(branches) * (WIDE + GAP) - GAP
    if ax is None:
        _, ax = plt.subplots(figsize=(1.05 * width + 0.4, 0.8 * (tallest + 2) + 0.3))
    rise = HIGH + 0.55
    top = (tallest + 1) * rise
    ends = [(width / 2, y) for y in (0.0, top)]
    for text, (x, y) in zip((below, above), ends, strict=True):
        _box(ax, x, y, text, "white", width=width)
    for column, texts in enumerate(branches):
        x = column * (WIDE + GAP) + WIDE / 2
        # The last box of every branch stands in the upper row, as in the paper's figures.
        rows = [1 + n for n in range(len(texts) - 1)] + [tallest]
        heights = [0.0, *(row * rise for row in rows), top]
        for text, row in zip(texts, rows, strict=True):
            color = COLORS[4] if any(word in text for word in marked) else COLORS[5]
            _box(ax, x, row * rise, text, color)
        for low, high in pairwise(heights):
            start, end = (x, low + HIGH / 2), (x, high - HIGH / 2)
            ax.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=9, lw=1))
    ax.set_xlim(-0.1, width + 0.1)
    ax.set_ylim(-HIGH, top + HIGH)
    ax.set_axis_off()
    return ax


def _box(ax: Axes, x: float, y: float, text: str, color: str, width: float = WIDE) -> None:
    corner = (x - width / 2 + 0.05, y - HIGH / 2 + 0.05)
    ax.add_patch(
        FancyBboxPatch(
            corner, width - 0.1, HIGH - 0.1, boxstyle="round,pad=0.05", fc=color, ec="black",
            lw=0.8, alpha=0.75 if color != "white" else 1,
        )
    )  # fmt: skip
    ax.text(x, y, text, ha="center", va="center", fontsize=9)
