"""Making recorded runs: what `cnnhistory record` does.

Each finished seed is kept in a directory of its own, and so is the state of the one in work: a
stopped recording goes on where it was.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cnnhistory._util.files import replace_file
from cnnhistory._util.lookup import expected
from cnnhistory.zoo import store
from cnnhistory.zoo.format import Artifact, Provenance, Record, SeedResult, renumbered
from cnnhistory.zoo.plain import as_plain, from_plain, to_json
from cnnhistory.zoo.provenance import provenance
from cnnhistory.zoo.recipes import (
    AblationRecipe,
    CompressionRecipe,
    FluidRecipe,
    FoldsRecipe,
    Recipe,
    SearchRecipe,
    TextureRecipe,
    TranslationRecipe,
    recipe,
)


@dataclass(frozen=True)
class SeedRun:
    """One finished seed: what it gave, the files that it left by name, and a line that says it."""

    result: SeedResult
    files: dict[str, bytes]
    summary: str


@dataclass(frozen=True)
class _Finished:
    """The same as it lies in the directory of the run."""

    recipe: dict[str, Any]
    data: dict[str, Any]
    result: SeedResult
    provenance: Provenance


OneSeed = Callable[[int, Path], SeedRun]


def record_run(
    id: str,
    *,
    seeds: Sequence[int] | None = None,
    directory: str | Path = "runs",
    output: str | Path | None = None,
    resume: bool = False,
    say: Callable[[str], object] = print,
) -> Path:
    """Make a recorded run, seed by seed, store it, and return the path of its record.

    Args:
        id: of the recipe.
        seeds: default: those of the recipe; with `resume` those of them whose files are missing.
        directory: where finished seeds and checkpoints go.
        output: where the record goes; default: the package's zoo.
        resume: go on with an interrupted run, and keep the other seeds of a record that is there.
        say: called with a line for each finished seed.

    Raises:
        UnknownIdError: no recipe has that id; a KeyError whose message suggests the nearest.
        ValueError: no seed to run, a directory with an earlier run without `resume`, or an earlier
            run or record of another recipe or of other data.
        OSError: something cannot be written.
    """
    plan = recipe(id)
    folder = Path(directory) / id
    target = store.FOLDER if output is None else Path(output)
    old = target / f"{id}.json"
    earlier = store.read_record(old) if resume and old.exists() else None
    chosen = tuple(_missing(plan, earlier) if seeds is None else seeds)
    if not chosen:
        raise expected("seeds", "at least one to run", "none: all are recorded")
    if not resume and folder.exists() and any(folder.iterdir()):
        raise expected("directory", "one without an earlier run, or --resume", str(folder))
    folder.mkdir(parents=True, exist_ok=True)
    one_seed, data = _how(plan)
    settings = as_plain(plan)
    if earlier is not None:
        _check_same("recipe", _for_a_seed(earlier.recipe), _for_a_seed(settings), str(old))
        _check_same("data", _content(earlier.data), _content(data), str(old))
    results: list[tuple[SeedResult, Provenance]] = []
    files: dict[str, bytes] = {}
    for seed in chosen:
        done = folder / f"seed{seed}.json"
        if done.exists():
            finished = from_plain(_Finished, json.loads(done.read_bytes()), done.name)
            _check_same("recipe", _for_a_seed(finished.recipe), _for_a_seed(settings), str(done))
            _check_same("data", _content(finished.data), _content(data), str(done))
        else:
            begun = provenance(store.command(id))
            run = one_seed(seed, folder)
            for name, content in run.files.items():
                replace_file(folder / name, content)
            finished = _Finished(settings, data, run.result, begun)
            replace_file(done, to_json(as_plain(finished)).encode())
            say(run.summary)
        results.append((finished.result, finished.provenance))
        for entry in finished.result.artifacts.values():
            files[entry.file] = (folder / entry.file).read_bytes()
    if earlier is not None:
        results += [
            (result, earlier.provenance[result.provenance])
            for result in earlier.results
            if result.seed not in chosen
        ]
        results = _with_the_same_metrics(results, say)
    numbered, origins = renumbered(results)
    return store.write(Record(id, settings, data, numbered, origins), files, target)


def _missing(plan: Recipe, earlier: Record | None) -> list[int]:
    """Return the seeds of a recipe that a record lacks, or whose files it lacks."""
    if earlier is None:
        return list(plan.seeds)
    there = {result.seed for result in earlier.results if result.artifacts or result.inputs}
    return [seed for seed in plan.seeds if seed not in there]


def _with_the_same_metrics(
    results: Sequence[tuple[SeedResult, Provenance]], say: Callable[[str], object]
) -> list[tuple[SeedResult, Provenance]]:
    """Return results with the metrics that all have: an older seed may lack what is newer."""
    shared = set.intersection(*(set(result.metrics) for result, _ in results))
    kept = []
    for result, origin in results:
        left_out = [name for name in result.metrics if name not in shared]
        if left_out:
            say(f"seed {result.seed}: without {', '.join(left_out)}, which not every seed has")
        metrics = {name: value for name, value in result.metrics.items() if name in shared}
        kept.append((replace(result, metrics=metrics), origin))
    return kept


def _for_a_seed(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a recipe that decide what a seed gives: all but the list of seeds."""
    return {name: value for name, value in settings.items() if name != "seeds"}


def _content(data: dict[str, Any]) -> Any:
    return data.get("content_hash")


def _check_same(what: str, found: object, wanted: object, place: str) -> None:
    if found != wanted:
        raise ValueError(f"{what}: expected that of {place}, got another; delete it to start again")


def _how(plan: Recipe) -> tuple[OneSeed, dict[str, Any]]:
    """Return the function that runs one seed of a recipe, and the description of its data."""
    # Here, since each of them loads what only it needs.
    if isinstance(plan, CompressionRecipe):
        from cnnhistory.zoo.recording_compression import prepare_compression

        return prepare_compression(plan)
    if isinstance(plan, AblationRecipe):
        from cnnhistory.zoo.ablations import prepare_ablations

        return prepare_ablations(plan)
    if isinstance(plan, SearchRecipe):
        from cnnhistory.zoo.recording_search import prepare_search

        return prepare_search(plan)
    if isinstance(plan, FoldsRecipe):
        from cnnhistory.zoo.recording_folds import prepare_folds

        return prepare_folds(plan)
    if isinstance(plan, TranslationRecipe):
        from cnnhistory.zoo.recording_translation import prepare_translation

        return prepare_translation(plan)
    if isinstance(plan, FluidRecipe):
        from cnnhistory.zoo.recording_fluid import prepare_fluid

        return prepare_fluid(plan)
    if isinstance(plan, TextureRecipe):
        from cnnhistory.zoo.recording_textures import prepare_textures

        return prepare_textures(plan)
    from cnnhistory.zoo.recording_training import prepare_training

    return prepare_training(plan)


def file_of(id: str, seed: int, ending: str) -> str:
    """Return the name of a file that a seed leaves.

    >>> file_of("lenet5_mnist", 3, "safetensors")
    'lenet5_mnist-seed3.safetensors'
    """
    return f"{id}-seed{seed}.{ending}"


def artifact_of(name: str, content: bytes, **more: str) -> Artifact:
    """Return the entry of a file for the record."""
    import hashlib

    return Artifact(name, hashlib.sha256(content).hexdigest(), len(content), **more)
