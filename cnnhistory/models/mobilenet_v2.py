"""MobileNet, the second.

M. Sandler, A. Howard, M. Zhu, A. Zhmoginov, L.-C. Chen (2018), "MobileNetV2: Inverted Residuals
and Linear Bottlenecks" [sandler2018mobilenetv2].

What was new: the residual block turned inside out. Shortcuts connect narrow tensors; in between,
the maps are expanded sixfold, filtered depthwise and projected back, and the projection has no
activation, since a ReLU on few maps destroys what they carry.
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn

from cnnhistory._util.checks import check_counts, check_finite, check_share
from cnnhistory.nn.init import he_normal_
from cnnhistory.nn.size import check_images, last_halvings
from cnnhistory.nn.unit import conv_norm
from cnnhistory.system import PATCHES, ModelCard

# Table 2: expansion, maps, blocks and stride of the first block of each stage.
FIRST, LAST = 32, 1280
HALVINGS = 5  # strides of 2, that of the first convolution among them
STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)

MODELS = {
    "mobilenet_v2": ModelCard(
        (3, 224, 224), {"width": 1 / 8}, (3, 64, 64), PATCHES, {"side": 64},
        {"num_classes": 16, "width": 1 / 4}, any_size=True,
    )
}  # fmt: skip


class InvertedResidual(nn.Module):
    """Expand the maps, filter each on its own, project to few; add the input where it fits.

    y = BN(P * r(BN(D * r(BN(E * x))))) + x with r = ReLU6, E of 1x1 to `expansion` times as many
    maps, D depthwise of 3x3, P of 1x1. Without expansion (1) there is no E. The input is added if
    the block keeps its shape. If the bottleneck is not `linear`, r follows P as well.

    Shape: input (N, in_channels, H, W), output (N, out_channels, ceil(H/stride), ceil(W/stride)).

    Source: sandler2018mobilenetv2, Table 1, Figures 3 and 4; not linear: Figure 6 (a).
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        stride: int = 1,
        expansion: int = 6,
        linear: bool = True,
    ) -> None:
        super().__init__()
        check_counts(
            in_channels=in_channels, out_channels=out_channels, stride=stride, expansion=expansion
        )
        wide = in_channels * expansion
        layers = OrderedDict[str, nn.Module]()
        if expansion > 1:
            layers["expand"] = conv_norm(in_channels, wide, 1, activation="relu6")
        layers["depthwise"] = conv_norm(wide, wide, 3, stride, groups=wide, activation="relu6")
        last = None if linear else "relu6"
        layers["project"] = conv_norm(wide, out_channels, 1, activation=last)
        self.branch = nn.Sequential(layers)
        self.adds = stride == 1 and in_channels == out_channels

    def forward(self, x: Tensor) -> Tensor:
        """Return the output of the block."""
        return x + self.branch(x) if self.adds else self.branch(x)


def divisible(maps: float, by: int = 8) -> int:
    """Return the nearest multiple, halves upward, of which at most a tenth is missing.

    >>> divisible(18), divisible(12), divisible(3.0)
    (24, 16, 8)
    """
    nearest = max(by, int(maps + by / 2) // by * by)
    return nearest if nearest >= 0.9 * maps else nearest + by


class MobileNetV2(nn.Module):
    """Score 1,000 classes with one convolution, 17 inverted residual blocks and a 1x1 convolution.

    224x224 -> conv1 32@112x112 -> 16@112 -> 24@56 -> 32@28 -> 64@14 -> 96@14 -> 160@7 -> 320@7 ->
    conv2 1280@7x7 -> average -> linear. 3,504,872 parameters, 300,774,272 multiply-adds.

    With fewer `halvings` the first strides are 1, for small images. Bottlenecks that are not
    `linear` end in an activation, with which the paper compares them. The activations work in
    place.

    Shape: input (N, in_channels, H, W) of any size, in the paper 224x224 and down to 96x96; output
    (N, num_classes), unnormalized log-probabilities.

    Raises:
        ValueError: a number is out of range, or the input is not a batch of images with
            `in_channels` channels.

    Source: sandler2018mobilenetv2, Table 2.

    Deviations: numbers of maps are multiples of eight for every `width`, and conv2 never has fewer
    than 1280 maps, as in the authors' release. Weights start as in he2015delving. `dropout` in
    front of the linear layer is the release's 0.2.
    """

    def __init__(
        self,
        num_classes: int = 1000,
        in_channels: int = 3,
        width: float = 1.0,
        dropout: float = 0.2,
        linear: bool = True,
        halvings: int = HALVINGS,
    ) -> None:
        super().__init__()
        check_counts(num_classes=num_classes, in_channels=in_channels)
        check_finite("width", width, positive=True)
        check_share("dropout", dropout)
        self.in_channels = in_channels
        first, *strides = last_halvings((2, *(stage[-1] for stage in STAGES)), halvings)
        maps = divisible(FIRST * width)
        self.conv1 = conv_norm(in_channels, maps, 3, first, activation="relu6")
        blocks = []
        for (expansion, wanted, count, _), stride in zip(STAGES, strides, strict=True):
            out = divisible(wanted * width)
            for n in range(count):
                step = stride if n == 0 else 1
                blocks.append(InvertedResidual(maps, out, step, expansion, linear))
                maps = out
        self.blocks = nn.Sequential(*blocks)
        last = divisible(LAST * max(1.0, width))
        self.conv2 = conv_norm(maps, last, 1, activation="relu6")
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(last, num_classes)
        he_normal_(self)

    def forward(self, x: Tensor) -> Tensor:
        """Return the class scores."""
        check_images(x, self.in_channels)
        # In this layout a network runs and trains faster on a CPU.
        x = self.conv1(x.contiguous(memory_format=torch.channels_last))
        x = self.conv2(self.blocks(x))
        return self.fc(self.dropout(self.avgpool(x).flatten(1)))


def mobilenet_v2(
    num_classes: int = 1000,
    in_channels: int = 3,
    width: float = 1.0,
    dropout: float = 0.2,
    linear: bool = True,
    halvings: int = HALVINGS,
) -> MobileNetV2:
    """MobileNetV2; `width` is the paper's multiplier."""
    return MobileNetV2(num_classes, in_channels, width, dropout, linear, halvings)
