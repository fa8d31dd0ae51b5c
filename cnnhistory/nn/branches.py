"""Layers that run side by side on one input, stacked or added to it."""

from functools import partial

import torch
from torch import Tensor, nn

from cnnhistory.nn.unit import conv_norm


class Branches(nn.Module):
    """Concatenate the maps of several branches that read the same input.

    y = [b_1(x), b_2(x), ...], in the order of the branches, along the channels.

    Shape: input (N, C, H, W); every branch gives (N, C_b, H', W') with one H' and W'; output
    (N, sum of C_b, H', W').

    Source: szegedy2015going, Figure 2.
    """

    def __init__(self, **branches: nn.Module) -> None:
        super().__init__()
        self.branches = nn.ModuleDict(branches)

    def forward(self, x: Tensor) -> Tensor:
        """Return the maps of all branches."""
        return torch.cat([branch(x) for branch in self.branches.values()], 1)


class ResidualInception(nn.Module):
    """Add what several branches make of the input to the input, scaled down.

    y = r(x + s (L * [b_1(x), b_2(x), ...] + c)) with r = ReLU, the scale s and a linear 1x1
    convolution L that brings the maps of the branches to the number of the input's.

    Shape: input and output (N, channels, H, W); the branches have `inside` maps together.

    Source: szegedy2017inception, Figures 10, 11, 13 and 20, Section 3.3.
    """

    def __init__(
        self, channels: int, branches: Branches, inside: int, scale: float, last_relu: bool = True
    ) -> None:
        super().__init__()
        self.branches = branches
        self.expand = nn.Conv2d(inside, channels, 1)
        self.scale = scale
        self.relu = nn.ReLU(inplace=True) if last_relu else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Return the output of the block."""
        return self.relu(x + self.scale * self.expand(self.branches(x)))


def factored_block(
    channels: int, maps: tuple[int, ...], side: int, scale: float, last_relu: bool = True
) -> ResidualInception:
    """Return a block b (side 7) or c (side 3): windows of 1 x side, then of side x 1."""
    conv = partial(conv_norm, eps=0.001)
    one, c, d, e = maps
    pieces = nn.Sequential(conv(channels, c), conv(c, d, (1, side)), conv(d, e, (side, 1)))
    branches = Branches(one=conv(channels, one), pieces=pieces)
    return ResidualInception(channels, branches, one + e, scale, last_relu)
