"""`fit`: train any LightningModule in one call, repeatable and resumable."""

import logging
import signal
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from lightning_fabric.utilities.exceptions import MisconfigurationException
from torch import nn

from cnnhistory._util.lookup import expected, unknown_id
from cnnhistory.training.callbacks import History, SeedEachEpoch
from cnnhistory.training.checkpoints import (
    CHECKPOINT,
    KeepState,
    SafeCheckpointIO,
    check_same,
    newest,
)
from cnnhistory.training.stopping import StopAtOnce, Stopped, signal_of, stoppable

# What `fit` sets unless it is told otherwise.
TRAINER: dict[str, Any] = {
    "devices": 1,
    "logger": False,
    "enable_model_summary": False,
    "num_sanity_val_steps": 0,
    "use_distributed_sampler": False,  # the data module's sampler shards itself
}


@dataclass(frozen=True)
class Run:
    """A finished training run.

    Units: `history` has one row per epoch with its wall time and the logged metrics, errors as
    fractions.
    """

    module: pl.LightningModule
    history: list[dict[str, float]]
    seed: int
    directory: Path | None

    @property
    def network(self) -> nn.Module:
        """What the module trains: its attribute `network`, else the module itself."""
        network = getattr(self.module, "network", self.module)
        assert isinstance(network, nn.Module)
        return network

    @property
    def seconds(self) -> float:
        """Wall time of all epochs, also of those before an interruption."""
        return sum(row["seconds"] for row in self.history)

    def curve(self, metric: str) -> list[float]:
        """Return one metric, epoch by epoch.

        Raises:
            UnknownIdError: the run did not log it; a KeyError that lists what it logged.
        """
        known = list(self.history[0]) if self.history else []
        if metric not in known:
            raise unknown_id("metric", metric, known)
        return [row[metric] for row in self.history]


def fit(
    module: pl.LightningModule,
    data: pl.LightningDataModule,
    *,
    epochs: int,
    seed: int = 0,
    directory: str | Path | None = None,
    resume: bool = False,
    validate: bool = True,
    callbacks: Sequence[pl.Callback] = (),
    trainer: Mapping[str, Any] | None = None,
) -> Run:
    """Train a module on the train split of `data` and return it with its history.

    The same call on the same initial weights gives the same weights: the order of the examples
    and everything random in the module follow from `seed`. With a `directory`, metrics go to
    `metrics.csv` and the state after each epoch to `last.ckpt` there; a run that was killed is
    continued by the same call with `resume=True`, from the last complete epoch, and ends with the
    weights of a run that was never interrupted.

    Args:
        module: what is trained, with its losses, optimizers and metrics.
        data: where the examples come from; its `seed`, if it has one, is set to `seed`.
        epochs: how often the train split is gone through.
        seed: of everything random, but for the initial weights, which the module brings.
        directory: where metrics and checkpoints go; nothing is written without it.
        resume: continue from `directory`/last.ckpt if there is one, else start.
        validate: measure the validation split after each epoch.
        callbacks: further callbacks, called before ours.
        trainer: further keywords of `pytorch_lightning.Trainer`, such as `accelerator`.

    Raises:
        ValueError: epochs < 1, `resume` without a directory, checkpoints none of which can be
            read, one of another run, or settings that the trainer refuses.
        OSError: the directory cannot be created.
        Stopped: Ctrl-C or SIGTERM; a KeyboardInterrupt that says how to go on.
    """
    if epochs < 1:
        raise expected("epochs", "at least 1", epochs)
    if resume and directory is None:
        raise expected("resume", "a directory to resume from", "directory=None")
    folder = Path(directory) if directory is not None else None
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    if hasattr(data, "seed"):
        data.seed = seed
    history = History(folder)
    ours: list[pl.Callback] = [StopAtOnce(), history]
    files = SafeCheckpointIO()
    start = None
    if folder is not None:
        if resume and (found := newest(folder)) is not None:
            start, state = found
            check_same(state, module, epochs, seed)
            del state  # as large as the run's memory again
            files.damaged = folder / CHECKPOINT if start.name != CHECKPOINT else None
        ours.append(KeepState(folder, epochs, seed, resumes=start is not None))
    settings = {
        **TRAINER,
        "enable_progress_bar": sys.stderr.isatty(),
        "limit_val_batches": 1.0 if validate else 0,
        **(trainer or {}),
        "max_epochs": epochs,
        "enable_checkpointing": folder is not None,
    }
    theirs = settings.get("callbacks") or []
    settings["callbacks"] = [SeedEachEpoch(seed), *callbacks, *_several(theirs), *ours]
    settings["plugins"] = [*_several(settings.get("plugins") or []), files]
    with quiet(), stoppable():
        try:
            engine = _trainer(settings)
            engine.fit(module, datamodule=data, ckpt_path=start)
        except (KeyboardInterrupt, SystemExit) as error:
            signum = signal_of(error)
            if signum is None:
                raise
            raise Stopped(
                _how_to_go_on(signum, len(history.rows), epochs, folder), signum
            ) from None
    module.cpu()
    return Run(module, history.rows, seed, folder)


def _several(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _trainer(settings: dict[str, Any]) -> pl.Trainer:
    """Make the trainer.

    Raises:
        ValueError: it cannot be made of these settings, or not on this machine.
    """
    try:
        return pl.Trainer(**settings)
    except (MisconfigurationException, ImportError, RuntimeError, TypeError, ValueError) as error:
        raise ValueError(f"trainer: {' '.join(str(error).split())}") from error


def _how_to_go_on(signum: int, done: int, epochs: int, folder: Path | None) -> str:
    text = f"stopped by {signal.Signals(signum).name} after {done} of {epochs} epochs; "
    if folder is None:
        return text + "nothing was kept, since no directory was given"
    if not (folder / CHECKPOINT).exists():
        return text + "no epoch was complete, so it has to start again"
    return text + f"to go on from {folder / CHECKPOINT}, say the same with --resume (resume=True)"


@contextmanager
def quiet() -> Iterator[None]:
    """Silence Lightning's banners and its advice on worker processes while the body runs."""
    loggers = [
        logging.getLogger(name)
        for name in ("pytorch_lightning", "lightning.pytorch", "lightning_fabric")
    ]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*args parameter is intended.*")
            warnings.filterwarnings("ignore", message=".*does not have many workers.*")
            # A task that sums over processes itself logs what is the same in all of them.
            warnings.filterwarnings("ignore", message=".*sync_dist=True.*")
            # pytorch_lightning 2.6 with torch >= 2.12: theirs to mend.
            warnings.filterwarnings("ignore", message=".*isinstance.treespec, LeafSpec.*")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
