"""Wide ResNet: a row of layers, each as high as it has maps."""

from __future__ import annotations

from typing import cast

from matplotlib.axes import Axes
from torch import nn

from cnnhistory._util.lookup import expected
from cnnhistory.plotting.diagram import Pen, arrow, box, frame, line
from cnnhistory.plotting.style import COLORS, axes_or_new
from cnnhistory.plotting.svg import WIDEST

BAR = 0.7  # width of a layer; layers are 1 apart
HIGH = 32.0  # maps that are as high as two layers are apart
STAGES = COLORS[:-1]


def width_row(
    network: nn.Module, label: str = "", *, x: float = 0.0, ax: Axes | None = None
) -> Axes:
    """Draw every convolution of the blocks as a bar, as high as it has maps, and the shortcuts.

    A color is a stage. A dashed arc is a shortcut with a projection. The first convolution and
    the linear layer are left out.

    Args:
        network: one with `blocks` of two convolutions, `conv1` and `conv2`.
        label: above the bars.
        x: where the row begins, so that several fit on one axes.
        ax: where to draw; default: a new figure.

    Raises:
        ValueError: the network has no `blocks`, or more stages than there are colors.
    """
    blocks = getattr(network, "blocks", None)
    if not isinstance(blocks, nn.Sequential):
        raise expected("network", "one with `blocks`", type(network).__name__)
    convs = [cast(nn.Conv2d, block.get_submodule("conv1")) for block in blocks]
    widths = [conv.out_channels for conv in convs]
    stages = list(dict.fromkeys(widths))
    if len(stages) > len(STAGES):
        raise expected("network", f"at most {len(STAGES)} stages", len(stages))
    ax = axes_or_new(ax, (WIDEST, 2.2))
    at, before = x, 0
    for block, width in zip(blocks, widths, strict=True):
        color, high = STAGES[stages.index(width)], 2 * width / HIGH
        for n in range(2):
            box(ax, (at + n, high / 2), (BAR, high), face=color, pen=Pen(color=color))
        dashed = before not in (0, width) or getattr(block, "project", None) is not None
        arrow(ax, (at - 0.5, high + 0.15), (at + 1.5, high + 0.15),
              pen=Pen(width=1, dashed=dashed), head=6, bend=-0.5)  # fmt: skip
        if width != before:
            ax.text(at - 0.35, -0.25, str(width), ha="left", va="top", fontsize=9)
        at, before = at + 2, width
    line(ax, [(x - 0.9, 0), (at - 0.1, 0)], pen=Pen(width=0.8))
    top = 2 * max(widths) / HIGH
    ax.text((x + at - 1) / 2, -1.6, label, ha="center", va="top")
    return frame(ax, (x - 1.2, at + 0.2), (-2.9, top + 1.2))
