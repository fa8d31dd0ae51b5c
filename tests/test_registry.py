import dataclasses
import importlib
import inspect
import pkgutil
import subprocess
import sys
import types

import pytest
import torch
from torch import nn

import cnnhistory
from cnnhistory import models, registry
from cnnhistory._util.lookup import UnknownIdError
from cnnhistory.registry import system_of
from cnnhistory.system import ModelCard, System


def record(**changes):
    settings = {
        "id": "toy",
        "name": "Toy",
        "year": 2000,
        "era": "early",
        "task": "classification",
        "paper": "lecun1998gradient",
    }
    return System(**(settings | changes))


@pytest.fixture
def toy(monkeypatch):
    """A system with two models, the first of them with a builder, in a module of its own."""

    def toy_a(width: int = 3, bias: bool = True) -> nn.Module:
        return nn.Linear(2, width, bias=bias)

    extended = registry._systems() | {"toy": record(models=("toy_a", "toy_b"))}
    monkeypatch.setattr(registry, "_systems", lambda: extended)
    module = types.ModuleType("cnnhistory.models.toy")
    module.toy_a = toy_a
    monkeypatch.setitem(sys.modules, "cnnhistory.models.toy", module)
    return module


def test_systems_by_pattern_in_the_order_of_the_survey():
    assert cnnhistory.list_systems("resnet*") == ["resnet", "resnet_ensemble_view"]
    assert cnnhistory.list_systems("lenet*") == ["lenet1989", "lenet1990", "lenet5"]
    assert cnnhistory.list_systems("RESNET*") == []
    everything = cnnhistory.list_systems()
    assert everything[0] == "lenet1989"
    assert everything[-1] == "xnor_net"


def test_systems_by_status_and_era():
    built, planned = (cnnhistory.list_systems(status=s) for s in ("built", "planned"))
    assert "lenet5" in built
    assert "tracking_misc" in planned
    assert sorted(built + planned) == sorted(cnnhistory.list_systems())
    assert cnnhistory.list_systems(era="mobile") == ["mobilenet_v1", "mobilenet_v2"]
    assert cnnhistory.list_systems("*v2", era="mobile") == ["mobilenet_v2"]
    with pytest.raises(ValueError, match="status: expected one of built, planned, got 'done'"):
        cnnhistory.list_systems(status="done")
    with pytest.raises(ValueError, match=r"era: expected one of early, .*, got '1998'"):
        cnnhistory.list_systems(era="1998")


def test_models_by_pattern():
    assert cnnhistory.list_models("lenet5*") == ["lenet5", "lenet5_modern", "lenet5_caffe"]
    assert cnnhistory.list_models("nothing*") == []
    assert system_of("lenet5_modern").id == "lenet5"


@pytest.mark.parametrize(
    ("look_up", "wrong", "suggested"),
    [
        (cnnhistory.system, "lenet-5", "lenet5"),
        (cnnhistory.system, "resnets", "resnet"),
        (cnnhistory.system, "hdr-kalantari", "hdr_kalantari"),
        (system_of, "lenet5_modem", "lenet5_modern"),
        (cnnhistory.create_model, "LeNet5", "lenet5"),
        (cnnhistory.system, "RESNET", "resnet"),
    ],
)
def test_an_unknown_id_suggests_the_nearest(look_up, wrong, suggested):
    with pytest.raises(KeyError) as error:
        look_up(wrong)
    assert isinstance(error.value, UnknownIdError)
    message = str(error.value)
    assert message.startswith("unknown ")
    assert f"{wrong!r}; did you mean " in message
    assert repr(suggested) in message
    assert "cnnhistory.list_" in message


@pytest.mark.parametrize("wrong", ["zzzzzz", "", None, 5])
def test_an_unknown_id_without_neighbors_still_says_where_to_look(wrong):
    with pytest.raises(UnknownIdError, match=r"cnnhistory.list_systems\(\) gives all"):
        cnnhistory.system(wrong)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, "planned"),
        ({"chapter": "early/toy"}, "built"),
        ({"models": ("toy",)}, "built"),
        ({"object": "nn.toy.Toy"}, "built"),
    ],
)
def test_status_follows_from_chapter_models_and_object(changes, status):
    assert record(**changes).status == status


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": "lenet-5"}, "id: expected a lower-case identifier, got 'lenet-5'"),
        ({"id": "LeNet"}, "id: expected a lower-case identifier"),
        ({"era": "modern"}, "era: expected one of early, .*, got 'modern'"),
        ({"task": "image classification"}, "task: expected one of classification, .*, got"),
    ],
)
def test_a_record_outside_the_vocabulary_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        record(**changes)


def test_a_record_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        cnnhistory.system("lenet5").year = 1999


def test_create_model_hands_over_settings(toy):
    model = cnnhistory.create_model("toy_a", width=5, bias=False)
    assert model.out_features == 5
    assert model.bias is None
    assert cnnhistory.create_model("toy_a").out_features == 3


def test_create_model_refuses_an_unknown_setting(toy):
    with pytest.raises(TypeError, match=r"'toy_a'\): unknown setting widht; expected width, b"):
        cnnhistory.create_model("toy_a", widht=5)
    with pytest.raises(TypeError, match="unknown setting num_classes; expected no settings"):
        cnnhistory.create_model("lenet5", num_classes=3)


@pytest.mark.parametrize("found", [None, torch.nn, nn.Linear])
def test_a_model_without_builder_is_a_clear_error(toy, found):
    if found is not None:
        toy.toy_b = found
    with pytest.raises(RuntimeError, match=r"'toy_b': expected a function toy_b in cnnhistory.m"):
        cnnhistory.create_model("toy_b")


@pytest.mark.parametrize("name", cnnhistory.list_models())
def test_a_builder_is_a_function_that_shows_its_settings(name):
    module = importlib.import_module(f"cnnhistory.{system_of(name).home}")
    builder = getattr(module, name)
    assert inspect.isfunction(builder)
    assert (builder.__module__, builder.__qualname__) == (module.__name__, name)
    assert builder.__doc__
    for parameter in inspect.signature(builder).parameters.values():
        assert parameter.kind is parameter.POSITIONAL_OR_KEYWORD, parameter
        assert parameter.default is not parameter.empty, parameter


def test_records_and_modules_name_the_same_models():
    modules = {module.name for module in pkgutil.iter_modules(models.__path__)}
    for name in modules:
        assert cnnhistory.system(name).models, f"{name} has a module but no models"
        importlib.import_module(f"cnnhistory.models.{name}")
    systems = [cnnhistory.system(id) for id in cnnhistory.list_systems()]
    homes = {record.home for record in systems if record.models}
    for home in homes:
        importlib.import_module(f"cnnhistory.{home}")
    assert {home for home in homes if home.startswith("models.")} == {
        f"models.{name}" for name in modules
    }


@pytest.mark.parametrize("name", cnnhistory.list_models())
def test_every_model_builds_without_settings(name):
    with torch.device("meta"):  # VGG-19 alone would take 600 MB
        assert isinstance(cnnhistory.create_model(name), nn.Module)


def test_looking_things_up_loads_nothing_heavy():
    program = """
import sys
import cnnhistory
from cnnhistory.papers import paper
paper(cnnhistory.system("lenet5").paper)
cnnhistory.list_systems(), cnnhistory.list_models()
from cnnhistory.claims import list_statements, statement
list_statements(verdict="wrong"), statement("lenet5.c1").decide
heavy = "torch numpy torchvision pytorch_lightning matplotlib sklearn scipy requests".split()
print(*[name for name in heavy if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


def test_a_system_may_have_its_models_in_another_room():
    assert cnnhistory.system("lenet5").home == "models.lenet5"
    assert cnnhistory.system("xnor_net").home == cnnhistory.system("bwn").home == "compression.xnor"
    with torch.device("meta"):
        model = cnnhistory.create_model("bwn_digits", width=1 / 8)
    assert type(model).__module__ == "cnnhistory.compression.xnor"


def test_a_model_without_card_is_a_clear_error(toy):
    with pytest.raises(RuntimeError, match=r"'toy_a': expected a card in cnnhistory.models.toy.M"):
        registry.model_card("toy_a")
    toy.MODELS = {"toy_a": ModelCard((2,))}
    assert registry.model_card("toy_a").input_shape == (2,)
    with pytest.raises(UnknownIdError, match="did you mean 'toy_a'"):
        registry.model_card("toy_aa")


def test_a_module_has_cards_for_its_models_and_no_others():
    for home in {system_of(name).home for name in cnnhistory.list_models()}:
        module = importlib.import_module(f"cnnhistory.{home}")
        assert set(module.MODELS) == {
            name for name in cnnhistory.list_models() if system_of(name).home == home
        }
