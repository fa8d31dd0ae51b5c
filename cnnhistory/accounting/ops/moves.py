"""Moving values around: no arithmetic, only new places."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from cnnhistory.accounting.field import Dim, Field, Number, Run, broadcast, plain, size_of
from cnnhistory.accounting.ops.call import (
    Account,
    Call,
    Cost,
    accounts_for,
    dims_of,
    field_of,
    follow,
)


@accounts_for("view", "_unsafe_view", "reshape", "_reshape_alias", "_reshape_copy")
def _view(call: Call) -> Account:
    if tuple(call.out.shape) == tuple(call["self"].shape):
        return Cost(), [call.source]
    return Cost(), [call.source.reshape(call.out.shape)]


@accounts_for("clone", "detach", "alias", "lift_fresh", "_to_copy", "channel_shuffle")
def _same(call: Call) -> Account:
    return Cost(), [call.source]


@accounts_for("roll")
def _roll(call: Call) -> Account:
    field, count = call.source, call.out.dim()
    rolled = dims_of(call["dims"], count) if call["dims"] else range(count)
    # What is beside what differs at the seam.
    return Cost(), [replace(field, known=not any(map(field.walks, rolled)))]


@accounts_for("flip")
def _flip(call: Call) -> Account:
    field = call.source
    for at in dims_of(call["dims"], call.out.dim()):
        field = field.mirror(at)
    return Cost(), [field]


@accounts_for("copy")
def _copy(call: Call) -> Account:
    source = field_of(call["src"])
    fields = [call.source] if source is None else [source]
    return Cost(), [broadcast(fields, call.out.shape)]


@accounts_for("permute")
def _permute(call: Call) -> Account:
    order = dims_of(call["dims"], call.out.dim())
    return Cost(), [call.source.with_dims(call.source.dims[d] for d in order)]


@accounts_for("transpose")
def _transpose(call: Call) -> Account:
    first, second = dims_of([call["dim0"], call["dim1"]], call.out.dim())
    dims = list(call.source.dims)
    dims[first], dims[second] = dims[second], dims[first]
    return Cost(), [call.source.with_dims(dims)]


@accounts_for("t")
def _t(call: Call) -> Account:
    return Cost(), [call.source.with_dims(call.source.dims[::-1])]


@accounts_for("unsqueeze")
def _unsqueeze(call: Call) -> Account:
    at = call["dim"] % call.out.dim()
    dims = call.source.dims
    return Cost(), [call.source.with_dims((*dims[:at], (), *dims[at:]))]


@accounts_for("squeeze")
def _squeeze(call: Call) -> Account:
    shape = call["self"].shape
    dims = call["dim"] if call.has("dim") else list(range(len(shape)))
    gone = {d for d in dims_of(dims, len(shape)) if shape[d] == 1}
    return Cost(), [
        call.source.with_dims(dim for i, dim in enumerate(call.source.dims) if i not in gone)
    ]


@accounts_for("select", "unbind")
def _select(call: Call) -> Account:
    at, size = call["dim"] % call["self"].dim(), call["self"].shape[call["dim"]]
    chosen = [call["index"] % size] if call.has("index") else range(size)
    fields = [call.source.shift(at, index) for index in chosen]
    return Cost(), [field.with_dims(field.dims[:at] + field.dims[at + 1 :]) for field in fields]


@accounts_for("slice")
def _slice(call: Call) -> Account:
    at = call["dim"] % call.out.dim()
    size, out = call["self"].shape[at], call.out.shape[at]
    if size == out:
        return Cost(), [call.source]
    # torch counts a negative start from the end, and cuts off what is too large.
    first = slice(call["start"], None).indices(size)[0]
    return Cost(), [call.source.shift(at, first).resample(at, out, ratio=call["step"])]


@accounts_for("split", "split_with_sizes", "unsafe_split", "unsafe_split_with_sizes")
def _split(call: Call) -> Account:
    at = call["dim"] % call["self"].dim()
    fields, first = [], 0
    for out in call.outputs:
        fields.append(call.source.shift(at, first).resample(at, out.shape[at]))
        first += out.shape[at]
    return Cost(), fields


@accounts_for("expand", "repeat")
def _expand(call: Call) -> Account:
    return Cost(), [broadcast([call.source], call.out.shape)]


@accounts_for("cat")
def _cat(call: Call) -> Account:
    at = call["dim"] % call.out.dim()
    fields, before = [], 0
    for tensor in call["tensors"]:
        if tensor.dim() > 1 or tensor.numel():
            if (field := field_of(tensor)) is not None:
                fields.append(field.shift(at, -before))
            before += tensor.shape[at]
    size = call.out.shape[at]
    ends = [field.dims[at] for field in fields]
    joined: Dim
    if all(len(dim) == 1 and dim[0].axis is not None for dim in ends):
        joined = (Run(ends[0][0].axis, size, ends[0][0].step),)  # side by side along an axis
        starts = {
            (run.axis, run.step, field.spans[run.axis].start, field.spans[run.axis].phase)
            for (run,), field in zip(ends, fields, strict=True)
            if run.axis is not None
        }
        if len(starts) > 1:
            return Cost(), [call.source.forget(call.out.shape)]  # not in their old order
    else:
        # Flattened maps one after another: whoever reads this dimension sees them whole.
        fields = [
            field.absorb([at]).with_dim(at, plain(size_of(field.dims[at]))) for field in fields
        ]
        joined = plain(size)
    others = broadcast(fields, call.out.shape)
    return Cost(), [others.with_dims((*others.dims[:at], joined, *others.dims[at + 1 :]))]


@accounts_for("stack")
def _stack(call: Call) -> Account:
    at = call["dim"] % call.out.dim()
    shape = list(call.out.shape)
    size = shape.pop(at)
    field = broadcast(call.fields, shape)
    return Cost(), [field.with_dims((*field.dims[:at], plain(size), *field.dims[at:]))]


@accounts_for(
    "constant_pad_nd",
    *(f"{mode}_pad{n}d" for mode in ("reflection", "replication") for n in (1, 2, 3)),
    "fill", "zero",
)  # fmt: skip
def _resized(call: Call) -> Account:
    field = call.source
    if call.has("pad") or call.has("padding"):
        added = list(call["pad"] if call.has("pad") else call["padding"])
        for back in range(len(added) // 2):  # the last dimension comes first
            field = field.shift(call.out.dim() - 1 - back, -added[2 * back])
    return Cost(), [follow(field, call.out)]


@accounts_for("index", "index_select", "gather", "masked_select")
def _chosen(call: Call) -> Account:
    """Account for places chosen by values: known where they are no places of the image."""
    data, out, field = call["self"], call.out, field_of(call["self"])
    if field is None or len(call.fields) > 1 or data.dim() != out.dim():
        return Cost(), [call.source.forget(out.shape)]
    if call.has("dim"):
        chosen = {call["dim"] % data.dim()}
    elif call.has("indices"):
        chosen = {at for at, index in enumerate(call["indices"]) if index is not None}
    else:
        chosen = set(range(data.dim()))
    chosen |= {at for at in range(out.dim()) if data.shape[at] != out.shape[at]}
    known = not any(map(field.walks, chosen))
    return Cost(), [replace(follow(field, out), known=known)]


@accounts_for("embedding")
def _embedding(call: Call) -> Account:
    field = field_of(call["indices"])
    if field is None:
        return Cost(), [follow(call.source, call.out)]
    return Cost(), [field.with_dims((*field.dims, plain(call.out.shape[-1])))]


@accounts_for("pixel_shuffle")
def _pixel_shuffle(call: Call) -> Account:
    return Cost(), [_rescale(call, 0, Fraction(1, call["upscale_factor"]))]


@accounts_for("pixel_unshuffle")
def _pixel_unshuffle(call: Call) -> Account:
    factor = call["downscale_factor"]
    places = [
        Run(dim[0].axis, factor, dim[0].step) for dim in call.source.dims[-2:] if len(dim) == 1
    ]
    field = _rescale(call, 0, factor)
    # A channel of the result is a channel, and a place in the block of pixels.
    return Cost(), [field.with_dim(-3, (*plain(call["self"].shape[-3]), *places))]


def _rescale(call: Call, reach: int, ratio: Number) -> Field:
    field = call.source.with_dim(-3, plain(call.out.shape[-3]))
    for axis in (call.out.dim() - 2, call.out.dim() - 1):
        field = field.resample(axis, call.out.shape[axis], reach, ratio)
    return field
