"""Pictures of residual networks: rows of blocks with their shortcuts, and their paths."""

from __future__ import annotations

from itertools import product

from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, Rectangle
from torch import nn

from cnnhistory.plotting.style import COLORS

BOX = 0.72  # width of a layer; layers are 1 apart


def block_row(ax: Axes, network: nn.Module, y: float = 0.0, label: str = "") -> int:
    """Draw every layer of a residual or plain network as a box, its shortcuts as arcs; count arcs.

    A box is a layer with weights: the stem's convolution, the convolutions of the blocks in one
    color a stage, the linear layer. A dashed arc is a shortcut that changes the shape.

    Raises:
        ValueError: the network has no `blocks`.
    """
    blocks = getattr(network, "blocks", None)
    if not isinstance(blocks, nn.Sequential):
        raise ValueError("network: expected one with `blocks`")
    x, arcs, maps, stage = 0.0, 0, 0, -1
    _box(ax, x, y, "white", COLORS[6])
    for block in blocks:
        out = int(block.out_channels)  # type: ignore[arg-type]
        changes = out != maps
        stage += changes
        begin = x + 0.5
        layers = [m for name, m in block.named_children() if name.startswith("conv")]
        for _ in layers:
            x += 1
            _box(ax, x, y, COLORS[stage % 4], COLORS[stage % 4])
        if block.shortcut is not None:
            ends = ((begin, y + 0.05), (x + 0.5, y + 0.05))
            style = "--" if changes and maps else "-"
            arrow = FancyArrowPatch(
                *ends,
                connectionstyle=f"arc3,rad={-0.75 if len(layers) == 2 else -0.6}",
                arrowstyle="-|>",
                mutation_scale=6,
                lw=1,
                ls=style,
                color=COLORS[6],
            )
            ax.add_patch(arrow)
            arcs += 1
        maps = out
    x += 1
    _box(ax, x, y, "white", COLORS[6])
    ax.plot([-0.9, x + 0.9], [y, y], color=COLORS[6], lw=0.8, zorder=0)
    ax.text(-1.2, y, label, ha="right", va="center")
    ax.set_xlim(-0.28 * len(label) - 1.5, x + 1.2)
    ax.set_axis_off()
    return arcs


def _box(ax: Axes, x: float, y: float, face: str, edge: str) -> None:
    ax.add_patch(Rectangle((x - BOX / 2, y - 0.5), BOX, 1, fc=face, ec=edge, lw=0.9))


def unraveled(ax: Axes, blocks: int = 3) -> int:
    """Draw all paths through a few residual blocks, the shortest on top; count them.

    Each line leads from the input to the sum; a box on it is a branch that the path takes, an
    empty place a shortcut.

    Raises:
        ValueError: not 1 to 5 blocks; more cannot be read.

    Source: veit2016residual, Figure 1.
    """
    if not 1 <= blocks <= 5:
        raise ValueError(f"blocks: expected 1 to 5, got {blocks}")
    paths = sorted(product((False, True), repeat=blocks), key=lambda taken: (sum(taken), taken))
    half = (len(paths) - 1) / 2
    end = 2 * blocks + 2
    for row, taken in enumerate(paths):
        y = (half - row) * 0.8
        ax.plot([0, 1, end - 1, end], [0, y, y, 0], color=COLORS[6], lw=0.8, zorder=0)
        for place, take in enumerate(taken):
            if take:
                x = 2 * place + 2
                color = COLORS[place]
                ax.add_patch(Rectangle((x - 0.5, y - 0.27), 1, 0.54, fc=color, ec=color))
                ax.text(x, y - 0.02, f"$f_{place + 1}$", color="white", ha="center", va="center")
        ax.text(end + 0.45, y, f"{sum(taken)}", ha="left", va="center", fontsize=9)
    ax.text(end + 0.45, (half + 1) * 0.8, "length", ha="left", va="center", fontsize=9)
    ax.text(-0.15, 0, "input", ha="right", va="center")
    ax.text(end, 0, "+", ha="center", va="center", bbox={"boxstyle": "circle", "fc": "white"})
    ax.set(xlim=(-1.6, end + 1.9), ylim=(-(half + 0.7) * 0.8, (half + 1.5) * 0.8))
    ax.set_axis_off()
    return len(paths)
