"""One test for all parts of the toolbox: what they cannot take is named and refused."""

import math

import pytest
import torch
from torch import Tensor, nn

from cnnhistory.nn.activation import ELU, PReLU, ScaledTanh
from cnnhistory.nn.autograd import functions
from cnnhistory.nn.autograd.node import Node
from cnnhistory.nn.dense import as_convolutions
from cnnhistory.nn.init import gains, sparse_
from cnnhistory.nn.joined.scales import ImagePyramid, LayerMerge, StageHeads
from cnnhistory.nn.joined.ways import Added, Concatenated
from cnnhistory.nn.losses import contrastive_loss, hinge_loss, multitask_loss
from cnnhistory.nn.losses.cross_entropy import CrossEntropyLoss
from cnnhistory.nn.losses.divergence_loss import DivergenceLoss
from cnnhistory.nn.losses.gram_loss import GramLoss
from cnnhistory.nn.losses.label_smoothing import LabelSmoothingLoss
from cnnhistory.nn.losses.mse_loss import PlusMinusOneLoss, SquaredErrorLoss
from cnnhistory.nn.losses.positive_sharing_loss import PositiveSharingLoss
from cnnhistory.nn.losses.scale_invariant_loss import ScaleInvariantLoss
from cnnhistory.nn.norm import BatchNorm2d, LocalResponseNorm
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
from cnnhistory.nn.regularization.dropout import Dropout, all_masks
from cnnhistory.nn.regularization.l1_regularization import L1Penalty, soft_threshold
from cnnhistory.nn.residual import BasicBlock
from cnnhistory.nn.spatial.atrous import AtrousConv2d
from cnnhistory.nn.spatial.matrix import convolution_matrix, im2col_conv2d
from cnnhistory.nn.spatial.transposed import ResizeConv2d, TransposedConv2d
from cnnhistory.nn.spatial.unpool import MaxUnpool2d, pool_with_places
from cnnhistory.nn.unit import conv_norm
from cnnhistory.optim.adadelta import AdaDelta
from cnnhistory.optim.adagrad import AdaGrad
from cnnhistory.optim.adam import Adam
from cnnhistory.optim.momentum import Momentum
from cnnhistory.optim.nag import NAG
from cnnhistory.optim.rmsprop import RMSProp
from cnnhistory.optim.sgd import SGD

MAPS = torch.ones(1, 2, 6, 6)
WINDOWS = {
    "average": AvgPool2d, "maximum": MaxPool2d, "Lp": LPPool2d, "mixed": MixedPool2d,
    "stochastic": StochasticPool2d,
}  # fmt: skip


def pooled(*box: float) -> Tensor:
    """Pool one box of the first image, on maps of 6x6 of which a place is 16 pixels."""
    return RoIPool2d(2, 1 / 16)(MAPS, torch.tensor([box]))


def stepped(rule: type, gradient: float) -> None:
    """Make a step of a rule after a gradient of which one number is as given."""
    layer = nn.Linear(2, 1)
    optimizer = rule(layer.named_parameters())
    layer.weight.grad = torch.tensor([[1.0, gradient]])
    optimizer.step()


RULES = (SGD, Momentum, NAG, AdaGrad, RMSProp, AdaDelta, Adam)
# share of the past that a rule keeps, and the rules that have it
SHARES = {"momentum": (Momentum, NAG, RMSProp), "rho": (RMSProp, AdaDelta), "beta1": (Adam,),
          "beta2": (Adam,)}  # fmt: skip
NO_SCORES, NO_CLASSES = torch.zeros(0, 3), torch.zeros(0, dtype=torch.long)
LOSSES = {
    CrossEntropyLoss: "target: ", LabelSmoothingLoss: "scores: ", PlusMinusOneLoss: "scores: ",
    hinge_loss.MulticlassHingeLoss: "scores: ", hinge_loss.SquaredHingeLoss: "scores: ",
    PositiveSharingLoss: "scores: ",
}  # fmt: skip

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
    **{f"{rule.__name__} at the rate {rate}": (lambda rule=rule, rate=rate: rule([MAPS], lr=rate),
                                               "lr: expected a finite number, at least 0, got")
       for rule in RULES for rate in (-0.1, math.nan, math.inf, "fast")},
    **{f"{rule.__name__} with {name} of {share}": (
           lambda rule=rule, name=name, share=share: rule([MAPS], **{name: share}),
           f"{name}: expected a ")
       for name, rules in SHARES.items() for rule in rules for share in (-0.1, 1, math.nan)},
    **{f"{rule.__name__} after a gradient with NaN": (
           lambda rule=rule: stepped(rule, math.nan),
           r"gradient of parameter 0 in group 0 \(weight\): expected numbers, got nan")
       for rule in RULES},
    **{f"{kind.__name__} of no item": (lambda kind=kind: kind()(NO_SCORES, NO_CLASSES), message)
       for kind, message in LOSSES.items()},
    "squared errors of no number": (lambda: SquaredErrorLoss()(NO_SCORES, NO_SCORES), "targets: "),
    "hinge of no score": (lambda: hinge_loss.HingeLoss()(MAPS[:0], MAPS[:0]), "signs: "),
    "no pair": (lambda: contrastive_loss.all_pairs(NO_CLASSES), "labels: "),
    "distances of no pair": (lambda: contrastive_loss.ContrastiveLoss()(
        NO_SCORES, NO_SCORES, NO_CLASSES.bool()), "b: "),
    "no triplet": (lambda: contrastive_loss.TripletLoss()(*[NO_SCORES] * 3), "positive: "),
    "a class and a box of no region": (lambda: multitask_loss.FastRCNNLoss()(
        NO_SCORES, torch.zeros(0, 3, 4), NO_CLASSES, torch.zeros(0, 4)), "scores: "),
    "a sum of no task": (lambda: multitask_loss.UncertaintySum([]), "kinds: "),
    "the style of no image": (lambda: GramLoss([MAPS[:0]]), "maps: "),
    "depths of no picture": (lambda: ScaleInvariantLoss()(NO_SCORES, NO_SCORES), "valid: "),
    "a flow without cells": (lambda: DivergenceLoss()((torch.zeros(0, 4), torch.zeros(1, 3))),
                             "velocity: "),
    "a margin of 0": (lambda: hinge_loss.HingeLoss(0), "margin: "),
    "labels smoothed away": (lambda: LabelSmoothingLoss(1.0), "eps: "),
    "normalizing no image": (lambda: BatchNorm2d(2)(MAPS[:0]), "input: "),
    "normalizing one value": (lambda: BatchNorm2d(2)(MAPS[..., :1, :1]), "input: "),
    "averages that never change": (lambda: BatchNorm2d(2, momentum=1.0), "momentum: "),
    "an even number of neighbors": (lambda: LocalResponseNorm(size=4), "size: "),
    "dropout of everything": (lambda: Dropout(1.0), "rate: "),
    "the networks of no unit": (lambda: all_masks(0), "units: "),
    "L1 that rewards": (lambda: L1Penalty(-1.0), "strength: "),
    "a threshold of NaN": (lambda: soft_threshold(MAPS, math.nan), "amount: "),
    "a kernel larger than its map": (lambda: convolution_matrix(torch.ones(1, 1, 3, 3), (2, 2)),
                                     "size: "),
    "kernels for other maps": (lambda: im2col_conv2d(MAPS, torch.ones(1, 3, 3, 3)), "input: "),
    "an atrous rate of 0": (lambda: AtrousConv2d(2, 2, 3, 0), "rate: "),
    "a transposed stride of 0": (lambda: TransposedConv2d(2, 2, 3, 0), "stride: "),
    "enlarging other maps": (lambda: ResizeConv2d(3, 2)(MAPS), "input: "),
    "places of a map too small": (lambda: pool_with_places(MAPS[..., :1]), "input: "),
    "a place outside the map": (lambda: MaxUnpool2d()(MAPS, 144 + torch.zeros_like(MAPS).long()),
                                "places: "),
    "dense layers for other maps": (
        lambda: as_convolutions(nn.Sequential(nn.Linear(5, 2)), 2, 2), "classifier: "),
    "a sum of two shapes": (lambda: Added(nn.Conv2d(2, 3, 1))(MAPS), "layer: "),
    "maps of two sizes": (lambda: Concatenated(nn.MaxPool2d(2))(MAPS), "layer: "),
    "a shortcut of no kind": (lambda: BasicBlock(2, 2, 1, "D"), "shortcut: "),
    "a unit of no kind": (lambda: conv_norm(2, 2, activation="magic"), "activation: "),
    "one stage to merge": (lambda: LayerMerge(nn.Identity()), "stages: "),
    "a stage without a head": (lambda: StageHeads([nn.Identity()], []), "heads: "),
    "an image of no size": (lambda: ImagePyramid(nn.Identity(), (1, 0)), "scales: "),
    "a node of words": (lambda: Node("x"), "value: "),
    "the gradient of two numbers": (lambda: Node([1.0, 2.0]).backward(), "value: "),
    "a loss of no node": (lambda: functions.cross_entropy(Node(NO_SCORES.numpy()), []), "scores: "),
    "units that read nothing": (lambda: sparse_(nn.Linear(3, 3), 0), "inputs: "),
    "the gain of what is 0": (lambda: gains(lambda x: 0 * x), "activation: "),
    "the gain of what overflows": (lambda: gains(lambda x: x / 0), "activation: "),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_it_is_refused(case):
    do, message = BAD[case]
    with pytest.raises(ValueError, match=f"^{message}"):
        do()
