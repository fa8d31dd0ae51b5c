"""Recording a run of Deep Compression."""

import argparse
import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cnnhistory.cli.make import data_module, machine, versions
from cnnhistory.compression import cnnz
from cnnhistory.compression.baselines import packed_sizes, raw_bytes, round_to_int8
from cnnhistory.compression.deep_compression import compress_state, float_bytes
from cnnhistory.compression.quantization import Bits
from cnnhistory.compression.schedule import Compressed, Schedule, run
from cnnhistory.registry import create_model
from cnnhistory.tasks.classification import LabeledData, evaluate
from cnnhistory.zoo import compressed
from cnnhistory.zoo.compressed import CompressedSeed, CompressionRecipe
from cnnhistory.zoo.store import replace_file


def record_compression(options: argparse.Namespace) -> None:
    """Train, compress and measure a network for every seed, and store files and log.

    Each finished seed is kept in the directory: a stopped recording continues with the next one.
    """
    recipe = compressed.recipe(options.id)
    seeds = tuple(recipe.seeds if options.seeds is None else options.seeds)
    if not seeds:
        raise ValueError("seeds: expected at least one")
    if options.append:
        raise ValueError("append: expected no run of Deep Compression; it keeps finished seeds")
    data = data_module(recipe.data)(**recipe.data_args)
    folder = Path(options.directory) / recipe.id
    folder.mkdir(parents=True, exist_ok=True)
    results = []
    for seed in seeds:
        done = folder / f"seed{seed}.json"
        if done.exists():
            fields = json.loads(done.read_text())
            if fields.pop("recipe") != json.loads(json.dumps(asdict(recipe))):
                raise ValueError(f"directory: {done} is of another recipe; delete it")
            result = CompressedSeed(**fields)
        else:
            result = _one_seed(recipe, seed, data, folder / f"seed{seed}.cnnz")
            content = json.dumps({"recipe": asdict(recipe), **asdict(result)})
            replace_file(done, content.encode())
        results.append(result)
        print(
            f"{recipe.id} seed {seed}: test error {100 * result.twin_errors / result.test_n:.2f} % "
            f"-> {100 * result.compressed_errors / result.test_n:.2f} %, {result.bytes:,} bytes, "
            f"{result.ratio:.1f} times smaller, {result.seconds:.0f} s",
            flush=True,
        )
    path = compressed.write(
        recipe.id,
        tuple(results),
        (folder / f"seed{seeds[0]}.cnnz").read_bytes(),
        seeds[0],
        data.describe(),
        versions(),
        machine(),
        Path(options.output) if options.output else compressed.FOLDER,
    )
    print(path)


def _one_seed(recipe: CompressionRecipe, seed: int, data: Any, path: Path) -> CompressedSeed:
    schedule = Schedule.from_settings(recipe.schedule)
    train, test = data.train_set, data.test_set
    start = time.perf_counter()
    made = run(schedule, train.images, train.labels, seed, lambda net: evaluate(net, test).error)
    seconds = time.perf_counter() - start
    parts = compress_state(made.compressed.state_dict(), schedule.bits, Bits(**recipe.index_bits))
    size = cnnz.save(path, schedule.model, schedule.network_args, parts)
    # What is reported is measured on what was read back from the file.
    contents = cnnz.load(path)
    base = next(error for stage, error in reversed(made.curve) if stage == "base")
    return CompressedSeed(
        seed=seed,
        base_errors=round(base * len(test.labels)),
        twin_errors=evaluate(made.twin, test).errors,
        compressed_errors=evaluate(contents.network(), test).errors,
        test_n=len(test.labels),
        bytes=size,
        float_bytes=float_bytes(made.twin),
        sections=contents.totals(),
        layers=[[layer.name, layer.total, layer.kept] for layer in made.densities],
        curve=[[stage, round(error, 6)] for stage, error in made.curve],
        twin_curve=[[stage, round(error, 6)] for stage, error in made.twin_curve],
        others=_others(schedule, made, test),
        seconds=round(seconds, 1),
    )


def _others(schedule: Schedule, made: Compressed, test: LabeledData) -> dict[str, dict[str, int]]:
    """Return bytes and errors of other ways to store the networks."""
    run_state, stored = round_to_int8(made.twin.state_dict())
    rounded = create_model(schedule.model, **schedule.network_args)
    rounded.load_state_dict(run_state)
    table = {}
    for name, state, network in (
        ("float32", made.twin.state_dict(), made.twin),
        ("int8", stored, rounded),
        ("pruned and shared float32", made.compressed.state_dict(), made.compressed),
    ):
        content = raw_bytes(state)
        errors = evaluate(network, test).errors
        table[name] = {"bytes": len(content), "errors": errors}
        for packer, size in packed_sizes(content).items():
            table[f"{name}, {packer}"] = {"bytes": size, "errors": errors}
    return table
