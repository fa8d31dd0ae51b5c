"""ResNeXt: the paths of a block, and which weights a grouped convolution has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from torch import nn

from cnnhistory._util.lookup import expected
from cnnhistory.plotting.diagram import Pen, arrow, box, frame, line
from cnnhistory.plotting.style import COLORS, axes_or_new
from cnnhistory.plotting.svg import WIDEST

if TYPE_CHECKING:
    from cnnhistory.nn.residual import Bottleneck

SIZE = (2.1, 0.62)  # of a layer's box
COLUMN, ROW = 2.5, 1.05  # from path to path, from layer to layer
SHOWN = 3  # paths that are drawn of many, and dots for the others
_FLOW = Pen(width=1)


def paths(block: Bottleneck, *, x: float = 0.0, ax: Axes | None = None) -> Axes:
    """Draw a bottleneck block as the sum of its paths and its shortcut, from top to bottom.

    Of more than four paths the first two and the last are drawn. A box says how many maps a layer
    reads, its kernel, and how many maps it makes.

    Args:
        block: a bottleneck block, with or without groups.
        x: the middle of the picture.
        ax: where to draw; default: a new figure.

    Raises:
        ValueError: `block` is no bottleneck block.

    Source: xie2017aggregated, Figures 1 and 3(a).
    """
    layers = (getattr(block, name, None) for name in ("conv1", "conv2", "conv3"))
    if not all(isinstance(layer, nn.Conv2d) for layer in layers):
        raise expected("block", "a bottleneck block", type(block).__name__)
    ax = axes_or_new(ax, (WIDEST, 3.4))
    count, ends = block.conv2.groups, block.conv1.in_channels
    own = block.conv2.out_channels // count
    many = count > SHOWN + 1
    shown = SHOWN if many else count
    columns = [x + (n - (shown + many - 1) / 2) * COLUMN for n in range(shown + many)]
    if many:
        dots = columns.pop(-2)
        ax.text(dots, -2 * ROW, f"…\n{count} paths\n…", ha="center", va="center")
    top, bottom = (x, 0.0), (x, -4 * ROW)
    texts = (f"{ends}, 1×1, {own}", f"{own}, 3×3, {own}", f"{own}, 1×1, {block.out_channels}")
    for at in columns:
        for n, text in enumerate(texts, start=1):
            color = COLORS[n - 1]
            box(ax, (at, -n * ROW), SIZE, text, face=(color, 0.25), pen=Pen(color=color))
        arrow(ax, top, (at, -ROW + SIZE[1] / 2), pen=_FLOW, head=7)
        for n in (1, 2):
            start, end = -n * ROW - SIZE[1] / 2, -(n + 1) * ROW + SIZE[1] / 2
            arrow(ax, (at, start), (at, end), pen=_FLOW, head=7)
        arrow(ax, (at, -3 * ROW - SIZE[1] / 2), (x, -4 * ROW + 0.2), pen=_FLOW, head=7)
    right = max(columns) + SIZE[0] / 2 + 0.5
    line(ax, [top, (right, 0), (right, bottom[1]), (x + 0.3, bottom[1])], pen=_FLOW)
    box(ax, bottom, (0.42, 0.42), "+", rounding=0.21, zorder=3)
    arrow(ax, (x, 0.55), (x, -0.02), pen=_FLOW, head=7)
    arrow(ax, (x, bottom[1] - 0.21), (x, bottom[1] - 0.75), pen=_FLOW, head=7)
    ax.text(x + 0.15, 0.4, f"{ends} maps", va="center", fontsize=9)
    ax.text(x + 0.15, bottom[1] - 0.5, f"{block.out_channels} maps", va="center", fontsize=9)
    left = min(columns) - SIZE[0] / 2 - 0.3
    return frame(ax, (left, right + 0.3), (bottom[1] - 0.85, 0.65))


def connections(layer: nn.Conv2d, *, ax: Axes | None = None) -> Axes:
    """Draw which output map of a convolution reads which input map: filled where there is a weight.

    Raises:
        ValueError: `layer` is no convolution.

    Source: xie2017aggregated, Figure 3(c).
    """
    if not isinstance(layer, nn.Conv2d):
        raise expected("layer", "a convolution", type(layer).__name__)
    ax = axes_or_new(ax, (2.4, 2.6))
    rows, columns = (maps // layer.groups for maps in (layer.out_channels, layer.in_channels))
    for group in range(layer.groups):
        middle = ((group + 0.5) * columns, (group + 0.5) * rows)
        box(ax, middle, (columns, rows), face=COLORS[0], pen=Pen(color=COLORS[0], width=0.1))
    ax.set(
        xlim=(0, layer.in_channels), ylim=(layer.out_channels, 0), aspect="equal",
        xlabel="input map", ylabel="output map",
    )  # fmt: skip
    ax.grid(False)
    return ax
