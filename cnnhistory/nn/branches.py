"""Layers that run side by side on one input."""

import torch
from torch import Tensor, nn


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
