"""Pictures of networks that are divided into two halves, as over two devices."""

from collections.abc import Collection, Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from torch import Tensor

from cnnhistory.accounting import LayerTable
from cnnhistory.plotting.style import COLORS

HALVES = (1.25, -1.25)  # where the two halves of a layer lie
STEP = 1.75  # from one layer to the next


def towers(
    table: LayerTable,
    layers: Sequence[str],
    divided: Collection[str],
    image: Tensor | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a chain of layers in two rows, with a line for each half that a half reads.

    Maps are squares whose side grows with the root of their height, layers without height are
    bars. The first layer reads the input; a layer of `divided` reads its own half of the layer
    before, any other reads both; the last layer is drawn in one piece.

    Shape: the table of a network without branches, for input (C, H, W); image (H, W, 3), bytes.

    Args:
        table: from `cnnhistory.accounting.summarize`.
        layers: names of the rows to draw, in the order of the network; at least two.
        divided: those whose halves read their own half only.
        image: a picture for the input.
        ax: where to draw; default: a new figure.

    Raises:
        ValueError: fewer than two layers, or a name in `divided` that is not in `layers`.
        KeyError: a layer that the table does not have.
    """
    if len(layers) < 2:
        raise ValueError(f"layers: expected at least two, got {len(layers)}")
    if unknown := sorted(set(divided) - set(layers)):
        raise ValueError(f"divided: expected names of `layers`, got {', '.join(unknown)}")
    if ax is None:
        _, ax = plt.subplots(figsize=(11, 3.9))
    _picture(ax, table.input_shape, image)
    before = [(0.75, 0.0)]
    for index, name in enumerate(layers, start=1):
        shape = table[name].output_shape or ()
        last = index == len(layers)
        x = STEP * index
        side = 0.3 + 0.17 * shape[1] ** 0.5 if len(shape) == 3 else 1.9
        width = side if len(shape) == 3 else 0.2
        now = []
        for half, y in enumerate((0.0,) if last else HALVES):
            color = COLORS[half] if not last else COLORS[-1]
            box = Rectangle((x, y - side / 2), width, side, fc="white", ec=color, lw=1.6)
            ax.add_patch(box).set_zorder(2)
            count = shape[0] if last else shape[0] // 2
            text = f"{count}@{shape[1]}" if len(shape) == 3 else f"{count}"
            ax.text(x + width / 2, y - side / 2 - 0.08, text, ha="center", va="top", fontsize=9)
            for other, (end, height) in enumerate(before):
                own = len(before) == 1 or other == half or last
                if own or name not in divided:
                    color = COLORS[other if len(before) > 1 else half]
                    style = "-" if own else "--"
                    ax.plot([end, x], [height, y], ls=style, color=color, lw=1.1, zorder=1)
            now.append((x + width, y))
        short = name.rpartition(".")[2]
        ax.text(x + width / 2, 2.62, short, ha="center", va="bottom", fontweight="bold")
        before = now
    ax.set_xlim(-0.95, STEP * len(layers) + 0.7)
    ax.set_ylim(-2.75, 3.0)
    ax.set_aspect("equal")
    ax.set_axis_off()
    return ax


def _picture(ax: Axes, shape: tuple[int, ...], image: Tensor | None) -> None:
    extent = (-0.75, 0.75, -0.75, 0.75)
    if image is not None:
        ax.imshow(image.cpu().numpy(), extent=extent, zorder=2)
    ax.add_patch(Rectangle((-0.75, -0.75), 1.5, 1.5, fc="none", ec="black", lw=1)).set_zorder(3)
    ax.text(0, -0.83, f"{shape[0]}@{shape[1]}", ha="center", va="top", fontsize=9)
    ax.text(0, 2.62, "input", ha="center", va="bottom", fontweight="bold")
