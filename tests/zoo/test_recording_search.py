"""A table of scores is recorded, goes on after a stop, and comes back whole."""

import pytest
import torch

from cnnhistory import zoo
from cnnhistory.accounting import count_parameters
from cnnhistory.search import children
from cnnhistory.search.network import cell_network
from cnnhistory.search.space import CellSpace
from cnnhistory.zoo import recipes
from cnnhistory.zoo.recipes import SearchRecipe, Spec
from cnnhistory.zoo.recipes.base import DIGITS
from cnnhistory.zoo.recipes.search import FOUND, HAND, RANDOM
from cnnhistory.zoo.recording import record_run
from cnnhistory.zoo.recording_search import cells_of, load_table

TINY = SearchRecipe(
    id="tiny_cells",
    space={"blocks": 1, "operations": ["none", "sep3"]},
    network={"plan": "n", "maps": 2, "first": 2},
    training={"epochs": 1, "lr": 0.02, "batch_size": 32},
    data=Spec(
        DIGITS, {"scale": "small", "size": 16, "pad_to": 16, "val_size": 100, "train_size": 60}
    ),
    seeds=(0,),
)


@pytest.fixture
def tiny(monkeypatch, folder):
    monkeypatch.setitem(recipes.RECIPES, TINY.id, TINY)


def test_a_table_is_recorded_after_a_stop(tiny, tmp_path, monkeypatch):
    where = {"directory": tmp_path / "runs", "say": lambda line: None}
    train, asked = children.train_child, []

    def stop_after_four(cell, *args):
        if len(asked) == 4:
            raise KeyboardInterrupt
        asked.append(cell)
        return train(cell, *args)

    monkeypatch.setattr(children, "train_child", stop_after_four)
    monkeypatch.setattr(children.fill, "__defaults__", (2,))
    with pytest.raises(KeyboardInterrupt):
        record_run(TINY.id, **where)
    monkeypatch.setattr(
        children, "train_child", lambda cell, *a: (asked.append(cell), train(cell, *a))[1]
    )
    record_run(TINY.id, resume=True, **where)
    assert asked == cells_of(TINY)  # none of them twice
    table = load_table(TINY.id)
    assert list(table) == cells_of(TINY)
    assert {score.n for score in table.values()} == {100}
    record = zoo.record(TINY.id)
    errors = [score.errors / 100 for score in table.values()]
    assert record.values("lowest_error") == [min(errors)]
    assert record.results[0].details == {"cells": len(table)}


def test_the_cells_of_the_larger_networks():
    drawn = CellSpace().sample(5, torch.Generator().manual_seed(0)).tolist()
    assert [cell for cell, _ in RANDOM] == [CellSpace().canonical(row) for row in drawn]
    for cell, maps in (FOUND, HAND, *RANDOM):
        counts = {
            m: count_parameters(cell_network(16, 3, cell=cell, plan="nnrnn", maps=m, first=16))
            for m in (maps - 1, maps, maps + 1)
        }
        nearest = min(counts, key=lambda m: abs(counts[m] - 24_288))
        assert nearest == maps
        assert abs(counts[maps] / 24_288 - 1) < 0.07
