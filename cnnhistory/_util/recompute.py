"""Computing again for the backward pass what would fill the memory if it were kept.

Source: G. Pleiss, D. Chen, G. Huang, T. Li, L. van der Maaten, K. Weinberger (2017)
[pleiss2017memory].
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint, create_selective_checkpoint_contexts

Contexts = tuple[AbstractContextManager, AbstractContextManager]


def keep_inputs(function: Callable[..., Tensor], layers: nn.Module, *inputs: Tensor) -> Tensor:
    """Return function(*inputs), of which the backward pass keeps the inputs and makes the rest.

    The outputs and gradients are the same, for less memory and more time. `layers` has the
    normalizations that the function uses: the second computation of a batch does not count it into
    their running statistics again.
    """
    return checkpoint(
        function, *inputs, use_reentrant=False, context_fn=partial(_nothing_kept, layers)
    )


def keep_convolutions(layers: nn.Module, *inputs: Tensor) -> Tensor:
    """Return layers(*inputs), of which the backward pass keeps what convolutions give.

    Normalizations, activations, sums and concatenations of their outputs, which fill most of the
    memory, are made again, which takes little time beside a convolution. Where no gradients are
    wanted nothing is kept anyway.

    >>> layers = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(inplace=True))
    >>> keep_convolutions(layers, torch.rand(2, 3, 5, 5)).shape
    torch.Size([2, 8, 3, 3])
    """
    if not torch.is_grad_enabled():
        return layers(*inputs)
    return checkpoint(
        layers, *inputs, use_reentrant=False, context_fn=partial(_convolutions_kept, layers)
    )


def _nothing_kept(layers: nn.Module) -> Contexts:
    """Return what surrounds the first computation, and what the second."""
    return nullcontext(), statistics_kept(layers)


def _convolutions_kept(layers: nn.Module) -> Contexts:
    first, second = create_selective_checkpoint_contexts([torch.ops.aten.convolution.default])
    return first, _both(statistics_kept(layers), second)


@contextmanager
def _both(one: AbstractContextManager, other: AbstractContextManager) -> Iterator[None]:
    with one, other:
        yield


@contextmanager
def statistics_kept(layers: nn.Module) -> Iterator[None]:
    """Let normalizations use a batch without counting it into their running statistics."""
    norms = [module for module in layers.modules() if isinstance(module, nn.BatchNorm2d)]
    before = [(norm.momentum, norm.num_batches_tracked) for norm in norms]
    for norm, (_, count) in zip(norms, before, strict=True):
        # A copy is counted up. Statistics of which nothing is replaced stay as they are.
        norm.momentum, norm.num_batches_tracked = 0.0, None if count is None else count.clone()
    try:
        yield
    finally:
        for norm, (momentum, count) in zip(norms, before, strict=True):
            norm.momentum, norm.num_batches_tracked = momentum, count
