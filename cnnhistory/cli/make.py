"""Commands that fetch or produce something."""

import argparse
import os
import platform
from pathlib import Path

from cnnhistory import __version__


def fetch(options: argparse.Namespace) -> None:
    """Fetch and verify data sets by name, or all that small mode needs."""
    from cnnhistory.data import sources

    if not options.name and not options.all:
        known = ", ".join(source.name for source in sources.list_sources())
        raise ValueError(f"name: expected --all or some of {known}")
    fetched = [*(sources.fetch_all() if options.all else []), *map(sources.fetch, options.name)]
    for item in fetched:
        print(f"{item.name}: {item.size:,} bytes, {item.path}")


def list_data(options: argparse.Namespace) -> None:
    """List what can be fetched."""
    from cnnhistory.data import sources

    for source in sources.list_sources():
        mode = "small" if source.small else "full"
        print(f"{source.name:24} {mode:6} {source.license:40} {source.title}")


def record(options: argparse.Namespace) -> None:
    """Train every seed of a recorded run and store weights and log.

    Each seed keeps its state in its own directory: a stopped recording continues where it was.
    """
    import pytorch_lightning as pl
    import torch

    from cnnhistory.cli.curve import TestErrorEachEpoch
    from cnnhistory.data.digits import DigitsDataModule
    from cnnhistory.tasks.classification import build_classifier, evaluate
    from cnnhistory.tasks.fitting import fit
    from cnnhistory.zoo import recipes, store

    settings = recipes.recipe(options.id)
    seeds = tuple(settings.seeds if options.seeds is None else options.seeds)
    if not seeds:
        raise ValueError("seeds: expected at least one")
    results = []
    weights = None
    for seed in seeds:
        data = DigitsDataModule(batch_size=settings.batch_size, **settings.data_args)
        torch.manual_seed(seed)  # for the initial weights
        classifier = build_classifier(
            settings.model,
            settings.network_args,
            settings.loss,  # type: ignore[arg-type]
            settings.optimizer,  # type: ignore[arg-type]
            settings.lr,
            settings.weight_decay,
            settings.schedule,  # type: ignore[arg-type]
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
        )
        outcome = evaluate(run.network, data.test_set)
        print(f"{settings.id} seed {seed}: test error {outcome}, {run.seconds:.0f} s", flush=True)
        results.append(
            store.SeedResult(
                seed,
                outcome.errors,
                outcome.n,
                curve.errors,
                run.history,
                round(run.seconds, 1),
            )
        )
        weights = weights or run.network.state_dict()
    versions = {
        "cnnhistory": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "pytorch_lightning": pl.__version__,
    }
    machine = {
        "processor": processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "accelerator": torch.cuda.get_device_name() if torch.cuda.is_available() else "none",
    }
    assert weights is not None
    path = store.write(
        settings.id, tuple(results), weights, seeds[0], data.describe(), versions, machine,
        Path(options.output) if options.output else store.FOLDER,
    )  # fmt: skip
    print(path)


def processor() -> str:
    """Return the name of the processor as the system gives it."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
