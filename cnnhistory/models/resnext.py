"""ResNeXt, and the one that was trained on hashtags.

S. Xie, R. Girshick, P. Dollar, Z. Tu, K. He (2017), "Aggregated Residual Transformations for Deep
Neural Networks" [xie2017aggregated]; D. Mahajan et al. (2018), "Exploring the Limits of Weakly
Supervised Pretraining" [mahajan2018exploring].

What was new: a block adds up many narrow transformations of the same form instead of one wide one.
Their number, the cardinality, is a third size beside depth and width. As code it is a bottleneck
block with a grouped convolution.
"""

from collections import OrderedDict
from collections.abc import Callable

from torch import nn

from cnnhistory._util.checks import check_counts
from cnnhistory._util.lookup import expected
from cnnhistory.models.resnet import (
    BOTTLENECK_STAGES,
    WIDTHS,
    ResNet,
    blocks_of_stages,
    imagenet_stem,
)
from cnnhistory.nn.residual import Bottleneck
from cnnhistory.nn.size import scaled
from cnnhistory.system import PATCHES, ModelCard

_IMAGENET = ModelCard(
    (3, 224, 224), {"width": 1 / 8}, (3, 64, 64), PATCHES, {"side": 64},
    {"num_classes": 16, "width": 1 / 8}, any_size=True,
)  # fmt: skip
_CIFAR = ModelCard(
    (3, 32, 32), {"cardinality": 2, "base_width": 4, "depth": 11}, None, PATCHES, {},
    {"num_classes": 16, "cardinality": 4, "base_width": 4}, any_size=True,
)  # fmt: skip
_HUGE = ModelCard(
    (3, 224, 224), {"width": 1 / 32}, (3, 64, 64), PATCHES, {"side": 64},
    {"num_classes": 16, "width": 1 / 32}, any_size=True,
)  # fmt: skip
MODELS = {
    **dict.fromkeys(
        ("resnext50_32x4d", "resnext101_32x4d", "resnext101_32x8d", "resnext101_64x4d"), _IMAGENET
    ),
    "resnext101_32x48d": _HUGE,
    **dict.fromkeys(("resnext29_8x64d", "resnext29_16x64d"), _CIFAR),
}


def imagenet_bottlenecks(
    stages: tuple[int, ...],
    inner: Callable[[int], int],
    groups: int = 1,
    *,
    num_classes: int = 1000,
    in_channels: int = 3,
    stride_in_3x3: bool = True,
    width: float = 1.0,
) -> ResNet:
    """Return a network for ImageNet of bottleneck blocks with inner maps of one's own choice.

    `inner` gives the maps inside the blocks of a stage from the 64, 128, 256 or 512 that ResNet
    has there; `width` scales both.

    Raises:
        ValueError: a number is out of range.
    """
    check_counts(num_classes=num_classes, in_channels=in_channels)
    inside = {scaled(maps, width): scaled(inner(maps), width, groups) for maps in WIDTHS}

    def make(maps: int, wanted: int, stride: int) -> Bottleneck:
        return Bottleneck(maps, wanted, stride, "B", stride_in_3x3, inside[wanted], groups)

    blocks = blocks_of_stages(make, tuple(inside), stages)
    stem = imagenet_stem(in_channels, next(iter(inside)))
    return ResNet(stem, blocks, in_channels, num_classes)


def _resnext(
    depth: int, cardinality: int, base_width: int, num_classes: int, in_channels: int, width: float
) -> ResNet:
    """Return the network of Table 1 with `cardinality` paths, of `base_width` maps at first."""
    return imagenet_bottlenecks(
        BOTTLENECK_STAGES[depth],
        lambda maps: maps * base_width * cardinality // 64,
        cardinality,
        num_classes=num_classes,
        in_channels=in_channels,
        width=width,
    )


def _cifar(
    depth: int, cardinality: int, base_width: int, num_classes: int, in_channels: int, width: float
) -> ResNet:
    """Return the network of Section 5.3: three stages of (depth - 2) / 9 blocks.

    The blocks of the first stage have 256 maps at their ends, whatever is inside; `width` scales
    the maps of the ends and inside.
    """
    check_counts(depth=depth, cardinality=cardinality, base_width=base_width)
    check_counts(num_classes=num_classes, in_channels=in_channels)
    count, rest = divmod(depth - 2, 9)
    if count < 1 or rest:
        raise expected("depth", "9n + 2, such as 29", depth)
    total = base_width * cardinality  # maps inside the blocks of the first stage
    inside = {
        scaled(maps, width): scaled(total * maps // 64, width, cardinality) for maps in WIDTHS[:3]
    }
    first = next(iter(inside))

    def make(maps: int, wanted: int, stride: int) -> Bottleneck:
        return Bottleneck(maps, wanted, stride, "B", True, inside[wanted], cardinality)

    stem = OrderedDict[str, nn.Module](
        conv1=nn.Conv2d(in_channels, first, 3, padding=1, bias=False),
        bn1=nn.BatchNorm2d(first),
        relu=nn.ReLU(inplace=True),
    )
    blocks = blocks_of_stages(make, tuple(inside), (count, count, count))
    return ResNet(nn.Sequential(stem), blocks, in_channels, num_classes)


def resnext50_32x4d(num_classes: int = 1000, in_channels: int = 3, width: float = 1.0) -> ResNet:
    """50 layers, 32 paths of 4 maps: as large as ResNet-50."""
    return _resnext(50, 32, 4, num_classes, in_channels, width)


def resnext101_32x4d(num_classes: int = 1000, in_channels: int = 3, width: float = 1.0) -> ResNet:
    """101 layers, 32 paths of 4 maps: as large as ResNet-101."""
    return _resnext(101, 32, 4, num_classes, in_channels, width)


def resnext101_32x8d(num_classes: int = 1000, in_channels: int = 3, width: float = 1.0) -> ResNet:
    """101 layers, 32 paths of 8 maps."""
    return _resnext(101, 32, 8, num_classes, in_channels, width)


def resnext101_64x4d(num_classes: int = 1000, in_channels: int = 3, width: float = 1.0) -> ResNet:
    """101 layers, 64 paths of 4 maps: twice the work of ResNet-101."""
    return _resnext(101, 64, 4, num_classes, in_channels, width)


def resnext101_32x48d(num_classes: int = 1000, in_channels: int = 3, width: float = 1.0) -> ResNet:
    """101 layers, 32 paths of 48 maps: the network of mahajan2018exploring.

    It has 829 million parameters, 3.3 GB: look at it on the meta device.
    """
    return _resnext(101, 32, 48, num_classes, in_channels, width)


def resnext29_8x64d(
    num_classes: int = 10,
    in_channels: int = 3,
    cardinality: int = 8,
    base_width: int = 64,
    depth: int = 29,
    width: float = 1.0,
) -> ResNet:
    """29 layers for CIFAR, 8 paths of 64 maps."""
    return _cifar(depth, cardinality, base_width, num_classes, in_channels, width)


def resnext29_16x64d(
    num_classes: int = 10,
    in_channels: int = 3,
    cardinality: int = 16,
    base_width: int = 64,
    depth: int = 29,
    width: float = 1.0,
) -> ResNet:
    """29 layers for CIFAR, 16 paths of 64 maps."""
    return _cifar(depth, cardinality, base_width, num_classes, in_channels, width)
