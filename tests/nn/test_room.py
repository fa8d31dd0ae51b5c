"""What holds for every layer of the room: bad settings are refused, in the common form."""

import importlib
import inspect
import pkgutil

import pytest
import torch
from torch import nn

from cnnhistory import nn as room
from cnnhistory.nn.cell import Genotype

LINKS = torch.ones(2, 3, dtype=torch.bool)
COUNTS = (0, -1, 1.5, "3", None, float("nan"))
COUNTS_OR_NONE = (0, -1, 1.5, "3", float("nan"))  # None stands for the kernel's size
POOL = {"kernel_size": 2, "stride": 2}
REALS = (float("nan"), float("inf"), "1")
BLOCK = {"in_channels": 2, "width": 2, "stride": 1, "option": "A"}
CONV = {"in_channels": 2, "out_channels": 2, "kernel_size": 3, "stride": 1}

CELL = {"in_channels": 4, "maps": 4, "kernel": 3, "stride": 1}
GENOTYPE = Genotype(((("sep3", 1), ("none", 0)),), (0, 2))
STATES = {"genotype": GENOTYPE, "previous_channels": 4, "channels": 4, "maps": 4}
FOUR = {"num_classes": 10, "in_channels": 3, "image_size": 32, "activation": "relu"}
SHARES = (float("nan"), -0.1, 1.0, "0.5")

# layer -> good settings, and for each setting bad ones
BAD = {
    "activation.ELU": ({}, {"alpha": (*REALS, 0, -1)}),
    "activation.PReLU": ({}, {"channels": COUNTS, "start": REALS}),
    "activation.ReLU": ({}, {}),
    "activation.ScaledTanh": ({}, {"amplitude": (*REALS, 0), "slope": (*REALS, -1)}),
    "activation.Sigmoid": ({}, {}),
    "binary.Sign": ({}, {}),
    "binary.BinaryConv2d": (
        CONV,
        dict.fromkeys(CONV, COUNTS)
        | {"padding": COUNTS[1:], "gradient": ("none", None), "bound": (*REALS, 0, -1)},
    ),
    "binary.BinaryLinear": (
        {"in_features": 2, "out_features": 2},
        {
            "in_features": COUNTS, "out_features": COUNTS, "gradient": ("none",),
            "bound": (*REALS, 0),
        },
    ),
    "binary.ScaledSignConv2d": (
        CONV, dict.fromkeys(CONV, COUNTS) | {"padding": COUNTS[1:], "gradient": ("none",)}
    ),
    "cell.Cell": (STATES, dict.fromkeys(("previous_channels", "channels", "maps"), COUNTS)),
    "cell.DropPath": ({}, {"rate": SHARES}),
    "cell.FactorizedReduction": (
        {"in_channels": 4, "maps": 4}, {"in_channels": COUNTS, "maps": (*COUNTS, 1)}
    ),
    "cell.SeparableTwice": (CELL, dict.fromkeys(CELL, COUNTS)),
    "conv.PartialConv2d": (
        {"links": LINKS, "kernel_size": 3},
        {"kernel_size": COUNTS, "stride": COUNTS, "links": (LINKS.float(), LINKS[0], ~LINKS)},
    ),
    "dense_block.DenseBlock": (
        {"in_channels": 4, "layers": 2, "growth": 2},
        {"in_channels": COUNTS, "layers": COUNTS, "growth": COUNTS, "dropout": SHARES},
    ),
    "dense_block.DenseLayer": (
        {"in_channels": 4, "growth": 2},
        {"in_channels": COUNTS, "growth": COUNTS, "dropout": SHARES},
    ),
    "four_layers.FourLayers": (
        FOUR,
        {
            "num_classes": COUNTS, "in_channels": COUNTS, "image_size": (*COUNTS, 14),
            "activation": ("gelu", None), "std": (*REALS, 0),
        },
    ),
    "norm.BatchNorm2d": (
        {"channels": 3}, {"channels": COUNTS, "eps": (*REALS, 0), "momentum": SHARES}
    ),
    "norm.LocalResponseNorm": (
        {}, {"size": (*COUNTS, 2), "alpha": REALS, "beta": REALS, "k": REALS}
    ),
    "norm.RandomShift": (
        {}, {"mean": (*REALS, -1), "std": (*REALS, 0.9), "spread": (*REALS, -1)}
    ),
    "pool.WindowPool2d": (POOL, dict.fromkeys(("kernel_size", "stride"), COUNTS_OR_NONE)),
    "pool.LPPool2d": (
        POOL,
        dict.fromkeys(("kernel_size", "stride"), COUNTS_OR_NONE) | {"p": (*REALS, 0, -1)},
    ),
    "pool.AvgPool2d": (POOL, dict.fromkeys(("kernel_size", "stride"), COUNTS_OR_NONE)),
    "pool.MaxPool2d": (POOL, dict.fromkeys(("kernel_size", "stride"), COUNTS_OR_NONE)),
    "pool.MixedPool2d": (POOL, dict.fromkeys(("kernel_size", "stride"), COUNTS_OR_NONE)),
    "pool.StochasticPool2d": (POOL, dict.fromkeys(("kernel_size", "stride"), COUNTS_OR_NONE)),
    "pool.Subsample2d": ({"channels": 2}, {"channels": COUNTS}),
    "rbf.EuclideanRBF": ({"codes": torch.ones(2, 3)}, {"codes": (torch.ones(3),)}),
    "same.SamePool2d": (
        {"kind": "max"}, {"kind": ("sum", None), "kernel": COUNTS, "stride": COUNTS}
    ),
    "residual.PadShortcut": (
        {"in_channels": 2, "out_channels": 4, "stride": 2},
        {"in_channels": COUNTS, "out_channels": (*COUNTS, 1), "stride": COUNTS},
    ),
    "residual.BasicBlock": (
        BLOCK, {"in_channels": COUNTS, "width": COUNTS, "stride": COUNTS, "option": ("D",)}
    ),
    "residual.Bottleneck": (
        BLOCK, {"in_channels": COUNTS, "width": COUNTS, "stride": COUNTS, "option": ("D",)}
    ),
}  # fmt: skip
BUILT_FROM_A_NETWORK = {
    "inference.InferenceNetwork",
    "branches.Branches",
    "branches.ResidualInception",
}


def layer_of(name):
    module, kind = name.split(".")
    return getattr(importlib.import_module(f"{room.__name__}.{module}"), kind)


def test_every_layer_is_listed():
    found = set()
    for info in pkgutil.iter_modules(room.__path__):
        module = importlib.import_module(f"{room.__name__}.{info.name}")
        for name, value in vars(module).items():
            own = inspect.isclass(value) and value.__module__ == module.__name__
            if own and issubclass(value, nn.Module) and not name.startswith("_"):
                found.add(f"{info.name}.{name}")
    assert found == BAD.keys() | BUILT_FROM_A_NETWORK


@pytest.mark.parametrize("name", BAD)
def test_bad_settings_are_refused_by_name(name):
    kind, (good, bad) = layer_of(name), BAD[name]
    kind(**good)
    for setting, values in bad.items():
        said = "shortcut" if setting == "option" else setting
        for value in values:
            with pytest.raises(ValueError, match=f"^{said}: expected "):
                kind(**good | {setting: value})
