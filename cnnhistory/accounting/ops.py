"""What one tensor operation costs and what its result sees of the image.

Operations are looked up by their name in torch's operator set (`aten`). One that is not listed
is taken as element-wise: one operation per output element, and the field of its operands.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from typing import Any

import torch
from torch import Tensor

from cnnhistory.accounting.field import Dim, Field, Number, Run, broadcast, plain, union


@dataclass
class Cost:
    """Counts of an operation or a layer, for one example."""

    multiply_adds: int = 0
    other_ops: int = 0
    connections: int = 0

    def add(self, other: Cost) -> None:
        """Add another cost to this one."""
        self.multiply_adds += other.multiply_adds
        self.other_ops += other.other_ops
        self.connections += other.connections


FIELD = "_cnnhistory_field"


def field_of(value: object) -> Field | None:
    """Return the field that was put on a tensor; None if it does not depend on the input."""
    return getattr(value, FIELD, None)


@dataclass(frozen=True)
class Call:
    """One call of an operation, with its arguments by name."""

    func: torch._ops.OpOverload
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    outputs: list[Tensor]

    def __getitem__(self, name: str) -> Any:
        """Return an argument by the name that the operator's schema gives it."""
        index, default = _signature(self.func)[name]
        if index < len(self.args):
            return self.args[index]
        return self.kwargs.get(name, default)

    def has(self, name: str) -> bool:
        """Return whether the operator has an argument of that name."""
        return name in _signature(self.func)

    @property
    def tensors(self) -> list[Tensor]:
        """All tensors among the arguments."""
        return tensors_in((self.args, self.kwargs))

    @property
    def fields(self) -> list[Field]:
        """The fields of the arguments that depend on the input."""
        return [field for t in self.tensors if (field := field_of(t)) is not None]

    @property
    def out(self) -> Tensor:
        """The first output."""
        return self.outputs[0]

    @property
    def source(self) -> Field:
        """The field of the first argument that depends on the input."""
        return self.fields[0]


@cache
def _signature(func: torch._ops.OpOverload) -> dict[str, tuple[int, Any]]:
    return {a.name: (i, a.default_value) for i, a in enumerate(func._schema.arguments)}


@cache
def name_of(func: torch._ops.OpOverload) -> str:
    """Return the name of an operator; `relu` for `aten::relu_.default`."""
    name = func._schema.name.split("::")[1]
    return name.rstrip("_") if is_in_place(func) else name


@cache
def is_in_place(func: torch._ops.OpOverload) -> bool:
    """Return whether an operator writes into its first argument."""
    arguments = func._schema.arguments
    info = arguments[0].alias_info if arguments else None
    return info is not None and info.is_write


def tensors_in(value: object) -> list[Tensor]:
    """Return the tensors in nested tuples, lists and dictionaries."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (tuple, list)):
        return [tensor for item in value for tensor in tensors_in(item)]
    return []


# Operations that read the shape of their argument, not its values.
CONSTANTS = frozenset(
    f"{kind}_like" for kind in ("zeros", "ones", "full", "empty", "rand", "randn", "randint")
) | {"new_zeros", "new_ones", "new_full", "new_empty", "new_empty_strided"}

# An operation's cost, and one field for each output that later layers can use.
Account = tuple[Cost, list[Field]]
Accountant = Callable[[Call], Account]
_ACCOUNTANTS: dict[str, Accountant] = {}


def _accounts_for(*names: str) -> Callable[[Accountant], Accountant]:
    def decorate(accountant: Accountant) -> Accountant:
        _ACCOUNTANTS.update(dict.fromkeys(names, accountant))
        return accountant

    return decorate


def is_listed(name: str) -> bool:
    """Return whether this file knows an operator."""
    return name in _ACCOUNTANTS


def account(call: Call) -> Account:
    """Return the cost of a call and the fields of its outputs; some input must have a field."""
    return _ACCOUNTANTS.get(name_of(call.func), _elementwise)(call)


def check(name: str, args: tuple[Any, ...]) -> None:
    """Refuse a convolution of the wrong number of channels; on meta torch does not always.

    Raises:
        ValueError: the input and the kernels do not fit together.
    """
    if name != "convolution":
        return
    image, weight, groups, transposed = args[0], args[1], args[8], args[6]
    channels = weight.shape[0] if transposed else weight.shape[1] * groups
    if image.dim() == weight.dim() and image.shape[1] != channels:
        raise ValueError(f"expected {channels} input channels, got {image.shape[1]}")


# Products of matrices and convolutions


@_accounts_for("convolution")
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
        field = union([field, kernels.absorb(range(weight.dim()))], field.dims)
    axes = range(weight.dim() - 2)
    strides, dilations = (_per_axis(call[key], len(axes)) for key in ("stride", "dilation"))
    for axis, kernel, stride, dilation in zip(
        axes, weight.shape[2:], strides, dilations, strict=True
    ):
        reach, ratio = dilation * (kernel - 1), Fraction(stride)
        if transposed:  # the taps lie on the output: every stride-th meets an input
            reach, ratio = reach // stride, 1 / ratio
        field = field.resample(2 + axis, out.shape[2 + axis], reach, ratio)
    return cost, [_weighted_sum(field, cost, call["bias"])]


@_accounts_for("mm", "addmm", "bmm", "baddbmm", "mv", "addmv", "dot")
def _matrix_product(call: Call) -> Account:
    out = call.out
    left, right = [t for t in call.tensors if t is not _bias(call)][:2]
    products = left.numel() * (right.shape[-1] if right.dim() > 1 else 1)
    cost = _product_cost(products, out, [left, right], _bias(call))
    inner = right.dim() - 2 if right.dim() > 1 else 0
    seen, rows, columns = [], [plain(n) for n in left.shape[:-1]], [plain(out.shape[-1])]
    if (field := field_of(left)) is not None:
        seen.append(field.absorb([left.dim() - 1]))
        rows = list(field.dims[:-1])
    if (field := field_of(right)) is not None:
        seen.append(field.absorb([inner]))
        columns = [field.dims[-1]]
        if field_of(left) is None and right.dim() == 3:
            rows[0] = field.dims[0]
    if (field := field_of(_bias(call))) is not None:
        seen.append(field)
    field = union(seen, rows + (columns if right.dim() > 1 else []))
    return cost, [_weighted_sum(field, cost, _bias(call))]


def _bias(call: Call) -> Tensor | None:
    return call["self"] if name_of(call.func) in ("addmm", "baddbmm", "addmv") else None


def _product_cost(products: int, out: Tensor, operands: list[Tensor], bias: Tensor | None) -> Cost:
    links = 0
    if any(field_of(operand) is None for operand in operands):  # one side is the weights
        links = products + (out.numel() if bias is not None and field_of(bias) is None else 0)
    return Cost(multiply_adds=products, connections=links)


def _weighted_sum(field: Field, cost: Cost, bias: Tensor | None) -> Field:
    return replace(field, unbiased=cost.connections > 0 and bias is None)


@_accounts_for("add")
def _add(call: Call) -> Account:
    """Account for a sum; the first constant added to a weighted sum is its bias."""
    cost, fields = _elementwise(call)
    constants = [t for t in call.tensors if field_of(t) is None]
    if constants and call.source.unbiased and call.out.dim() == len(call.source.dims):
        cost = Cost(connections=call.out.numel())
    return cost, fields


# Pooling, resizing, reductions


@_accounts_for("avg_pool2d", "avg_pool3d", "max_pool2d_with_indices", "max_pool3d_with_indices")
def _pool(call: Call) -> Account:
    count = 3 if "3d" in name_of(call.func) else 2
    kernel = _per_axis(call["kernel_size"], count)
    stride = _per_axis(call["stride"], count) if call["stride"] else kernel
    dilation = _per_axis(call["dilation"], count) if call.has("dilation") else [1] * count
    field = call.source
    first = call.out.dim() - count
    for axis in range(count):
        reach = dilation[axis] * (kernel[axis] - 1)
        field = field.resample(first + axis, call.out.shape[first + axis], reach, stride[axis])
    links = call.out.numel() * math.prod(kernel)
    return Cost(other_ops=links, connections=links), [field] * len(call.outputs)


@_accounts_for(
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


@_accounts_for(
    "mean", "sum", "prod", "amax", "amin", "max", "min", "argmax", "argmin", "var", "std",
    "var_mean", "std_mean", "logsumexp", "linalg_vector_norm", "any", "all", "median",
)  # fmt: skip
def _reduction(call: Call) -> Account:
    data, field = call["self"], call.source
    dims = call["dim"] if call.has("dim") else None
    reduced = _dims(dims, data.dim()) if dims not in (None, []) else list(range(data.dim()))
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


@_accounts_for(
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
            field = field.resample(axis, out.shape[axis], reads - 1, ratio)
    work = out.numel() * taps ** (out.dim() - 2) if taps > 1 else 0
    return Cost(other_ops=work), [field]


# Moving values around: no arithmetic, only new places


@_accounts_for("view", "_unsafe_view", "reshape", "_reshape_alias", "_reshape_copy")
def _view(call: Call) -> Account:
    if tuple(call.out.shape) == tuple(call["self"].shape):
        return Cost(), [call.source]
    return Cost(), [call.source.reshape(call.out.shape)]


@_accounts_for(
    "clone", "detach", "alias", "lift_fresh", "_to_copy", "roll", "flip", "channel_shuffle"
)
def _same(call: Call) -> Account:
    return Cost(), [call.source]


@_accounts_for("copy")
def _copy(call: Call) -> Account:
    source = field_of(call["src"])
    fields = [call.source] if source is None else [source]
    return Cost(), [broadcast(fields, call.out.shape)]


@_accounts_for("permute")
def _permute(call: Call) -> Account:
    order = _dims(call["dims"], call.out.dim())
    return Cost(), [call.source.with_dims(call.source.dims[d] for d in order)]


@_accounts_for("transpose")
def _transpose(call: Call) -> Account:
    first, second = _dims([call["dim0"], call["dim1"]], call.out.dim())
    dims = list(call.source.dims)
    dims[first], dims[second] = dims[second], dims[first]
    return Cost(), [call.source.with_dims(dims)]


@_accounts_for("t")
def _t(call: Call) -> Account:
    return Cost(), [call.source.with_dims(call.source.dims[::-1])]


@_accounts_for("unsqueeze")
def _unsqueeze(call: Call) -> Account:
    at = call["dim"] % call.out.dim()
    dims = call.source.dims
    return Cost(), [call.source.with_dims((*dims[:at], (), *dims[at:]))]


@_accounts_for("squeeze")
def _squeeze(call: Call) -> Account:
    shape = call["self"].shape
    dims = call["dim"] if call.has("dim") else list(range(len(shape)))
    gone = {d for d in _dims(dims, len(shape)) if shape[d] == 1}
    return Cost(), [
        call.source.with_dims(dim for i, dim in enumerate(call.source.dims) if i not in gone)
    ]


@_accounts_for("select", "unbind")
def _select(call: Call) -> Account:
    at = call["dim"] % call["self"].dim()
    dims = call.source.dims
    return Cost(), [call.source.with_dims(dims[:at] + dims[at + 1 :])] * len(call.outputs)


@_accounts_for("slice")
def _slice(call: Call) -> Account:
    at = call["dim"] % call.out.dim()
    size, out = call["self"].shape[at], call.out.shape[at]
    if size == out:
        return Cost(), [call.source]
    return Cost(), [call.source.resample(at, out, ratio=call["step"])]


@_accounts_for("split", "split_with_sizes", "unsafe_split", "unsafe_split_with_sizes")
def _split(call: Call) -> Account:
    at = call["dim"] % call["self"].dim()
    return Cost(), [call.source.resample(at, out.shape[at]) for out in call.outputs]


@_accounts_for("expand", "repeat")
def _expand(call: Call) -> Account:
    return Cost(), [broadcast([call.source], call.out.shape)]


@_accounts_for("cat")
def _cat(call: Call) -> Account:
    at = call["dim"] % call.out.dim()
    fields = [f for t in call["tensors"] if t.dim() > 1 or t.numel() if (f := field_of(t))]
    size = call.out.shape[at]
    ends = [field.dims[at] for field in fields]
    joined: Dim
    if all(len(dim) == 1 and dim[0].axis is not None for dim in ends):
        joined = (Run(ends[0][0].axis, size, ends[0][0].step),)  # side by side along an axis
    else:
        # Flattened maps one after another: whoever reads this dimension sees them whole.
        fields = [field.absorb([at]) for field in fields]
        joined = plain(size)
    others = broadcast(fields, call.out.shape)
    return Cost(), [others.with_dims((*others.dims[:at], joined, *others.dims[at + 1 :]))]


@_accounts_for("stack")
def _stack(call: Call) -> Account:
    at = call["dim"] % call.out.dim()
    shape = list(call.out.shape)
    size = shape.pop(at)
    field = broadcast(call.fields, shape)
    return Cost(), [field.with_dims((*field.dims[:at], plain(size), *field.dims[at:]))]


@_accounts_for(
    "constant_pad_nd",
    *(f"{mode}_pad{n}d" for mode in ("reflection", "replication") for n in (1, 2, 3)),
    "index", "index_select", "gather", "masked_select", "fill", "zero",
)  # fmt: skip
def _resized(call: Call) -> Account:
    return Cost(), [follow(call.source, call.out)]


@_accounts_for("embedding")
def _embedding(call: Call) -> Account:
    field = field_of(call["indices"])
    if field is None:
        return Cost(), [follow(call.source, call.out)]
    return Cost(), [field.with_dims((*field.dims, plain(call.out.shape[-1])))]


@_accounts_for("unfold")
def _unfold(call: Call) -> Account:
    at = call["dimension"] % call["self"].dim()
    dim = call.source.dims[at]
    if len(dim) != 1:
        return Cost(), [follow(call.source, call.out)]
    patch = (Run(dim[0].axis, call["size"], dim[0].step),)
    field = call.source.resample(at, call.out.shape[at], ratio=call["step"])
    return Cost(), [field.with_dims((*field.dims, patch))]


@_accounts_for("im2col")
def _im2col(call: Call) -> Account:
    image, field = call["self"], call.source
    kernel, dilation, padding, stride = (
        _per_axis(call[key], 2) for key in ("kernel_size", "dilation", "padding", "stride")
    )
    for axis in range(2):
        reach = dilation[axis] * (kernel[axis] - 1)
        span = image.shape[2 + axis] + 2 * padding[axis] - reach - 1
        field = field.resample(2 + axis, span // stride[axis] + 1, reach, stride[axis])
    places = field.dims[2] + field.dims[3]
    return Cost(), [field.with_dims((field.dims[0], plain(call.out.shape[1]), places))]


@_accounts_for("pixel_shuffle")
def _pixel_shuffle(call: Call) -> Account:
    return Cost(), [_rescale(call, 0, Fraction(1, call["upscale_factor"]))]


@_accounts_for("pixel_unshuffle")
def _pixel_unshuffle(call: Call) -> Account:
    return Cost(), [_rescale(call, call["downscale_factor"] - 1, call["downscale_factor"])]


@_accounts_for("max_unpool2d", "max_unpool3d")
def _unpool(call: Call) -> Account:
    field = call.source
    for axis in range(2, call.out.dim()):
        size, out = call["self"].shape[axis], call.out.shape[axis]
        field = field.resample(axis, out, 0, Fraction(size, out))
    return Cost(), [field]


def _rescale(call: Call, reach: int, ratio: Number) -> Field:
    field = call.source.with_dim(-3, plain(call.out.shape[-3]))
    for axis in (call.out.dim() - 2, call.out.dim() - 1):
        field = field.resample(axis, call.out.shape[axis], reach, ratio)
    return field


# Arithmetic per element


@_accounts_for("native_batch_norm", "native_layer_norm", "native_group_norm")
def _normalization(call: Call) -> Account:
    # Scale and shift. The statistics do not widen the field, as is usual.
    return Cost(other_ops=2 * call.out.numel()), [replace(call.source, unbiased=False)]


@_accounts_for("_softmax", "_log_softmax", "_safe_softmax")
def _softmax(call: Call) -> Account:
    # Exponential, sum, quotient. The sum is a statistic too.
    return Cost(other_ops=3 * call.out.numel()), [replace(call.source, unbiased=False)]


@_accounts_for("_cdist_forward")
def _cdist(call: Call) -> Account:
    pairs, features = call.out.numel(), call["x1"].shape[-1]
    seen, rows = [], [[plain(n)] for n in call.out.shape[-2:]]
    for index, key in enumerate(("x1", "x2")):
        if (field := field_of(call[key])) is not None:
            seen.append(field.absorb([len(field.dims) - 1]))
            rows[index] = [field.dims[-2]]
    lead = [plain(n) for n in call.out.shape[:-2]]
    return Cost(other_ops=3 * pairs * features), [union(seen, [*lead, *rows[0], *rows[1]])]


def _elementwise(call: Call) -> Account:
    out, fields = call.out, call.fields
    cost = Cost(other_ops=out.numel())
    if torch.Tag.pointwise in call.func.tags:
        return cost, [broadcast(fields, out.shape)]
    # Not known here. If the dimensions correspond, assume that those of the same size do.
    return cost, [union([follow(f, out) for f in fields], follow(fields[0], out).dims)] * len(
        call.outputs
    )


def follow(field: Field, out: Tensor) -> Field:
    """Return the field for an output with the same dimensions, some of another size.

    Without the same number of dimensions, say that every element reads the whole tensor.
    """
    if len(field.dims) != out.dim():
        whole = field.absorb(range(len(field.dims)))
        return whole.with_dims(plain(size) for size in out.shape)
    for index, size in enumerate(out.shape):
        field = field.resample(index, size)
    return field


def _per_axis(value: int | Sequence[int], count: int) -> list[int]:
    values = [value] if isinstance(value, int) else list(value)
    return values * count if len(values) == 1 else values


def _dims(value: int | Iterable[int], count: int) -> list[int]:
    return [d % count for d in ([value] if isinstance(value, int) else value)] if count else []
