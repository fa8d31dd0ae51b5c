"""LeNet-5 and the baselines of its paper.

Y. LeCun, L. Bottou, Y. Bengio, P. Haffner (1998), "Gradient-Based Learning Applied to Document
Recognition" [lecun1998gradient].

What was new: convolution, sub-sampling and classifier trained together at the size of a product
(it read checks in banks); a partial connection table that forces maps to differ; a distance to
fixed bitmap codes as output, so that rubbish is far from every class.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

from cnnhistory._util.checks import check_counts
from cnnhistory.nn.activation import ScaledTanh
from cnnhistory.nn.conv import PartialConv2d
from cnnhistory.nn.init import lecun_uniform_
from cnnhistory.nn.losses.distances import RBFDistanceLoss
from cnnhistory.nn.pool import Subsample2d
from cnnhistory.nn.rbf import EuclideanRBF, bitmap
from cnnhistory.nn.size import check_images
from cnnhistory.system import ModelCard

# Table I: which maps of S2 (0 to 5) each of the sixteen maps of C3 reads.
C3_READS = (
    # six maps read three neighbors, going round
    (0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (4, 5, 0), (5, 0, 1),
    # six read four neighbors
    (0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (3, 4, 5, 0), (4, 5, 0, 1), (5, 0, 1, 2),
    # three read two pairs, one reads all
    (0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5), (0, 1, 2, 3, 4, 5),
)  # fmt: skip

# Section II-B: trainable parameters and connections that the paper counts for each layer.
PAPER_COUNTS = {
    "c1": (156, 122_304),
    "s2": (12, 5_880),
    "c3": (1_516, 151_600),
    "s4": (32, 2_000),
    "c5": (48_120, 48_120),
    "f6": (10_164, 10_164),
    "output": (0, 840),  # fixed codes
}

_28X28 = ModelCard((1, 28, 28), data_args={"pad_to": 28})
MODELS = {
    "lenet5": ModelCard((1, 32, 32), data_args={"levels": "paper"}),
    "lenet5_modern": ModelCard((1, 32, 32)),
    "lenet5_caffe": _28X28,
    "linear_classifier": _28X28,
    "lenet300_100": _28X28,
}

# The output codes, 7 columns by 12 rows each, drawn by us in the manner of Figure 3.
DIGIT_BITMAPS = """
....... ....... ....... ....... ....... ....... ....... ....... ....... .......
..###.. ...##.. .#####. ####### ##..... ####### ..####. ####### .#####. .#####.
.#...#. ..###.. ##...## .....## ##..##. ##..... .##.... ##...## ##...## ##...##
##...## .####.. ##...## ....##. ##..##. ##..... ##..... .....## ##...## ##...##
##...## ...##.. .....## ...###. ##..##. ######. ##.###. ....##. .#####. ##...##
##...## ...##.. ....##. .....## ####### .....## ###..## ....##. ##...## ##..###
##...## ...##.. ..###.. .....## ....##. .....## ##...## ...##.. ##...## .###.##
##...## ...##.. .##.... .....## ....##. .....## ##...## ...##.. ##...## .....##
.#...#. ...##.. ##..... ##...## ....##. ##...## ##...## ..##... ##...## ....##.
..###.. .###### ####### .#####. ....##. .#####. .#####. ..##... .#####. .####..
....... ....... ....... ....... ....... ....... ....... ....... ....... .......
....... ....... ....... ....... ....... ....... ....... ....... ....... .......
"""


def digit_codes() -> Tensor:
    """Return the ten codes, shape (10, 84), +1 for ink and -1 for paper."""
    columns = zip(*(line.split() for line in DIGIT_BITMAPS.split("\n")[1:-1]), strict=True)
    return torch.stack([bitmap(" ".join(rows)) for rows in columns])


class LeNet5(nn.Module):
    """Score the ten digits by the distance of 84 features to a drawing of each digit.

    32x32 -> C1 6@28x28 -> S2 6@14x14 -> C3 16@10x10 -> S4 16@5x5 -> C5 120@1x1 -> F6 84 -> 10.
    C1, C3, C5 are 5x5 convolutions, S2 and S4 trainable sub-sampling; every layer up to F6 ends in
    the scaled tanh. 60,000 trainable parameters, 340,908 connections.

    Shape: input (N, 1, 32, 32), output (N, 10).

    Units: input background -0.1 and ink 1.175, which gives mean 0 and variance 1 or so; output
    scores = -(squared distances), so at most 0; the largest belongs to the chosen class.

    Raises:
        ValueError: the input is not a batch of one-channel 32x32 images.

    Source: lecun1998gradient, Section II-B, Figure 2, Table I, equation (7).

    Deviations: the bitmaps are our drawings; the paper shows its own only as a picture.
    """

    def __init__(self) -> None:
        super().__init__()
        links = torch.zeros(16, 6, dtype=torch.bool, device="cpu")
        for out, reads in enumerate(C3_READS):
            links[out, list(reads)] = True
        self.activation = ScaledTanh()
        self.c1 = nn.Conv2d(1, 6, 5)
        self.s2 = Subsample2d(6)
        self.c3 = PartialConv2d(links, 5)
        self.s4 = Subsample2d(16)
        self.c5 = nn.Conv2d(16, 120, 5)
        self.f6 = nn.Linear(120, 84)
        self.output = EuclideanRBF(digit_codes())
        self.criterion = RBFDistanceLoss()
        for layer in (self.c1, self.c5, self.f6):
            lecun_uniform_(layer)

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores of the ten digits."""
        check_images(x, 1, 32)
        x = self.activation(self.c1(x))  # (N, 6, 28, 28)
        x = self.activation(self.s2(x))  # (N, 6, 14, 14)
        x = self.activation(self.c3(x))  # (N, 16, 10, 10)
        x = self.activation(self.s4(x))  # (N, 16, 5, 5)
        x = self.activation(self.c5(x))  # (N, 120, 1, 1)
        x = self.activation(self.f6(x.flatten(1)))  # (N, 84)
        return -self.output(x)  # (N, 10)


class LeNet5Modern(nn.Module):
    """LeNet-5 as it is usually written today.

    The same sizes, but every C3 map reads every S2 map, ReLU replaces the scaled tanh, maximum
    pooling the sub-sampling, and a linear layer for softmax the distances: 61,706 parameters.

    Shape: input (N, in_channels, 32, 32), output (N, num_classes), unnormalized log-probabilities.

    Raises:
        ValueError: a number is below 1, or the input has another shape than the above.

    Source: lecun1998gradient for the sizes; the replacements are common practice.
    """

    def __init__(self, num_classes: int = 10, in_channels: int = 1, f6_units: int = 84) -> None:
        super().__init__()
        check_counts(num_classes=num_classes, in_channels=in_channels, f6_units=f6_units)
        self.in_channels = in_channels
        self.c1 = nn.Conv2d(in_channels, 6, 5)
        self.c3 = nn.Conv2d(6, 16, 5)
        self.c5 = nn.Conv2d(16, 120, 5)
        self.f6 = nn.Linear(120, f6_units)
        self.output = nn.Linear(f6_units, num_classes)
        self.pool = nn.MaxPool2d(2)

    def forward(self, x: Tensor) -> Tensor:
        """Return the class scores."""
        check_images(x, self.in_channels, 32)
        x = self.pool(self.c1(x).relu())  # (N, 6, 14, 14)
        x = self.pool(self.c3(x).relu())  # (N, 16, 5, 5)
        x = self.c5(x).relu()  # (N, 120, 1, 1)
        x = self.f6(x.flatten(1)).relu()  # (N, f6_units)
        return self.output(x)  # (N, num_classes)


class LeNet5Caffe(nn.Module):
    """LeNet-5 as the library Caffe shipped it, the network that pruning papers call LeNet-5.

    28x28 -> conv1 20@24x24 -> 12x12 -> conv2 50@8x8 -> 4x4 -> ip1 500 -> ip2 10. The convolutions
    are 5x5 and linear; maximum pooling is the only non-linearity before the ReLU of ip1. 431,080
    parameters, 400,500 of them in ip1.

    Shape: input (N, 1, 28, 28), output (N, num_classes), unnormalized log-probabilities.

    Raises:
        ValueError: the input has another shape than the above.

    Source: han2015learning, Section 4.1, for which network it is.
    """

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        check_counts(num_classes=num_classes)
        self.conv1 = nn.Conv2d(1, 20, 5)
        self.conv2 = nn.Conv2d(20, 50, 5)
        self.ip1 = nn.Linear(50 * 4 * 4, 500)
        self.ip2 = nn.Linear(500, num_classes)
        self.pool = nn.MaxPool2d(2)
        for layer in (self.conv1, self.conv2, self.ip1, self.ip2):
            # U[-sqrt(3/F), sqrt(3/F)], F = inputs of the unit; Caffe names it "xavier".
            nn.init.kaiming_uniform_(layer.weight, nonlinearity="linear")
            nn.init.zeros_(layer.get_parameter("bias"))

    def forward(self, x: Tensor) -> Tensor:
        """Return the class scores."""
        check_images(x, 1, 28)
        x = self.pool(self.conv1(x))  # (N, 20, 12, 12)
        x = self.pool(self.conv2(x))  # (N, 50, 4, 4)
        x = self.ip1(x.flatten(1)).relu()  # (N, 500)
        return self.ip2(x)  # (N, num_classes)


class Dense(nn.Sequential):
    """Dense layers over all pixels, with a tanh between two of them.

    `units` are those of each layer, the last of them the classes.

    Shape: input (N, 1, image_size, image_size), output (N, units[-1]), unnormalized
    log-probabilities.

    Raises:
        ValueError: a number is below 1, or the input has another shape than the above.

    Source: lecun1998gradient, Sections III-C.1 and III-C.5.
    """

    def __init__(self, image_size: int, units: tuple[int, ...]) -> None:
        check_counts(image_size=image_size, num_classes=units[-1])
        layers: list[nn.Module] = [nn.Flatten()]
        for inputs, outputs in pairwise((image_size**2, *units)):
            layers += [nn.Linear(inputs, outputs), nn.Tanh()]
        super().__init__(*layers[:-1])
        self.image_size = image_size

    def forward(self, x: Tensor) -> Tensor:
        """Return the class scores."""
        check_images(x, 1, self.image_size)
        return super().forward(x)


def lenet5() -> LeNet5:
    """LeNet-5 as in the paper."""
    return LeNet5()


def lenet5_modern(num_classes: int = 10, in_channels: int = 1, f6_units: int = 84) -> LeNet5Modern:
    """LeNet-5 as it is usually written today; `f6_units` is the width of F6."""
    return LeNet5Modern(num_classes, in_channels, f6_units)


def lenet5_caffe(num_classes: int = 10) -> LeNet5Caffe:
    """LeNet-5 as Caffe shipped it, with 431,080 parameters; Han et al. prune this one."""
    return LeNet5Caffe(num_classes)


def linear_classifier(num_classes: int = 10, image_size: int = 28) -> Dense:
    """One weighted sum of the pixels per class: the simplest baseline of Section III-C."""
    return Dense(image_size, (num_classes,))


def lenet300_100(num_classes: int = 10, image_size: int = 28) -> Dense:
    """Two hidden layers of 300 and 100 tanh units, no convolution (Section III-C; 266,610)."""
    return Dense(image_size, (300, 100, num_classes))
