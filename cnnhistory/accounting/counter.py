"""Watch every tensor operation of a network on the meta device."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from cnnhistory.accounting import ops
from cnnhistory.accounting.field import union
from cnnhistory.accounting.ops.call import (
    CONSTANTS,
    FIELD,
    Call,
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
                setattr(output, _BASE, args[0])
        if name in CONSTANTS or not call.outputs:
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


def _spread_to_bases(written: Tensor) -> None:
    """Tell the tensors that a view belongs to what was written into the view."""
    seen = field_of(written)
    base = getattr(written, _BASE, None)
    while base is not None and seen is not None:
        before = field_of(base)
        new = follow(seen, base)
        fields = [new] if before is None else [before, seen]
        setattr(base, FIELD, union(fields, (before or new).dims))
        base = getattr(base, _BASE, None)


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
