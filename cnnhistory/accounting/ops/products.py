"""Products of matrices and convolutions."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import torch
from torch import Tensor

from cnnhistory.accounting.field import Dim, Field, Number, plain, size_of, union
from cnnhistory.accounting.ops.call import (
    Account,
    Call,
    Cost,
    accounts_for,
    field_of,
    name_of,
    per_axis,
)


@accounts_for("convolution")
def _convolution(call: Call) -> Account:
    image, weight, out = call["input"], call["weight"], call.out
    field = field_of(image)
    transposed = call["transposed"]
    # weight is (out, in / groups, *kernel), or (in, out / groups, *kernel) if transposed
    products = (image if transposed else out).numel() * math.prod(weight.shape[1:])
    cost = _product_cost(products, out, [image, weight], call["bias"])
    if field is None:  # kernels computed from the input, sliding over a constant
        field = call.source.absorb(range(weight.dim()))
        return cost, [field.with_dims(plain(size) for size in out.shape)]
    field = field.absorb([1]).with_dim(1, plain(out.shape[1]))
    if (kernels := field_of(weight)) is not None:
        kernels = kernels.absorb(range(weight.dim())).with_dims(())
        field = union([field, kernels], field.dims)
    axes = range(weight.dim() - 2)
    strides, dilations = (per_axis(call[key], len(axes)) for key in ("stride", "dilation"))
    pads = per_axis(call["padding"], len(axes))
    for axis, kernel, stride, dilation in zip(
        axes, weight.shape[2:], strides, dilations, strict=True
    ):
        reach, ratio = dilation * (kernel - 1), Fraction(stride)
        edges: tuple[Number, Number] | None = None
        if transposed:  # the taps lie on the output: every stride-th meets an input
            left = reach % stride
            edges = (Fraction(stride - 1 - left, stride), Fraction(stride - 1, stride))
            reach, ratio = reach // stride, 1 / ratio
        padding = pads[axis]
        start = Fraction(padding - dilation * (kernel - 1), stride) if transposed else -padding
        field = field.shift(2 + axis, start)
        field = field.resample(2 + axis, out.shape[2 + axis], reach, ratio, edges)
    return cost, [_weighted_sum(field, cost, call["bias"])]


@accounts_for("mm", "addmm", "bmm", "baddbmm", "mv", "addmv", "dot")
def _matrix_product(call: Call) -> Account:
    out = call.out
    left, right = [t for t in call.tensors if t is not _bias(call)][:2]
    products = left.numel() * (right.shape[-1] if right.dim() > 1 else 1)
    cost = _product_cost(products, out, [left, right], _bias(call))
    inner = right.dim() - 2 if right.dim() > 1 else 0
    seen, rows, columns = [], [plain(n) for n in left.shape[:-1]], [plain(out.shape[-1])]
    last = columns if right.dim() > 1 else []
    if (field := field_of(left)) is not None:
        rows = list(field.dims[:-1])
        seen.append(field.absorb([left.dim() - 1]).with_dims([*rows, *map(_plain, last)]))
    if (field := field_of(right)) is not None:
        lead = [field.dims[0], ()] if right.dim() == 3 else []
        columns = [field.dims[-1]]
        last = columns if right.dim() > 1 else []
        seen.append(field.absorb([inner]).with_dims([*lead, *last]))
        if field_of(left) is None and right.dim() == 3:
            rows[0] = field.dims[0]
    if (field := field_of(_bias(call))) is not None:
        seen.append(field)
    field = union(seen, [*rows, *last])
    return cost, [_weighted_sum(field, cost, _bias(call))]


@accounts_for("_trilinear")
def _bilinear(call: Call) -> Account:
    """Account for sums over i and j of x_i W_ij y_j: the product W y, then that with x."""
    shapes = []
    for key, inserted in (("i1", "expand1"), ("i2", "expand2"), ("i3", "expand3")):
        shape = list(call[key].shape)
        for at in sorted(call[inserted]):
            shape.insert(at, 1)
        shapes.append(shape)
    sizes = torch.broadcast_shapes(*shapes)  # (N, out, left, right) for `nn.Bilinear`
    products = math.prod(sizes)
    cost = Cost(multiply_adds=products + products // sizes[-1], connections=products)
    fields = [field.absorb(range(len(field.dims))).with_dims(()) for field in call.fields]
    field = union(fields, [plain(size) for size in call.out.shape])
    return cost, [replace(field, unbiased=True)]


def _plain(dim: Dim) -> Dim:
    return plain(size_of(dim))


def _bias(call: Call) -> Tensor | None:
    return call["self"] if name_of(call.func) in ("addmm", "baddbmm", "addmv") else None


def _product_cost(products: int, out: Tensor, operands: list[Tensor], bias: Tensor | None) -> Cost:
    links = 0
    if any(field_of(operand) is None for operand in operands):  # one side is the weights
        links = products + (out.numel() if bias is not None and field_of(bias) is None else 0)
    return Cost(multiply_adds=products, connections=links)


def _weighted_sum(field: Field, cost: Cost, bias: Tensor | None) -> Field:
    return replace(field, unbiased=cost.connections > 0 and bias is None)


def constant_product(call: Call) -> Cost:
    """Return the cost of a product of a constant with weights; of anything else, nothing."""
    if name_of(call.func) not in ("mm", "addmm", "bmm", "baddbmm"):
        return Cost()
    left, right = [t for t in call.tensors if t is not _bias(call)][:2]
    products = left.numel() * right.shape[-1]
    return _product_cost(products, call.out, [left, right], _bias(call))
