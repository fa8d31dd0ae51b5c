"""The zip-code network of 1990, in the layout later called LeNet-1.

Y. LeCun, B. Boser, J. Denker, D. Henderson, R. Howard, W. Hubbard, L. Jackel (1990), "Handwritten
Digit Recognition with a Back-Propagation Network" [lecun1990handwritten].

What was new: convolution and sub-sampling as separate, alternating layers. One bias for a whole
map and a reduced resolution leave 2,578 free parameters, a quarter of the year before.
"""

import torch
from torch import Tensor, nn

from cnnhistory.nn.activation import ScaledTanh
from cnnhistory.nn.conv import PartialConv2d
from cnnhistory.nn.init import lecun_uniform_
from cnnhistory.nn.losses.mse_loss import PlusMinusOneLoss
from cnnhistory.nn.pool import Subsample2d
from cnnhistory.nn.size import check_images
from cnnhistory.system import ModelCard

# Table 1: which maps of H2 (0 to 3) each of the twelve maps of H3 reads: 20 links. Two groups of
# six maps read two maps of H2 each, in the same pattern.
H3_READS = (
    (0,), (0, 1), (0, 1), (1,), (0, 1), (0, 1),
    (2,), (2, 3), (2, 3), (3,), (2, 3), (2, 3),
)  # fmt: skip


MODELS = {
    "lenet1990": ModelCard((1, 28, 28), data_args={"levels": "symmetric", "size": 16, "pad_to": 28})
}


class LeNet1990(nn.Module):
    """Score the ten digits with two pairs of convolution and sub-sampling and a dense layer.

    28x28 -> H1 4@24x24 -> H2 4@12x12 -> H3 12@8x8 -> H4 12@4x4 -> 10. H1 and H3 are 5x5
    convolutions, H2 and H4 trainable sub-sampling; every layer ends in the scaled tanh. 4,634
    units with those of the input (the paper counts 4,635, with the one that is always on and
    carries the biases), 98,442 connections, 2,578 parameters.

    Shape: input (N, 1, 28, 28), output (N, 10). The paper scales a digit to 16x16 and puts it in
    the middle of the field, so that no kernel that matters reaches the border.

    Units: input background -1 and ink up to 1; scores in (-1.7159, 1.7159), trained towards +1
    for the right digit and -1 for the others.

    Raises:
        ValueError: the input is not a batch of one-channel 28x28 images.

    Source: lecun1990handwritten, pages 399 to 402, Table 1.

    Deviations: none.
    """

    def __init__(self) -> None:
        super().__init__()
        links = torch.zeros(12, 4, dtype=torch.bool, device="cpu")
        for out, reads in enumerate(H3_READS):
            links[out, list(reads)] = True
        self.activation = ScaledTanh()
        self.h1 = nn.Conv2d(1, 4, 5)
        self.h2 = Subsample2d(4)
        self.h3 = PartialConv2d(links, 5)
        self.h4 = Subsample2d(12)
        self.output = nn.Linear(12 * 4 * 4, 10)
        self.criterion = PlusMinusOneLoss()
        for layer in (self.h1, self.output):
            lecun_uniform_(layer)

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores of the ten digits."""
        check_images(x, 1, 28)
        x = self.activation(self.h1(x))  # (N, 4, 24, 24)
        x = self.activation(self.h2(x))  # (N, 4, 12, 12)
        x = self.activation(self.h3(x))  # (N, 12, 8, 8)
        x = self.activation(self.h4(x))  # (N, 12, 4, 4)
        return self.activation(self.output(x.flatten(1)))  # (N, 10)


def lenet1990() -> LeNet1990:
    """The zip-code network of 1990 as in the paper."""
    return LeNet1990()
