"""One call of a tensor operation, and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor

from cnnhistory.accounting.field import Field, plain


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
ACCOUNTANTS: dict[str, Accountant] = {}


def accounts_for(*names: str) -> Callable[[Accountant], Accountant]:
    """Decorate the function that accounts for the operators of these names."""

    def decorate(accountant: Accountant) -> Accountant:
        ACCOUNTANTS.update(dict.fromkeys(names, accountant))
        return accountant

    return decorate


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


def per_axis(value: int | Sequence[int], count: int) -> list[int]:
    """Return a setting for each of `count` axes; one number stands for all of them."""
    values = [value] if isinstance(value, int) else list(value)
    return values * count if len(values) == 1 else values


def dims_of(value: int | Iterable[int], count: int) -> list[int]:
    """Return dimensions counted from the front; of a scalar, none."""
    return [d % count for d in ([value] if isinstance(value, int) else value)] if count else []
