"""The verdicts about compression, and that each follows from what is computed."""

import pytest
import torch

import cnnhistory
from cnnhistory.claims import list_statements, statement, verify
from cnnhistory.compression.arithmetic import published_reduction
from cnnhistory.survey.compression import quantization, weight_pruning

SYSTEMS = ("model_size", "weight_pruning", "deep_compression", "quantization")


def test_verdicts_of_the_literature():
    ids = [id for name in SYSTEMS for id in list_statements(system=name)]
    assert {id: statement(id).verdict for id in ids} == {
        "model_size.c1": "correct",
        "weight_pruning.c1": "correct",
        "weight_pruning.c2": "correct",
        "deep_compression.c1": "correct",
        "quantization.c1": "opinion",
    }
    assert [id for id in ids if verify(id) is None] == ["weight_pruning.c1", "deep_compression.c1"]


def test_sizes_are_counted(monkeypatch):
    assert verify("model_size.c1").computed == "alexnet 243.9 MB, vgg16 553.4 MB"
    monkeypatch.setattr(cnnhistory, "create_model", lambda name: torch.nn.Linear(10_000, 5_000))
    assert verify("model_size.c1").verdict == "wrong"


def test_the_truth_about_the_large_networks_is_the_arithmetic_of_the_package():
    text = statement("weight_pruning.c1").truth
    for model in ("alexnet", "vgg16"):
        assert f"{published_reduction(model).ratio:.1f}" in text


def test_pruning_that_hurts_is_seen(monkeypatch):
    original = weight_pruning.prune_digits
    monkeypatch.setattr(weight_pruning, "prune_digits", lambda: original(density=0.001))
    assert verify("weight_pruning.c2").verdict == "wrong"


def test_pruning_that_is_not_done_is_no_evidence(monkeypatch):
    original = weight_pruning.prune_digits
    monkeypatch.setattr(weight_pruning, "prune_digits", lambda: original(density=0.3))
    assert verify("weight_pruning.c2").verdict == "wrong"


@pytest.mark.parametrize(("factor", "verdict"), [(1, "correct"), (3, "opinion")])
def test_the_verdict_on_fixed_point_follows_the_clock(monkeypatch, factor, verdict):
    def seconds(a, b):
        return 2.0 if a.is_floating_point() else 1.0 * factor

    monkeypatch.setattr(quantization, "product_seconds", seconds)
    assert verify("quantization.c1").verdict == verdict
