"""One test for all pooling layers and activations: what they cannot take is named and refused."""

import math

import pytest
import torch
from torch import Tensor

from cnnhistory.nn.activation import ELU, PReLU, ScaledTanh
from cnnhistory.nn.init import gains
from cnnhistory.nn.pool import (
    AvgPool2d,
    LPPool2d,
    MaxPool2d,
    MixedPool2d,
    StochasticPool2d,
    Subsample2d,
)
from cnnhistory.nn.regions.atrous import ASPP
from cnnhistory.nn.regions.pyramid import SpatialPyramidPool2d
from cnnhistory.nn.regions.roi import RoIPool2d

MAPS = torch.ones(1, 2, 6, 6)
WINDOWS = {
    "average": AvgPool2d, "maximum": MaxPool2d, "Lp": LPPool2d, "mixed": MixedPool2d,
    "stochastic": StochasticPool2d,
}  # fmt: skip


def pooled(*box: float) -> Tensor:
    """Pool one box of the first image, on maps of 6x6 of which a place is 16 pixels."""
    return RoIPool2d(2, 1 / 16)(MAPS, torch.tensor([box]))


# what is done -> how the message begins
BAD = {
    **{f"p of {p} in Lp pooling": (lambda p=p: LPPool2d(2, p=p), "p: expected a positive number")
       for p in (0, -1, math.inf, math.nan)},
    **{f"{name} of {what}": (lambda kind=kind, shape=shape: kind(2)(torch.ones(shape)), "input: ")
       for name, kind in WINDOWS.items()
       for what, shape in {
           "no image": (0, 2, 6, 6), "no map": (1, 0, 6, 6), "one row": (1, 2, 1, 6),
           "no batch": (2, 6, 6),
       }.items()},
    **{f"{name} with {value!r}": (lambda kind=kind, value=value: kind(2, value), "stride: ")
       for name, kind in WINDOWS.items() for value in (0, 1.5, "2")},
    "a draw from a negative value": (lambda: StochasticPool2d(2)(-MAPS), "input: "),
    "a draw from NaN": (lambda: StochasticPool2d(2)(math.nan * MAPS), "input: "),
    "sub-sampling of odd maps": (lambda: Subsample2d(2)(MAPS[..., :5]), "input: "),
    "a pyramid without levels": (lambda: SpatialPyramidPool2d(()), "levels: "),
    "a pyramid of no cell": (lambda: SpatialPyramidPool2d((2, 0)), "levels: "),
    "a pyramid of no image": (lambda: SpatialPyramidPool2d()(MAPS[:0]), "input: "),
    "a pyramid of no row": (lambda: SpatialPyramidPool2d()(MAPS[:, :, :0]), "input: "),
    "a box of the second of one image": (lambda: pooled(1, 0, 0, 9, 9), "boxes: expected an image"),
    "a box that ends before it begins": (lambda: pooled(0, 50, 0, 40, 9), "boxes: expected x1 <="),
    "a box without height": (lambda: pooled(0, 0, 50, 9, 49), "boxes: expected x1 <="),
    "a box right of the image": (lambda: pooled(0, 200, 0, 300, 9), "boxes: expected boxes on"),
    "a box above the image": (lambda: pooled(0, 0, -40, 9, -20), "boxes: expected boxes on"),
    "a box with NaN": (lambda: pooled(0, 0, math.nan, 9, 9), "boxes: expected x1 <="),
    "a box without end": (lambda: pooled(0, 0, 0, math.inf, 9), "boxes: expected finite"),
    "boxes without an image": (lambda: RoIPool2d(2)(MAPS, torch.ones(3, 4)), "boxes: "),
    "boxes of no cell": (lambda: RoIPool2d(0), "size: "),
    "boxes of no scale": (lambda: RoIPool2d(2, 0), "scale: "),
    "atrous branches without rates": (lambda: ASPP(2, 3, rates=()), "rates: "),
    "an atrous branch of the rate 0": (lambda: ASPP(2, 3, rates=(1, 0)), "rates: "),
    "PReLU of other channels": (lambda: PReLU(3)(MAPS), r"input: expected \(N, 3, ...\)"),
    "PReLU of no channel": (lambda: PReLU(0), "channels: "),
    "PReLU from NaN": (lambda: PReLU(start=math.nan), "start: "),
    "ELU down to infinity": (lambda: ELU(math.inf), "alpha: "),
    "ELU that is a ReLU": (lambda: ELU(0), "alpha: "),
    "a tanh of no height": (lambda: ScaledTanh(amplitude=0), "amplitude: "),
    "the gain of what is 0": (lambda: gains(lambda x: 0 * x), "activation: "),
    "the gain of what overflows": (lambda: gains(lambda x: x / 0), "activation: "),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_it_is_refused(case):
    do, message = BAD[case]
    with pytest.raises(ValueError, match=f"^{message}"):
        do()
