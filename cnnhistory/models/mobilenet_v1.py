"""MobileNet, the first of its name.

A. Howard et al. (2017), "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision
Applications" [howard2017mobilenets].

What was new: every convolution but the first is split in two, a depthwise one that looks at the
neighborhood within each map, and a pointwise one that mixes the maps. That needs an eighth to a
ninth of the multiply-adds. Two numbers, for width and resolution, trade the rest for accuracy.
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn

from cnnhistory._util.checks import check_counts, check_share
from cnnhistory.nn.init import he_normal_
from cnnhistory.nn.size import check_images, last_halvings, scaled
from cnnhistory.nn.unit import conv_norm
from cnnhistory.system import PATCHES, ModelCard

# Table 1: maps and stride of the 13 blocks behind the first convolution of 32 maps.
FIRST = 32
HALVINGS = 5  # strides of 2, that of the first convolution among them
BLOCKS = (
    (64, 1),
    (128, 2), (128, 1),
    (256, 2), (256, 1),
    (512, 2), (512, 1), (512, 1), (512, 1), (512, 1), (512, 1),
    (1024, 2), (1024, 1),
)  # fmt: skip

_CARD = ModelCard(
    (3, 224, 224), {"width": 1 / 8}, (3, 64, 64), PATCHES, {"side": 64},
    {"num_classes": 16, "width": 1 / 4}, any_size=True,
)  # fmt: skip
MODELS = {"mobilenet_v1": _CARD, "mobilenet_v1_full": _CARD}


class SeparableBlock(nn.Sequential):
    """Filter each map on its own, then mix the maps: depthwise 3x3, pointwise 1x1.

    y = relu(BN(P * relu(BN(D * x)))) with one 3x3 kernel a map in D and a matrix P. Where a full
    convolution costs 9 M N multiply-adds a pixel, M maps to N maps, this costs 9 M + M N: the
    (1/N + 1/9)th part.

    Shape: input (N, in_channels, H, W), output (N, out_channels, ceil(H/stride), ceil(W/stride)).

    Source: howard2017mobilenets, Sections 3.1 and 3.2, equations (2) to (5), Figure 3 right.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__(
            OrderedDict(
                depthwise=conv_norm(in_channels, in_channels, 3, stride, groups=in_channels),
                pointwise=conv_norm(in_channels, out_channels, 1),
            )
        )


class MobileNetV1(nn.Module):
    """Score 1,000 classes with one full and 13 separable convolutions.

    224x224 -> conv1 32@112x112 -> 64@112 -> 128@56 twice -> 256@28 twice -> 512@14 six times ->
    1024@7 twice -> average -> linear. 4,231,976 parameters, 568,740,352 multiply-adds.

    With fewer `halvings` the first strides are 1, for small images. The ReLU layers work in place.

    Shape: input (N, in_channels, H, W) of any size, in the paper 224, 192, 160 or 128 (the
    resolution multiplier); output (N, num_classes), unnormalized log-probabilities.

    Raises:
        ValueError: a number is out of range, or the input is not a batch of images with
            `in_channels` channels.

    Source: howard2017mobilenets, Table 1.

    Deviations: weights start as in he2015delving; the paper does not give their start. `dropout` in
    front of the linear layer is that of the authors' release, and 0 by default.
    """

    def __init__(
        self,
        num_classes: int = 1000,
        in_channels: int = 3,
        width: float = 1.0,
        dropout: float = 0.0,
        separable: bool = True,
        halvings: int = HALVINGS,
    ) -> None:
        super().__init__()
        check_counts(num_classes=num_classes, in_channels=in_channels)
        check_share("dropout", dropout)
        self.in_channels = in_channels
        first, *strides = last_halvings((2, *(stride for _, stride in BLOCKS)), halvings)
        maps = scaled(FIRST, width)
        self.conv1 = conv_norm(in_channels, maps, 3, first)
        blocks: list[nn.Module] = []
        for (wanted, _), stride in zip(BLOCKS, strides, strict=True):
            wanted = scaled(wanted, width)
            if separable:
                blocks.append(SeparableBlock(maps, wanted, stride))
            else:
                blocks.append(conv_norm(maps, wanted, 3, stride))
            maps = wanted
        self.blocks = nn.Sequential(*blocks)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(maps, num_classes)
        he_normal_(self)

    def forward(self, x: Tensor) -> Tensor:
        """Return the class scores."""
        check_images(x, self.in_channels)
        # In this layout a network runs and trains faster on a CPU.
        x = self.blocks(self.conv1(x.contiguous(memory_format=torch.channels_last)))
        return self.fc(self.dropout(self.avgpool(x).flatten(1)))


def mobilenet_v1(
    num_classes: int = 1000,
    in_channels: int = 3,
    width: float = 1.0,
    dropout: float = 0.0,
    halvings: int = HALVINGS,
) -> MobileNetV1:
    """MobileNet of separable convolutions; `width` is the paper's multiplier alpha."""
    return MobileNetV1(num_classes, in_channels, width, dropout, True, halvings)


def mobilenet_v1_full(
    num_classes: int = 1000,
    in_channels: int = 3,
    width: float = 1.0,
    dropout: float = 0.0,
    halvings: int = HALVINGS,
) -> MobileNetV1:
    """The same network of full convolutions, with which the paper compares it (Table 4)."""
    return MobileNetV1(num_classes, in_channels, width, dropout, False, halvings)
