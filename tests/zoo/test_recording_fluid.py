"""A pressure network is recorded and comes back."""

import pytest

from cnnhistory import zoo
from cnnhistory.graphics.fluid.network import LearnedSolver
from cnnhistory.zoo import recipes
from cnnhistory.zoo.recipes import FluidRecipe, Spec
from cnnhistory.zoo.recording import record_run
from cnnhistory.zoo.recording_fluid import fluid_training, pressure_network

TINY = FluidRecipe(
    id="tiny_fluid",
    network={"channels": [2, 4], "levels": 2},
    training={
        "iterations": 2, "sizes": [12, 12], "boxes": 2, "batches": 2, "later": [1, 2],
    },
    data=Spec(
        "cnnhistory.graphics.fluid.training.SceneSet",
        {"sizes": [12, 12], "boxes": 2, "steps": 2},
    ),
)  # fmt: skip


def test_a_pressure_network_is_recorded_and_loaded(folder, tmp_path, monkeypatch):
    monkeypatch.setitem(recipes.RECIPES, TINY.id, TINY)
    lines = []
    record_run(TINY.id, directory=tmp_path / "runs", say=lines.append)
    record = zoo.record(TINY.id)
    network = pressure_network(TINY)
    network.load_state_dict(zoo.load_weights(TINY.id))
    left = TINY.data.build().left(LearnedSolver(network))
    assert left == pytest.approx(record.mean("left_1"), abs=1e-3)
    assert record.results[0].rows("iteration", "loss")[-1][0] == 2
    assert record.data == TINY.data.build().describe()
    assert lines[0].startswith("tiny_fluid seed 0: of the divergence ")
    assert fluid_training(TINY).sizes == (12, 12)
