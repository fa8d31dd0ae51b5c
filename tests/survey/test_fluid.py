"""The verdicts about fluids, and that each follows from what is computed."""

import pytest

from cnnhistory.claims import list_statements, statement
from cnnhistory.graphics.fluid import simulation
from cnnhistory.graphics.fluid.network import LearnedSolver
from cnnhistory.graphics.fluid.training import SceneSet

SYSTEMS = ("navier_stokes_classic", "fluidnet")
IDS = [id for system in SYSTEMS for id in list_statements(system=system)]


def test_verdicts_of_the_literature():
    assert {id: statement(id).verdict for id in IDS} == {
        "navier_stokes_classic.c1": "correct",
        "fluidnet.c1": "imprecise",
        "fluidnet.c2": "correct",
        "fluidnet.c3": "imprecise",
    }


def test_what_the_paper_calls_itself_is_cited():
    assert [id for id in IDS if statement(id).decide is None] == ["fluidnet.c1", "fluidnet.c3"]


def test_a_free_pressure_would_be_noticed(monkeypatch):
    def free(self, state, geometry, seconds=None):
        seconds["pressure"] = 0.0
        return state

    monkeypatch.setattr(simulation.Simulation, "project", free)
    assert statement("navier_stokes_classic.c1").decide().verdict == "wrong"


@pytest.mark.parametrize(("share", "verdict"), [(0.2, "correct"), (0.9, "wrong")])
def test_a_network_that_learned_nothing_would_be_noticed(monkeypatch, share, verdict):
    import torch

    from cnnhistory import zoo

    asked = iter([1.0, share])
    monkeypatch.setattr(zoo, "load_weights", lambda id: LearnedSolver)
    monkeypatch.setattr(torch.nn.Module, "load_state_dict", lambda self, state: None)
    monkeypatch.setattr(SceneSet, "rollout", lambda self, solver: torch.full((6, 2), next(asked)))
    assert statement("fluidnet.c2").decide().verdict == verdict
