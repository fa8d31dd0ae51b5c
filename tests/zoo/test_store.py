import dataclasses
import json

import pytest
import torch

from cnnhistory import create_model, zoo
from cnnhistory.cli.make import data_module
from cnnhistory.tasks.classification import evaluate
from cnnhistory.zoo import store

RESULT = store.SeedResult(0, 7, 1000, [0.02, 0.007], [{"epoch": 0, "seconds": 1.5}], 1.5)


def written(folder, **changes):
    fields = {
        "results": (RESULT, dataclasses.replace(RESULT, seed=1, test_errors=9, seconds=2.5)),
        "weights": create_model("lenet5").state_dict(),
        "weights_seed": 0,
        "data": {"name": "x"},
        "versions": {},
        "machine": {},
        **changes,
    }
    return store.write("lenet5_mnist", **fields, folder=folder)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "FOLDER", tmp_path)
    return tmp_path


def test_round_trip(folder):
    written(folder)
    assert zoo.list_records() == ["lenet5_mnist"]
    found = zoo.record("lenet5_mnist")
    assert found.results[0] == RESULT
    assert found.errors == [0.007, 0.009]
    assert found.error == pytest.approx(0.008)
    assert found.seconds == 2.0
    assert found.recipe["epochs"] == zoo.recipe("lenet5_mnist").epochs
    torch.manual_seed(5)
    net = create_model("lenet5")
    net.load_state_dict(zoo.load_weights("lenet5_mnist"))


def test_damaged_weights_are_refused(folder):
    written(folder)
    path = folder / "lenet5_mnist.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match="expected SHA-256"):
        zoo.load_weights("lenet5_mnist")


def test_large_weights_are_refused_and_nothing_is_left(folder):
    with pytest.raises(ValueError, match="at most 2,000,000 bytes"):
        written(folder, weights={"w": torch.zeros(600_000)})
    assert list(folder.iterdir()) == []


def test_full_disk_leaves_nothing_behind(folder, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store.os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        written(folder)
    assert list(folder.iterdir()) == []


def test_missing_records_say_how_to_make_them(folder):
    with pytest.raises(FileNotFoundError, match="cnnhistory record lenet5_mnist"):
        zoo.record("lenet5_mnist")
    with pytest.raises(KeyError, match="did you mean lenet5_mnist"):
        zoo.record("lenet_mnist")


@pytest.mark.parametrize("id", zoo.RECIPES)
def test_stored_records_are_complete(id):
    """Of the real zoo: every recipe was run as it stands."""
    record, recipe = zoo.record(id), zoo.recipe(id)
    assert record.recipe == json.loads(json.dumps(dataclasses.asdict(recipe)))
    assert tuple(result.seed for result in record.results) == recipe.seeds
    for result in record.results:
        assert len(result.history) == len(result.test_error) == recipe.epochs
        assert result.test_error[-1] == pytest.approx(result.test_errors / result.test_n)
    assert len(record.data["content_hash"]) == 64
    model = create_model(recipe.model, **recipe.network_args)
    model.load_state_dict(zoo.load_weights(id))


@pytest.mark.slow
@pytest.mark.parametrize("id", zoo.RECIPES)
def test_weights_give_the_recorded_error(id, monkeypatch):
    data = full_data(zoo.recipe(id))
    record = zoo.record(id)
    assert data.content_hash == record.data["content_hash"]
    model = create_model(record.recipe["model"], **record.recipe["network_args"])
    model.load_state_dict(zoo.load_weights(id))
    expected = next(r for r in record.results if r.seed == record.weights_seed)
    assert abs(evaluate(model, data.test_set).errors - expected.test_errors) <= 1


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("id", zoo.RECIPES)
def test_training_again_lands_near_the_record(id, tmp_path):
    from cnnhistory.cli import main

    full_data(zoo.recipe(id))
    arguments = [
        "--directory",
        str(tmp_path / "runs"),
        "--output",
        str(tmp_path),
        "--seeds",
        "7",
    ]
    assert main(["record", id, *arguments]) == 0
    again = json.loads((tmp_path / f"{id}.json").read_text())["results"][0]
    error = 100 * again["test_errors"] / again["test_n"]
    assert abs(error - 100 * zoo.record(id).error) <= zoo.recipe(id).tolerance


def full_data(recipe):
    import os

    if "CNNHISTORY_DATA" not in os.environ:
        pytest.skip("needs whole data sets: set CNNHISTORY_DATA to a folder with them")
    data = data_module(recipe.data)(batch_size=recipe.batch_size, **recipe.data_args)
    data.setup()
    return data


def test_seeds_can_be_appended_to_a_record(folder, tmp_path, capsys, monkeypatch):
    from cnnhistory.cli import main, make

    small = {"scale": "small", "pad_to": 28, "val_size": 0, "train_size": 200, "test_size": 100}
    recipe = zoo.Recipe("tiny", "lenet300_100", 1, 50, 1e-3, data_args=small, seeds=(0, 1))
    monkeypatch.setitem(zoo.RECIPES, "tiny", recipe)
    command = ["record", "tiny", "--directory", str(tmp_path / "runs"), "--output", str(folder)]
    assert main([*command, "--seeds", "0"]) == 0
    first = zoo.record("tiny")
    assert [result.seed for result in first.results] == [0]

    monkeypatch.setattr(make, "machine", lambda: {"processor": "another"})
    assert main([*command, "--seeds", "1", "--append"]) == 0
    both = zoo.record("tiny")
    assert both.results[0] == first.results[0]
    assert both.results[1].seed == 1
    assert both.results[1].machine == {"processor": "another"}
    assert both.machine == first.machine
    assert both.weights_sha256 == first.weights_sha256
    # again: the seed is replaced, not doubled
    assert main([*command, "--seeds", "1", "--append"]) == 0
    assert [result.seed for result in zoo.record("tiny").results] == [0, 1]

    assert main([*command, "--append"]) == 2
    assert "expected others than 0, whose weights are stored" in capsys.readouterr().err
    monkeypatch.setitem(
        zoo.RECIPES, "tiny", dataclasses.replace(recipe, data_args={**small, "train_size": 300})
    )
    assert main([*command, "--seeds", "1", "--append"]) == 2
    assert "expected the data of the record" in capsys.readouterr().err
