"""Small experiments on digits that decide statements, and that chapters show.

Each is made once in a process, however often it is asked for.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor, nn

    from cnnhistory.data.digits import DigitsDataModule
    from cnnhistory.metrics.calibration import Calibration
    from cnnhistory.training.recipes import OptimizerRecipe, ScheduleRecipe

SEEDS = 5
CONVEX, NOT_CONVEX = "softmax regression", "dense network"
MODELS = {CONVEX: "linear_classifier", NOT_CONVEX: "lenet300_100"}
RATES = (0.03, 0.3)  # of what is trained with smoothed or hard labels


class Seen(NamedTuple):
    """What a trained network says about the digits that it learned from, and about others."""

    train: Calibration
    test: Calibration


def tuned_rules(problem: str) -> dict[str, tuple[OptimizerRecipe, ScheduleRecipe]]:
    """Return the update rules with the rate and the schedule that suit them best.

    Chosen by the mean cross-entropy of 500 validation digits over two other seeds, out of four
    rates about a factor of three apart, each constant and in one cycle.
    """
    from cnnhistory.training.recipes import SGD, AdaGrad, Constant, OneCycle, RMSProp

    if problem == CONVEX:
        return {
            "SGD with momentum": (SGD(0.03), Constant()),
            "AdaGrad": (AdaGrad(0.1), OneCycle()),
            "RMSProp": (RMSProp(0.01), OneCycle()),
        }
    return {
        "SGD with momentum": (SGD(0.03), OneCycle()),
        "AdaGrad": (AdaGrad(0.03), Constant()),
        "RMSProp": (RMSProp(0.003), OneCycle()),
    }


@cache
def rule_on_digits(problem: str, rule: str) -> list[Seen]:
    """Train on 500 digits for 10 epochs with one of the rules, from each of five seeds.

    The problem is softmax regression, whose loss is convex, or a dense network of three layers,
    whose loss is not.
    """
    import torch

    from cnnhistory.data.digits import DigitsDataModule
    from cnnhistory.registry import create_model
    from cnnhistory.training.steps import train_steps

    digits = DigitsDataModule(scale="small", pad_to=28, train_size=500)
    few = digits.train_set
    optimizer, schedule = tuned_rules(problem)[rule]
    found = []
    for seed in range(SEEDS):
        torch.manual_seed(seed)
        net = create_model(MODELS[problem])
        train_steps(
            net, few.images, few.labels, optimizer, 200, batch_size=25, seed=seed, schedule=schedule
        )
        found.append(_seen(net, digits))
    return found


@cache
def labels_on_digits(rate: float, eps: float) -> list[Seen]:
    """Train a dense network on 200 digits, with smoothed labels or (0) hard ones, from five seeds.

    30 epochs; the higher the rate, the more is learned by heart.
    """
    import torch

    from cnnhistory.data.digits import DigitsDataModule
    from cnnhistory.nn.losses.label_smoothing import LabelSmoothingLoss
    from cnnhistory.registry import create_model
    from cnnhistory.training.recipes import SGD, OneCycle
    from cnnhistory.training.steps import train_steps

    digits = DigitsDataModule(scale="small", pad_to=28, train_size=200)
    few = digits.train_set
    found = []
    for seed in range(SEEDS):
        torch.manual_seed(seed)
        net = create_model(MODELS[NOT_CONVEX])
        train_steps(
            net, few.images, few.labels, SGD(rate), 120, batch_size=50, seed=seed,
            loss=LabelSmoothingLoss(eps), schedule=OneCycle(),
        )  # fmt: skip
        found.append(_seen(net, digits))
    return found


@cache
def dropout_on_digits(rate: float) -> list[tuple[float, float]]:
    """Train two hidden layers of 100 units on 200 digits, from three seeds, with dropout or 0.

    Returns the cross-entropies of the training and of 1,000 test digits. 400 steps of Adam at a
    rate of 0.001, which is the best of 0.001, 0.003 and 0.01 for both by 500 validation digits.
    """
    import torch
    from torch import nn
    from torch.nn import functional as F

    from cnnhistory.nn.regularization.dropout import Dropout
    from cnnhistory.training.recipes import Adam
    from cnnhistory.training.steps import train_steps

    (few, labels), (others, answers) = _halved(200)
    found = []
    for seed in range(3):
        torch.manual_seed(seed)
        net = nn.Sequential(
            nn.Linear(196, 100), nn.ReLU(), Dropout(rate),
            nn.Linear(100, 100), nn.ReLU(), Dropout(rate), nn.Linear(100, 10),
        )  # fmt: skip
        train_steps(net, few, labels, Adam(0.001), 400, batch_size=50, seed=seed)
        with torch.no_grad():
            losses = [F.cross_entropy(net(x), y) for x, y in ((few, labels), (others, answers))]
        found.append((float(losses[0]), float(losses[1])))
    return found


class Zeros(NamedTuple):
    """The shares of the weights of a hidden layer, and of its outputs, that are exactly zero."""

    weights: float
    outputs: float


@cache
def zeros_on_digits(activation: str, strength: float) -> Zeros:
    """Train a hidden layer of 100 units on 1,000 digits under L1 of some strength, or 0.

    600 steps of gradient descent at a rate of 0.1, each followed by soft thresholding.
    """
    import torch
    from torch import nn

    from cnnhistory.nn.regularization.l1_regularization import shrink_
    from cnnhistory.training.recipes import SGD
    from cnnhistory.training.steps import train_steps

    (few, labels), (others, _) = _halved(1000)
    torch.manual_seed(0)
    hidden, unit = nn.Linear(196, 100), {"relu": nn.ReLU, "tanh": nn.Tanh}[activation]()
    last = nn.Linear(100, 10)
    net = nn.Sequential(hidden, unit, last)
    train_steps(
        net, few, labels, SGD(0.1, momentum=0.0), 600, batch_size=50,
        after_step=lambda *_: shrink_([hidden.weight, last.weight], 0.1 * strength),
    )  # fmt: skip
    with torch.no_grad():
        zero = [(values == 0).float().mean() for values in (hidden.weight, unit(hidden(others)))]
    return Zeros(float(zero[0]), float(zero[1]))


def _halved(count: int) -> list[tuple[Tensor, Tensor]]:
    """Return as many training digits and the test digits, each of 14x14 pixels in one row."""
    from torch.nn import functional as F

    from cnnhistory.data.digits import DigitsDataModule

    digits = DigitsDataModule(scale="small", pad_to=28, train_size=count)
    parts = digits.train_set, digits.test_set
    return [(F.avg_pool2d(part.images, 2).flatten(1), part.labels) for part in parts]


def _seen(network: nn.Module, digits: DigitsDataModule) -> Seen:
    from cnnhistory.metrics.calibration import calibration
    from cnnhistory.tasks.classification import evaluate

    parts = (evaluate(network, part) for part in (digits.train_set, digits.test_set))
    return Seen(*(calibration(found.scores, found.targets) for found in parts))
