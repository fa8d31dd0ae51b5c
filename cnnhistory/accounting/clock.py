"""What a network costs in seconds, on the machine at hand."""

from __future__ import annotations

import time

import torch
from torch import nn

from cnnhistory._util.lookup import expected
from cnnhistory._util.modes import evaluating


def with_zeros(network: nn.Module) -> nn.Module:
    """Give a network that was built on the meta device memory on the CPU, all of it zero.

    Drawing 140 million random weights takes seconds, and how long a convolution takes does not
    depend on their values. The network is changed and returned.

    >>> with torch.device("meta"):
    ...     layer = nn.Linear(2, 3)
    >>> with_zeros(layer).weight.device.type
    'cpu'
    """
    network.to_empty(device="cpu")
    for tensor in (*network.parameters(), *network.buffers()):
        tensor.data.zero_()
    return network


def forward_seconds(
    network: nn.Module, input_shape: tuple[int, ...], *, batch: int = 1, repeat: int = 3
) -> float:
    """Return the shortest of `repeat` forward passes, after one that is not counted.

    Processor time is measured, so that waiting for other programs does not count; with several
    threads it is the sum over them. The shortest is the one that others disturbed least.

    Shape: `input_shape` is that of one example, without the batch.

    Units: processor seconds for the whole batch.

    Raises:
        ValueError: `batch` or `repeat` is below 1.
    """
    _check(batch, repeat)
    x = torch.zeros(batch, *input_shape)
    seconds = []
    with evaluating(network):
        for _ in range(1 + repeat):
            start = time.process_time()
            network(x)
            seconds.append(time.process_time() - start)
    return min(seconds[1:])


def training_seconds(
    network: nn.Module, input_shape: tuple[int, ...], *, batch: int = 1, repeat: int = 3
) -> float:
    """Return the shortest of `repeat` passes forward and backward, after one that is not counted.

    Forward in training mode, and the gradients of the mean output with respect to all parameters
    and to the input, which a layer within a network has to pass on. No parameter is changed.

    Shape, Units, Raises: as `forward_seconds`.
    """
    _check(batch, repeat)
    x = torch.randn(batch, *input_shape).requires_grad_()
    wanted = [x, *network.parameters()]
    seconds = []
    for _ in range(1 + repeat):
        start = time.process_time()
        torch.autograd.grad(network(x).mean(), wanted)
        seconds.append(time.process_time() - start)
    return min(seconds[1:])


def layer_seconds(
    network: nn.Module, input_shape: tuple[int, ...], *, batch: int = 1, repeat: int = 3
) -> dict[str, float]:
    """Return for each layer without layers in it the shortest of its forward times.

    They add up to less than `forward_seconds`, which has what happens between the layers, too.

    Shape, Units, Raises: as `forward_seconds`.
    """
    _check(batch, repeat)
    seconds: dict[str, list[float]] = {}
    handles = []
    for name, layer in network.named_modules():
        if any(layer.children()):
            continue
        taken = seconds[name] = []

        # A pass adds minus the time before the layer, then the time after it to that.
        def before(*_: object, taken: list[float] = taken) -> None:
            taken.append(-time.process_time())

        def after(*_: object, taken: list[float] = taken) -> None:
            taken[-1] += time.process_time()

        handles += [layer.register_forward_pre_hook(before), layer.register_forward_hook(after)]
    try:
        with evaluating(network):
            for _ in range(1 + repeat):
                network(torch.zeros(batch, *input_shape))
    finally:
        for handle in handles:
            handle.remove()
    return {name: min(taken[1:]) for name, taken in seconds.items() if taken}


def _check(batch: int, repeat: int) -> None:
    for name, value in (("batch", batch), ("repeat", repeat)):
        if value < 1:
            raise expected(name, "at least 1", value)
