"""What layers compute that the operations they run do not show.

A rule takes the module and the number of units it has put out. One kind of rule returns how many
links come in to those units, a bias being one link; the other how many multiply-adds the network
needs for them, where the implementation computes more. A rule must not read the values of
tensors: the module is a copy on the meta device.
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
Rules = dict[type[nn.Module], Rule]

CONNECTIONS: Rules = {}
MULTIPLY_ADDS: Rules = {}


def register(
    module_type: type[nn.Module], rules: Rules = CONNECTIONS
) -> Callable[[AnyRule], AnyRule]:
    """Decorate the rule that counts for a type of layer and its subclasses."""

    def decorate(rule: AnyRule) -> AnyRule:
        rules[module_type] = rule
        return rule

    return decorate


def find(module: nn.Module, rules: Rules = CONNECTIONS) -> Rule | None:
    """Return the rule for a module, or None where its operations tell the number."""
    for ancestor in type(module).__mro__:
        if ancestor in rules:
            return rules[ancestor]
    return None


@register(PartialConv2d)
def _partial_links(module: PartialConv2d, units: int) -> int:
    pixels = units // module.out_channels
    return pixels * (module.weight.numel() + module.out_channels)


@register(PartialConv2d, MULTIPLY_ADDS)
def _partial_products(module: PartialConv2d, units: int) -> int:
    # It runs a dense convolution, whose kernels are zero where there is no link.
    return units // module.out_channels * module.weight.numel()


@register(Subsample2d)
def _subsample(module: Subsample2d, units: int) -> int:
    return units * (2 * 2 + 1)


@register(EuclideanRBF)
def _rbf(module: EuclideanRBF, units: int) -> int:
    return units * module.codes.shape[1]
