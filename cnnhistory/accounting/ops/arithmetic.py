"""Arithmetic for each element, and whatever is not known otherwise."""

from __future__ import annotations

from dataclasses import replace

import torch

from cnnhistory.accounting.field import broadcast, plain, union
from cnnhistory.accounting.ops.call import Account, Call, Cost, accounts_for, field_of, follow


@accounts_for("add")
def _add(call: Call) -> Account:
    """Account for a sum; the first constant added to a weighted sum is its bias."""
    cost, fields = elementwise(call)
    constants = [t for t in call.tensors if field_of(t) is None]
    if constants and call.source.unbiased and call.out.dim() == len(call.source.dims):
        cost = Cost(connections=call.out.numel())
    return cost, fields


@accounts_for(
    "native_batch_norm", "native_layer_norm", "native_group_norm", "_fused_rms_norm", "rms_norm"
)  # fmt: skip
def _normalization(call: Call) -> Account:
    # Scale and shift. The statistics do not widen the field, as is usual.
    return Cost(other_ops=2 * call.out.numel()), [replace(call.source, unbiased=False)]


@accounts_for("_softmax", "_log_softmax", "_safe_softmax")
def _softmax(call: Call) -> Account:
    # Exponential, sum, quotient. The sum is a statistic too.
    return Cost(other_ops=3 * call.out.numel()), [replace(call.source, unbiased=False)]


@accounts_for(
    "dropout", "native_dropout", "alpha_dropout", "feature_dropout", "bernoulli", "glu", "tril",
    "triu", "masked_fill", "nan_to_num", "clamp", "rrelu_with_noise", "hardswish", "_prelu_kernel",
    "log_sigmoid_forward",
)  # fmt: skip
def _in_place_of(call: Call) -> Account:
    """Account for what works element by element, though torch does not say so."""
    fields = [follow(field, call.out) for field in call.fields]
    return Cost(other_ops=call.out.numel()), [union(fields, fields[0].dims)] * len(call.outputs)


@accounts_for("sort", "topk", "cumsum", "cumprod", "cummax", "cummin", "logcumsumexp", "kthvalue")
def _ordered(call: Call) -> Account:
    """Account for results that may depend on every value along a dimension."""
    at = call["dim"] % call["self"].dim()
    field = call.source.absorb([at])
    kept = list(field.dims)
    if len(kept) == call.out.dim():
        kept[at] = plain(call.out.shape[at])
    else:
        del kept[at]
    return Cost(other_ops=call["self"].numel()), [field.with_dims(kept)] * len(call.outputs)


@accounts_for("_cdist_forward")
def _cdist(call: Call) -> Account:
    pairs, features = call.out.numel(), call["x1"].shape[-1]
    seen, rows = [], [[plain(n)] for n in call.out.shape[-2:]]
    for index, key in enumerate(("x1", "x2")):
        if (field := field_of(call[key])) is not None:
            rows[index] = [field.dims[-2]]
            walk = [field.dims[-2], ()] if index == 0 else [field.dims[-2]]
            seen.append(field.absorb([len(field.dims) - 1]).with_dims(walk))
    lead = [plain(n) for n in call.out.shape[:-2]]
    return Cost(other_ops=3 * pairs * features), [union(seen, [*lead, *rows[0], *rows[1]])]


def elementwise(call: Call) -> Account:
    """Account for an operation on corresponding elements: one operation for each result."""
    out, fields = call.out, call.fields
    cost = Cost(other_ops=out.numel())
    if torch.Tag.pointwise in call.func.tags:
        return cost, [broadcast(fields, out.shape)]
    # Nothing tells which places of the input an element of the result depends on.
    return cost, [fields[0].forget(output.shape) for output in call.outputs]
