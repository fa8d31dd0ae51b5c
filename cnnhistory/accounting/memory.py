"""What a computation needs in memory: tensors that are alive, and those kept to go backward."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter


def peak_bytes(compute: Callable[[], object]) -> int:
    """Return the most bytes that new tensors of a computation held at the same moment.

    Every storage that an operation makes counts from then until it is freed, in the forward as in
    the backward pass. What was there before does not count, nor what an operation uses within
    itself. The number depends on the computation alone, not on the machine or on other programs.

    Units: bytes.

    >>> x = torch.zeros(250)
    >>> peak_bytes(lambda: (x + 1) * 2)  # the sum is still there when the product is made
    2000
    >>> peak_bytes(lambda: (x + 1).mul_(2))
    1000
    """
    watch = _Watch()
    with watch:
        result = compute()
    del result
    return watch.peak


def kept_bytes(compute: Callable[[], object], without: Iterable[Tensor] = ()) -> int:
    """Return the bytes that a computation keeps to find gradients later, each storage once.

    Args:
        compute: runs the forward pass and returns its result, which is held meanwhile.
        without: tensors that are there anyway and do not count, such as parameters.

    Units: bytes.

    >>> x = torch.ones(250, requires_grad=True)
    >>> kept_bytes(lambda: x.exp())  # the derivative of exp is its result
    1000
    >>> kept_bytes(lambda: x + 1)
    0
    """
    left_out = {tensor.untyped_storage().data_ptr() for tensor in without}
    kept: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in left_out:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        result = compute()
    del result
    return sum(kept.values())


class _Watch(TorchDispatchMode):
    """Adds up the storages that operations make, and takes away those that are freed."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.peak = 0
        self.known: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        before = {
            t.untyped_storage().data_ptr() for t in tree_iter((args, kwargs)) if _is_tensor(t)
        }
        out = func(*args, **(kwargs or {}))
        for tensor in filter(_is_tensor, tree_iter(out)):
            storage = tensor.untyped_storage()
            if storage.data_ptr() not in before and storage not in self.known:
                size = storage.nbytes()
                self.known[storage] = size
                self.now += size
                weakref.finalize(storage, self._free, size)
        self.peak = max(self.peak, self.now)
        return out

    def _free(self, size: int) -> None:
        self.now -= size


def _is_tensor(value: object) -> bool:
    return isinstance(value, Tensor)
