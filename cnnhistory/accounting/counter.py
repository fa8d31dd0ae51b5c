"""Watch every tensor operation of a network on the meta device."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from cnnhistory.accounting import ops
from cnnhistory.accounting.field import union
from cnnhistory.accounting.ops.call import (
    CONSTANTS,
    FIELD,
    Call,
    Cost,
    field_of,
    follow,
    is_in_place,
    name_of,
    tensors_in,
)
from cnnhistory.accounting.tally import Tally

_BASE = "_cnnhistory_base"


class Counter(TorchDispatchMode):
    """Watch every tensor operation, pass fields on and book costs."""

    def __init__(self, tally: Tally) -> None:
        super().__init__()
        self.tally = tally
        self.composed = False  # whether an operation runs that is booked as a whole

    def __torch_dispatch__(
        self,
        func: torch._ops.OpOverload,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        name = name_of(func)
        if not ops.is_listed(name):
            # In inference mode torch hands over compound operations whole.
            with self:
                parts = func.decompose(*args, **(kwargs or {}))
            if parts is not NotImplemented:
                return parts
        ops.check(name, args)
        result = func(*args, **(kwargs or {}))
        call = Call(func, args, kwargs or {}, tensors_in(result))
        tally = self.tally
        if tally.stack:
            for tensor in call.tensors:
                if id(tensor) in tally.parameters:
                    tally.readers.setdefault(id(tensor), tally.stack[-1].module)
        if func.is_view:
            for output in call.outputs:
                setattr(output, _BASE, (args[0], call))
        if name in CONSTANTS or not call.outputs or self.composed:
            return result
        if not call.fields:
            inside = tally.stack[-1].module if tally.stack else None
            if isinstance(inside, nn.RNNBase | nn.RNNCellBase):
                # The first state is constant, but it is multiplied like every other.
                tally.note(ops.constant_product(call), call.outputs)
            return result
        cost, fields = ops.account(call)
        for output, seen in zip(call.outputs, fields, strict=False):
            setattr(output, FIELD, seen)
        tally.note(cost, call.outputs)
        if is_in_place(func):
            _spread_to_bases(call.out)
        return result


class Whole(TorchFunctionMode):
    """Book RMS normalization like every other; torch composes it of a mean and others."""

    def __init__(self, counter: Counter) -> None:
        super().__init__()
        self.counter = counter

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        data = args[0] if args else kwargs.get("input")
        seen = field_of(data)
        if func not in (F.rms_norm, torch.rms_norm) or seen is None:
            return func(*args, **kwargs)
        self.counter.composed = True
        try:
            out = func(*args, **kwargs)
        finally:
            self.counter.composed = False
        setattr(out, FIELD, replace(seen, unbiased=False))
        self.counter.tally.note(Cost(other_ops=2 * out.numel()), [out])
        return out


def _spread_to_bases(written: Tensor) -> None:
    """Tell the tensors that a view belongs to what was written into the view."""
    seen = field_of(written)
    base: Tensor
    view: Call
    while hasattr(written, _BASE) and seen is not None:
        base, view = getattr(written, _BASE)
        before, name, axes = field_of(base), name_of(view.func), set[int | None]()
        if name == "slice":  # what was written stands further behind in the base
            at = view["dim"] % base.dim()
            first = slice(view["start"], None).indices(base.shape[at])[0]
            seen = seen.shift(at, -first)
            axes = {run.axis for run in seen.dims[at]}
        new = follow(seen, base)
        if name in ("transpose", "permute", "t") or (name == "slice" and view["step"] != 1):
            new = new.forget(base.shape)
        elif before is not None and any(
            axis in axes and (a.start, a.phase) != (b.start, b.phase)
            for axis, (a, b) in enumerate(zip(before.spans, new.spans, strict=True))
        ):
            new = new.forget(base.shape)  # not in their old order
        fields = [new] if before is None else [before, new]
        setattr(base, FIELD, union(fields, (before or new).dims))
        written, seen = base, field_of(base)


class _ToMeta(TorchFunctionMode):
    """While active, copying a tensor gives one of the same shape on the meta device."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        if func is Tensor.clone:  # how a parameter copies itself
            return torch.empty_like(args[0], device="meta")
        if func is Tensor.__deepcopy__:
            source, memo = args
            if id(source) not in memo:
                memo[id(source)] = torch.empty_like(source, device="meta")
            return memo[id(source)]
        return func(*args, **(kwargs or {}))


def meta_copy(model: nn.Module) -> nn.Module:
    """Return a copy of a network on the meta device, made without allocating anything.

    Raises:
        TypeError: it cannot be copied.
    """
    # A module holds a dozen dictionaries of hooks, mostly empty; copying those one by one takes
    # longer than all the rest.
    memo: dict[int, Any] = {
        id(value): OrderedDict()
        for module in model.modules()
        for value in vars(module).values()
        if type(value) is OrderedDict and not value
    }
    try:
        with _ToMeta():
            return copy.deepcopy(model, memo)
    except Exception as error:
        raise TypeError(
            f"model: a {type(model).__name__} cannot be copied ({error}); pass the network alone"
        ) from error
