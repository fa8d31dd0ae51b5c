"""GoogLeNet, the first network of Inception modules.

C. Szegedy et al. (2015), "Going Deeper with Convolutions" [szegedy2015going].

What was new: a module that looks at 1x1, 3x3 and 5x5 windows side by side, behind 1x1
convolutions that first reduce the number of maps; 22 such layers with a ninth of AlexNet's
parameters, without its dense layers, trained with two more classifiers on the way.
"""

from collections import OrderedDict
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from cnnhistory._util.checks import check_counts
from cnnhistory.nn.init import he_normal_
from cnnhistory.nn.losses.multitask_loss import AuxiliaryLoss
from cnnhistory.nn.norm import LocalResponseNorm
from cnnhistory.nn.size import check_images, scaled
from cnnhistory.system import PATCHES, ModelCard

# Table 1: maps of the 1x1 branch, of the reduction in front of 3x3 and of 3x3, of the reduction
# in front of 5x5 and of 5x5, and of the projection behind the pooling.
MODULES = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}
AUXILIARY, AUXILIARY_WEIGHT = ("4a", "4d"), 0.3  # modules with a classifier behind them

MODELS = {
    "googlenet": ModelCard(
        (3, 224, 224), {"width": 1 / 4}, (3, 64, 64), PATCHES, {"side": 64},
        {"num_classes": 16, "width": 1 / 4}, any_size=True,
    )
}  # fmt: skip


def _pool(kernel: int = 3) -> nn.MaxPool2d:
    # A window may reach over the edge: 112 becomes 56, as in the paper, and not 55.
    return nn.MaxPool2d(kernel, stride=2, ceil_mode=True)


def conv_relu(
    in_channels: int, maps: int, kernel: int, batch_norm: bool, stride: int = 1
) -> nn.Sequential:
    """Return a convolution that keeps the size, but for its stride, and a ReLU."""
    layers = OrderedDict[str, nn.Module](
        conv=nn.Conv2d(in_channels, maps, kernel, stride, kernel // 2, bias=not batch_norm)
    )
    if batch_norm:
        layers["bn"] = nn.BatchNorm2d(maps, eps=0.001)
    layers["relu"] = nn.ReLU(inplace=True)
    return nn.Sequential(layers)


class Inception(nn.Module):
    """Concatenate the maps of four branches: 1x1, 3x3 and 5x5 convolution, and maximum pooling.

    Convolutions of 1x1 in front of 3x3 and 5x5 and behind the pooling bring the number of maps
    down. ReLU follows every convolution.

    Shape: input (N, in_channels, H, W), output (N, maps[0] + maps[2] + maps[4] + maps[5], H, W).

    Source: szegedy2015going, Figure 2(b), Table 1.
    """

    def __init__(
        self,
        in_channels: int,
        maps: tuple[int, ...],
        largest_kernel: int = 5,
        batch_norm: bool = False,
    ) -> None:
        super().__init__()
        one, three_reduce, three, five_reduce, five, projection = maps
        self.out_channels = one + three + five + projection
        conv = partial(conv_relu, batch_norm=batch_norm)
        self.branch1x1 = conv(in_channels, one, 1)
        self.branch3x3 = nn.Sequential(
            conv(in_channels, three_reduce, 1), conv(three_reduce, three, 3)
        )
        self.branch5x5 = nn.Sequential(
            conv(in_channels, five_reduce, 1), conv(five_reduce, five, largest_kernel)
        )
        pool = nn.MaxPool2d(3, stride=1, padding=1)
        self.branch_pool = nn.Sequential(pool, conv(in_channels, projection, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Return the maps of all branches."""
        branches = (self.branch1x1, self.branch3x3, self.branch5x5, self.branch_pool)
        return torch.cat([branch(x) for branch in branches], 1)


class NaiveInception(nn.Module):
    """Concatenate the maps of 1x1, 3x3 and 5x5 convolutions and of a maximum pooling.

    All four read every input map, and the pooling passes its maps on as they are: a module always
    has more maps than it reads. ReLU follows every convolution.

    Shape: input (N, in_channels, H, W), output (N, sum(maps) + in_channels, H, W).

    Source: szegedy2015going, Section 4, Figure 2(a).
    """

    def __init__(self, in_channels: int, maps: tuple[int, int, int]) -> None:
        super().__init__()
        self.out_channels = sum(maps) + in_channels
        self.branches = nn.ModuleList(
            conv_relu(in_channels, out, side, batch_norm=False)
            for out, side in zip(maps, (1, 3, 5), strict=True)
        )
        self.pool = nn.MaxPool2d(3, stride=1, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the maps of all branches."""
        return torch.cat([*(branch(x) for branch in self.branches), self.pool(x)], 1)


def _auxiliary_head(
    in_channels: int, num_classes: int, pool: nn.Module, batch_norm: bool, width: float
) -> nn.Sequential:
    maps, units = scaled(128, width), scaled(1024, width)
    layers = OrderedDict[str, nn.Module](
        pool=pool,  # (N, in_channels, 4, 4)
        conv=conv_relu(in_channels, maps, 1, batch_norm),
        flatten=nn.Flatten(),
        fc1=nn.Linear(maps * 4 * 4, units),
        relu=nn.ReLU(inplace=True),
        dropout=nn.Dropout(0.7),
        fc2=nn.Linear(units, num_classes),
    )
    return nn.Sequential(layers)


class Scores(NamedTuple):
    """Scores (N, num_classes) of the network and of the auxiliary heads behind 4a and 4d."""

    main: Tensor
    aux_4a: Tensor
    aux_4d: Tensor


class GoogLeNet(nn.Module):
    """Score 1,000 classes with 22 layers, 18 of them in nine Inception modules.

    224x224 -> conv1 64@112x112 -> pool1 56x56 -> conv2 192@56x56 -> pool2 28x28 -> 3a 256 ->
    3b 480@28x28 -> pool3 -> 4a to 4d 512, 512, 512, 528 -> 4e 832@14x14 -> pool4 -> 5a 832 ->
    5b 1024@7x7 -> average -> linear. 6,998,552 parameters; the auxiliary heads have 3,188,840
    and 3,190,888 more.

    The ReLU layers work in place. With `aux_heads`, a network in training mode returns `Scores`,
    for which its `criterion` is made; in evaluation mode the heads do not run, and the scores
    come alone.

    Shape: input (N, in_channels, H, W) with H and W at least 31, in the paper 224x224, which the
    auxiliary heads of the paper require in training; output (N, num_classes), unnormalized
    log-probabilities, or `Scores`.

    Raises:
        ValueError: a number is out of range, or the input has another shape than the above.

    Source: szegedy2015going, Sections 4 and 5, Table 1, Figure 3.

    Deviations: see the record of the system. `torchvision_port` gives torchvision's network: 3x3
    where the paper has 5x5, batch normalization behind every convolution, no response
    normalization, pool4 of 2x2, dropout 0.2. `width` scales the numbers of maps.
    """

    def __init__(
        self,
        num_classes: int = 1000,
        in_channels: int = 3,
        aux_heads: bool = False,
        torchvision_port: bool = False,
        width: float = 1.0,
    ) -> None:
        super().__init__()
        check_counts(num_classes=num_classes, in_channels=in_channels)
        self.in_channels = in_channels
        batch_norm, largest_kernel = torchvision_port, 3 if torchvision_port else 5
        first, channels = scaled(64, width), scaled(192, width)
        stem = OrderedDict[str, nn.Module](
            conv1=conv_relu(in_channels, first, 7, batch_norm, stride=2),
            pool1=_pool(),
            norm1=LocalResponseNorm(),
            conv2_reduce=conv_relu(first, first, 1, batch_norm),
            conv2=conv_relu(first, channels, 3, batch_norm),
            norm2=LocalResponseNorm(),
            pool2=_pool(),
        )
        if torchvision_port:
            del stem["norm1"], stem["norm2"]
        self.stem = nn.Sequential(stem)

        self.inception = nn.ModuleDict()
        heads = OrderedDict[str, nn.Module]()
        for name, row in MODULES.items():
            maps = tuple(scaled(n, width) for n in row)
            self.inception[name] = Inception(channels, maps, largest_kernel, batch_norm)
            channels = maps[0] + maps[2] + maps[4] + maps[5]
            if name in AUXILIARY and aux_heads:
                to_4x4 = nn.AdaptiveAvgPool2d(4) if torchvision_port else nn.AvgPool2d(5, stride=3)
                heads[name] = _auxiliary_head(channels, num_classes, to_4x4, batch_norm, width)
            if name in ("3b", "4e"):
                kernel = 2 if torchvision_port and name == "4e" else 3
                self.inception[f"pool{name[0]}"] = _pool(kernel)
        self.aux = nn.ModuleDict(heads)
        self.aux_size = 224 if aux_heads and not torchvision_port else None
        # Below that nothing is left for the window of pool4.
        self.smallest = 15 if torchvision_port else 31
        if aux_heads:
            self.criterion = AuxiliaryLoss(AUXILIARY_WEIGHT)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(0.2 if torchvision_port else 0.4)
        self.fc = nn.Linear(channels, num_classes)
        he_normal_(self)

    def forward(self, x: Tensor) -> Tensor | Scores:
        """Return the class scores, in training with auxiliary heads those of all heads."""
        size = self.aux_size if self.training else None
        check_images(x, self.in_channels, size, at_least=self.smallest)
        # In this layout a network runs and trains faster on a CPU.
        x = self.stem(x.contiguous(memory_format=torch.channels_last))
        auxiliary = []
        for name, layer in self.inception.items():
            x = layer(x)
            if self.training and name in self.aux:
                auxiliary.append(self.aux[name](x))
        scores = self.fc(self.dropout(self.avgpool(x).flatten(1)))
        return Scores(scores, *auxiliary) if auxiliary else scores


def googlenet(
    num_classes: int = 1000,
    in_channels: int = 3,
    aux_heads: bool = False,
    torchvision_port: bool = False,
    width: float = 1.0,
) -> GoogLeNet:
    """GoogLeNet as in the paper, by default without the heads that only training uses."""
    return GoogLeNet(num_classes, in_channels, aux_heads, torchvision_port, width)
