"""Convolution of stride 1: eight siblings at once, by 64 products in place of 8 · 27 = 216.

Along one axis two outputs of a filter g of three taps need four inputs d:
`y = Aᵀ [(G g) * (Bᵀ d)]` with four products in place of six. Eight siblings are two outputs along
each of three axes, and what they need are the 4³ rows around them: gathered, transformed by sums
and differences, multiplied by matrices, transformed back. Families go through this some hundred at
a time, in one buffer that stays in the processor's cache.

Nothing is scattered: what a convolution sends back to octant j comes from j's own neighbors, with
the weights of the opposite offsets.

Source: lavin2016fast, Section 4.1, F(2, 3); wang2017ocnn, Section 3.2 (eight siblings at once).
"""

from __future__ import annotations

import functools
from typing import Any

import torch
from torch import Tensor

from cnnhistory.graphics.octree.products import chunk_rows, with_zero_row

# The four values along an axis stand in this order throughout: what belongs to one of the two
# outputs alone, then what both share. So every sum below can be written over one of its terms.
ORDER = (0, 3, 2, 1)  # of the inputs
FILTER = ((1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.5, 0.5, 0.5), (-0.5, 0.5, -0.5))  # G


def filters(weight: Tensor) -> Tensor:
    """Return G of the three axes, by which 27 taps become 64 matrices.

    Shape: (64, 27), like `weight` in type and device.
    """
    one = weight.new_tensor(FILTER)
    return torch.kron(torch.kron(one, one), one)


@functools.cache
def order(device: torch.device) -> Tensor:
    """Return `ORDER` of the three axes, (64,)."""
    one = torch.tensor(ORDER)
    return (16 * one[:, None, None] + 4 * one[:, None] + one).flatten().to(device)


def transform_inputs(rows: Tensor) -> Tensor:
    """Apply Bᵀ along each axis, in place: what the matrices are multiplied with.

    From (d0, d3, d2, d1) to (d0 - d2, d3 - d1, d2 + d1, d1 - d2).

    Shape: rows (64, r, C).
    """
    for before in (1, 4, 16):
        here = rows.view(before, 4, -1)
        own, shared = here[:, :2], here[:, 2:]
        own -= shared
        c, d = shared[:, 0], shared[:, 1]
        c += d
        d.mul_(2).sub_(c)
    return rows


def transform_outputs(products: Tensor) -> Tensor:
    """Apply Aᵀ along each axis, in place: (a + c + d, b + c - d) are the rows of the siblings.

    Shape: products (64, r, O); (2, 2, 2, r, O), a view.
    """
    here = products.view(4, 4, 4, *products.shape[1:])
    for axis in range(3):
        own, c, d = here.narrow(axis, 0, 2), here.narrow(axis, 2, 1), here.select(axis, 3)
        own += c
        own.select(axis, 0).add_(d)
        own.select(axis, 1).sub_(d)
        here = own
    return here


def spread(siblings: Tensor, buffer: Tensor) -> Tensor:
    """Apply A along each axis, the transpose of the above: from (a, b) to (a, b, a + b, a - b).

    Shape: siblings (r, 8, C), written to buffer (64, r, C).
    """
    grid = buffer.view(4, 4, 4, *buffer.shape[1:])
    grid[:2, :2, :2] = siblings.view(-1, 2, 2, 2, siblings.shape[2]).permute(1, 2, 3, 0, 4)
    for axis, here in ((2, grid[:2, :2]), (1, grid[:2]), (0, grid)):
        a, b, c, d = here.unbind(axis)
        torch.add(a, b, out=c)
        torch.sub(a, b, out=d)
    return buffer


def convolved(
    x: Tensor, blocks: Tensor, weight: Tensor | None, other: Tensor | None = None
) -> tuple[Tensor | None, Tensor | None]:
    """Convolve the rows x, and find the gradient of the weights where `other` is the output's.

    The rows are gathered and transformed once for both.

    Shape: x (8m, C), blocks (m, 64) with entries 0 to 8m, weight (27, C, O), other (8m, O);
    (8m, O) or None, (27, C, O) or None.
    """
    count, channels = len(blocks), x.shape[1]
    padded, taps, places = with_zero_row(x), filters(x), order(x.device)
    rows = min(chunk_rows(blocks, channels), count)
    buffer = x.new_empty(64 * rows, channels)
    y = sums = None
    if weight is not None:
        matrices = (taps @ weight.flatten(1)).view(64, channels, -1)
        y = x.new_empty(count, 2, 2, 2, weight.shape[2])
        products = x.new_empty(64 * rows * weight.shape[2])
    if other is not None:
        siblings = other.view(count, 8, -1)
        sums = x.new_zeros(64, channels, other.shape[1])
        spreads = x.new_empty(64 * rows * other.shape[1])
    for start in range(0, count, rows):
        part = slice(start, start + rows)
        table = blocks[part].T[places]  # (64, r)
        chunk = buffer[: table.numel()]
        torch.index_select(padded, 0, table.flatten(), out=chunk)
        chunk = transform_inputs(chunk.view(*table.shape, channels))
        if y is not None:
            product = products[: table.numel() * y.shape[-1]].view(*table.shape, -1)
            torch.bmm(chunk, matrices, out=product)
            y[part] = transform_outputs(product).permute(3, 0, 1, 2, 4)
        if sums is not None:
            wide = spreads[: table.numel() * sums.shape[2]].view(*table.shape, -1)
            sums.baddbmm_(chunk.transpose(1, 2), spread(siblings[part], wide))
    return (
        None if y is None else y.view(8 * count, -1),
        None if sums is None else (taps.T @ sums.flatten(1)).view(27, channels, -1),
    )


def back(weight: Tensor) -> Tensor:
    """Return the weights of the way back: the opposite offset, inputs and outputs exchanged.

    Shape: (27, C, O); (27, O, C).
    """
    return weight.flip(0).transpose(1, 2)


class Convolution(torch.autograd.Function):
    """`y[i] = Σ_k x[neighbor k of i] W[k]`, for all children of families.

    Shape: x (8m, C), blocks (m, 64), weight (27, C, O); (8m, O).
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, blocks: Tensor, weight: Tensor) -> Tensor:
        """Convolve the rows."""
        ctx.save_for_backward(x, blocks, weight)
        y, _ = convolved(x, blocks, weight)
        assert y is not None
        return y

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, None, Tensor | None]:
        """Convolve the gradients; their rows are gathered once, for the weights too."""
        x, blocks, weight = ctx.saved_tensors
        grad = grads[0].contiguous()
        for_x, for_weight = ctx.needs_input_grad[0], ctx.needs_input_grad[2]
        if for_weight and not for_x and x.shape[1] <= grad.shape[1]:  # gather what is narrower
            return None, None, convolved(x, blocks, None, grad)[1]
        grad_x, sums = convolved(
            grad, blocks, back(weight) if for_x else None, x if for_weight else None
        )
        return grad_x, None, None if sums is None else back(sums)
