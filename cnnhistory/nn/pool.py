"""Pooling layers that torch does not have."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnhistory._util.checks import check_counts
from cnnhistory.nn.size import check_maps


class Subsample2d(nn.Module):
    """Sum each 2x2 block of a map, times one trainable weight, plus one trainable bias.

    y_c = w_c (x_1 + x_2 + x_3 + x_4) + b_c for the four inputs of a block of map c. With w = 1/4
    and b = 0 this is average pooling. The paper squashes y afterwards; that is a layer of its own
    here.

    Shape: input (N, C, H, W) with even H and W, output (N, C, H/2, W/2).

    Raises:
        ValueError: `channels` is below 1, or the input has another number of maps or an odd height
            or width.

    Source: lecun1998gradient, Section II-B (layers S2 and S4).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        check_counts(channels=channels)
        self.channels = channels
        self.weight = nn.Parameter(torch.empty(channels))
        self.bias = nn.Parameter(torch.empty(channels))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights and biases from U[-2.4/4, 2.4/4]: a unit has four inputs."""
        with torch.no_grad():
            self.weight.uniform_(-0.6, 0.6)
            self.bias.uniform_(-0.6, 0.6)

    def forward(self, x: Tensor) -> Tensor:
        """Return the sub-sampled maps."""
        check_maps(x, self.channels, even=True)
        sums = 4 * F.avg_pool2d(x, 2)  # of the four values of each block: (N, C, H/2, W/2)
        return sums * self.weight[:, None, None] + self.bias[:, None, None]

    def extra_repr(self) -> str:
        """Show the number of maps."""
        return f"{self.channels}"
