"""Occlusion: cover a part of an image, and see what the network then says.

M. Zeiler, R. Fergus (2014), "Visualizing and Understanding Convolutional Networks"
[zeiler2014visualizing].
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from cnnhistory._util.modes import evaluating
from cnnhistory.visualize.activations import activations

Measure = Callable[[Tensor], Tensor]


def occlusion_map(
    image: Tensor,
    measure: Measure,
    square: int,
    stride: int = 1,
    fill: float | Tensor = 0.0,
    batch_size: int = 64,
) -> Tensor:
    """Measure an image with a square of one color at every place of a grid.

    Entry (i, j) is `measure` of the image whose rows from i * stride and columns from j * stride,
    `square` of each, are covered. The squares lie inside the image; where the grid does not end at
    its edge, a last square does.

    Shape: image (C, H, W); `measure` takes (B, C, H, W) and returns (B,) or (B, K); the result is
    (rows, columns) or (K, rows, columns).

    Units: `square` and `stride` in pixels; `fill` in those of the image, one value or (C,). For an
    image whose mean was taken away, 0 is the gray of the paper.

    Raises:
        ValueError: the image is no (C, H, W), or a size does not fit.

    Source: zeiler2014visualizing, Section 4.2.
    """
    if image.dim() != 3:
        raise ValueError(f"image: expected shape (C, H, W), got {tuple(image.shape)}")
    height, width = image.shape[1:]
    if not 1 <= square <= min(height, width):
        raise ValueError(f"square: expected 1 to {min(height, width)} pixels, got {square}")
    if stride < 1 or batch_size < 1:
        raise ValueError(f"stride, batch_size: expected at least 1, got {stride} and {batch_size}")
    rows, columns = starts(height, square, stride), starts(width, square, stride)
    y, x = torch.arange(height), torch.arange(width)
    in_rows = (y >= rows[:, None]) & (y < rows[:, None] + square)  # (rows, H)
    in_columns = (x >= columns[:, None]) & (x < columns[:, None] + square)
    color = torch.as_tensor(fill, dtype=image.dtype, device=image.device).reshape(-1, 1, 1)
    places = torch.cartesian_prod(torch.arange(len(rows)), torch.arange(len(columns)))
    found = []
    for i, j in (part.unbind(1) for part in places.split(batch_size)):
        covered = in_rows[i][:, None, :, None] & in_columns[j][:, None, None, :]
        found.append(measure(torch.where(covered.to(image.device), color, image)).detach().cpu())
    values = torch.cat(found)
    return values.movedim(0, -1).reshape(*values.shape[1:], len(rows), len(columns))


def starts(size: int, square: int, stride: int) -> Tensor:
    """Return the first row of every square along an axis.

    >>> starts(10, square=4, stride=4).tolist()
    [0, 4, 6]
    """
    grid = list(range(0, size - square + 1, stride))
    if grid[-1] != size - square:
        grid.append(size - square)
    return torch.tensor(grid)


def per_pixel(values: Tensor, size: tuple[int, int], square: int, stride: int) -> Tensor:
    """Give every pixel the mean over the squares that cover it.

    Shape: values (rows, columns) as `occlusion_map` returns them, result `size`, which is (H, W).

    Units: as the values; not a number where no square reaches, for a stride above the square.

    Raises:
        ValueError: the values do not belong to such a grid.
    """
    rows, columns = (starts(n, square, stride) for n in size)
    if values.shape != (len(rows), len(columns)):
        raise ValueError(
            f"values: expected shape ({len(rows)}, {len(columns)}), got {tuple(values.shape)}"
        )
    y, x = torch.arange(size[0])[:, None], torch.arange(size[1])[:, None]
    by_row = ((y >= rows) & (y < rows + square)).to(values.dtype)  # (H, rows)
    by_column = ((x >= columns) & (x < columns + square)).to(values.dtype)
    total = by_row @ values @ by_column.T
    return total / (by_row.sum(1)[:, None] * by_column.sum(1)[None, :])


def class_probability(network: nn.Module, target: int | None = None) -> Measure:
    """Return a measure: the probability of a class, or of all classes, by softmax.

    Shape: the measure takes (B, C, H, W) and returns (B,), or (B, classes) without a target.
    """

    def measure(x: Tensor) -> Tensor:
        with evaluating(network):
            probabilities = network(x).softmax(dim=1)
        return probabilities if target is None else probabilities[:, target]

    return measure


def map_activation(network: nn.Module, layer: str, map: int) -> Measure:
    """Return a measure: the sum over one map of a layer.

    Shape: the measure takes (B, C, H, W) and returns (B,).

    Source: zeiler2014visualizing, Section 4.2: the strongest map of layer 5, summed over places.
    """
    return lambda x: activations(network, x, [layer])[layer][:, map].sum(dim=(1, 2))
