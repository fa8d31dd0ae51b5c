"""What networks do with the octants of one depth: each operation is linear in their number.

Features stand in rows, one an octant of the depth, in the octree's order. Octants that are not
there count as zeros, as padding does in an image: every operation gives what the dense one gives on
the grid of 2^depth cells a side that is zero elsewhere, at the octants that there are.

Source: wang2017ocnn, Section 3.2.
"""

from __future__ import annotations

import torch
from torch import Tensor

from cnnhistory._util.lookup import check_one_of, expected
from cnnhistory.graphics.octree.neighbors import MIDDLE, steps
from cnnhistory.graphics.octree.products import StridedConvolution, TransposedConvolution
from cnnhistory.graphics.octree.tree import Octree
from cnnhistory.graphics.octree.winograd import Convolution


def check_rows(x: Tensor, octree: Octree, depth: int) -> None:
    """Refuse what is not one row for each octant of a depth.

    Raises:
        ValueError: it is not.
    """
    rows = octree.size(depth)
    if x.dim() != 2 or len(x) != rows:
        raise expected("x", f"{rows} rows, one an octant of depth {depth}", tuple(x.shape))


def _check_weight(weight: Tensor, x: Tensor) -> None:
    if weight.dim() != 3 or weight.shape[:2] != (27, x.shape[1]):
        raise expected("weight", f"(27, {x.shape[1]}, outputs)", tuple(weight.shape))


def octree_conv(x: Tensor, octree: Octree, depth: int, weight: Tensor, stride: int = 1) -> Tensor:
    """Convolve with a 3³ kernel: `y_i = Σ_k x_{i + k} W_k` over the 27 offsets k.

    With a stride of 2 the result is of depth - 1: an octant gets what is around its first child, as
    in a dense convolution with stride 2 and padding 1, and zeros if it has no children.

    Shape: x (n, C), n octants of `depth`; weight (27, C, O) with offset (i - 1, j - 1, k - 1) at
    9i + 3j + k; (n, O), or with stride 2 the rows of depth - 1.

    Raises:
        ValueError: the shapes do not fit, `stride` is not 1 or 2, or `depth` is not one of the
            octree's (above 0 with stride 2).

    Source: wang2017ocnn, Section 3.2.
    """
    check_one_of("stride", stride, (1, 2))
    octree.checked(depth, first=stride - 1)
    check_rows(x, octree, depth)
    _check_weight(weight, x)
    if depth == 0:  # a root has no neighbors
        return x @ weight[MIDDLE]
    if stride == 1:
        return Convolution.apply(x, octree.blocks(depth), weight)
    table, families = _families(octree, depth - 1)
    return _to_divided(StridedConvolution.apply(x, table, families, weight), octree, depth - 1)


def octree_conv_transpose(x: Tensor, octree: Octree, depth: int, weight: Tensor) -> Tensor:
    """Apply the adjoint of the convolution of stride 2: `y_{2p - 1 + k} += x_p W_k`.

    Rows of octants without children take no part.

    Shape: x (n, C) of `depth`, weight (27, C, O); the rows of depth + 1.

    Raises:
        ValueError: the shapes do not fit, or the octree has no depth below.

    Source: wang2017ocnn, Section 3.2 (deconvolution).
    """
    octree.checked(depth, last=octree.depth - 1)
    check_rows(x, octree, depth)
    _check_weight(weight, x)
    table, families = _families(octree, depth)
    x = x.index_select(0, octree.divided(depth))
    return TransposedConvolution.apply(x, table, families, weight)


def octree_max_pool(x: Tensor, octree: Octree, depth: int) -> tuple[Tensor, Tensor]:
    """Take the largest of each eight siblings, and say which one it was.

    Octants of depth - 1 without children get zeros.

    Shape: x (n, C) of `depth`, at least 1; the rows of depth - 1, and (m, C) numbers of children,
    0 to 7, of the m octants that have any.

    Raises:
        ValueError: the shape does not fit, or there is no depth above.

    Source: wang2017ocnn, Section 3.2.
    """
    octree.checked(depth, first=1)
    check_rows(x, octree, depth)
    largest, which = x.view(-1, 8, x.shape[1]).max(1)
    return _to_divided(largest, octree, depth - 1), which


def octree_max_unpool(x: Tensor, which: Tensor, octree: Octree, depth: int) -> Tensor:
    """Put each number where the largest one was before pooling, and zeros elsewhere.

    Shape: x (n, C) of `depth`, `which` (m, C) as `octree_max_pool` gave it; rows of depth + 1.

    Raises:
        ValueError: the shapes do not fit, or there is no depth below.

    Source: wang2017ocnn, Section 3.2.
    """
    octree.checked(depth, last=octree.depth - 1)
    check_rows(x, octree, depth)
    divided = octree.divided(depth)
    if which.shape != (len(divided), x.shape[1]):
        raise expected("which", f"({len(divided)}, {x.shape[1]})", tuple(which.shape))
    out = x.new_zeros(len(divided), 8, x.shape[1])
    out = out.scatter(1, which[:, None], x.index_select(0, divided)[:, None])
    return out.view(-1, x.shape[1])


def octree_avg_pool(x: Tensor, octree: Octree, depth: int) -> Tensor:
    """Take the mean of each eight siblings; octants without children get zeros.

    Shape: x (n, C) of `depth`, at least 1; the rows of depth - 1.

    Raises:
        ValueError: the shape does not fit, or there is no depth above.
    """
    octree.checked(depth, first=1)
    check_rows(x, octree, depth)
    return _to_divided(x.view(-1, 8, x.shape[1]).mean(1), octree, depth - 1)


def octree_upsample(x: Tensor, octree: Octree, depth: int) -> Tensor:
    """Give each of the eight children the row of its parent.

    Shape: x (n, C) of `depth`; the rows of depth + 1.

    Raises:
        ValueError: the shape does not fit, or there is no depth below.
    """
    octree.checked(depth, last=octree.depth - 1)
    check_rows(x, octree, depth)
    return x.index_select(0, octree.parents(depth + 1))


def to_grid(x: Tensor, octree: Octree, depth: int) -> Tensor:
    """Write the rows of a depth into dense grids, which are zero where there is no octant.

    Shape: x (n, C); (shapes, C, S, S, S) with S = 2^depth and axes x, y, z.

    Raises:
        ValueError: the shape does not fit.
    """
    check_rows(x, octree, depth)
    side = 2**depth
    grid = x.new_zeros(octree.shapes, side, side, side, x.shape[1])
    cells = octree.cells(depth)
    grid = grid.index_put((octree.shape_of(depth), *cells.unbind(1)), x)
    return grid.permute(0, 4, 1, 2, 3)


def from_grid(grid: Tensor, octree: Octree, depth: int) -> Tensor:
    """Read the octants of a depth out of dense grids.

    Shape: grid (shapes, C, S, S, S) with S = 2^depth; (n, C).

    Raises:
        ValueError: the shape does not fit.
    """
    side = 2 ** octree.checked(depth)
    if grid.dim() != 5 or (len(grid), *grid.shape[2:]) != (octree.shapes, side, side, side):
        raise expected("grid", f"({octree.shapes}, C, {side}, {side}, {side})", tuple(grid.shape))
    cells = octree.cells(depth)
    x, y, z = cells.unbind(1)
    return grid[octree.shape_of(depth), :, x, y, z]


def _families(octree: Octree, depth: int) -> tuple[Tensor, Tensor]:
    """Return for each octant with children its first child's neighbors, and neighboring families.

    A family is an octant with children, by its place among them; a missing one has the number m.
    """

    def families() -> Tensor:
        first = torch.cat([octree.children[depth], octree.children[depth].new_tensor([-1])])
        count = len(octree.divided(depth))
        number = torch.where(first < 0, count, first // 8).to(torch.int32)
        return number[octree.neighbors(depth)[octree.divided(depth)]]

    def around_first() -> Tensor:
        return octree.blocks(depth + 1)[:, steps(octree.device)[0]]

    table = octree.kept("first", depth, around_first)
    return table, octree.kept("families", depth, families)


def _to_divided(rows: Tensor, octree: Octree, depth: int) -> Tensor:
    """Give the rows to the octants with children, and zeros to the others."""
    if len(rows) == octree.size(depth):
        return rows
    out = rows.new_zeros(octree.size(depth), rows.shape[1])
    return out.index_copy(0, octree.divided(depth), rows)
