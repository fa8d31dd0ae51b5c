import dataclasses
import json

import pytest
import torch

from cnnhistory import create_model, zoo
from cnnhistory.cli import main
from cnnhistory.cli import study as command
from cnnhistory.data.tensors import LabeledImages
from cnnhistory.zoo import study

SETTINGS = {
    "single_images": 20,
    "images": 10,
    "counts": [1, 5, 100],
    "swaps": [1, 2],
    "draws": 2,
    "path_images": 4,
    "path_draws": 2,
}


def measured(name, **settings):
    torch.manual_seed(0)
    network = create_model(name, **settings).eval()
    some = LabeledImages(torch.randn(30, 3, 32, 32), torch.randint(10, (30,)))
    return command.ablations(network, some, **SETTINGS)


def test_ablations_of_a_residual_network():
    found = measured("resnet20", width=0.25)
    assert list(found["single"])[:2] == ["conv2_1", "conv2_2"]
    assert len(found["single"]) == 9
    assert {count: len(errors) for count, errors in found["several"].items()} == {1: 2, 5: 2}
    assert len(found["orders"]) == 4
    assert [len(found[key]) for key in ("path_norms", "sampled_norms")] == [10, 10]
    assert sum(found["path_projections"]) == pytest.approx(1)
    assert all(0 <= found[key] <= 1 for key in ("error", "error_single", "error_images"))
    json.dumps(found)


@pytest.mark.parametrize(("name", "parts"), [("plain20", 9), ("vgg11_bn", 8)], ids=["plain", "vgg"])
def test_ablations_of_networks_without_shortcuts(name, parts):
    more = {"image_size": 32} if name == "vgg11_bn" else {}
    found = measured(name, width=1 / 8, **more)
    assert len(found["single"]) == parts
    assert not {"orders", "path_norms"} & set(found)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(study, "FOLDER", tmp_path)
    return tmp_path


def test_round_trip(folder):
    made = study.StudyRecord(
        "lesions_cifar10",
        {"draws": 5},
        {"a": {"error": 0.5}},
        {"a": "0" * 64},
        {},
        {},
        {},
        1.5,
        "x",
    )
    assert study.write_study(made, folder) == folder / "lesions_cifar10.json"
    assert zoo.study_record("lesions_cifar10") == made


def test_missing_studies_say_how_to_make_them(folder):
    with pytest.raises(FileNotFoundError, match="cnnhistory study lesions_cifar10"):
        zoo.study_record("lesions_cifar10")
    with pytest.raises(KeyError, match="no study 'lesions'; did you mean lesions_cifar10"):
        zoo.study_record("lesions")


def test_command(folder, monkeypatch, capsys):
    """On a small stand-in for the data, with weights that are not trained."""

    class Data:
        test_set = LabeledImages(torch.randn(30, 3, 24, 24), torch.randint(10, (30,)))

        def __init__(self, **settings):
            assert settings["crop"] == 24

        def describe(self):
            return {"name": "stand-in"}

    made = study.Study("lesions_cifar10", ("resnet20_cifar10",), SETTINGS)
    monkeypatch.setattr(study, "STUDIES", {made.id: made})
    monkeypatch.setattr(command, "data_module", lambda name: Data)
    recipe = zoo.recipe("resnet20_cifar10")
    weights = create_model(recipe.model, **recipe.network_args).state_dict()
    monkeypatch.setattr(command, "load_weights", lambda run: weights)
    monkeypatch.setattr(command, "record", lambda run: FakeRecord())
    assert main(["study", "lesions_cifar10"]) == 0
    assert "resnet20_cifar10: error" in capsys.readouterr().out
    found = zoo.study_record("lesions_cifar10")
    assert found.weights == {"resnet20_cifar10": "f" * 64}
    assert found.settings == SETTINGS
    assert found.data["resnet20_cifar10"] == {"name": "stand-in"}
    assert main(["study", "nonsense"]) == 2


@dataclasses.dataclass
class FakeRecord:
    weights_sha256: str = "f" * 64


@pytest.mark.parametrize("id", zoo.STUDIES)
def test_stored_studies_are_complete(id):
    """Of the real zoo: every study was made as it stands, on the weights that are there."""
    made, settings = zoo.study_record(id), zoo.STUDIES[id]
    assert made.settings == settings.settings
    assert tuple(made.results) == settings.runs
    for run in settings.runs:
        assert made.weights[run] == zoo.record(run).weights_sha256
        assert made.data[run]["content_hash"] == zoo.record(run).data["content_hash"]
        assert made.results[run]["error"] == pytest.approx(zoo.record(run).errors[0], abs=2e-4)
