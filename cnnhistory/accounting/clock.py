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
    for name, value in (("batch", batch), ("repeat", repeat)):
        if value < 1:
            raise expected(name, "at least 1", value)
    x = torch.zeros(batch, *input_shape)
    seconds = []
    with evaluating(network):
        for _ in range(1 + repeat):
            start = time.process_time()
            network(x)
            seconds.append(time.process_time() - start)
    return min(seconds[1:])
