"""Atrous spatial pyramid pooling: the same maps read at several distances."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from cnnhistory._util.checks import check_counts
from cnnhistory._util.lookup import expected

LARGE = (6, 12, 18, 24)  # ASPP-L
SMALL = (2, 4, 8, 12)  # ASPP-S


class ASPP(nn.Module):
    """Score every place by branches whose 3x3 kernels have holes of different widths; add them.

    A branch of the rate r reads nine places r apart, (2r + 1) x (2r + 1) with the places between
    left out, at the stride 1 with padding r: the map keeps its size. Behind it come two 1x1
    convolutions, as VGG's dense layers do when they are made convolutions. The scores of all
    branches are added.

    Shape: input (N, in_channels, H, W), output (N, num_classes, H, W).

    Raises:
        ValueError: a number is below 1, or there is no rate.

    Source: chen2018deeplab, Section 3.2, Figure 7.

    Deviations: no dropout between the layers of a branch.
    """

    def __init__(
        self, in_channels: int, num_classes: int, maps: int = 1024, rates: Sequence[int] = LARGE
    ) -> None:
        super().__init__()
        check_counts(in_channels=in_channels, num_classes=num_classes, maps=maps)
        if not rates:
            raise expected("rates", "at least one", rates)
        for rate in rates:
            check_counts(rates=rate)
        self.branches = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(in_channels, maps, 3, padding=rate, dilation=rate),
                nn.ReLU(),
                nn.Conv2d(maps, maps, 1),
                nn.ReLU(),
                nn.Conv2d(maps, num_classes, 1),
            )
            for rate in rates
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores of every place."""
        return torch.stack([branch(x) for branch in self.branches]).sum(0)
