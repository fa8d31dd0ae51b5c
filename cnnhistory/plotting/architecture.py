"""Pictures of networks, drawn from their layer table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from torch import Tensor

from cnnhistory._util.lookup import expected
from cnnhistory.accounting import LayerTable
from cnnhistory.plotting.diagram import Pen, box, frame, line
from cnnhistory.plotting.style import COLORS, axes_or_new
from cnnhistory.plotting.svg import WIDEST

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
TALL = 2.0  # side of the input, less its edge
STEP = 0.06  # offset of one sheet behind the next
TALLEST, THICKNESS = 2.6, 0.16  # of a bar
GAP, COLUMN = 0.5, 1.5  # between two layers; between their middles, for the texts

_OUTLINE = Pen(color=COLORS[0])
_EDGE = Pen(color=COLORS[1], width=0.8)
_FIELD = Pen(color=COLORS[1], width=0.7)
_EVERY = Pen(color=(COLORS[1], 0.6), width=0.5)


@dataclass(frozen=True)
class _Layer:
    """What is drawn of a layer at `left`: a stack if it has maps of more than one row, else a bar.

    `side` is the height of the drawing; `pixels` that of the maps, 0 for a bar.
    """

    left: float
    width: float
    side: float
    pixels: int

    @property
    def middle(self) -> float:
        return self.left + self.width / 2


def architecture(
    table: LayerTable,
    layers: Sequence[str] | None = None,
    *,
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
        raise expected("table", "an input (C, H, W)", table.input_shape)
    rows = [table[name] for name in layers] if layers else [r for r in table if r.type in WORDS]
    if not rows:
        raise expected("table", f"a layer of type {', '.join(WORDS)}", [r.type for r in table])
    ax = axes_or_new(ax, (WIDEST, 2.4))
    scale = TALL / table.input_shape[1]
    shapes = [tuple(table.input_shape), *(tuple(row.output_shape or ()) for row in rows)]
    tops = [0.4 + s[1] * scale / 2 + STEP * min(s[0], MOST_SHEETS) for s in shapes if _has_maps(s)]
    label_at = max(1.6, *tops)
    small = 8 * max(0.6, min(1.0, 7 / len(rows)))  # so that the texts of a long chain keep apart
    x, field, jump = 0.0, 1, 1
    before: _Layer | None = None
    for row, shape in zip([None, *rows], shapes, strict=True):
        width = _width(shape, scale)
        if before:
            x = max(before.left + before.width + GAP, before.middle + COLUMN - width / 2)
        if _has_maps(shape):
            drawn = _stack(ax, x, shape, scale, image if row is None else None)
        else:
            drawn = _bar(ax, x, shape)
        middle = drawn.middle
        name = row.name.split(".")[-1].upper() if row else "input"
        ax.text(middle, label_at, name, ha="center", va="bottom", fontweight="bold",
                fontsize=small + 1)  # fmt: skip
        ax.text(middle, label_at - 0.05, _size_text(shape), ha="center", va="top", fontsize=small)
        if row:
            kind = WORDS.get(row.type, row.type).replace(" ", "\n").replace("-", "-\n")
            ax.text(middle, -1.4, kind, ha="center", va="top", fontsize=small, color=COLORS[1])
        reach, stride = (row.receptive_field, row.stride) if row else (1, 1)
        if before and not before.pixels:
            _read_all(ax, before, drawn)
        elif before and isinstance(reach, int):
            _read_patch(ax, before, (reach - field) / jump + 1, drawn)
        if isinstance(reach, int) and isinstance(stride, int):
            field, jump = reach, stride
        before = drawn
    right = x + max(width, width / 2 + 0.6)
    return frame(ax, (-0.15, right + 0.05), (-2.3, label_at + 0.4))


def _has_maps(shape: tuple[int, ...]) -> bool:
    return len(shape) == 3 and shape[1] > 1


def _size_text(shape: tuple[int, ...]) -> str:
    if _has_maps(shape):
        return f"{shape[0]}@{shape[1]}×{shape[2]}"
    return str(shape[0]) if shape else ""


def _side(shape: tuple[int, ...], scale: float) -> float:
    return 0.15 + shape[1] * scale


def _width(shape: tuple[int, ...], scale: float) -> float:
    if not _has_maps(shape):
        return THICKNESS
    return _side(shape, scale) + STEP * (min(shape[0], MOST_SHEETS) - 1)


def _stack(
    ax: Axes, x: float, shape: tuple[int, ...], scale: float, image: Tensor | None
) -> _Layer:
    side = _side(shape, scale)
    sheets = min(shape[0], MOST_SHEETS)
    for back in reversed(range(sheets)):
        middle = (x + side / 2 + STEP * back, STEP * back)
        # the sheet in front is over the others
        box(ax, middle, (side, side), pen=_OUTLINE, zorder=2 - 0.01 * back)
    if image is not None:
        extent = (x, x + side, -side / 2, side / 2)
        ax.imshow(image.detach().cpu().numpy(), cmap="gray_r", extent=extent, zorder=2.1)
        box(ax, (x + side / 2, 0), (side, side), face="none", pen=_OUTLINE, zorder=2.2)
    return _Layer(x, _width(shape, scale), side, shape[1])


def _bar(ax: Axes, x: float, shape: tuple[int, ...]) -> _Layer:
    side = min(0.4 + 1.9 * (shape[0] / 120) ** 0.5, TALLEST) if shape else 0.5
    box(ax, (x + THICKNESS / 2, 0), (THICKNESS, side), pen=_OUTLINE)
    return _Layer(x, THICKNESS, side, 0)


def _read_patch(ax: Axes, before: _Layer, pixels: float, layer: _Layer) -> None:
    """Draw the patch of `pixels` on the stack before, and its lines to one unit."""
    patch = before.side * min(pixels / before.pixels, 1)
    room = before.side - patch
    left, bottom = before.left + 0.62 * room, -before.side / 2 + 0.25 * room
    middle = (left + patch / 2, bottom + patch / 2)
    box(ax, middle, (patch, patch), face=(COLORS[4], 0.5), pen=_EDGE, zorder=3)
    unit = (layer.left, 0.0)
    if layer.pixels:
        unit = (layer.left + 0.45 * layer.side, -0.1 * layer.side)
    for end in (bottom, bottom + patch):
        line(ax, [(left + patch, end), unit], pen=_FIELD, zorder=3)


def _read_all(ax: Axes, before: _Layer, layer: _Layer) -> None:
    """Draw that every unit of a bar reads every unit of the bar before."""
    for start in (-before.side / 2, before.side / 2):
        for end in (-layer.side / 2, layer.side / 2):
            line(ax, [(before.left + before.width, start), (layer.left, end)], pen=_EVERY)
