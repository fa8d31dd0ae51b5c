"""NASNet-A.

B. Zoph, V. Vasudevan, J. Shlens, Q. Le (2018), "Learning Transferable Architectures for Scalable
Image Recognition" [zoph2018learning].

What was new: a search looks not for a network but for two small cells, one that keeps the size and
one that halves it, on CIFAR-10. Stacked with more maps, the cells make networks for ImageNet that
were more accurate than any designed by hand.
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn

from cnnhistory._util.checks import check_counts, check_share
from cnnhistory._util.recompute import keep_convolutions
from cnnhistory.nn.cell import EPS, Cell, Genotype
from cnnhistory.nn.init import he_normal_
from cnnhistory.nn.size import check_images
from cnnhistory.system import PATCHES, ModelCard

# Figure 4, NASNet-A.
NORMAL = Genotype(
    pairs=(
        (("sep5", 1), ("sep3", 0)),
        (("sep5", 0), ("sep3", 0)),
        (("avg3", 1), ("none", 0)),
        (("avg3", 0), ("avg3", 0)),
        (("sep3", 1), ("none", 1)),
    ),
    output=(0, 2, 3, 4, 5, 6),
)
REDUCTION = Genotype(
    pairs=(
        (("sep5", 1), ("sep7", 0)),
        (("max3", 1), ("sep7", 0)),
        (("avg3", 1), ("sep5", 0)),
        (("avg3", 2), ("none", 3)),
        (("sep3", 2), ("max3", 1)),
    ),
    output=(3, 4, 5, 6),
)

_TINY = {"cells": 1, "maps": 4}
MODELS = {
    "nasnet_a_large": ModelCard(
        (3, 331, 331), _TINY, (3, 64, 64), PATCHES, {"side": 64},
        {"num_classes": 16, **_TINY}, any_size=True,
    ),
    "nasnet_a_mobile": ModelCard(
        (3, 224, 224), _TINY, (3, 64, 64), PATCHES, {"side": 64},
        {"num_classes": 16, **_TINY}, any_size=True,
    ),
    "nasnet_a_cifar": ModelCard(
        (3, 32, 32), _TINY, None, PATCHES, {}, {"num_classes": 16, **_TINY}, any_size=True
    ),
}  # fmt: skip


class NASNet(nn.Module):
    """Score classes with three stages of normal cells, a reduction cell in front of two of them.

    Every cell reads the outputs of the two cells before it. For ImageNet a convolution and two
    reduction cells, of a quarter and half of the maps, stand in front. The maps double with each
    reduction; the last cells give 24 times `maps`, the number in the paper's names.

    Call `schedule(share)` as training goes on: it raises the rate at which paths are dropped, from
    0 to `drop_path` in the last cell at the end, less in earlier cells (ScheduledDropPath).

    With `save_memory` the backward pass makes everything in a cell but the outputs of convolutions
    again: the same outputs and gradients for less memory and more time.

    Shape: input (N, in_channels, H, W) with H and W at least 3, in the paper 331x331 (large),
    224x224 (mobile) or 32x32 (CIFAR-10); output (N, num_classes), unnormalized log-probabilities.

    Raises:
        ValueError: a number is out of range, or the input is not a batch of images with
            `in_channels` channels.

    Source: zoph2018learning, Sections 3 and 4, Appendix A; what they leave out (which cell the
    first one behind a reduction reads, how sides are halved) is that of the authors' release.

    Deviations: no auxiliary head. On CIFAR-10 the first cell gets the first convolution twice, both
    times brought to its number of maps. Weights start as in he2015delving.
    """

    def __init__(
        self,
        stem: nn.Sequential,
        first: int,
        imagenet: bool,
        cells: int,
        maps: int,
        num_classes: int,
        in_channels: int,
        dropout: float,
        drop_path: float,
        skip_reduction: bool,
        save_memory: bool,
    ) -> None:
        super().__init__()
        check_counts(cells=cells, maps=maps, num_classes=num_classes)
        check_share("dropout", dropout)
        check_share("drop_path", drop_path)
        self.in_channels, self.max_drop_path = in_channels, drop_path
        self.skip_reduction, self.save_memory = skip_reduction, save_memory
        self.stem = stem
        rows = OrderedDict[str, nn.Module]()
        before, now, larger = first, first, False  # maps of the last two, and whether sides differ
        if imagenet:
            for n, share in enumerate((4, 2)):
                cell = Cell(
                    REDUCTION, before, now, max(1, maps // share), 2, n == 1, fit_previous=n == 1
                )
                rows[f"stem{n}"], before, now = cell, now, cell.out_channels
            larger = True
        for stage in range(3):
            wanted = maps * 2**stage
            if stage > 0:
                cell = Cell(REDUCTION, before, now, wanted, 2)
                rows[f"reduction{stage}"] = cell
                before = before if skip_reduction else now
                now, larger = cell.out_channels, True
            for n in range(cells):
                cell = Cell(NORMAL, before, now, wanted, 1, larger)
                rows[f"normal{stage * cells + n + 1}"] = cell
                before, now, larger = now, cell.out_channels, False
        self.cells = nn.ModuleDict(rows)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(now, num_classes)
        he_normal_(self)

    def schedule(self, share: float) -> None:
        """Set the rates of dropped paths for a share of the training, 0 at its start, 1 at its end.

        The n-th of m cells drops a path with probability drop_path * n / m * share.

        Raises:
            ValueError: `share` is not between 0 and 1.
        """
        if not 0 <= share <= 1:
            raise ValueError(f"share: expected a number from 0 to 1, got {share}")
        rows = [cell for cell in self.cells.values() if isinstance(cell, Cell)]
        for n, cell in enumerate(rows, start=1):
            cell.drop_path.rate = self.max_drop_path * n / len(rows) * share

    def forward(self, x: Tensor) -> Tensor:
        """Return the class scores."""
        check_images(x, self.in_channels, at_least=3)
        # In this layout a network runs and trains faster on a CPU.
        x = self.stem(x.contiguous(memory_format=torch.channels_last)).relu_()
        previous = x
        for name, cell in self.cells.items():
            frugal = self.training and self.save_memory
            out = keep_convolutions(cell, x, previous) if frugal else cell(x, previous)
            if not (name.startswith("reduction") and self.skip_reduction):
                previous = x
            x = out
        return self.fc(self.dropout(self.avgpool(x).flatten(1)))


def _network(
    maps: int,
    cells: int,
    first: int,
    stride: int,
    num_classes: int,
    in_channels: int,
    dropout: float,
    drop_path: float,
    skip_reduction: bool,
    save_memory: bool,
) -> NASNet:
    """Return a network with a first convolution of `first` maps; a stride makes it ImageNet's."""
    check_counts(in_channels=in_channels, maps=maps)
    stem = OrderedDict[str, nn.Module](
        conv=nn.Conv2d(in_channels, first, 3, stride, 0 if stride == 2 else 1, bias=False),
        bn=nn.BatchNorm2d(first, eps=EPS),
    )
    return NASNet(
        nn.Sequential(stem), first, stride == 2, cells, maps, num_classes, in_channels, dropout,
        drop_path, skip_reduction, save_memory,
    )  # fmt: skip


def nasnet_a_large(
    num_classes: int = 1000,
    in_channels: int = 3,
    cells: int = 6,
    maps: int = 168,
    dropout: float = 0.5,
    drop_path: float = 0.3,
    save_memory: bool = False,
) -> NASNet:
    """NASNet-A (6 @ 4032) for images of 331x331."""
    return _network(
        maps, cells, 96, 2, num_classes, in_channels, dropout, drop_path, True, save_memory
    )


def nasnet_a_mobile(
    num_classes: int = 1000,
    in_channels: int = 3,
    cells: int = 4,
    maps: int = 44,
    dropout: float = 0.5,
    drop_path: float = 0.0,
    save_memory: bool = False,
) -> NASNet:
    """NASNet-A (4 @ 1056) for images of 224x224."""
    return _network(
        maps, cells, 32, 2, num_classes, in_channels, dropout, drop_path, False, save_memory
    )


def nasnet_a_cifar(
    num_classes: int = 10,
    in_channels: int = 3,
    cells: int = 6,
    maps: int = 32,
    dropout: float = 0.0,
    drop_path: float = 0.4,
    save_memory: bool = False,
) -> NASNet:
    """NASNet-A (6 @ 768) for CIFAR-10."""
    check_counts(maps=maps)
    return _network(
        maps, cells, 3 * maps, 1, num_classes, in_channels, dropout, drop_path, False, save_memory
    )
