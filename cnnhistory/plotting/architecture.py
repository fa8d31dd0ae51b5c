"""Pictures of networks, drawn from their layer table."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from torch import Tensor

from cnnhistory.accounting import LayerTable
from cnnhistory.plotting.style import COLORS

# How the types of layers are called under a picture.
WORDS = {
    "Conv2d": "convolution",
    "PartialConv2d": "partial convolution",
    "Subsample2d": "sub-sampling",
    "MaxPool2d": "max-pooling",
    "AvgPool2d": "average pooling",
    "Linear": "full connection",
    "EuclideanRBF": "distance to codes",
}
MOST_SHEETS = 10  # maps drawn of one layer; more would be a black block
STEP = 0.07  # offset of one sheet behind the next
TALLEST = 3.2  # of a bar


def architecture(
    table: LayerTable,
    layers: Sequence[str] | None = None,
    image: Tensor | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a chain of layers as stacks of maps, with the patch that one unit reads.

    A stack stands for the maps of a layer (at most ten are drawn), its side for their height, a
    bar for a layer without height. The small square and the lines show the field of one unit of
    the next layer, of the size that the table's receptive fields imply.

    Shape: the table of a network without branches, for input (C, H, W).

    Args:
        table: from `cnnhistory.accounting.summarize`.
        layers: names of the rows to draw; default: all whose type has a name in `WORDS`.
        image: a picture (H, W) for the input, light for small values.
        ax: where to draw; default: a new figure.

    Raises:
        ValueError: the input is not an image, or nothing is left to draw.
        KeyError: a layer that the table does not have.
    """
    if len(table.input_shape) != 3:
        raise ValueError(f"table: expected an input (C, H, W), got {table.input_shape}")
    rows = [table[name] for name in layers] if layers else [r for r in table if r.type in WORDS]
    if not rows:
        raise ValueError(f"table: no layer of a type that can be drawn: {', '.join(WORDS)}")
    if ax is None:
        _, ax = plt.subplots(figsize=(11, 3.3))
    scale = 2.4 / table.input_shape[1]
    x, field, jump = 0.0, 1, 1
    front_before = edge = None
    drawn = [table.input_shape, *(r.output_shape or () for r in rows)]
    stacks = [s for s in drawn if len(s) == 3 and s[1] > 1]
    label_at = max(
        1.95,
        *(0.2 + s[1] * scale / 2 + STEP * min(s[0], MOST_SHEETS) + 0.2 for s in stacks),
    )
    for name, kind, shape, reach, stride in [
        ("input", "", table.input_shape, 1, 1),
        *((r.name, WORDS.get(r.type, r.type), r.output_shape, r.receptive_field, r.stride)
          for r in rows),
    ]:  # fmt: skip
        size = tuple(shape or ())
        if len(size) == 3 and size[1] > 1:
            side = 0.15 + size[1] * scale
            sheets = min(size[0], MOST_SHEETS)
            front = (x, -side / 2, side, size[1])
            for back in reversed(range(sheets)):
                corner = (x + STEP * back, -side / 2 + STEP * back)
                ax.add_patch(Rectangle(corner, side, side, fc="white", ec=COLORS[0], lw=0.9))
            if image is not None and name == "input":
                extent = (x, x + side, -side / 2, side / 2)
                ax.imshow(image.cpu().numpy(), cmap="gray_r", extent=extent, zorder=2)
                frame = Rectangle((x, -side / 2), side, side, fc="none", ec=COLORS[0], lw=0.9)
                ax.add_patch(frame).set_zorder(3)
            width = side + STEP * (sheets - 1)
            label = f"{size[0]}@{size[1]}×{size[2]}"
        else:
            side = min(0.4 + 1.9 * (size[0] / 120) ** 0.5, TALLEST) if size else 0.5
            front = None
            ax.add_patch(Rectangle((x, -side / 2), 0.16, side, fc="white", ec=COLORS[0], lw=0.9))
            width = 0.16
            label = f"{size[0]}"
        if front_before is not None and isinstance(reach, int):
            _connect(ax, front_before, (reach - field) / jump + 1, x, front)
        elif edge is not None:  # bar to bar: every unit reads every unit
            for start in (-edge[1], edge[1]):
                for end in (-side / 2, side / 2):
                    ax.plot([edge[0], x], [start, end], color=COLORS[1], lw=0.5, alpha=0.6)
        ax.text(x + width / 2, label_at, name.upper() if name != "input" else "input",
                ha="center", va="bottom", fontweight="bold")  # fmt: skip
        ax.text(x + width / 2, label_at - 0.05, label, ha="center", va="top", fontsize=9)
        if kind:
            ax.text(x + width / 2, -1.62, kind.replace(" ", "\n"), ha="center", va="top",
                    fontsize=9, color=COLORS[1])  # fmt: skip
        front_before, edge = front, None if front else (x + width, side / 2)
        if isinstance(reach, int) and isinstance(stride, int):
            field, jump = reach, stride
        x += max(width + 0.62, 1.6) if front else width + 1.25
    ax.set_xlim(-0.15, x - 0.3)
    ax.set_ylim(-2.4, label_at + 0.4)
    ax.set_aspect("equal")
    ax.set_axis_off()
    return ax


def _connect(ax, before, pixels, x, front) -> None:  # type: ignore[no-untyped-def]
    """Draw the patch of `pixels` on the stack before, and its lines to one unit."""
    left, bottom, side, size = before
    patch = side * min(pixels / size, 1)
    corner = (left + 0.62 * (side - patch), bottom + 0.25 * (side - patch))
    ax.add_patch(
        Rectangle(corner, patch, patch, fc=COLORS[4], ec=COLORS[1], alpha=0.5, lw=0.8, zorder=3)
    )
    target = (x + 0.45 * front[2], front[1] + 0.4 * front[2]) if front else (x, 0.0)
    for end in (corner[1], corner[1] + patch):
        line = [corner[0] + patch, target[0]], [end, target[1]]
        ax.plot(*line, color=COLORS[1], lw=0.7, zorder=3)
