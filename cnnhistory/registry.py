"""The survey's systems and the models that the package can build.

A system is an entry of the survey; a model is a network that can be built. A system lists its
models by name, so looking things up loads no deep-learning library; building a model does.
"""

from __future__ import annotations

import functools
import importlib
import inspect
from fnmatch import fnmatchcase
from types import ModuleType
from typing import TYPE_CHECKING, Any

from cnnhistory._util.lookup import check_one_of, unknown_id
from cnnhistory.system import ERAS, STATUSES, System

if TYPE_CHECKING:
    from torch import nn

    from cnnhistory.system import ModelCard


@functools.cache
def _systems() -> dict[str, System]:
    """Load the records of all systems, in the survey's order."""
    from cnnhistory.survey import PART_OF, entry  # the records need `System`: not at import

    return {id: entry(id)[0] for id in PART_OF}


def system(id: str) -> System:
    """Return the record of a system.

    >>> system("lenet5").paper
    'lecun1998gradient'

    Raises:
        UnknownIdError: there is none; a KeyError whose message suggests the nearest ids.
    """
    from cnnhistory.survey import PART_OF, entry

    if id not in PART_OF:
        raise unknown_id("system", id, PART_OF, "cnnhistory.list_systems()")
    return entry(id)[0]


def list_systems(
    glob: str = "*", *, status: str | None = None, era: str | None = None
) -> list[str]:
    """Return the ids of the systems that match, part by part in the survey's order.

    >>> list_systems("resnet*")
    ['resnet', 'resnet_ensemble_view']

    Args:
        glob: pattern for the id, with `*`, `?` and `[...]`.
        status: "built" or "planned"; default: both.
        era: one of `ERAS`; default: all.

    Raises:
        ValueError: `status` or `era` is not in the vocabulary.
    """
    if status is not None:
        check_one_of("status", status, STATUSES)
    if era is not None:
        check_one_of("era", era, ERAS)
    return [
        record.id
        for record in _systems().values()
        if fnmatchcase(record.id, glob)
        and status in (None, record.status)
        and era in (None, record.era)
    ]


def list_models(glob: str = "*") -> list[str]:
    """Return the names of the models that match, in the survey's order.

    >>> list_models("lenet5*")
    ['lenet5', 'lenet5_modern', 'lenet5_caffe']
    """
    names = (name for record in _systems().values() for name in record.models)
    return [name for name in names if fnmatchcase(name, glob)]


def system_of(model: str) -> System:
    """Return the system that a model belongs to.

    >>> system_of("lenet5_modern").id
    'lenet5'

    Raises:
        UnknownIdError: no such model; a KeyError whose message suggests the nearest names.
    """
    for record in _systems().values():
        if model in record.models:
            return record
    raise unknown_id("model", model, list_models(), "cnnhistory.list_models()")


def _module_of(model: str) -> ModuleType:
    """Import the module in which the builder of a model stands."""
    return importlib.import_module(f"cnnhistory.{system_of(model).home}")


def model_card(name: str) -> ModelCard:
    """Return what it takes to run a model: its input, a tiny version, data to train it on.

    It stands beside the builder, in the `MODELS` of its module, which this imports.

    Raises:
        UnknownIdError: no such model; a KeyError whose message suggests the nearest names.
        RuntimeError: the module has no card for the model.
    """
    module = _module_of(name)
    cards = getattr(module, "MODELS", {})
    if name not in cards:
        raise RuntimeError(f"model {name!r}: expected a card in {module.__name__}.MODELS, got none")
    return cards[name]


def create_model(name: str, **settings: Any) -> nn.Module:
    """Build a network; without settings, exactly the paper's.

    The builder is the function of that name in the module of the model's system.

    Args:
        name: one of `list_models()`.
        settings: what the model's builder accepts, such as `num_classes` or `in_channels`.

    Raises:
        UnknownIdError: no such model; a KeyError whose message suggests the nearest names.
        TypeError: the model has no such setting; the message lists those it has.
        RuntimeError: the record names a model for which its module has no function.
    """
    module = _module_of(name)
    builder = getattr(module, name, None)
    if not inspect.isfunction(builder):
        raise RuntimeError(
            f"model {name!r}: expected a function {name} in {module.__name__}, as the record of "
            f"{system_of(name).id!r} says, got {builder!r}"
        )
    accepted = list(inspect.signature(builder).parameters)
    refused = [setting for setting in settings if setting not in accepted]
    if refused:
        raise TypeError(
            f"create_model({name!r}): unknown setting {', '.join(refused)}; "
            f"expected {', '.join(accepted) or 'no settings at all'}"
        )
    return builder(**settings)


def on_meta(name: str, **settings: Any) -> nn.Module:
    """Build a network on the meta device: shapes without values, which is all that counting needs.

    Raises:
        UnknownIdError, TypeError: as `create_model`.

    >>> on_meta("lenet5").c1.weight.device.type
    'meta'
    """
    import torch

    with torch.device("meta"):
        return create_model(name, **settings)
