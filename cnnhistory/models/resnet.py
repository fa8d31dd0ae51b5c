"""Residual networks and the plain ones that they are compared with.

K. He, X. Zhang, S. Ren, J. Sun (2016), "Deep Residual Learning for Image Recognition"
[he2016deep].

What was new: blocks learn what to add to their input instead of a new representation. Without
these shortcuts a deeper network reached a higher training error than a shallow one; with them
152 layers trained, and depth paid.
"""

from collections import OrderedDict
from collections.abc import Callable

import torch
from torch import Tensor, nn

from cnnhistory._util.checks import check_counts
from cnnhistory._util.lookup import check_one_of, expected
from cnnhistory.nn.init import he_normal_
from cnnhistory.nn.residual import BasicBlock, Bottleneck, Option
from cnnhistory.nn.size import check_images, scaled
from cnnhistory.system import PATCHES, ModelCard

# Table 1: blocks in conv2_x, conv3_x, conv4_x and conv5_x, by the number of weighted layers.
BASIC_STAGES = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3)}
BOTTLENECK_STAGES = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
WIDTHS = (64, 128, 256, 512)

# Table 6 and Section 4.2: the networks for CIFAR-10 have 6n + 2 layers.
CIFAR_DEPTHS = (20, 32, 44, 56, 110, 1202)

_IMAGENET = ModelCard(
    (3, 224, 224),
    {"width": 1 / 8},
    (3, 64, 64),
    PATCHES,
    {"side": 64},
    {"num_classes": 16, "width": 1 / 8},
    any_size=True,
)
_CIFAR = ModelCard(
    (3, 32, 32), data=PATCHES, network_args={"num_classes": 16, "width": 1 / 2}, any_size=True
)
MODELS = {
    **{f"resnet{depth}": _IMAGENET for depth in BASIC_STAGES | BOTTLENECK_STAGES},
    **{f"plain{depth}": _IMAGENET for depth in BASIC_STAGES},
    **{f"resnet{depth}": _CIFAR for depth in CIFAR_DEPTHS},
    **{f"plain{depth}": _CIFAR for depth in CIFAR_DEPTHS if depth <= 56},
}


def blocks_of_stages(
    make: Callable[[int, int, int], BasicBlock | Bottleneck],
    widths: tuple[int, ...],
    counts: tuple[int, ...],
) -> nn.Sequential:
    """Return all blocks in a row, named as in Table 1: conv2_1, conv2_2, ..., conv3_1, ..."""
    blocks, maps = OrderedDict[str, nn.Module](), widths[0]
    for stage, (width, count) in enumerate(zip(widths, counts, strict=True), start=2):
        for n in range(1, count + 1):
            block = make(maps, width, 2 if stage > 2 and n == 1 else 1)
            blocks[f"conv{stage}_{n}"] = block
            maps = block.out_channels
    return nn.Sequential(blocks)


def imagenet_stem(in_channels: int, maps: int) -> nn.Sequential:
    """Return conv1 of Table 1 and the pooling behind it: a quarter of the height and width."""
    layers = OrderedDict[str, nn.Module](
        conv1=nn.Conv2d(in_channels, maps, 7, stride=2, padding=3, bias=False),
        bn1=nn.BatchNorm2d(maps),
        relu=nn.ReLU(inplace=True),
        maxpool=nn.MaxPool2d(3, stride=2, padding=1),
    )
    return nn.Sequential(layers)


class ResNet(nn.Module):
    """Score classes with a stem, a row of blocks, the average over each map and a linear layer.

    `blocks` holds every block in its order. `net.blocks[5] = nn.Identity()` deletes a block that
    keeps the shape, and two blocks of equal shape can change places.

    The ReLU layers work in place: what a hook on `bn1` keeps without copying is the output of
    the ReLU behind it.

    Shape: input (N, in_channels, H, W) of any size, in the paper 224x224 for ImageNet and 32x32
    for CIFAR-10; output (N, num_classes), unnormalized log-probabilities.

    Raises:
        ValueError: a number is below 1, or the input is not a batch of images with `in_channels`
            channels.

    Source: he2016deep, Sections 3.3, 3.4 and 4.2, Table 1; weights start as in he2015delving.
    """

    def __init__(
        self, stem: nn.Sequential, blocks: nn.Sequential, in_channels: int, num_classes: int
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.stem = stem
        self.blocks = blocks
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        features = int(blocks[-1].out_channels)  # type: ignore[arg-type]
        self.fc = nn.Linear(features, num_classes)
        he_normal_(self)

    def forward(self, x: Tensor) -> Tensor:
        """Return the class scores."""
        check_images(x, self.in_channels)
        # In this layout a network runs and trains faster on a CPU.
        x = self.blocks(self.stem(x.contiguous(memory_format=torch.channels_last)))
        return self.fc(self.avgpool(x).flatten(1))


def imagenet_resnet(
    depth: int,
    num_classes: int = 1000,
    in_channels: int = 3,
    shortcut: Option | None = "B",
    stride_in_3x3: bool = False,
    width: float = 1.0,
) -> ResNet:
    """Return the network of Table 1 that has `depth` layers with weights.

    `shortcut` "A" pads with zeros where the shape changes, "B" projects there, "C" projects
    everywhere; None gives the plain network. With `stride_in_3x3` a bottleneck takes its stride
    there, as torchvision's, instead of in the first 1x1. `width` scales the numbers of maps.

    Raises:
        ValueError: there is no such depth or shortcut, or a number is out of range.
    """
    stages = BASIC_STAGES | BOTTLENECK_STAGES
    check_one_of("depth", depth, stages)
    check_counts(num_classes=num_classes, in_channels=in_channels)
    widths = tuple(scaled(maps, width) for maps in WIDTHS)

    def make(maps: int, width: int, stride: int) -> BasicBlock | Bottleneck:
        if depth in BASIC_STAGES:
            return BasicBlock(maps, width, stride, shortcut)
        return Bottleneck(maps, width, stride, shortcut, stride_in_3x3)

    blocks = blocks_of_stages(make, widths, stages[depth])
    return ResNet(imagenet_stem(in_channels, widths[0]), blocks, in_channels, num_classes)


def cifar_resnet(
    depth: int,
    num_classes: int = 10,
    in_channels: int = 3,
    shortcut: Option | None = "A",
    width: float = 1.0,
) -> ResNet:
    """Return a network of Section 4.2 for small images, with 6n + 2 layers and three stages.

    `shortcut` as in `imagenet_resnet`; `width` scales the paper's 16, 32 and 64 maps.

    Raises:
        ValueError: the depth is not 8, 14, 20 ..., there is no such shortcut, or a number is out
            of range.
    """
    check_counts(depth=depth, num_classes=num_classes, in_channels=in_channels)
    n, rest = divmod(depth - 2, 6)
    if n < 1 or rest:
        raise expected("depth", "6n + 2, such as 20 or 56", depth)
    maps = scaled(16, width)
    stem = OrderedDict[str, nn.Module](
        conv1=nn.Conv2d(in_channels, maps, 3, padding=1, bias=False),
        bn1=nn.BatchNorm2d(maps),
        relu=nn.ReLU(inplace=True),
    )

    def make(inputs: int, width: int, stride: int) -> BasicBlock:
        return BasicBlock(inputs, width, stride, shortcut)

    blocks = blocks_of_stages(make, (maps, 2 * maps, 4 * maps), (n, n, n))
    return ResNet(nn.Sequential(stem), blocks, in_channels, num_classes)


def resnet18(
    num_classes: int = 1000, in_channels: int = 3, shortcut: Option = "B", width: float = 1.0
) -> ResNet:
    """18 layers for ImageNet, in basic blocks."""
    return imagenet_resnet(18, num_classes, in_channels, shortcut, width=width)


def resnet34(
    num_classes: int = 1000, in_channels: int = 3, shortcut: Option = "B", width: float = 1.0
) -> ResNet:
    """34 layers for ImageNet, in basic blocks."""
    return imagenet_resnet(34, num_classes, in_channels, shortcut, width=width)


def resnet50(
    num_classes: int = 1000,
    in_channels: int = 3,
    shortcut: Option = "B",
    stride_in_3x3: bool = False,
    width: float = 1.0,
) -> ResNet:
    """50 layers for ImageNet, in bottleneck blocks."""
    return imagenet_resnet(50, num_classes, in_channels, shortcut, stride_in_3x3, width)


def resnet101(
    num_classes: int = 1000,
    in_channels: int = 3,
    shortcut: Option = "B",
    stride_in_3x3: bool = False,
    width: float = 1.0,
) -> ResNet:
    """101 layers for ImageNet, in bottleneck blocks."""
    return imagenet_resnet(101, num_classes, in_channels, shortcut, stride_in_3x3, width)


def resnet152(
    num_classes: int = 1000,
    in_channels: int = 3,
    shortcut: Option = "B",
    stride_in_3x3: bool = False,
    width: float = 1.0,
) -> ResNet:
    """152 layers for ImageNet, in bottleneck blocks."""
    return imagenet_resnet(152, num_classes, in_channels, shortcut, stride_in_3x3, width)


def plain18(num_classes: int = 1000, in_channels: int = 3, width: float = 1.0) -> ResNet:
    """The plain counterpart of `resnet18`: the same layers without shortcuts."""
    return imagenet_resnet(18, num_classes, in_channels, None, width=width)


def plain34(num_classes: int = 1000, in_channels: int = 3, width: float = 1.0) -> ResNet:
    """The plain counterpart of `resnet34`: the same layers without shortcuts."""
    return imagenet_resnet(34, num_classes, in_channels, None, width=width)


def resnet20(
    num_classes: int = 10, in_channels: int = 3, shortcut: Option = "A", width: float = 1.0
) -> ResNet:
    """20 layers for CIFAR-10."""
    return cifar_resnet(20, num_classes, in_channels, shortcut, width)


def resnet32(
    num_classes: int = 10, in_channels: int = 3, shortcut: Option = "A", width: float = 1.0
) -> ResNet:
    """32 layers for CIFAR-10."""
    return cifar_resnet(32, num_classes, in_channels, shortcut, width)


def resnet44(
    num_classes: int = 10, in_channels: int = 3, shortcut: Option = "A", width: float = 1.0
) -> ResNet:
    """44 layers for CIFAR-10."""
    return cifar_resnet(44, num_classes, in_channels, shortcut, width)


def resnet56(
    num_classes: int = 10, in_channels: int = 3, shortcut: Option = "A", width: float = 1.0
) -> ResNet:
    """56 layers for CIFAR-10."""
    return cifar_resnet(56, num_classes, in_channels, shortcut, width)


def resnet110(
    num_classes: int = 10, in_channels: int = 3, shortcut: Option = "A", width: float = 1.0
) -> ResNet:
    """110 layers for CIFAR-10."""
    return cifar_resnet(110, num_classes, in_channels, shortcut, width)


def resnet1202(
    num_classes: int = 10, in_channels: int = 3, shortcut: Option = "A", width: float = 1.0
) -> ResNet:
    """1,202 layers for CIFAR-10."""
    return cifar_resnet(1202, num_classes, in_channels, shortcut, width)


def plain20(num_classes: int = 10, in_channels: int = 3, width: float = 1.0) -> ResNet:
    """The plain counterpart of `resnet20`."""
    return cifar_resnet(20, num_classes, in_channels, None, width)


def plain32(num_classes: int = 10, in_channels: int = 3, width: float = 1.0) -> ResNet:
    """The plain counterpart of `resnet32`."""
    return cifar_resnet(32, num_classes, in_channels, None, width)


def plain44(num_classes: int = 10, in_channels: int = 3, width: float = 1.0) -> ResNet:
    """The plain counterpart of `resnet44`."""
    return cifar_resnet(44, num_classes, in_channels, None, width)


def plain56(num_classes: int = 10, in_channels: int = 3, width: float = 1.0) -> ResNet:
    """The plain counterpart of `resnet56`."""
    return cifar_resnet(56, num_classes, in_channels, None, width)
