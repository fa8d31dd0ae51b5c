"""Where the sign of a normalized sum turns, found by asking the normalization itself."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from cnnhistory.kernels.words import PackedWeight

Sizes = dict[nn.Module, torch.Size]
Bools = npt.NDArray[np.bool_]
_LARGEST = 0x7F7FFFFF  # bits of the largest float32


def _normalized(norm: nn.Module | None, x: Tensor, sizes: Sizes) -> Tensor:
    """Return what a normalization makes of one value for each channel.

    It gets them as maps of more than one pixel if it gets such maps in the network: torch rounds
    differently for single pixels.
    """
    if norm is None:
        return x
    area = [min(4, side) for side in sizes[norm][2:]]
    maps = x.view(1, -1, *[1] * len(area)).expand(1, -1, *area).contiguous()
    return norm(maps).reshape(len(x), -1)[:, 0]


def first_change(
    function: Callable[[Tensor], Tensor], low: int, high: int, channels: int
) -> tuple[Tensor, Tensor]:
    """Return where from low to high a monotonic function of whole numbers changes its answer.

    Shape: the function takes (channels,), int64, and gives as many answers; so are the results:
    the first number with another answer than `low` (high + 1 if there is none), and that answer.
    """
    same, other = torch.full((channels,), low), torch.full((channels,), high + 1)
    first = function(same)
    while bool((other - same > 1).any()):
        middle = (same + other) // 2
        changed = function(middle) != first
        same, other = torch.where(changed, same, middle), torch.where(changed, middle, other)
    return other, first


@torch.no_grad()
def whole_thresholds(
    weight: PackedWeight,
    scale: Tensor | None,
    norm: nn.Module | None,
    sizes: Sizes,
) -> tuple[npt.NDArray[np.int64], Bools]:
    """Return the sums from which on the sign is another one, and the sign before."""
    most = weight.channels * weight.kernel[0] * weight.kernel[1]

    def sign(sums: Tensor) -> Tensor:
        y = sums.float() if scale is None else sums.float() * scale
        return _normalized(norm, y, sizes) >= 0

    change, before = first_change(sign, -most, most, weight.out_channels)
    return change.numpy(), before.numpy()


@torch.no_grad()
def real_thresholds(norm: nn.Module | None, channels: int, sizes: Sizes) -> tuple[Tensor, Bools]:
    """Return the real values from which on the sign is another one, and the sign before.

    The bits of positive floats, read as whole numbers, have the order of the floats.
    """

    def real(keys: Tensor) -> Tensor:
        size = keys.abs().to(torch.int32).view(torch.float32)
        return torch.where(keys < 0, -size, size)

    def sign(keys: Tensor) -> Tensor:
        return _normalized(norm, real(keys), sizes) >= 0

    change, before = first_change(sign, -_LARGEST, _LARGEST, channels)
    return real(change), before.numpy()
