"""Small experiments on digits that decide statements, and that chapters show.

Each is made once in a process, however often it is asked for.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from torch import nn

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
    from cnnhistory.data.digits import DigitsDataModule
    from cnnhistory.tasks.classification import fit_classifier

    digits = DigitsDataModule(scale="small", pad_to=28, train_size=500, batch_size=25)
    optimizer, schedule = tuned_rules(problem)[rule]
    found = []
    for seed in range(SEEDS):
        run = fit_classifier(
            MODELS[problem], digits, epochs=10, seed=seed, optimizer=optimizer, schedule=schedule,
            validate=False,
        )  # fmt: skip
        found.append(_seen(run.network, digits))
    return found


@cache
def labels_on_digits(rate: float, eps: float) -> list[Seen]:
    """Train a dense network on 200 digits, with smoothed labels or (0) hard ones, from five seeds.

    30 epochs; the higher the rate, the more is learned by heart.
    """
    from cnnhistory.data.digits import DigitsDataModule
    from cnnhistory.nn.losses.label_smoothing import LabelSmoothingLoss
    from cnnhistory.tasks.classification import fit_classifier
    from cnnhistory.training.recipes import SGD

    digits = DigitsDataModule(scale="small", pad_to=28, train_size=200, batch_size=50)
    found = []
    for seed in range(SEEDS):
        run = fit_classifier(
            MODELS[NOT_CONVEX], digits, epochs=30, seed=seed, loss=LabelSmoothingLoss(eps),
            optimizer=SGD(rate), validate=False,
        )  # fmt: skip
        found.append(_seen(run.network, digits))
    return found


def _seen(network: nn.Module, digits: DigitsDataModule) -> Seen:
    from cnnhistory.metrics.calibration import calibration
    from cnnhistory.tasks.classification import evaluate

    parts = (evaluate(network, part) for part in (digits.train_set, digits.test_set))
    return Seen(*(calibration(found.scores, found.targets) for found in parts))
