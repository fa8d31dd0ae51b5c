"""The verdicts about the obstacles of the early networks, and that one follows from gradients."""

import pytest

import cnnhistory
from cnnhistory.claims import list_statements, statement, verify
from cnnhistory.registry import create_model
from cnnhistory.survey.early.early_obstacles import gradient_ratio


def test_verdicts_of_the_literature():
    ids = list_statements(system="early_obstacles")
    assert {id: statement(id).verdict for id in ids} == {
        "early_obstacles.c1": "correct",
        "early_obstacles.c2": "wrong",
        "early_obstacles.c3": "opinion",
    }
    assert [id for id in ids if verify(id) is None] == ids[1:]


def test_the_ratio_is_the_predicted_one():
    # Each of the 9 layers between multiplies by sqrt(100 / (3 * 100)); tanh has slope 1 at 0.
    assert gradient_ratio("tanh", 10) == pytest.approx(3**-4.5, rel=0.35)
    # The sigmoid has slope 1/4 there.
    assert gradient_ratio("sigmoid", 10) == pytest.approx(3**-4.5 / 4**9, rel=0.5)


def test_computed_facts():
    computed = verify("early_obstacles.c1").computed
    assert "5, 10, 20, 30 layers of 100 units" in computed
    assert "tanh" in computed
    assert "sigmoid" in computed


@pytest.mark.parametrize(("activation", "start"), [("relu", "he"), ("tanh", "xavier")])
def test_c1_would_be_wrong_for_networks_that_pass_gradients_on(monkeypatch, activation, start):
    def other(name, **settings):
        return create_model(name, **(settings | {"activation": activation, "start": start}))

    monkeypatch.setattr(cnnhistory, "create_model", other)
    assert verify("early_obstacles.c1").verdict == "wrong"
