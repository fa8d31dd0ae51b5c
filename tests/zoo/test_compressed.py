import dataclasses
import json

import pytest

from cnnhistory import create_model
from cnnhistory.compression.cnnz import load
from cnnhistory.compression.quantization import Bits
from cnnhistory.compression.schedule import Schedule
from cnnhistory.metrics.proportion import binomial_interval
from cnnhistory.zoo import compressed
from cnnhistory.zoo.compressed import RECIPES, CompressedSeed

RESULT = CompressedSeed(
    seed=0, base_errors=20, twin_errors=12, compressed_errors=14, test_n=1000, bytes=100,
    float_bytes=8000, sections={"rest": 100}, layers=[["1", 10, 3]], curve=[["base", 0.02]],
    twin_curve=[["base", 0.02]], others={"float32": {"bytes": 8000, "errors": 12}}, seconds=3.5,
)  # fmt: skip
ID = "lenet5_deep_compression"


def written(folder, content=b"CNNZ"):
    results = (RESULT, dataclasses.replace(RESULT, seed=1, compressed_errors=16, bytes=200))
    return compressed.write(ID, results, content, 0, {"name": "x"}, {}, {}, folder)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(compressed, "FOLDER", tmp_path / "compressed")
    return compressed.FOLDER


def test_round_trip(folder):
    written(folder)
    assert compressed.list_records() == [ID]
    assert compressed.list_records("x*") == []
    found = compressed.record(ID)
    assert found.results[0] == RESULT
    assert found.error == pytest.approx(0.015)
    assert found.twin_error == pytest.approx(0.012)
    assert found.ratio == pytest.approx((80 + 40) / 2)
    assert found.command == f"cnnhistory record {ID}"
    assert compressed.file(ID).read_bytes() == b"CNNZ"


def test_a_damaged_file_is_refused(folder):
    written(folder)
    (folder / f"{ID}.cnnz").write_bytes(b"CNNX")
    with pytest.raises(ValueError, match="expected SHA-256"):
        compressed.file(ID)


def test_missing_records_say_how_to_make_them(folder):
    with pytest.raises(FileNotFoundError, match=f"cnnhistory record {ID}"):
        compressed.record(ID)
    with pytest.raises(KeyError, match="did you mean lenet5_deep_compression"):
        compressed.record("lenet5_deep_compresion")


@pytest.mark.parametrize("id", RECIPES)
def test_recipes_describe_schedules_of_our_networks(id):
    recipe = compressed.recipe(id)
    schedule = Schedule.from_settings(recipe.schedule)
    network = create_model(schedule.model)
    for name in schedule.densities:
        assert network.get_submodule(name).weight.dim() >= 2
    Bits(**recipe.index_bits)
    assert recipe.data_args["val_size"] == 0


@pytest.mark.parametrize("id", RECIPES)
def test_stored_records_are_complete_and_keep_their_promise(id):
    """Of the real zoo: what was run was run as the recipe stands, and nothing was lost."""
    record, recipe = compressed.record(id), compressed.recipe(id)
    assert record.recipe == json.loads(json.dumps(dataclasses.asdict(recipe)))
    assert tuple(result.seed for result in record.results) == recipe.seeds
    epochs = Schedule.from_settings(recipe.schedule).epochs
    for result in record.results:
        assert len(result.curve) == len(result.twin_curve) == epochs
        assert sum(result.sections.values()) == result.bytes
        assert result.ratio >= recipe.least_ratio
        if recipe.data == "digits":  # there nothing is lost, as far as so many digits can tell
            interval = binomial_interval(result.twin_errors, result.test_n)
            assert result.compressed_errors / result.test_n <= interval.high
    contents = load(compressed.file(id))
    first = next(r for r in record.results if r.seed == record.file_seed)
    assert contents.totals() == first.sections
    assert contents.model == recipe.schedule["model"]
    contents.network()


@pytest.mark.slow
@pytest.mark.parametrize("id", RECIPES)
def test_the_file_has_the_recorded_error(id):
    import os

    from cnnhistory.cli.make import data_module
    from cnnhistory.tasks.classification import evaluate

    if "CNNHISTORY_DATA" not in os.environ:
        pytest.skip("needs whole data sets: set CNNHISTORY_DATA to a folder with them")
    record, recipe = compressed.record(id), compressed.recipe(id)
    data = data_module(recipe.data)(**recipe.data_args)
    assert data.content_hash == record.data["content_hash"]
    first = next(r for r in record.results if r.seed == record.file_seed)
    found = evaluate(load(compressed.file(id)).network(), data.test_set)
    assert abs(found.errors - first.compressed_errors) <= 1


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("id", RECIPES)
def test_running_again_lands_near_the_record(id, tmp_path):
    import os

    from cnnhistory.cli import main

    if "CNNHISTORY_DATA" not in os.environ:
        pytest.skip("needs whole data sets: set CNNHISTORY_DATA to a folder with them")
    options = ["--directory", str(tmp_path / "runs"), "--output", str(tmp_path), "--seeds", "7"]
    assert main(["record", id, *options]) == 0
    again = json.loads((tmp_path / f"{id}.json").read_text())["results"][0]
    error = 100 * again["compressed_errors"] / again["test_n"]
    assert abs(error - 100 * compressed.record(id).error) <= compressed.recipe(id).tolerance
