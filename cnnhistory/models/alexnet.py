"""AlexNet.

A. Krizhevsky, I. Sutskever, G. Hinton (2012), "ImageNet Classification with Deep Convolutional
Neural Networks" [krizhevsky2012imagenet].

What was new: a convolutional network of 60 million parameters trained on 1.2 million photographs,
on two GPUs, each of which holds half of the maps. ReLU instead of tanh made that feasible, dropout
kept the dense layers from over-fitting; response normalization and overlapping pooling helped.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor, nn

from cnnhistory._util.checks import check_counts, check_share
from cnnhistory._util.lookup import check_one_of
from cnnhistory.nn.four_layers import ACTIVATIONS, FourLayers
from cnnhistory.nn.init import normal_
from cnnhistory.nn.norm import LocalResponseNorm
from cnnhistory.nn.size import check_images, last_side, scaled, window_count
from cnnhistory.system import PATCHES, ModelCard


class Convolution(NamedTuple):
    """One row of the table: `split` where each half of the maps reads its own half only."""

    maps: int
    kernel: int
    stride: int
    padding: int
    split: bool
    bias: float  # at the start of training
    normalized: bool
    pooled: bool


# Section 3.5 and Figure 2.
CONVOLUTIONS = (
    Convolution(96, 11, 4, 0, split=False, bias=0.0, normalized=True, pooled=True),
    Convolution(256, 5, 1, 2, split=True, bias=1.0, normalized=True, pooled=True),
    Convolution(384, 3, 1, 1, split=False, bias=0.0, normalized=False, pooled=False),
    Convolution(384, 3, 1, 1, split=True, bias=1.0, normalized=False, pooled=False),
    Convolution(256, 3, 1, 1, split=True, bias=1.0, normalized=False, pooled=True),
)
DENSE = 4096  # units of fc6 and fc7

# Units that the paper counts for each layer (Section 3.5). Its conv1 has 55x48 units a map; the
# 55x55 of its Figure 2 are 290,400, and 659,272 in all instead of about 650,000.
PAPER_UNITS = {
    "conv1": 253_440, "conv2": 186_624, "conv3": 64_896, "conv4": 64_896, "conv5": 43_264,
    "fc6": 4_096, "fc7": 4_096, "fc8": 1_000,
}  # fmt: skip

# The later form for one GPU (A. Krizhevsky, 2014) as torchvision has it: fewer maps, two pixels
# of padding around an image of 224x224.
ONE_TOWER_MAPS = (64, 192, 384, 256, 256)
ONE_TOWER_PADDING = 2

SMALL = {"image_size": 64, "padding": 2, "width": 1 / 8}
MODELS = {
    "alexnet": ModelCard(
        (3, 227, 227),
        SMALL,
        (3, 64, 64),
        PATCHES,
        {"side": 64, "levels": "bytes"},
        SMALL | {"num_classes": 16},
    ),
    "alexnet_cifar4": ModelCard((3, 32, 32), data=PATCHES, network_args={"num_classes": 16}),
}


@dataclass(frozen=True)
class AlexNetSettings:
    """The settings of an AlexNet; by default the paper's.

    `groups` is the number of GPUs among which conv2, conv4 and conv5 are divided. `width` scales
    the number of maps and of dense units. `dropout` is the share of units that are silenced.
    `padding` is the number of zeros around the image; default: none, in the one-tower form 2.

    Raises:
        ValueError: a setting is not among its values, or out of range.
    """

    num_classes: int = 1000
    in_channels: int = 3
    image_size: int = 227
    activation: str = "relu"
    lrn: bool = True
    overlapping_pooling: bool = True
    groups: int = 2
    dropout: float = 0.5
    width: float = 1.0
    one_tower: bool = False
    padding: int | None = None

    def __post_init__(self) -> None:
        check_counts(num_classes=self.num_classes, in_channels=self.in_channels)
        check_one_of("activation", self.activation, ACTIVATIONS)
        check_one_of("groups", self.groups, (1, 2))
        check_counts(0, padding=self.first_padding)
        check_share("dropout", self.dropout)

    @property
    def first_padding(self) -> int:
        """Zeros around the image."""
        if self.padding is not None:
            return self.padding
        return ONE_TOWER_PADDING if self.one_tower else 0

    @property
    def convolutions(self) -> list[Convolution]:
        """The rows of the table with these settings."""
        first, *others = CONVOLUTIONS
        rows = [first._replace(padding=self.first_padding), *others]
        wanted = ONE_TOWER_MAPS if self.one_tower else [row.maps for row in rows]
        # Even numbers, so that two groups share them evenly.
        return [
            row._replace(
                maps=scaled(maps, self.width, multiple=2),
                split=row.split and self.groups == 2,
                normalized=row.normalized and self.lrn,
            )
            for row, maps in zip(rows, wanted, strict=True)
        ]

    @property
    def pool(self) -> int:
        """Side of a pooling window; windows are two apart."""
        return 3 if self.overlapping_pooling else 2

    def pool5_side(self, image_size: int) -> int:
        """Return height and width of the last maps for an image size; 0 or less if none is left."""
        side = image_size
        for row in self.convolutions:
            side = window_count(side, row.kernel, row.stride, row.padding)
            side = window_count(side, self.pool, 2) if row.pooled else side
        return side


class AlexNet(nn.Module):
    """Score 1,000 classes with five convolutional and three dense layers.

    227x227 -> conv1 96@55x55 -> pool1 27x27 -> conv2 256@27x27 -> pool2 13x13 -> conv3 384 ->
    conv4 384 -> conv5 256@13x13 -> pool5 6x6 -> fc6 4096 -> fc7 4096 -> fc8. ReLU follows every
    layer but the last, response normalization the ReLU of conv1 and conv2. 60,965,224 parameters,
    724,406,816 multiply-adds.

    The ReLU layers work in place: what a hook on `conv1` keeps without copying is the output of
    `relu1`.

    Shape: input (N, in_channels, image_size, image_size), output (N, num_classes), unnormalized
    log-probabilities.

    Units: input pixels from 0 to 255 minus their mean (Section 2); from smaller values the
    initial weights leave almost nothing.

    Raises:
        ValueError: `image_size` leaves nothing after the last pooling, or the input has another
            shape than the above.

    Source: krizhevsky2012imagenet, Sections 3 and 5, Figure 2. The paper says 224x224, but its
    11x11 windows with stride 4 make maps of 55x55 only from 227x227.

    Deviations: where the paper multiplies the outputs by 0.5 after training with dropout, the
    outputs kept in training are doubled. Normalization runs over all maps, not over each GPU's.
    With another `width`, weights are drawn from N(0, 0.01^2 / width), and those of fc6 are scaled
    to the number of its inputs, so that signals keep their size.
    """

    def __init__(self, settings: AlexNetSettings | None = None) -> None:
        super().__init__()
        self.settings = s = settings or AlexNetSettings()
        side = last_side(s.image_size, s.pool5_side)
        features = OrderedDict[str, nn.Module]()
        maps = s.in_channels
        for n, row in enumerate(s.convolutions, start=1):
            features[f"conv{n}"] = nn.Conv2d(
                maps, row.maps, row.kernel, row.stride, row.padding, groups=2 if row.split else 1
            )
            features[f"{s.activation}{n}"] = self._activation()
            if row.normalized:
                features[f"norm{n}"] = LocalResponseNorm(size=5, alpha=1e-4, beta=0.75, k=2.0)
            if row.pooled:
                features[f"pool{n}"] = nn.MaxPool2d(s.pool, stride=2)
            maps = row.maps
        self.features = nn.Sequential(features)

        units = scaled(DENSE, s.width)
        classifier = OrderedDict[str, nn.Module]()
        for n, inputs in ((6, maps * side**2), (7, units)):
            # The paper silences outputs of fc6 and fc7; the one-tower form their inputs.
            if s.one_tower:
                classifier[f"drop{n}"] = nn.Dropout(s.dropout)
            classifier[f"fc{n}"] = nn.Linear(inputs, units)
            classifier[f"{s.activation}{n}"] = self._activation()
            if not s.one_tower:
                classifier[f"drop{n}"] = nn.Dropout(s.dropout)
        classifier["fc8"] = nn.Linear(units, s.num_classes)
        self.classifier = nn.Sequential(classifier)
        self._initialize(side)

    def _activation(self) -> nn.Module:
        return nn.ReLU(inplace=True) if self.settings.activation == "relu" else nn.Tanh()

    def _initialize(self, side: int) -> None:
        """Draw weights from N(0, 0.01^2); biases of 1 let some layers start with positive sums."""
        std = 0.01 / self.settings.width**0.5
        convolutions = [layer for layer in self.features if isinstance(layer, nn.Conv2d)]
        for n, (layer, row) in enumerate(zip(convolutions, CONVOLUTIONS, strict=True), start=1):
            normal_(layer, 0.01 if n == 1 else std, bias=row.bias)
        fc6, fc7, fc8 = (layer for layer in self.classifier if isinstance(layer, nn.Linear))
        normal_(fc6, std * 6 / side, bias=1.0)
        normal_(fc7, std, bias=1.0)
        normal_(fc8, std)

    def forward(self, x: Tensor) -> Tensor:
        """Return the class scores."""
        s = self.settings
        hint = "the paper's 224 gives 54x54 maps, not 55x55" if s.image_size == 227 else ""
        check_images(x, s.in_channels, s.image_size, hint=hint)
        x = self.features(x)  # (N, 256, 6, 6)
        return self.classifier(x.flatten(1))  # (N, num_classes)


def alexnet(
    num_classes: int = 1000,
    in_channels: int = 3,
    image_size: int | None = None,
    activation: str = "relu",
    lrn: bool | None = None,
    overlapping_pooling: bool = True,
    groups: int | None = None,
    dropout: float = 0.5,
    width: float = 1.0,
    one_tower: bool = False,
    padding: int | None = None,
) -> AlexNet:
    """AlexNet as in the paper: 227x227 images, two groups, response normalization.

    With `one_tower` the later form for one GPU, equal to torchvision's: 224x224 images, one group
    and no normalization unless they are asked for.
    """
    image_size = (224 if one_tower else 227) if image_size is None else image_size
    lrn = not one_tower if lrn is None else lrn
    groups = (1 if one_tower else 2) if groups is None else groups
    return AlexNet(AlexNetSettings(
        num_classes, in_channels, image_size, activation, lrn, overlapping_pooling, groups,
        dropout, width, one_tower, padding,
    ))  # fmt: skip


def alexnet_cifar4(
    num_classes: int = 10,
    in_channels: int = 3,
    image_size: int = 32,
    activation: str = "relu",
    std: float | None = None,
) -> FourLayers:
    """The four-layer network for CIFAR-10 of the paper's Figure 1."""
    return FourLayers(num_classes, in_channels, image_size, activation, std)
