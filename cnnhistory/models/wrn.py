"""Wide residual networks.

S. Zagoruyko, N. Komodakis (2016), "Wide Residual Networks" [zagoruyko2016wide].

What was new: instead of a thousand thin layers, 16 to 40 that are four to ten times as wide, with
normalization and ReLU in front of each convolution and, between the two of a block, dropout.
They are more accurate, and since wide layers suit the hardware, they train several times faster.
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn

from cnnhistory._util.checks import check_counts, check_share
from cnnhistory._util.lookup import expected
from cnnhistory.models.resnet import BOTTLENECK_STAGES, ResNet
from cnnhistory.models.resnext import imagenet_bottlenecks
from cnnhistory.nn.init import he_normal_
from cnnhistory.nn.size import check_images, scaled
from cnnhistory.system import PATCHES, ModelCard

# Table 1: maps of the first convolution and, times the widening factor k, of the three stages.
MAPS = (16, 32, 64)

_CIFAR = ModelCard(
    (3, 32, 32), {"depth": 10, "widen": 1}, None, PATCHES, {},
    {"num_classes": 16, "depth": 16, "widen": 1}, any_size=True,
)  # fmt: skip
MODELS = {
    **dict.fromkeys(("wrn_16_4", "wrn_16_8", "wrn_28_10", "wrn_40_4"), _CIFAR),
    "wrn_50_2": ModelCard(
        (3, 224, 224), {"width": 1 / 8}, (3, 64, 64), PATCHES, {"side": 64},
        {"num_classes": 16, "width": 1 / 8}, any_size=True,
    ),
}  # fmt: skip


class WideBlock(nn.Module):
    """Add two 3x3 convolutions, each behind its normalization and ReLU, to the input.

    y = W2 * d(r(BN(W1 * r(BN(x))))) + x with r = ReLU and dropout d. Where the shape changes,
    r(BN(x)) goes through a 1x1 convolution instead of x.

    Shape: input (N, in_channels, H, W), output (N, out_channels, ceil(H/stride), ceil(W/stride)).

    Source: zagoruyko2016wide, Sections 2 and 2.4, Figure 1(b) and (d).
    """

    def __init__(
        self, in_channels: int, out_channels: int, stride: int = 1, dropout: float = 0.0
    ) -> None:
        super().__init__()
        check_counts(in_channels=in_channels, out_channels=out_channels, stride=stride)
        check_share("dropout", dropout)
        self.bn1 = nn.BatchNorm2d(in_channels)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.dropout = nn.Dropout(dropout)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.relu = nn.ReLU(inplace=True)
        self.project = None
        if in_channels != out_channels or stride != 1:
            self.project = nn.Conv2d(in_channels, out_channels, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return the output of the block."""
        out = self.relu(self.bn1(x))
        shortcut = x if self.project is None else self.project(out)
        out = self.relu(self.bn2(self.conv1(out)))
        return self.conv2(self.dropout(out)) + shortcut


class WideResNet(nn.Module):
    """Score classes of small images with 6n + 4 layers, k times as wide as a ResNet for CIFAR-10.

    32x32 -> conv1 16 -> n blocks of 16 k @32x32 -> n of 32 k @16x16 -> n of 64 k @8x8 -> BN,
    ReLU -> average -> linear. The depth counts the 1x1 convolutions of the three first blocks.
    `width` scales the 16, 32 and 64 maps, those of the first convolution, too.

    The ReLU layers work in place.

    Shape: input (N, in_channels, H, W) of any size, in the paper 32x32; output (N, num_classes),
    unnormalized log-probabilities.

    Raises:
        ValueError: the depth is not 10, 16, 22 ..., a number is out of range, or the input is not a
            batch of images with `in_channels` channels.

    Source: zagoruyko2016wide, Table 1; weights start as in he2015delving.
    """

    def __init__(
        self,
        depth: int,
        widen: int,
        num_classes: int = 10,
        in_channels: int = 3,
        dropout: float = 0.0,
        width: float = 1.0,
    ) -> None:
        super().__init__()
        check_counts(depth=depth, widen=widen, num_classes=num_classes, in_channels=in_channels)
        n, rest = divmod(depth - 4, 6)
        if n < 1 or rest:
            raise expected("depth", "6n + 4, such as 16 or 28", depth)
        self.in_channels = in_channels
        bases = [scaled(maps, width) for maps in MAPS]
        blocks, maps = OrderedDict[str, nn.Module](), bases[0]
        self.conv1 = nn.Conv2d(in_channels, maps, 3, padding=1, bias=False)
        for stage, base in enumerate(bases, start=2):
            for i in range(n):
                stride = 2 if stage > 2 and i == 0 else 1
                blocks[f"conv{stage}_{i + 1}"] = WideBlock(maps, base * widen, stride, dropout)
                maps = base * widen
        self.blocks = nn.Sequential(blocks)
        self.bn = nn.BatchNorm2d(maps)
        self.relu = nn.ReLU(inplace=True)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(maps, num_classes)
        he_normal_(self)

    def forward(self, x: Tensor) -> Tensor:
        """Return the class scores."""
        check_images(x, self.in_channels)
        # In this layout a network runs and trains faster on a CPU.
        x = self.blocks(self.conv1(x.contiguous(memory_format=torch.channels_last)))
        return self.fc(self.avgpool(self.relu(self.bn(x))).flatten(1))


def wrn_16_4(
    num_classes: int = 10,
    in_channels: int = 3,
    dropout: float = 0.0,
    depth: int = 16,
    widen: int = 4,
    width: float = 1.0,
) -> WideResNet:
    """16 layers, four times as wide."""
    return WideResNet(depth, widen, num_classes, in_channels, dropout, width)


def wrn_16_8(
    num_classes: int = 10,
    in_channels: int = 3,
    dropout: float = 0.0,
    depth: int = 16,
    widen: int = 8,
    width: float = 1.0,
) -> WideResNet:
    """16 layers, eight times as wide."""
    return WideResNet(depth, widen, num_classes, in_channels, dropout, width)


def wrn_28_10(
    num_classes: int = 10,
    in_channels: int = 3,
    dropout: float = 0.0,
    depth: int = 28,
    widen: int = 10,
    width: float = 1.0,
) -> WideResNet:
    """28 layers, ten times as wide: the best of the paper on CIFAR-10."""
    return WideResNet(depth, widen, num_classes, in_channels, dropout, width)


def wrn_40_4(
    num_classes: int = 10,
    in_channels: int = 3,
    dropout: float = 0.0,
    depth: int = 40,
    widen: int = 4,
    width: float = 1.0,
) -> WideResNet:
    """40 layers, four times as wide."""
    return WideResNet(depth, widen, num_classes, in_channels, dropout, width)


def wrn_50_2(
    num_classes: int = 1000,
    in_channels: int = 3,
    stride_in_3x3: bool = False,
    width: float = 1.0,
) -> ResNet:
    """ResNet-50 for ImageNet with twice as many maps inside its blocks."""
    return imagenet_bottlenecks(
        BOTTLENECK_STAGES[50],
        lambda maps: 2 * maps,
        num_classes=num_classes,
        in_channels=in_channels,
        stride_in_3x3=stride_in_3x3,
        width=width,
    )
