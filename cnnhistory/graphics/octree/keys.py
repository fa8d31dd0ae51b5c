"""Keys of octants: the bits of their coordinates, interleaved (Morton code)."""

from __future__ import annotations

import torch
from torch import Tensor

from cnnhistory._util.lookup import check_integer

DEEPEST = 10  # 1024 cells along a side; the neighbors of a deeper octree would not fit in memory


def morton(cells: Tensor, depth: int) -> Tensor:
    """Interleave the bits of integer coordinates: x1 y1 z1 x2 y2 z2 ... xd yd zd.

    The first three bits say in which eighth of the cube a cell is, the next three in which eighth
    of that, so that a key without its last three bits is the key of the cell's parent.

    Shape: cells (..., 3), each from 0 to 2^depth - 1; keys (...), int64.

    Raises:
        ValueError: `depth` is not from 0 to `DEEPEST`.

    Source: wang2017ocnn, Section 3.1 (shuffle key).

    >>> morton(torch.tensor([[1, 0, 1], [3, 3, 3]]), depth=2).tolist()
    [5, 63]
    """
    check_integer("depth", depth, 0, DEEPEST)
    x, y, z = cells.long().unbind(-1)
    keys = torch.zeros_like(x)
    for bit in range(depth):
        for coordinate, place in ((x, 2), (y, 1), (z, 0)):
            keys |= ((coordinate >> bit) & 1) << (3 * bit + place)
    return keys


def cells_of(keys: Tensor, depth: int) -> Tensor:
    """Return the integer coordinates that keys stand for; bits above 3·depth are not looked at.

    Shape: keys (...); cells (..., 3), int64.

    Raises:
        ValueError: `depth` is not from 0 to `DEEPEST`.

    >>> cells_of(torch.tensor([5, 63]), depth=2).tolist()
    [[1, 0, 1], [3, 3, 3]]
    """
    check_integer("depth", depth, 0, DEEPEST)
    cells = torch.zeros(*keys.shape, 3, dtype=torch.long, device=keys.device)
    for bit in range(depth):
        for axis, place in enumerate((2, 1, 0)):
            cells[..., axis] |= ((keys >> (3 * bit + place)) & 1) << bit
    return cells
