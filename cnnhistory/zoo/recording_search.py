"""Recording the scores of all cells of a space."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from cnnhistory.zoo import store
from cnnhistory.zoo.format import SeedResult
from cnnhistory.zoo.recipes import SearchRecipe
from cnnhistory.zoo.recording import OneSeed, SeedRun, artifact_of, file_of

if TYPE_CHECKING:
    from cnnhistory.search.children import ChildScore


def prepare_search(plan: SearchRecipe) -> tuple[OneSeed, dict[str, Any]]:
    """Return the function that scores all cells from one seed, and the data's description."""
    data = plan.data.build()
    return lambda seed, folder: score_cells(plan, seed, data, folder), data.describe()


def score_cells(plan: SearchRecipe, seed: int, data: Any, folder: Path) -> SeedRun:
    """Train the children that the table in the folder lacks, and return it."""
    from cnnhistory.search.children import dumps, fill

    path = folder / f"seed{seed}.csv"
    table = fill(path, cells_of(plan), lambda cell: score(plan, cell, seed, data))
    content, name = dumps(table), file_of(plan.id, seed, "csv")
    errors = [found.errors / found.n for found in table.values()]
    seconds = sum(found.seconds for found in table.values())
    result = SeedResult(
        seed=seed,
        metrics={"lowest_error": min(errors), "median_error": median(errors)},
        details={"cells": len(table)},
        artifacts={"table": artifact_of(name, content)},
        seconds=round(seconds, 1),
    )
    summary = (
        f"{plan.id} seed {seed}: {len(table)} cells, validation errors from "
        f"{100 * min(errors):.1f} %, median {100 * median(errors):.1f} %, {seconds:.0f} s"
    )
    return SeedRun(result, {name: content}, summary)


def cells_of(plan: SearchRecipe) -> list[str]:
    """Return the names of the cells of a recipe's space."""
    from cnnhistory.search.space import CellSpace

    settings = plan.space
    return list(CellSpace(settings["blocks"], tuple(settings["operations"])).cells())


def score(plan: SearchRecipe, cell: str, seed: int, data: Any) -> ChildScore:
    """Train the child of one cell as a recipe says."""
    from cnnhistory.search.children import train_child
    from cnnhistory.training.loop import Training

    training = Training(**plan.training)
    return train_child(cell, data.train_set, data.val_set, plan.network, training, seed)


def load_table(id: str, seed: int = 0) -> dict[str, ChildScore]:
    """Return the recorded scores of all cells by their names.

    Raises:
        UnknownIdError, FileNotFoundError, ValueError: see `cnnhistory.zoo.artifact`.
    """
    from cnnhistory.search.children import loads

    return loads(store.artifact(id, "table", seed).read_bytes())
