"""Commands that make recorded runs."""

import argparse
import os
import platform
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from cnnhistory import __version__


def record_all(options: argparse.Namespace) -> None:
    """Make recorded runs, one after another."""
    from cnnhistory.cli.record_compression import record_compression
    from cnnhistory.zoo import compressed, recipes

    compresses = []
    for id in options.ids:  # an unknown id is refused before the first run starts
        compresses.append(bool(get_close_matches(id, compressed.RECIPES, 1, 0.7)))
        compressed.recipe(id) if compresses[-1] else recipes.recipe(id)
    for id, is_compressed in zip(options.ids, compresses, strict=True):
        options.id = id
        (record_compression if is_compressed else record)(options)


def record(options: argparse.Namespace) -> None:
    """Train every seed of a recorded run and store weights and log.

    Each seed keeps its state in its own directory: a stopped recording continues where it was.
    With `--append` the seeds come beside those that the record has, whose weights stay.

    Raises:
        ValueError: there is no seed to train, or `--append` names the seed of the stored weights.
    """
    from dataclasses import replace

    import torch

    from cnnhistory.cli.curve import TestErrorEachEpoch
    from cnnhistory.metrics.rejection import margin, rejection_curve
    from cnnhistory.nn.loss import MAPLoss
    from cnnhistory.tasks.classification import build_classifier, evaluate
    from cnnhistory.training.fitting import fit
    from cnnhistory.training.recipes import SGD, Adam, Constant, OneCycle
    from cnnhistory.zoo import recipes, store

    settings = recipes.recipe(options.id)
    seeds = tuple(settings.seeds if options.seeds is None else options.seeds)
    if not seeds:
        raise ValueError("seeds: expected at least one")
    old = store.record(options.id) if options.append else None
    if old is not None and old.weights_seed in seeds:
        raise ValueError(
            f"seeds: expected others than {old.weights_seed}, whose weights are stored; "
            "record all seeds without --append"
        )
    described = data_module(settings.data)(**settings.data_args).describe()
    if old is not None and old.data["content_hash"] != described["content_hash"]:
        raise ValueError("data: expected the data of the record, got others")
    results = []
    weights = None
    for seed in seeds:
        data = data_module(settings.data)(batch_size=settings.batch_size, **settings.data_args)
        torch.manual_seed(seed)  # for the initial weights
        classifier = build_classifier(
            settings.model,
            settings.network_args,
            MAPLoss() if settings.loss == "map" else None,
            Adam(settings.lr, settings.weight_decay)
            if settings.optimizer == "adam"
            else SGD(
                settings.lr, 0.9 if settings.optimizer == "sgd" else 0.0, settings.weight_decay
            ),
            OneCycle() if settings.schedule == "one_cycle" else Constant(),
        )
        curve = TestErrorEachEpoch()
        run = fit(
            classifier,
            data,
            epochs=settings.epochs,
            seed=seed,
            directory=Path(options.directory) / settings.id / f"seed{seed}",
            resume=True,
            validate=data.val_size > 0,
            callbacks=[curve],
            trainer={"precision": settings.precision},
        )
        outcome = evaluate(run.network, data.test_set)
        print(f"{settings.id} seed {seed}: test error {outcome}, {run.seconds:.0f} s", flush=True)
        doubt = rejection_curve(margin(outcome.scores), outcome.predictions != outcome.targets)
        results.append(
            store.SeedResult(
                seed,
                outcome.errors,
                outcome.n,
                curve.errors,
                run.history,
                round(run.seconds, 1),
                [round(doubt.at_rejection(i / 200), 6) for i in range(61)],
            )
        )
        weights = weights or run.network.state_dict()
    assert weights is not None
    first, made_on = seeds[0], machine()
    if old is not None:
        if old.machine != made_on:
            results = [replace(result, machine=made_on) for result in results]
        kept = [result for result in old.results if result.seed not in seeds]
        results = sorted([*kept, *results], key=lambda result: result.seed)
        weights, first, made_on = store.load_weights(options.id), old.weights_seed, old.machine
    path = store.write(
        settings.id, tuple(results), weights, first, described, versions(), made_on,
        Path(options.output) if options.output else store.FOLDER,
    )  # fmt: skip
    print(path)


def data_module(name: str) -> Any:
    """Return the data module that a recipe names.

    Raises:
        ValueError: there is none of that name.
    """
    from cnnhistory.data.cifar10 import Cifar10DataModule
    from cnnhistory.data.digits import DigitsDataModule
    from cnnhistory.data.patches import PatchesDataModule

    known = {
        "digits": DigitsDataModule,
        "cifar10": Cifar10DataModule,
        "patches": PatchesDataModule,
    }
    if name not in known:
        raise ValueError(f"data: expected one of {', '.join(known)}, got {name!r}")
    return known[name]


def versions() -> dict[str, str]:
    """Return the versions of what a recorded run depends on."""
    import pytorch_lightning as pl
    import torch

    return {
        "cnnhistory": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "pytorch_lightning": pl.__version__,
    }


def machine() -> dict[str, Any]:
    """Return what a recorded run is made on."""
    import torch

    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "accelerator": torch.cuda.get_device_name() if torch.cuda.is_available() else "none",
    }


def processor() -> str:
    """Return the name of the processor as the system gives it."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
