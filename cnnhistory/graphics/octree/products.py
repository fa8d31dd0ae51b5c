"""Convolution as gathering: rows of neighbors, a chunk at a time, and one matrix product for each.

Each octant has a row of features. A convolution gathers the 27 rows around every octant into one
long row and multiplies it by the weights. Done for all octants at once this needs 27 times the
memory of the features; done for some thousand at a time it needs a fixed buffer that stays in the
processor's cache. Nothing is scattered: what a convolution sends back to octant j comes from j's
own neighbors, with the weights of the opposite offsets.

Source: wang2017ocnn, Section 3.2.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

# Numbers in a gathered chunk on the processor: a megabyte of float32, which about fills the cache
# of a core. With 2**17 a layer of 16 channels takes a fifth longer.
BUFFER = 2**18
FEWEST = 128  # rows of a chunk, below which matrix products are slow
NARROW = 8  # outputs, up to which the product is faster with its sides exchanged
LARGE_BUFFER = 2**27  # and on an accelerator, which is idle while it is asked for the next chunk


def with_zero_row(x: Tensor) -> Tensor:
    """Append the row that missing neighbors have: zeros."""
    return torch.cat([x, x.new_zeros(1, x.shape[1])])


def chunk_rows(table: Tensor, channels: int) -> int:
    """Return for how many rows of a table neighbors are gathered at a time."""
    limit = BUFFER if table.device.type == "cpu" else LARGE_BUFFER
    return max(limit // (table.shape[1] * channels), FEWEST)


def gathered(padded: Tensor, table: Tensor) -> Tensor:
    """Return the rows that each row of a table names, one after the other.

    Shape: padded (n + 1, C), table (r, K); (r, K · C).
    """
    return padded.index_select(0, table.flatten()).view(len(table), -1)


def _multiply(chunk: Tensor, weight: Tensor, result: Tensor) -> None:
    if weight.shape[1] <= NARROW:
        result.copy_(torch.mm(weight.T, chunk.T).T)
    else:
        torch.mm(chunk, weight, out=result)


def gathered_product(x: Tensor, table: Tensor, weight: Tensor) -> Tensor:
    """Multiply the gathered rows by a matrix, chunk by chunk.

    Shape: x (n, C), table (r, K) with entries 0 to n, weight (K · C, O); (r, O).
    """
    padded = with_zero_row(x)
    out = x.new_empty(len(table), weight.shape[1])
    rows = chunk_rows(table, x.shape[1])
    for part, result in zip(table.split(rows), out.split(rows), strict=True):
        _multiply(gathered(padded, part), weight, result)
    return out


def weight_product(x: Tensor, table: Tensor, y: Tensor) -> Tensor:
    """Return the sum over the rows of a table of the outer products of gathered rows and `y`.

    Shape: x (n, C), table (r, K), y (r, O); (K · C, O).
    """
    padded = with_zero_row(x)
    rows = chunk_rows(table, x.shape[1])
    sums = x.new_zeros(y.shape[1], table.shape[1] * x.shape[1])
    for part, right in zip(table.split(rows), y.split(rows), strict=True):
        sums.addmm_(right.T, gathered(padded, part))
    return sums.T.contiguous()


def both_products(x: Tensor, table: Tensor, weight: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return `gathered_product(x, table, weight)` and `weight_product(x, table, y)`.

    The rows are gathered once for both.
    """
    padded = with_zero_row(x)
    rows = chunk_rows(table, x.shape[1])
    out = x.new_empty(len(table), weight.shape[1])
    sums = x.new_zeros(y.shape[1], table.shape[1] * x.shape[1])
    for part, result, right in zip(table.split(rows), out.split(rows), y.split(rows), strict=True):
        chunk = gathered(padded, part)
        _multiply(chunk, weight, result)
        sums.addmm_(right.T, chunk)
    return out, sums.T.contiguous()


# For the child at an even (0) or odd (1) place along an axis: the parents that reach it, as steps
# from its own parent, and by which of their three taps.
_REACH = {0: ((0, 1),), 1: ((0, 2), (1, 0))}


def spread_product(x: Tensor, families: Tensor, weight: Tensor) -> Tensor:
    """Give the eight children of each octant what its neighbors' rows send them.

    `y[2p - 1 + k] += x[p] W[k]` along each axis: the transposed convolution of stride 2, gathered
    child by child. A child at an even place along an axis is reached by its parent only, one at an
    odd place by the next octant, too; the eight children have 27 such ways together.

    Shape: x (m, C), families (m, 27) with entries 0 to m, weight (27, C, O); (8m, O).
    """
    padded = with_zero_row(x)
    count, outputs = len(families), weight.shape[2]
    out = x.new_empty(count, 8, outputs)
    for child in range(8):
        places = (child >> 2 & 1, child >> 1 & 1, child & 1)
        ways = [
            (step_x, step_y, step_z, tap_x, tap_y, tap_z)
            for step_x, tap_x in _REACH[places[0]]
            for step_y, tap_y in _REACH[places[1]]
            for step_z, tap_z in _REACH[places[2]]
        ]
        columns = [9 * (a + 1) + 3 * (b + 1) + c + 1 for a, b, c, *_ in ways]
        taps = [9 * a + 3 * b + c for *_, a, b, c in ways]
        table, matrix = families[:, columns].contiguous(), weight[taps].flatten(0, 1)
        rows = chunk_rows(table, x.shape[1])
        for part, result in zip(table.split(rows), out[:, child].split(rows), strict=True):
            result.copy_(gathered(padded, part) @ matrix)
    return out.view(8 * count, outputs)


class StridedConvolution(torch.autograd.Function):
    """`y[p] = Σ_k x[table[p, k]] W[k]` for families p, with the neighbors of their first children.

    Shape: x (n, C), table (m, 27), families (m, 27), weight (27, C, O), n = 8m; (m, O).
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, table: Tensor, families: Tensor, weight: Tensor) -> Tensor:
        """Gather and multiply."""
        ctx.save_for_backward(x, table, families, weight)
        return gathered_product(x, table, weight.flatten(0, 1))

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, None, None, Tensor | None]:
        """Spread the gradients over the children; gather the input for the weights."""
        x, table, families, weight = ctx.saved_tensors
        grad = grads[0].contiguous()
        grad_x = grad_w = None
        if ctx.needs_input_grad[0]:
            grad_x = spread_product(grad, families, weight.transpose(1, 2))
        if ctx.needs_input_grad[3]:
            grad_w = weight_product(x, table, grad).view(weight.shape)
        return grad_x, None, None, grad_w


class TransposedConvolution(torch.autograd.Function):
    """The adjoint of `StridedConvolution`: from the rows of families to those of their children.

    Shape: x (m, C), table (m, 27), families (m, 27), weight (27, C, O); (8m, O).
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, table: Tensor, families: Tensor, weight: Tensor) -> Tensor:
        """Spread over the children."""
        ctx.save_for_backward(x, table, weight)
        return spread_product(x, families, weight)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, None, None, Tensor | None]:
        """Gather the gradients around each family's first child, once for both."""
        x, table, weight = ctx.saved_tensors
        taps, inputs, outputs = weight.shape
        back = weight.transpose(1, 2).flatten(0, 1)  # (27 · O, C)
        grad_x, sums = both_products(grads[0].contiguous(), table, back, x)
        grad_w = sums.view(taps, outputs, inputs).transpose(1, 2)
        return grad_x, None, None, grad_w
