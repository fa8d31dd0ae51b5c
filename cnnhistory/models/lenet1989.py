"""The zip-code network of 1989, the first convolutional network trained by back-propagation.

Y. LeCun, B. Boser, J. Denker, D. Henderson, R. Howard, W. Hubbard, L. Jackel (1989),
"Backpropagation Applied to Handwritten Zip Code Recognition" [lecun1989backprop].

What was new: feature maps whose units share their kernels, trained end to end by
back-propagation on real data. Sub-sampling is the stride of the convolutions.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnhistory.nn.activation import ScaledTanh
from cnnhistory.nn.conv import PartialConv2d
from cnnhistory.nn.init import lecun_uniform_
from cnnhistory.nn.losses.mse_loss import PlusMinusOneLoss
from cnnhistory.nn.size import check_images
from cnnhistory.system import ModelCard

# Which 8 of the 12 maps of H1 each of the 12 maps of H2 reads. The paper says that its scheme
# "will not be described here". Ours: 8 neighbors, going round, so that no two maps of H2 read the
# same and every map of H1 is read equally often.
H2_READS = tuple(tuple(sorted((first + step) % 12 for step in range(8))) for first in range(12))

# Section 3.3: units, connections and free parameters that the paper counts for each layer.
PAPER_COUNTS = {
    "h1": (768, 19_968, 1_068),
    "h2": (192, 38_592, 2_592),
    "h3": (30, 5_790, 5_790),
    "output": (10, 310, 310),
}

BACKGROUND = -1.0  # state of the pixels and units that a kernel meets beyond the border
BORDER = (2, 1, 2, 1)  # left, right, top, bottom: 5x5 windows, two apart, halve 16 and then 8


_CARD = ModelCard((1, 16, 16), data_args={"levels": "symmetric", "size": 16, "pad_to": 16})
MODELS = {"lenet1989": _CARD, "lenet1989_dense": _CARD}


class LeNet1989(nn.Module):
    """Score the ten digits with two convolutions of stride 2 and two dense layers.

    16x16 -> H1 12@8x8 -> H2 12@4x4 -> H3 30 -> 10. H1 and H2 are 5x5 convolutions in which the
    kernels are shared but every unit has a bias of its own; each map of H2 reads 8 of the 12 maps
    of H1. Every layer, the output too, ends in the scaled tanh. 1,256 units with those of the
    input, 64,660 connections, 9,760 parameters.

    Shape: input (N, 1, 16, 16), output (N, 10).

    Units: input background -1 and ink up to 1; scores in (-1.7159, 1.7159), trained towards +1
    for the right digit and -1 for the others.

    Raises:
        ValueError: the input is not a batch of one-channel 16x16 images.

    With `unit_biases=False` a map has one bias, as in all later networks: 8,824 parameters.

    Source: lecun1989backprop, Sections 3.3 and 4, Figure 3.

    Deviations: which maps of H1 a map of H2 reads is our choice, since the paper does not say.
    """

    def __init__(self, unit_biases: bool = True) -> None:
        super().__init__()
        links = torch.zeros(12, 12, dtype=torch.bool, device="cpu")
        for out, reads in enumerate(H2_READS):
            links[out, list(reads)] = True
        self.activation = ScaledTanh()
        of_h1, of_h2 = ((8, 8), (4, 4)) if unit_biases else (None, None)
        self.h1 = PartialConv2d(links.new_ones(12, 1), 5, stride=2, bias_size=of_h1)
        self.h2 = PartialConv2d(links, 5, stride=2, bias_size=of_h2)
        self.h3 = nn.Linear(12 * 4 * 4, 30)
        self.output = nn.Linear(30, 10)
        self.criterion = PlusMinusOneLoss()
        for layer in (self.h3, self.output):
            lecun_uniform_(layer)

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores of the ten digits."""
        check_images(x, 1, 16)
        x = F.pad(x, BORDER, value=BACKGROUND)  # (N, 1, 19, 19)
        x = self.activation(self.h1(x))  # (N, 12, 8, 8)
        x = F.pad(x, BORDER, value=BACKGROUND)  # (N, 12, 11, 11)
        x = self.activation(self.h2(x))  # (N, 12, 4, 4)
        x = self.activation(self.h3(x.flatten(1)))  # (N, 30)
        return self.activation(self.output(x))  # (N, 10)


class Dense1989(nn.Module):
    """Score the ten digits with one hidden layer that reads all pixels: the paper's control.

    16x16 -> 40 -> 10, scaled tanh in both layers. 10,690 weights and biases, a few more than the
    convolutional network has, and as many connections: nothing is shared.

    Shape: input (N, 1, 16, 16), output (N, 10).

    Units: as `LeNet1989`.

    Raises:
        ValueError: the input is not a batch of one-channel 16x16 images.

    Source: lecun1989backprop, Section 5 (40 hidden units, 10,690 connections).
    """

    def __init__(self) -> None:
        super().__init__()
        self.activation = ScaledTanh()
        self.hidden = nn.Linear(16 * 16, 40)
        self.output = nn.Linear(40, 10)
        self.criterion = PlusMinusOneLoss()
        for layer in (self.hidden, self.output):
            lecun_uniform_(layer)

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores of the ten digits."""
        check_images(x, 1, 16)
        x = self.activation(self.hidden(x.flatten(1)))  # (N, 40)
        return self.activation(self.output(x))  # (N, 10)


def lenet1989(unit_biases: bool = True) -> LeNet1989:
    """The zip-code network as in the paper; without `unit_biases` a map has one bias."""
    return LeNet1989(unit_biases)


def lenet1989_dense() -> Dense1989:
    """The paper's control of about the same size: 40 hidden units, no convolution."""
    return Dense1989()
