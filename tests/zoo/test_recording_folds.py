"""A network trained on each fold, beside bags of words, on made-up reviews."""

import dataclasses
import itertools

import pytest
import torch

from cnnhistory import zoo
from cnnhistory.zoo import recipes, recording_folds, store
from cnnhistory.zoo.recording import record_run
from cnnhistory.zoo.recording_folds import Answers, dumps, load_answers
from cnnhistory.zoo.store import read_record

WORDS = ["film", "plot", "cast", "scene", "song"]


@pytest.fixture
def plan(tmp_path, monkeypatch):
    """Reviews whose class is said by one word; the recipe of CR, on them, with a small network."""
    folder = tmp_path / "data" / "sentences"
    folder.mkdir(parents=True)
    for file, word in (("custrev.neg", "bad"), ("custrev.pos", "good")):
        lines = [f"{a} {word} {b} {c}" for a, b, c in itertools.product(WORDS, WORDS, WORDS[:3])]
        (folder / file).write_text("\n".join(lines) + "\n")
    data = recipes.recipe("textcnn_cr").data
    args = {**data.init_args, "root": str(tmp_path / "data")}
    made = dataclasses.replace(
        recipes.recipe("textcnn_cr"),
        epochs=3,
        data=dataclasses.replace(data, init_args=args),
        network_args={"sparse": True, "dim": 8, "filters": [[2, 10]]},
        seeds=(0, 1),
    )
    monkeypatch.setitem(recipes.RECIPES, made.id, made)
    monkeypatch.setattr(store, "FOLDER", tmp_path / "zoo")
    return made


def test_every_fold_is_tested_once_and_can_be_read_again(plan, tmp_path):
    lines = []
    path = record_run(plan.id, directory=tmp_path / "runs", say=lines.append)
    record = read_record(path)
    assert len(lines) == 2
    assert lines[0].startswith("textcnn_cr seed 0: test_error ")
    for result in record.results:
        assert result.n == 15
        assert len(result.curve("test_error")) == 3
        data = recording_folds.data_of(plan, result.seed)
        assert result.details["content_hash"] == data.content_hash
        answers = load_answers(plan.id, result.seed)
        assert torch.equal(answers.labels, data.test_set.labels)
        assert answers.wrong("network").sum() == result.errors
        assert answers.wrong("tf-idf").sum() == result.counts["tf_idf_error"][0]
        assert 1 - answers.accuracy("counts") == pytest.approx(result.metrics["counts_error"])
    tests = [recording_folds.data_of(plan, seed).test_set.tokens.shape[0] for seed in (0, 1)]
    assert len(load_answers(plan.id).labels) == sum(tests) == 30
    assert record.mean("counts_error") == 0
    assert zoo.record(plan.id) == record


def test_the_same_fold_gives_the_same_answers(plan, tmp_path):
    for run in ("a", "b"):
        record_run(plan.id, seeds=[1], directory=tmp_path / run, output=tmp_path / f"{run}-zoo")
    a, b = (tmp_path / f"{run}-zoo" / "textcnn_cr-seed1.csv" for run in "ab")
    assert a.read_bytes() == b.read_bytes()


def test_a_network_that_is_kept_answers_again(plan, tmp_path, monkeypatch):
    kept = recipes.ReaderRecipe(**vars(plan))
    monkeypatch.setitem(recipes.RECIPES, kept.id, kept)
    record = read_record(record_run(kept.id, seeds=[1], directory=tmp_path / "runs"))
    weights = record.results[0].artifacts["weights"]
    assert weights.dtype.startswith("float")
    assert len(weights.trained_sha256) == 64
    network, vocabulary = recording_folds.load_reader(kept.id, 1)
    data = recording_folds.data_of(kept, 1)
    assert vocabulary == data.vocabulary
    assert not network.training
    with torch.no_grad():
        found = network(data.test_set.tokens).argmax(1)
    assert torch.equal(found, load_answers(kept.id, 1).by["network"])


def test_only_a_kept_network_can_be_loaded():
    with pytest.raises(ValueError, match="id: expected a run whose network for sentences is kept"):
        recording_folds.load_reader("textcnn_trec")


def test_answers_by_hand():
    answers = Answers(torch.tensor([0, 1, 1]), {"network": torch.tensor([0, 0, 1])})
    assert dumps(answers) == b"label,network\n0,0\n1,0\n1,1\n"
    assert answers.wrong("network").tolist() == [False, True, False]
    assert answers.accuracy("network") == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match="name: expected one of network, got 'counts'"):
        answers.wrong("counts")
