"""Connections of layers that the operations they run do not show.

A rule takes the module and the number of units it has put out, and returns how many links come
in to those units, a bias being one link. It must not read the values of tensors: the module is
a copy on the meta device.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from torch import nn

from cnnhistory.nn.conv import PartialConv2d
from cnnhistory.nn.pool import Subsample2d
from cnnhistory.nn.rbf import EuclideanRBF

Rule = Callable[[Any, int], int]
AnyRule = TypeVar("AnyRule", bound=Rule)

_RULES: dict[type[nn.Module], Rule] = {}


def register(module_type: type[nn.Module]) -> Callable[[AnyRule], AnyRule]:
    """Decorate the rule that counts the connections of a type of layer and its subclasses."""

    def decorate(rule: AnyRule) -> AnyRule:
        _RULES[module_type] = rule
        return rule

    return decorate


def find(module: nn.Module) -> Rule | None:
    """Return the rule for a module, or None where its operations tell its connections."""
    for ancestor in type(module).__mro__:
        if ancestor in _RULES:
            return _RULES[ancestor]
    return None


@register(PartialConv2d)
def _partial_conv(module: PartialConv2d, units: int) -> int:
    pixels = units // module.out_channels
    return pixels * (module.weight.numel() + module.out_channels)


@register(Subsample2d)
def _subsample(module: Subsample2d, units: int) -> int:
    return units * (2 * 2 + 1)


@register(EuclideanRBF)
def _rbf(module: EuclideanRBF, units: int) -> int:
    return units * module.codes.shape[1]
