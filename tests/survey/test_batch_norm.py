"""The verdicts about batch normalization, and that each follows from what is computed."""

import pytest

from cnnhistory.claims import list_statements, statement, verify
from cnnhistory.survey import _batch_norm


def test_verdicts_of_the_literature():
    ids = list_statements(system="batch_norm")
    assert {id: statement(id).verdict for id in ids} == {
        "batch_norm.c1": "correct",
        "batch_norm.c2": "imprecise",
    }


@pytest.mark.parametrize("id", ["batch_norm.c1", "batch_norm.c2", "inception_v2.c4"])
def test_the_computation_comes_to_the_same(id):
    assert verify(id).verdict == statement(id).verdict


@pytest.fixture
def results(monkeypatch):
    """Put numbers in the place of trainings: what is called, the error of each network."""

    def put(error, drift=lambda settings: [0.0]):
        def learned(steps, rate, *, seed=0, shifts=None, **settings):
            if shifts is not None:
                shifts += drift(settings)
            return settings | {"rate": rate, "seed": seed}

        monkeypatch.setattr(_batch_norm, "learned", learned)
        monkeypatch.setattr(_batch_norm, "error", error)

    return put


@pytest.mark.parametrize(
    ("faster", "larger", "verdict"),
    [(True, True, "correct"), (True, False, "imprecise"), (False, True, "imprecise"),
     (False, False, "wrong")],
)  # fmt: skip
def test_c1_needs_speed_and_rates(results, faster, larger, verdict):
    def error(run):
        if run["rate"] == 2.0:
            return 0.3 if run["batch_norm"] and larger else 0.9
        better = run["batch_norm"] and faster
        return (0.1 if better else 0.2) + 0.001 * run["seed"] + 0.1 * (run["rate"] == 0.1)

    results(error)
    assert verify("batch_norm.c1").verdict == verdict


@pytest.mark.parametrize(
    ("noise_learns", "noise_moves", "helps", "verdict"),
    [(True, True, True, "imprecise"), (False, True, True, "correct"),
     (True, False, True, "correct"), (True, True, False, "wrong")],
)  # fmt: skip
def test_c4_asks_what_noise_destroys(results, noise_learns, noise_moves, helps, verdict):
    def error(run):
        if "batch_norm" in run:
            return 0.6
        if "noise" in run:
            return 0.1 if noise_learns else 0.6
        return 0.1 if helps else 0.6

    def drift(settings):
        if "batch_norm" in settings:
            return [0.5]
        return [0.9 if noise_moves else 0.2] if "noise" in settings else [0.01]

    results(error, drift)
    assert verify("inception_v2.c4").verdict == verdict


@pytest.mark.parametrize(
    ("moved", "cosine", "verdict"),
    [(0.01, 0.7, "imprecise"), (0.01, 0.99, "correct"), (0.4, 0.99, "wrong")],
)
def test_c2_asks_for_inputs_and_gradients(monkeypatch, moved, cosine, verdict):
    from cnnhistory.visualize import descent

    class Network:
        def train(self):
            return self

    def learned(steps, rate, *, shifts, batch_norm):
        shifts.append(moved if batch_norm else 0.5)
        return Network()

    monkeypatch.setattr(_batch_norm, "learned", learned)
    monkeypatch.setattr(descent, "gradient_shift", lambda *args: {"a": cosine, "b": cosine})
    assert verify("batch_norm.c2").verdict == verdict


def test_the_input_of_the_last_sigmoid():
    from cnnhistory import create_model

    found = [
        _batch_norm.input_of_last_activation(create_model("bn_mlp", **settings))
        for settings in ({}, {"batch_norm": False}, {"noise": 1.0})
    ]
    assert found == ["hidden.2.bn", "hidden.2.fc", "hidden.2.shift"]
