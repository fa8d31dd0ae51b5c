"""AlexNet: a network that is divided into two halves, as over two devices."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from matplotlib.axes import Axes
from torch import Tensor

from cnnhistory._util.lookup import expected
from cnnhistory.accounting import LayerTable
from cnnhistory.plotting.diagram import Pen, box, frame, line
from cnnhistory.plotting.style import BLACK, COLORS, axes_or_new
from cnnhistory.plotting.svg import WIDEST

HALVES = (1.35, -1.35)  # where the two halves of a layer lie
STEP = 1.75  # from one layer to the next
_NAMES_AT = 2.62


def towers(
    table: LayerTable,
    layers: Sequence[str],
    divided: Collection[str],
    *,
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

    Source: krizhevsky2012imagenet, Figure 2.
    """
    if len(layers) < 2:
        raise expected("layers", "at least two", len(layers))
    if unknown := sorted(set(divided) - set(layers)):
        raise expected("divided", "names of `layers`", ", ".join(unknown))
    shapes = [tuple(table[name].output_shape or ()) for name in layers]
    ax = axes_or_new(ax, (WIDEST, 2.6))
    _picture(ax, table.input_shape, image)
    before = [(0.75, 0.0)]
    for index, (name, shape) in enumerate(zip(layers, shapes, strict=True), start=1):
        last = index == len(layers)
        x = STEP * index
        side = 0.3 + 0.17 * shape[1] ** 0.5 if len(shape) == 3 else 1.9
        width = side if len(shape) == 3 else 0.2
        count = shape[0] if last else shape[0] // 2
        text = f"{count}@{shape[1]}" if len(shape) == 3 else f"{count}"
        now = []
        for half, y in enumerate((0.0,) if last else HALVES):
            pen = Pen(color=BLACK if last else COLORS[half], width=1.6)
            box(ax, (x + width / 2, y), (width, side), pen=pen)
            ax.text(x + width / 2, y - side / 2 - 0.2, text, ha="center", va="top", fontsize=9)
            for other, (end, height) in enumerate(before):
                own = len(before) == 1 or other == half or last
                if own or name not in divided:
                    color = COLORS[other if len(before) > 1 else half]
                    line(
                        ax, [(end, height), (x, y)], pen=Pen(color=color, width=1.1, dashed=not own)
                    )
            now.append((x + width, y))
        ax.text(x + width / 2, _NAMES_AT, name.rpartition(".")[2], ha="center", va="bottom",
                fontweight="bold")  # fmt: skip
        before = now
    return frame(ax, (-0.95, STEP * len(layers) + 0.7), (-2.95, 3.0))


def _picture(ax: Axes, shape: tuple[int, ...], image: Tensor | None) -> None:
    if image is not None:
        ax.imshow(image.cpu().numpy(), extent=(-0.75, 0.75, -0.75, 0.75), zorder=2)
    box(ax, (0, 0), (1.5, 1.5), face="none", pen=Pen(width=1), zorder=3)
    ax.text(0, -0.95, f"{shape[0]}@{shape[1]}", ha="center", va="top", fontsize=9)
    ax.text(0, _NAMES_AT, "input", ha="center", va="bottom", fontweight="bold")
