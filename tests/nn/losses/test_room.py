"""What holds for every loss: bad settings and inputs that do not fit are refused by name."""

import importlib
import inspect
import pkgutil

import pytest
import torch
from torch import nn

from cnnhistory.nn import losses as room

NOT_FINITE = (float("nan"), float("inf"), "1", None)
NOT_POSITIVE = (*NOT_FINITE, 0, -1)
SHARES = (float("nan"), -0.1, 1.0, "0.5")
MAPS = torch.ones(2, 3, 3)

# loss -> good settings, and for each setting bad ones
BAD = {
    "contrastive_loss.ContrastiveLoss": ({}, {"margin": NOT_POSITIVE}),
    "contrastive_loss.TripletLoss": ({}, {"margin": NOT_POSITIVE}),
    "cross_entropy.CrossEntropyLoss": ({}, {}),
    "distances.MAPLoss": ({}, {"j": (0, -1, float("nan"))}),
    "distances.RBFDistanceLoss": ({}, {}),
    "divergence_loss.DivergenceLoss": (
        {"step": lambda velocity: velocity},
        {"at": ((), (-1,), (0.5,), (float("nan"),)), "step": ()},
    ),
    "gram_loss.GramLoss": (
        {"example": [MAPS]},
        {"example": ([],), "weights": ([], [1.0, 2.0], *([bad] for bad in NOT_FINITE))},
    ),
    "hinge_loss.HingeLoss": ({}, {"margin": NOT_POSITIVE}),
    "hinge_loss.MulticlassHingeLoss": (
        {}, {"margin": NOT_POSITIVE, "over": ("mean", None)}
    ),
    "hinge_loss.SquaredHingeLoss": ({}, {}),
    "label_smoothing.LabelSmoothingLoss": ({}, {"eps": SHARES}),
    "mse_loss.PlusMinusOneLoss": ({}, {}),
    "mse_loss.SquaredErrorLoss": ({}, {}),
    "multitask_loss.AuxiliaryLoss": ({}, {"weight": NOT_FINITE}),
    "multitask_loss.ClassAndNumberLoss": (
        {"total": nn.Identity()}, {"unit": NOT_POSITIVE}
    ),
    "multitask_loss.FastRCNNLoss": ({}, {"weight": NOT_FINITE}),
    "multitask_loss.UncertaintySum": ({"kinds": ["class"]}, {"kinds": ([], ["depth"], [None])}),
    "multitask_loss.WeightedSum": (
        {"weights": [1.0]}, {"weights": ([], *([1.0, bad] for bad in NOT_FINITE))}
    ),
    "positive_sharing_loss.PositiveSharingLoss": ({}, {"weight": (*NOT_FINITE, -1)}),
    "scale_invariant_loss.ScaleInvariantLoss": (
        {}, {"share": (float("nan"), -0.1, 1.1, "0.5", None)}
    ),
}  # fmt: skip

ONE, TWO = torch.zeros(1, 3), torch.zeros(2, 3)
INDEX = torch.zeros(1, dtype=torch.long)
BOXES = torch.zeros(2, 3, 4)
# what is refused -> the loss, its settings, and what it is called with
CALLS = {
    "targets": ("mse_loss.SquaredErrorLoss", {}, (
        (ONE, TWO), (ONE, ONE[0]), (ONE[:0], ONE[:0]))),
    "target": ("cross_entropy.CrossEntropyLoss", {}, (
        (TWO, INDEX), (ONE[0], INDEX), (ONE[:0], INDEX[:0]), (ONE, torch.zeros(1)))),
    "targets ": ("multitask_loss.ClassAndNumberLoss", {"total": nn.Identity()}, (
        (TWO, TWO), (ONE[:, :2], ONE[:, :2]), (ONE[0], ONE))),
    "signs": ("hinge_loss.HingeLoss", {}, (
        (ONE, ONE), (ONE, 2 * torch.ones(1, 3)), (ONE, torch.ones(3)), (ONE[:0], ONE[:0]))),
    "scores": ("hinge_loss.MulticlassHingeLoss", {}, (
        (ONE[0], INDEX), (ONE[:0], INDEX[:0]), (ONE[:, :1], INDEX))),
    "scores ": ("positive_sharing_loss.PositiveSharingLoss", {}, (
        (ONE[0], INDEX), (ONE[:0], INDEX[:0]), (ONE[:, :1], INDEX))),
    "b": ("contrastive_loss.ContrastiveLoss", {}, (
        (ONE, TWO, INDEX.bool()), (ONE[0], ONE[0], INDEX.bool()),
        (ONE[:0], ONE[:0], INDEX[:0].bool()))),
    "same": ("contrastive_loss.ContrastiveLoss", {}, (
        (TWO, TWO, INDEX.bool()), (ONE, ONE, INDEX))),
    "positive": ("contrastive_loss.TripletLoss", {}, ((ONE, TWO, ONE), (ONE[:0],) * 3)),
    "negative": ("contrastive_loss.TripletLoss", {}, ((ONE, ONE, TWO),)),
    "boxes": ("multitask_loss.FastRCNNLoss", {}, (
        (TWO, BOXES[..., :3], INDEX, BOXES[0]), (TWO, BOXES[:1], INDEX, BOXES[0]))),
    "offsets": ("multitask_loss.FastRCNNLoss", {}, ((TWO, BOXES, INDEX, BOXES[0]),)),
    "losses": ("multitask_loss.WeightedSum", {"weights": [1.0]}, (([],), ([1.0, 2.0],))),
    "losses ": ("multitask_loss.UncertaintySum", {"kinds": ["class"]}, (([],), ([1.0, 2.0],))),
    "log_target": ("scale_invariant_loss.ScaleInvariantLoss", {}, (
        (ONE, TWO), (ONE[0], ONE[0]))),
    "valid": ("scale_invariant_loss.ScaleInvariantLoss", {}, (
        (ONE, ONE, ONE), (ONE, ONE, TWO.bool()), (TWO, TWO, torch.eye(2, 3) * 0 > 0),
        (ONE[:0], ONE[:0]))),
}  # fmt: skip


def loss_of(name):
    module, kind = name.split(".")
    return getattr(importlib.import_module(f"{room.__name__}.{module}"), kind)


def test_every_loss_is_listed():
    found = set()
    for info in pkgutil.iter_modules(room.__path__):
        module = importlib.import_module(f"{room.__name__}.{info.name}")
        for name, value in vars(module).items():
            own = inspect.isclass(value) and value.__module__ == module.__name__
            if own and issubclass(value, nn.Module) and not name.startswith("_"):
                found.add(f"{info.name}.{name}")
    assert found == BAD.keys()


@pytest.mark.parametrize("name", BAD)
def test_bad_settings_are_refused_by_name(name):
    kind, (good, bad) = loss_of(name), BAD[name]
    repr(kind(**good))
    for setting, values in bad.items():
        for value in values:
            with pytest.raises(ValueError, match=f"^{setting}: expected "):
                kind(**good | {setting: value})


@pytest.mark.parametrize("name", CALLS)
def test_what_does_not_fit_is_refused_by_name(name):
    loss, settings, calls = CALLS[name]
    for call in calls:
        with pytest.raises(ValueError, match=f"^{name.strip()}: expected "):
            loss_of(loss)(**settings)(*call)
