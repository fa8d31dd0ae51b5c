"""MobileNet: who reads whom in a convolution, and how wide the tensors of a block are."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from cnnhistory._util.checks import check_counts
from cnnhistory._util.lookup import expected
from cnnhistory.plotting.diagram import Pen, arrow, box, frame, line
from cnnhistory.plotting.style import COLORS, axes_or_new
from cnnhistory.plotting.svg import WIDEST

MAP = (0.62, 0.62)  # sides of a map
CELL = 0.13  # side of a weight
ROW, COLUMN = 1.0, 3.0  # from a map to the next; from one row of maps to the next
_OUTLINE, _LINK, _FLOW = Pen(width=0.8), Pen(width=0.7, color="0.45"), Pen(width=1)
FULL, DEPTHWISE, POINTWISE = COLORS[5], COLORS[1], COLORS[2]


def wiring(inputs: int, outputs: int, kernel: int = 3, *, ax: Axes | None = None) -> Axes:
    """Draw which maps read which, in a full convolution (left) and a separable one (right).

    A square of small squares on a line is the kernel through which one map reads another; one small
    square is a kernel of 1x1.

    Args:
        inputs: number of input maps.
        outputs: number of output maps.
        kernel: side of the window.
        ax: where to draw; default: a new figure.

    Raises:
        ValueError: a number is not whole or below 1.

    Source: howard2017mobilenets, Figure 2.
    """
    check_counts(inputs=inputs, outputs=outputs, kernel=kernel)
    ax = axes_or_new(ax, (WIDEST, 0.56 * max(inputs, outputs) + 0.6))
    full = kernel * kernel * inputs * outputs
    depthwise, pointwise = kernel * kernel * inputs, inputs * outputs
    _maps(ax, 0, inputs)
    _maps(ax, COLUMN, outputs)
    _links(ax, 0, inputs, outputs, kernel, FULL)
    begin = COLUMN + 1.7
    _maps(ax, begin, inputs)
    for y in _heights(inputs):
        _link(ax, (begin, y), (begin + 0.8 * COLUMN, y), 0.5, kernel, DEPTHWISE)
    _maps(ax, begin + 0.8 * COLUMN, inputs)
    _links(ax, begin + 0.8 * COLUMN, inputs, outputs, 1, POINTWISE)
    end = begin + 1.8 * COLUMN
    _maps(ax, end, outputs)
    low = -max(inputs, outputs) / 2 * ROW - 0.1
    for x, text in (
        (COLUMN / 2, f"full: {full} weights"),
        (begin + 0.4 * COLUMN, f"depthwise: {depthwise}"),
        (begin + 1.3 * COLUMN, f"pointwise: {pointwise}"),
    ):
        ax.text(x, low, text, ha="center", va="center", fontsize=10)
    return frame(ax, (-0.5, end + 0.5), (low - 0.3, -low))


def block_widths(
    blocks: Sequence[tuple[str, Sequence[int], Sequence[str]]], *, ax: Axes | None = None
) -> Axes:
    """Draw the tensors of residual blocks, one block beside the other, as high as they have maps.

    Args:
        blocks: for each its name, the maps of its tensors from the input to the output, and what
            stands between them.
        ax: where to draw; default: a new figure.

    Raises:
        ValueError: there is no block, or one whose texts are not one fewer than its tensors.

    Source: sandler2018mobilenetv2, Figure 3.
    """
    if not blocks or any(len(maps) != len(texts) + 1 for _, maps, texts in blocks):
        raise expected("blocks", "with a text between each two tensors", blocks)
    ax = axes_or_new(ax, (WIDEST, 2.6))
    tallest = max(max(maps) for _, maps, _ in blocks)
    x, gap = 0.0, 1.75
    for name, maps, texts in blocks:
        heights = [2.6 * count / tallest for count in maps]
        first = x
        for n, (count, height) in enumerate(zip(maps, heights, strict=True)):
            ends = n in (0, len(maps) - 1)
            face = (COLORS[4] if ends else COLORS[5], 0.75)
            box(ax, (x, 0), (0.34, height), face=face, pen=_OUTLINE)
            ax.text(x, -height / 2 - 0.17, str(count), ha="center", va="center", fontsize=9)
            if n < len(texts):
                arrow(ax, (x + 0.2, 0), (x + gap - 0.2, 0), pen=_FLOW, head=7)
                ax.text(x + gap / 2, 0.12, texts[n], ha="center", va="bottom", fontsize=8)
                x += gap
        top = max(heights) / 2 + 0.32
        begin, end = (first, heights[0] / 2 + 0.04), (x, heights[-1] / 2 + 0.04)
        line(ax, [begin, (first, top), (x, top)], pen=_FLOW)
        arrow(ax, (x, top), end, pen=_FLOW, head=7)
        ax.text((first + x) / 2, 2.0, name, ha="center", va="center", fontsize=10)
        x += 1.3
    return frame(ax, (-0.4, x - 0.9), (-1.7, 2.15))


def _heights(count: int) -> list[float]:
    return [((count - 1) / 2 - n) * ROW for n in range(count)]


def _maps(ax: Axes, x: float, count: int) -> None:
    for y in _heights(count):
        box(ax, (x, y), MAP, pen=_OUTLINE, zorder=4)


def _links(ax: Axes, x: float, inputs: int, outputs: int, kernel: int, color: str) -> None:
    """Link each input with each output; the kernels stand in a row before their output."""
    for n, start in enumerate(_heights(inputs)):
        for end in _heights(outputs):
            share = 0.48 + 0.14 * n if kernel > 1 else 0.42 + 0.13 * n
            _link(ax, (x, start), (x + COLUMN, end), share, kernel, color)


def _link(
    ax: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    share: float,
    kernel: int,
    color: str,
) -> None:
    line(ax, [start, end], pen=_LINK)
    x, y = (a + share * (b - a) for a, b in zip(start, end, strict=True))
    half = (kernel - 1) / 2
    for row in range(kernel):
        for column in range(kernel):
            at = x + (column - half) * CELL, y + (row - half) * CELL
            box(ax, at, (CELL, CELL), face=color, pen=Pen(width=0.4), zorder=3)
