"""The verdicts about optimizers and initialization, and that they can come out differently."""

import pytest

from cnnhistory.claims import list_statements, statement, verify
from cnnhistory.nn import init
from cnnhistory.registry import system
from cnnhistory.training import autoencoders

SYSTEMS = (
    "momentum", "nag", "adagrad", "rmsprop", "adadelta", "adam", "weight_init",
)  # fmt: skip


def test_verdicts_of_the_literature():
    ids = [id for name in SYSTEMS for id in list_statements(system=name)]
    assert {id: statement(id).verdict for id in ids} == {
        "momentum.c1": "correct",
        "nag.c1": "correct",
        "adagrad.c1": "correct",
        "rmsprop.c1": "correct",
        "rmsprop.c2": "wrong",
        "adadelta.c1": "correct",
        "adam.c1": "correct",
        "weight_init.c1": "correct",
    }
    assert [id for id in ids if statement(id).decide is None] == ["rmsprop.c2"]


def test_each_leads_to_its_chapter():
    for name in SYSTEMS:
        assert system(name).chapter == "toolbox/optimizers"
    for name in ("backprop", "online_sgd", "minibatch_sgd"):
        assert system(name).chapter == "toolbox/backprop"


def test_a_good_start_and_momentum_are_both_needed(monkeypatch):
    found = verify("momentum.c1")
    assert found.verdict == "correct"
    assert "mean of five seeds" in found.computed
    # a rule that forgets its steps gains nothing by momentum
    monkeypatch.setattr(autoencoders, "rising", lambda *_: 0.0)
    assert statement("momentum.c1").decide().verdict == "wrong"


def test_the_start_decides_what_arrives(monkeypatch):
    assert verify("weight_init.c1").verdict == "correct"
    monkeypatch.setattr(init, "he_normal_", init.xavier_uniform_)
    assert statement("weight_init.c1").decide().verdict == "wrong"


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_statement_has_its_entry(name):
    assert list_statements(system=name)
