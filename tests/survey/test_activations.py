"""The verdicts about activations, that each follows from what is computed, and the runs behind."""

import math

import pytest
import torch
from torch import nn

from cnnhistory.claims import list_statements, statement, verify
from cnnhistory.nn import activation
from cnnhistory.nn.activation import ELU, ReLU
from cnnhistory.survey import activation_runs as runs


@pytest.fixture
def fresh():
    """Gains that are computed anew, since the functions are exchanged."""
    runs.gain.cache_clear()
    yield
    runs.gain.cache_clear()


def test_verdicts():
    ids = [*list_statements(system="relu"), *list_statements(system="elu")]
    assert {id: statement(id).verdict for id in ids} == {
        "relu.c1": "wrong",
        "relu.c2": "correct",
        "relu.c3": "correct",
        "relu.c4": "imprecise",
        "elu.c1": "opinion",
    }


class Absolute(nn.Module):
    """Its derivative is the sign."""

    def forward(self, x):
        return x.abs()


@pytest.mark.usefixtures("fresh")
def test_another_function_has_another_derivative(monkeypatch):
    monkeypatch.setattr(activation, "ReLU", Absolute)
    assert verify("relu.c1").verdict == "correct"
    monkeypatch.setattr(activation, "ReLU", nn.Sigmoid)
    assert verify("relu.c2").verdict == "wrong"


@pytest.mark.usefixtures("fresh")
def test_units_that_are_never_zero_would_not_be_sparse(monkeypatch):
    monkeypatch.setattr(activation, "ReLU", ELU)
    assert verify("relu.c3").verdict == "wrong"


@pytest.mark.parametrize(
    ("losses", "verdict"),
    [
        ({"ReLU": 1, "sigmoid": 2, "tanh": 3}, "correct"),
        ({"ReLU": 2, "sigmoid": 3, "tanh": 1}, "imprecise"),
        ({"ReLU": 3, "sigmoid": 2, "tanh": 1}, "wrong"),
    ],
)
def test_who_is_ahead_decides(monkeypatch, losses, verdict):
    monkeypatch.setattr(runs, "best", lambda name: (0.1, "forward"))
    monkeypatch.setattr(runs, "trained", lambda name, *_: (None, 10 * [losses[name]]))
    assert verify("relu.c4").verdict == verdict


@pytest.mark.parametrize(("error", "verdict"), [(0.1, "opinion"), (0.2, "wrong")])
def test_networks_that_do_not_learn_would_decide(monkeypatch, error, verdict):
    monkeypatch.setattr(runs, "best", lambda name: (0.1, "forward"))
    monkeypatch.setattr(runs, "trained", lambda *_: (None, []))
    monkeypatch.setattr(runs, "error", lambda _: error)
    assert verify("elu.c1").verdict == verdict


def test_a_tower_by_hand():
    torch.manual_seed(0)
    network = runs.tower("PReLU", 2, "backward")
    assert [name for name, _ in network.named_children()] == ["fc1", "act1", "fc2", "act2", "fc3"]
    assert sum(p.numel() for p in network.parameters()) == 78_500 + 10_100 + 1_010 + 2 * 100
    assert float(network.fc1.weight.detach().std()) == pytest.approx(784**-0.5, rel=0.02)
    wanted = math.sqrt(2 / (1 + 0.25**2) / 100)
    assert float(network.fc2.weight.detach().std()) == pytest.approx(wanted, rel=0.03)
    assert runs.gain("ReLU", "forward") == pytest.approx(math.sqrt(2), rel=1e-6)


def test_pixels_have_mean_zero_and_variance_one():
    x = runs.pixels(runs.digits().train_set.images)
    assert x.shape == (3500, 784)
    assert float(x.mean()) == pytest.approx(0, abs=1e-3)
    assert float(x.std()) == pytest.approx(1, abs=1e-3)


def test_dead_units_are_counted():
    torch.manual_seed(0)
    network = runs.tower("ReLU", 1)
    with torch.no_grad():
        network.fc1.bias[:30] = -1000.0  # below 0 for every digit
        network.fc1.bias[30:] = 10.0
    assert runs.dead(network) == pytest.approx(0.3)
    assert isinstance(network.act1, ReLU)


@pytest.mark.parametrize(("name", "way"), [("GELU", "forward"), ("ReLU", "sideways")])
def test_unknown_names_are_refused(name, way):
    with pytest.raises(ValueError, match="expected one of"):
        runs.tower(name, 2, way)


def test_a_run_that_diverges_has_an_infinite_loss():
    network, losses = runs.trained("ELU", 10.0, "forward", 0, steps=20)
    assert losses[-1] == math.inf
    assert isinstance(network, nn.Module)
