"""ResNet: a row of layers with the shortcuts of its blocks."""

from __future__ import annotations

from matplotlib.axes import Axes
from torch import nn

from cnnhistory._util.lookup import expected
from cnnhistory.plotting.diagram import Pen, arrow, box, frame, line
from cnnhistory.plotting.style import COLORS, axes_or_new
from cnnhistory.plotting.svg import WIDEST

BOX = (0.72, 1.0)  # of a layer; layers are 1 apart
STAGES = COLORS[:-1]  # black is for what belongs to no stage


def block_row(
    network: nn.Module, label: str = "", *, y: float = 0.0, ax: Axes | None = None
) -> Axes:
    """Draw every layer of a residual or plain network as a box, and its shortcuts as arcs.

    A box is a layer with weights: the stem's convolution, the convolutions of the blocks in one
    color a stage, the linear layer. A dashed arc is a shortcut that changes the shape.

    Args:
        network: one with `blocks`, of at most six stages.
        label: to the left of the row.
        y: height of the row, so that several fit on one axes.
        ax: where to draw; default: a new figure.

    Raises:
        ValueError: the network has no `blocks`, or more stages than there are colors.
    """
    blocks = getattr(network, "blocks", None)
    if not isinstance(blocks, nn.Sequential):
        raise expected("network", "one with `blocks`", type(network).__name__)
    widths = [int(block.out_channels) for block in blocks]  # type: ignore[arg-type]
    begins = [place == 0 or widths[place - 1] != width for place, width in enumerate(widths)]
    if sum(begins) > len(STAGES):
        raise expected("network", f"at most {len(STAGES)} stages", sum(begins))
    ax = axes_or_new(ax, (WIDEST, 1.3))
    x, stage = 0.0, -1
    box(ax, (x, y), BOX)
    for place, (block, changes) in enumerate(zip(blocks, begins, strict=True)):
        stage += changes
        begin = x + 0.5
        layers = [name for name, _ in block.named_children() if name.startswith("conv")]
        for _ in layers:
            x += 1
            box(ax, (x, y), BOX, face=STAGES[stage], pen=Pen(color=STAGES[stage]))
        if block.shortcut is not None:
            pen = Pen(width=1, dashed=changes and place > 0)
            bend = -0.75 if len(layers) == 2 else -0.6
            arrow(ax, (begin, y + 0.05), (x + 0.5, y + 0.05), pen=pen, head=6, bend=bend)
    x += 1
    box(ax, (x, y), BOX)
    line(ax, [(-0.9, y), (x + 0.9, y)], pen=Pen(width=0.8))
    ax.text(-1.2, y, label, ha="right", va="center")
    return frame(ax, (-0.28 * len(label) - 1.5, x + 1.2), (y - 0.8, y + 2))
