"""Pooling: a map in windows beside what becomes of them, and a box in cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from torch import Tensor

from cnnhistory._util.lookup import expected
from cnnhistory.plotting.diagram import Pen, box, frame, line
from cnnhistory.plotting.style import BLACK, COLORS, GRAY, axes_or_new

_THIN, _THICK = Pen(color=GRAY, width=0.6), Pen(width=1.8)
GAP = 0.75  # between two grids, in places


def windows(
    values: Tensor, pooled: Mapping[str, Tensor], size: int = 2, *, ax: Axes | None = None
) -> Axes:
    """Draw a map with its windows outlined, and beside it the pooled maps with their numbers.

    The larger a value, the stronger its color.

    Args:
        values: the map, none of it negative.
        pooled: name of a pooling and what it makes of the map.
        size: side of a window.
        ax: where to draw; default: a new figure.

    Shape: values (H, W), each pooled map (H / size, W / size).

    Raises:
        ValueError: a shape is not of this form, or a value is negative.
    """
    if values.dim() != 2 or any(side % size for side in values.shape) or values.min() < 0:
        raise expected("values", "(H, W) of whole windows, not negative", tuple(values.shape))
    height, width = values.shape
    for name, result in pooled.items():
        if tuple(result.shape) != (height // size, width // size):
            raise expected("pooled", f"{height // size}x{width // size}", (name, result.shape))
    ax = axes_or_new(ax, (7, 2.0))
    most = float(values.max()) or 1.0
    _numbers(ax, (0, 0), values, most)
    for row in range(0, height, size):
        for column in range(0, width, size):
            middle = (column + (size - 1) / 2, -row - (size - 1) / 2)
            box(ax, middle, (size, size), face="none", pen=_THICK, zorder=3)
    ax.text((width - 1) / 2, 0.75, "a map", ha="center", va="bottom", fontsize=9)
    left = width + GAP
    top = (height - height // size) / 2
    for name, result in pooled.items():
        _numbers(ax, (left, -top), result, most)
        ax.text(
            left + (result.shape[1] - 1) / 2, 0.75 - top, name, ha="center", va="bottom", fontsize=9
        )
        left += result.shape[1] + GAP
    return frame(ax, (-0.7, left - GAP - 0.3), (-height + 0.3, 1.5))


def _numbers(ax: Axes, corner: tuple[float, float], values: Tensor, most: float) -> None:
    for row, numbers in enumerate(values.tolist()):
        for column, number in enumerate(numbers):
            at = (corner[0] + column, corner[1] - row)
            face = (COLORS[4], 0.75 * number / most)
            box(ax, at, (1, 1), f"{number:.3g}", face=face, pen=_THIN, fontsize=8)


def box_in_cells(
    side: int, wanted: Sequence[float], taken: Sequence[int], cells: int, *, ax: Axes | None = None
) -> Axes:
    """Draw the places of a map, a box on it, and the places and cells that RoI pooling takes.

    Args:
        side: places of the map, across and down.
        wanted: the box x1, y1, x2, y2 in places, not rounded.
        taken: its places x1, y1, x2, y2 in whole numbers, the last ones included.
        cells: in each direction.
        ax: where to draw; default: a new figure.

    Raises:
        ValueError: the map or a box has no places, or there is no cell.
    """
    if side < 1 or cells < 1:
        raise expected("side, cells", "at least 1", (side, cells))
    for name, (x1, y1, x2, y2) in (("wanted", wanted), ("taken", taken)):
        if not (x1 <= x2 and y1 <= y2):
            raise expected(name, "x1 <= x2 and y1 <= y2", (x1, y1, x2, y2))
    ax = axes_or_new(ax, (3.4, 3.4))
    for row in range(side):
        for column in range(side):
            inside = taken[0] <= column <= taken[2] and taken[1] <= row <= taken[3]
            face = (COLORS[5], 0.5) if inside else "white"
            box(ax, (column, -row), (1, 1), face=face, pen=_THIN)
    x1, y1, x2, y2 = wanted
    ends = [(x1, -y1), (x2, -y1), (x2, -y2), (x1, -y2), (x1, -y1)]
    line(ax, ends, pen=Pen(color=COLORS[1], width=2), zorder=4)
    wide, high = taken[2] - taken[0] + 1, taken[3] - taken[1] + 1
    for cell in range(cells + 1):
        x, y = (low - 0.5 + cell * length / cells
                for low, length in ((taken[0], wide), (taken[1], high)))  # fmt: skip
        pen = Pen(color=BLACK, width=1, dashed=0 < cell < cells)
        line(ax, [(x, 0.5 - taken[1]), (x, -taken[3] - 0.5)], pen=pen, zorder=3)
        line(ax, [(taken[0] - 0.5, -y), (taken[2] + 0.5, -y)], pen=pen, zorder=3)
    return frame(ax, (-0.7, side - 0.3), (0.3 - side, 0.7))
