"""Networks by name: models of the registry, and classes that it does not list."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from torch import nn

from cnnhistory.registry import create_model


def build_network(network: str, network_args: Mapping[str, Any]) -> nn.Module:
    """Build a model of the registry by its name, or a network that is none by its class path.

    Raises:
        UnknownIdError: no such model; a KeyError whose message suggests the nearest names.
        ImportError, AttributeError: there is no such class.

    >>> build_network("torch.nn.Linear", {"in_features": 2, "out_features": 3})
    Linear(in_features=2, out_features=3, bias=True)
    """
    module, dot, name = network.rpartition(".")
    if not dot:
        return create_model(network, **network_args)
    return getattr(importlib.import_module(module), name)(**network_args)
