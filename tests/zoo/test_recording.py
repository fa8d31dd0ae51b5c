"""Going on with a record: what earlier and later seeds are joined to."""

import json

import pytest

from cnnhistory.zoo import recording
from cnnhistory.zoo.plain import as_plain
from cnnhistory.zoo.recording import SeedRun, record_run
from cnnhistory.zoo.store import read_record, write
from tests.zoo_helpers import made_record, seed_result

FIVE = {"test_error": 0.009, "train_error": 0.002, "log_loss": 0.03, "confidence": 0.98}


@pytest.fixture
def trained(monkeypatch):
    """A training of one seed that gives more metrics than records used to have; its seeds."""
    seeds = []

    def one_seed(seed, folder):
        seeds.append(seed)
        content = b"weights %d" % seed
        result = seed_result(seed, 9, content, metrics=FIVE)
        name = result.artifacts["weights"].file
        return SeedRun(result, {name: content}, f"seed {seed}")

    monkeypatch.setattr(recording, "_how", lambda plan: (one_seed, {"content_hash": "0"}))
    return seeds


def test_a_later_seed_joins_a_record_with_fewer_metrics(tmp_path, trained):
    first = seed_result(0, content=b"weights 0")
    write(
        made_record(first, seed_result(1)),
        {first.artifacts["weights"].file: b"weights 0"},
        tmp_path,
    )
    lines = []
    path = record_run(
        "lenet5_mnist",
        seeds=[1],
        directory=tmp_path / "runs",
        output=tmp_path,
        resume=True,
        say=lines.append,
    )
    made = read_record(path)
    assert trained == [1]
    assert [set(result.metrics) for result in made.results] == [{"test_error", "train_error"}] * 2
    assert made.values() == [0.007, 0.009]
    assert [bool(result.artifacts) for result in made.results] == [True, True]
    assert lines[-1] == "seed 1: without log_loss, confidence, which not every seed has"


def test_what_the_seed_gave_is_whole_in_its_own_directory(tmp_path, trained):
    write(made_record(seed_result(0)), {}, tmp_path)
    record_run(
        "lenet5_mnist",
        seeds=[1],
        directory=tmp_path / "runs",
        output=tmp_path,
        resume=True,
        say=lambda line: None,
    )
    stored = json.loads((tmp_path / "runs" / "lenet5_mnist" / "seed1.json").read_text())
    assert stored["result"]["metrics"] == FIVE


def test_seeds_with_the_same_metrics_keep_them_all(tmp_path, trained):
    path = record_run(
        "lenet5_mnist", seeds=[0, 1], directory=tmp_path / "runs", output=tmp_path / "zoo"
    )
    assert [as_plain(result)["metrics"] for result in read_record(path).results] == [FIVE] * 2
