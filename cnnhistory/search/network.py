"""The network of a child: a row of cells of one plan.

Source: B. Zoph, V. Vasudevan, J. Shlens, Q. Le (2018) [zoph2018learning], Section 3, Figure 2.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn

from cnnhistory._util.checks import check_counts
from cnnhistory._util.lookup import expected
from cnnhistory.nn.cell import EPS, Cell
from cnnhistory.nn.init import he_normal_
from cnnhistory.nn.size import check_images
from cnnhistory.search.space import genotype
from cnnhistory.system import PATCHES, ModelCard

MODELS = {
    "cell_network": ModelCard(
        (1, 16, 16), {"maps": 2}, (1, 16, 16), PATCHES, {},
        {"num_classes": 16, "in_channels": 3, "maps": 2}, any_size=True,
    ),
}  # fmt: skip
# What a person would write: two convolutions, each with a shortcut around it.
RESIDUAL = "none(1)+sep3(1) | none(2)+sep3(2)"


class CellNetwork(nn.Module):
    """Score classes with a convolution, a row of cells, the mean of each map and a linear layer.

    Every cell reads the outputs of the two cells before it. An "n" in `plan` is a cell that keeps
    the side, an "r" one that halves it and doubles the maps.

    Shape: input (N, in_channels, H, W), H and W at least 3; output (N, num_classes), unnormalized
    log-probabilities.

    Args:
        cell: its name, see `cnnhistory.search.space.canonical`.
        plan: the kinds of the cells, in their order.
        maps: of each operation in the cells before the first "r".
        first: maps of the first convolution.
        stride: of the first convolution.
        num_classes: number of scores.
        in_channels: channels of the images.

    Raises:
        ValueError: a number is below 1, `plan` has another letter or none, `cell` is no cell, or
            the input is not a batch of images with `in_channels` channels.

    Source: zoph2018learning, Section 3, Figure 2.

    Deviations: one plan for both kinds of cells, and the row of cells may have any length.
    """

    def __init__(
        self,
        cell: str,
        plan: str,
        maps: int,
        first: int,
        stride: int,
        num_classes: int,
        in_channels: int,
    ) -> None:
        super().__init__()
        check_counts(maps=maps, first=first, stride=stride, num_classes=num_classes)
        check_counts(in_channels=in_channels)
        if not plan or set(plan) - {"n", "r"}:
            raise expected("plan", "letters n and r", plan)
        self.in_channels = in_channels
        stem = OrderedDict[str, nn.Module](
            conv=nn.Conv2d(in_channels, first, 3, stride, padding=1, bias=False),
            bn=nn.BatchNorm2d(first, eps=EPS),
        )
        self.stem = nn.Sequential(stem)
        rows, before, now, larger = list[Cell](), first, first, False
        for kind in plan:
            halve = kind == "r"
            maps *= 2 if halve else 1
            rows.append(Cell(genotype(cell), before, now, maps, 2 if halve else 1, larger))
            before, now, larger = now, rows[-1].out_channels, halve
        self.cells = nn.ModuleList(rows)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(now, num_classes)
        he_normal_(self)

    def forward(self, x: Tensor) -> Tensor:
        """Return the class scores."""
        check_images(x, self.in_channels, at_least=3)
        x = self.stem(x.contiguous(memory_format=torch.channels_last)).relu_()
        previous = x
        for cell in self.cells:
            x, previous = cell(x, previous), x
        return self.fc(self.avgpool(x).flatten(1))


def cell_network(
    num_classes: int = 10,
    in_channels: int = 1,
    cell: str = RESIDUAL,
    plan: str = "nr",
    maps: int = 8,
    first: int = 8,
    stride: int = 2,
) -> CellNetwork:
    """The child of the miniature search: two cells for digits of 16x16; or a longer row."""
    return CellNetwork(cell, plan, maps, first, stride, num_classes, in_channels)
