"""BN-Inception, also called Inception-v2.

S. Ioffe, C. Szegedy (2015), "Batch Normalization: Accelerating Deep Network Training by Reducing
Internal Covariate Shift" [ioffe2015batch].

What was new: every activation is normalized over the batch, with a learned scale and shift behind.
GoogLeNet, refitted with it and with two 3x3 windows for each 5x5, trained with five to thirty times
the learning rate and reached its old accuracy in a fourteenth of the steps. `bn_mlp` is the small
network of Section 4.1, on which the paper looks at the inputs of a layer during training.
"""

from collections import OrderedDict
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from cnnhistory._util.checks import check_counts, check_finite, check_share
from cnnhistory._util.lookup import check_one_of, expected
from cnnhistory.nn.branches import Branches
from cnnhistory.nn.init import he_normal_, normal_
from cnnhistory.nn.norm import RandomShift
from cnnhistory.nn.size import check_images, scaled
from cnnhistory.nn.unit import ACTIVATIONS, conv_norm
from cnnhistory.system import PATCHES, ModelCard

# Figure 5 of the appendix: maps of 1x1; of 3x3 behind a reduction; of two 3x3 behind a reduction;
# kind of pooling and maps behind it. Modules without 1x1 have stride 2 and pass the maximum on.
MODULES = {
    "3a": (64, (64, 64), (64, 96), "avg", 32),
    "3b": (64, (64, 96), (64, 96), "avg", 64),
    "3c": (0, (128, 160), (64, 96), "max", 0),
    "4a": (224, (64, 96), (96, 128), "avg", 128),
    "4b": (192, (96, 128), (96, 128), "avg", 128),
    "4c": (160, (128, 160), (128, 160), "avg", 128),
    "4d": (96, (128, 192), (160, 192), "avg", 128),
    "4e": (0, (128, 192), (192, 256), "max", 0),
    "5a": (352, (192, 320), (160, 224), "avg", 128),
    "5b": (352, (192, 320), (192, 224), "max", 128),
}

MODELS = {
    "inception_v2": ModelCard(
        (3, 224, 224), {"width": 1 / 8}, (3, 64, 64), PATCHES, {"side": 64},
        {"num_classes": 16, "width": 1 / 4}, any_size=True,
    ),
    "bn_mlp": ModelCard((1, 28, 28), data_args={"pad_to": 28}),
}  # fmt: skip
HIDDEN = (100, 100, 100)  # units of the layers of `bn_mlp`


def _module(
    maps: int, row: tuple, width: float, conv: Callable[..., nn.Sequential]
) -> tuple[Branches, int]:
    """Return a module of the table and how many maps it makes."""
    one, three, twice, kind, pooled = row

    def w(number: int) -> int:
        return scaled(number, width)

    stride = 1 if one else 2
    branches: dict[str, nn.Module] = {}
    if one:
        branches["one"] = conv(maps, w(one), 1)
    branches["three"] = nn.Sequential(
        conv(maps, w(three[0]), 1), conv(w(three[0]), w(three[1]), 3, stride)
    )
    branches["three_twice"] = nn.Sequential(
        conv(maps, w(twice[0]), 1),
        conv(w(twice[0]), w(twice[1]), 3),
        conv(w(twice[1]), w(twice[1]), 3, stride),
    )
    pool = (nn.AvgPool2d if kind == "avg" else nn.MaxPool2d)(3, stride, padding=1)
    branches["pool"] = nn.Sequential(pool, conv(maps, w(pooled), 1)) if pooled else pool
    total = (w(one) if one else 0) + w(three[1]) + w(twice[1]) + (w(pooled) if pooled else maps)
    return Branches(**branches), total


class InceptionV2(nn.Module):
    """Score 1,000 classes with ten Inception modules, batch normalization behind every convolution.

    224x224 -> conv1 64@112 -> pool 56 -> conv2 192@56 -> pool 28 -> 3a 256, 3b 320, 3c 576@14 ->
    4a to 4d 576, 576, 608, 608 -> 4e 1056@7 -> 5a, 5b 1024@7 -> average -> linear.

    The ReLU layers work in place.

    Shape: input (N, in_channels, H, W) of any size, in the paper 224x224; output (N, num_classes),
    unnormalized log-probabilities.

    Raises:
        ValueError: a number is out of range, or the input is not a batch of images with
            `in_channels` channels.

    Source: ioffe2015batch, Section 4.2 and Figure 5.

    Deviations: conv1 is an ordinary convolution, where the authors' has a depthwise step of eight
    maps for each color; no auxiliary heads. Without `batch_norm` the convolutions have biases
    instead, to compare. Weights start as in he2015delving. `width` scales the numbers of maps.
    """

    def __init__(
        self,
        num_classes: int = 1000,
        in_channels: int = 3,
        batch_norm: bool = True,
        activation: str = "relu",
        dropout: float = 0.0,
        width: float = 1.0,
    ) -> None:
        super().__init__()
        check_counts(num_classes=num_classes, in_channels=in_channels)
        check_share("dropout", dropout)
        check_one_of("activation", activation, ("relu", "sigmoid"))
        conv = partial(conv_norm, batch_norm=batch_norm, activation=activation)
        self.in_channels = in_channels
        first, maps = scaled(64, width), scaled(192, width)
        self.stem = nn.Sequential(
            OrderedDict(
                conv1=conv(in_channels, first, 7, 2),
                pool1=nn.MaxPool2d(3, 2, padding=1),
                conv2_reduce=conv(first, first, 1),
                conv2=conv(first, maps, 3),
                pool2=nn.MaxPool2d(3, 2, padding=1),
            )
        )
        modules = OrderedDict[str, nn.Module]()
        for name, row in MODULES.items():
            modules[name], maps = _module(maps, row, width, conv)
        self.inception = nn.Sequential(modules)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(maps, num_classes)
        he_normal_(self)

    def forward(self, x: Tensor) -> Tensor:
        """Return the class scores."""
        check_images(x, self.in_channels)
        # In this layout a network runs and trains faster on a CPU.
        x = self.inception(self.stem(x.contiguous(memory_format=torch.channels_last)))
        return self.fc(self.dropout(self.avgpool(x).flatten(1)))


def inception_v2(
    num_classes: int = 1000,
    in_channels: int = 3,
    batch_norm: bool = True,
    activation: str = "relu",
    dropout: float = 0.0,
    width: float = 1.0,
) -> InceptionV2:
    """BN-Inception; without `batch_norm`, or with sigmoids, the paper's comparisons."""
    return InceptionV2(num_classes, in_channels, batch_norm, activation, dropout, width)


class NormalizedMLP(nn.Module):
    """Score digits with three dense hidden layers of 100 units, each normalized over the batch.

    Layer i is `hidden[i]`: `fc`, `bn`, the activation. With `noise` a layer `shift`, which moves
    the distribution of each unit at random in every step, stands in front of the activation:
    `RandomShift(noise, 1 + noise / 2)`, with 0.5 as in the later paper that tests why it works.

    Shape: input (N, in_channels, image_size, image_size), output (N, num_classes), unnormalized
    log-probabilities.

    Raises:
        ValueError: a number is out of range, an unknown activation, or the input has another shape
            than the above.

    Source: ioffe2015batch, Section 4.1; santurkar2018how, Section 2.1, for `noise`.

    Deviations: weights start from N(0, 0.1^2), of "small" ones the paper gives no size; with ReLU,
    which the paper's network does not have, as in he2015delving.
    """

    def __init__(
        self,
        batch_norm: bool = True,
        activation: str = "sigmoid",
        noise: float = 0.0,
        image_size: int = 28,
        in_channels: int = 1,
        num_classes: int = 10,
    ) -> None:
        super().__init__()
        check_counts(image_size=image_size, in_channels=in_channels, num_classes=num_classes)
        check_one_of("activation", activation, ("relu", "sigmoid"))
        check_finite("noise", noise)
        if noise < 0:
            raise expected("noise", "at least 0", noise)
        self.in_channels, self.image_size = in_channels, image_size
        self.hidden = nn.Sequential()
        units = in_channels * image_size**2
        for width in HIDDEN:
            layer = OrderedDict[str, nn.Module](fc=nn.Linear(units, width, bias=not batch_norm))
            if batch_norm:
                layer["bn"] = nn.BatchNorm1d(width)
            if noise:
                layer["shift"] = RandomShift(noise, 1 + noise / 2)
            layer[activation] = ACTIVATIONS[activation]()
            self.hidden.append(nn.Sequential(layer))
            units = width
        self.output = nn.Linear(units, num_classes)
        if activation == "relu":
            he_normal_(self)
            return
        for module in self.modules():
            if isinstance(module, nn.Linear):
                normal_(module, 0.1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the class scores."""
        check_images(x, self.in_channels, self.image_size)
        return self.output(self.hidden(x.flatten(1)))


def bn_mlp(
    batch_norm: bool = True,
    activation: str = "sigmoid",
    noise: float = 0.0,
    image_size: int = 28,
    in_channels: int = 1,
    num_classes: int = 10,
) -> NormalizedMLP:
    """The paper's network for MNIST; `noise` is a later paper's test of why it works."""
    return NormalizedMLP(batch_norm, activation, noise, image_size, in_channels, num_classes)
