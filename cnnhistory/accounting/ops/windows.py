"""Pooling, reductions and resizing: windows over an image without products."""

from __future__ import annotations

import math
from fractions import Fraction

from cnnhistory.accounting.field import Run, plain
from cnnhistory.accounting.ops.call import (
    Account,
    Call,
    Cost,
    accounts_for,
    dims_of,
    follow,
    name_of,
    per_axis,
)


@accounts_for("avg_pool2d", "avg_pool3d", "max_pool2d_with_indices", "max_pool3d_with_indices")
def _pool(call: Call) -> Account:
    count = 3 if "3d" in name_of(call.func) else 2
    kernel = per_axis(call["kernel_size"], count)
    stride = per_axis(call["stride"], count) if call["stride"] else kernel
    dilation = per_axis(call["dilation"], count) if call.has("dilation") else [1] * count
    padding = per_axis(call["padding"], count)
    field = call.source
    first = call.out.dim() - count
    for axis in range(count):
        reach = dilation[axis] * (kernel[axis] - 1)
        field = field.shift(first + axis, -padding[axis])
        field = field.resample(first + axis, call.out.shape[first + axis], reach, stride[axis])
    links = call.out.numel() * math.prod(kernel)
    return Cost(other_ops=links, connections=links), [field] * len(call.outputs)


@accounts_for(
    "_adaptive_avg_pool2d", "_adaptive_avg_pool3d", "adaptive_max_pool2d", "adaptive_max_pool3d"
)  # fmt: skip
def _adaptive_pool(call: Call) -> Account:
    count = 3 if "3d" in name_of(call.func) else 2
    image, out, field = call["self"], call.out, call.source
    links = math.prod(out.shape[:-count])
    for axis in range(out.dim() - count, out.dim()):
        size, bins = image.shape[axis], out.shape[axis]
        # bin i reads the positions from floor(i size / bins) to ceil((i + 1) size / bins) - 1
        reads = [-(-(i + 1) * size // bins) - i * size // bins for i in range(bins)]
        links *= sum(reads)
        # With one bin there is no neighbor: keep the stride, as for a mean over the axis.
        ratio = Fraction(size, bins) if bins > 1 else 1
        field = field.resample(axis, bins, max(reads) - 1, ratio)
    return Cost(other_ops=links, connections=links), [field] * len(call.outputs)


@accounts_for(
    "mean", "sum", "prod", "amax", "amin", "max", "min", "argmax", "argmin", "var", "std",
    "var_mean", "std_mean", "logsumexp", "linalg_vector_norm", "any", "all", "median",
)  # fmt: skip
def _reduction(call: Call) -> Account:
    data, field = call["self"], call.source
    dims = call["dim"] if call.has("dim") else None
    reduced = dims_of(dims, data.dim()) if dims not in (None, []) else list(range(data.dim()))
    links = data.numel()
    pools = name_of(call.func) in ("mean", "amax", "max") and any(map(field.walks, reduced))
    field = field.absorb(reduced)
    keep = call.has("keepdim") and call["keepdim"]
    kept = [
        tuple(Run(run.axis, 1, run.step) for run in dim[:1]) if index in reduced else dim
        for index, dim in enumerate(field.dims)
        if keep or index not in reduced
    ]
    cost = Cost(other_ops=links, connections=links if pools else 0)
    return cost, [field.with_dims(kept)] * len(call.outputs)


@accounts_for(
    *(f"upsample_nearest{n}d" for n in (1, 2, 3)),
    *(f"_upsample_nearest_exact{n}d" for n in (1, 2, 3)),
    "upsample_linear1d", "upsample_bilinear2d", "upsample_trilinear3d", "upsample_bicubic2d",
    "_upsample_bilinear2d_aa", "_upsample_bicubic2d_aa",
)  # fmt: skip
def _resize(call: Call) -> Account:
    name, image, out, field = name_of(call.func), call["self"], call.out, call.source
    taps = 1 if "nearest" in name else 4 if "bicubic" in name else 2
    for axis in range(2, out.dim()):
        ratio = Fraction(image.shape[axis], out.shape[axis])
        # With anti-aliasing, the filter of a shrinking axis widens with the ratio.
        reads = math.ceil(taps * ratio) if name.endswith("_aa") and ratio > 1 else taps
        if ratio != 1:
            edges = None
            if taps > 1:
                # Output o reads around (o + 1/2) ratio - 1/2; with aligned corners nearly so.
                field = field.shift(axis, ratio / 2 - Fraction(taps - 1, 2))
                edges = (1, reads) if name.endswith("_aa") or call["align_corners"] else (1, 0)
            field = field.resample(axis, out.shape[axis], reads - 1, ratio, edges)
    work = out.numel() * taps ** (out.dim() - 2) if taps > 1 else 0
    return Cost(other_ops=work), [field]


@accounts_for("unfold")
def _unfold(call: Call) -> Account:
    at = call["dimension"] % call["self"].dim()
    dim = call.source.dims[at]
    if len(dim) != 1:
        return Cost(), [follow(call.source, call.out)]
    patch = (Run(dim[0].axis, call["size"], dim[0].step),)
    field = call.source.resample(at, call.out.shape[at], ratio=call["step"])
    return Cost(), [field.with_dims((*field.dims, patch))]


@accounts_for("im2col")
def _im2col(call: Call) -> Account:
    image, field = call["self"], call.source
    kernel, dilation, padding, stride = (
        per_axis(call[key], 2) for key in ("kernel_size", "dilation", "padding", "stride")
    )
    for axis in range(2):
        reach = dilation[axis] * (kernel[axis] - 1)
        span = image.shape[2 + axis] + 2 * padding[axis] - reach - 1
        field = field.resample(2 + axis, span // stride[axis] + 1, reach, stride[axis])
    places = field.dims[2] + field.dims[3]
    return Cost(), [field.with_dims((field.dims[0], plain(call.out.shape[1]), places))]


@accounts_for("max_unpool2d", "max_unpool3d")
def _unpool(call: Call) -> Account:
    field = call.source
    for axis in range(2, call.out.dim()):
        size, out = call["self"].shape[axis], call.out.shape[axis]
        field = field.resample(axis, out, 0, Fraction(size, out))
    return Cost(), [field]
