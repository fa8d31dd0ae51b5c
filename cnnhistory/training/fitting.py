"""`fit`: train a network in one line."""

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from torch import nn

from cnnhistory.registry import create_model
from cnnhistory.tasks.classification import Classifier
from cnnhistory.training.callbacks import CHECKPOINT, History, SeedEachEpoch, epoch_checkpoint
from cnnhistory.training.recipes import OptimizerRecipe, ScheduleRecipe


@dataclass(frozen=True)
class Run:
    """A finished training run.

    Units: `history` has one row per epoch with its wall time and the logged metrics, errors as
    fractions.
    """

    network: nn.Module
    history: list[dict[str, float]]
    seed: int
    directory: Path | None

    @property
    def seconds(self) -> float:
        """Wall time of all epochs, also of those before an interruption."""
        return sum(row["seconds"] for row in self.history)

    def curve(self, metric: str) -> list[float]:
        """Return one metric, epoch by epoch.

        Raises:
            KeyError: the run did not log it; the message lists what it logged.
        """
        if not self.history or metric not in self.history[0]:
            known = ", ".join(self.history[0]) if self.history else "nothing"
            raise KeyError(f"metric: expected one of {known}, got {metric!r}")
        return [row[metric] for row in self.history]


def fit(
    network: str | nn.Module | Classifier,
    data: pl.LightningDataModule,
    *,
    epochs: int,
    seed: int = 0,
    loss: nn.Module | None = None,
    optimizer: OptimizerRecipe | None = None,
    schedule: ScheduleRecipe | None = None,
    directory: str | Path | None = None,
    resume: bool = False,
    accelerator: str = "auto",
    devices: int = 1,
    validate: bool = True,
    **trainer: Any,
) -> Run:
    """Train a network on the train split of `data` and return it with its history.

    The same call gives the same weights: initialization (for a network given by name), the order
    of the examples and everything random in the network follow from `seed`. With a `directory`,
    metrics go to `metrics.csv` and the state after each epoch to `last.ckpt` there; a run that was
    killed is continued by the same call with `resume=True`, from the last complete epoch, and ends
    with the weights of a run that was never interrupted.

    Args:
        network: name of a model, a network, or a ready `Classifier` (then `loss`, `optimizer` and
            `schedule` must be left out).
        data: where the examples come from; its `seed`, if it has one, is set to `seed`.
        epochs: passes over the train split.
        seed: of everything random.
        loss: default: the network's own `criterion`, else cross-entropy.
        optimizer: recipe, see `cnnhistory.training.recipes`; default `adam(2e-3)`.
        schedule: recipe; default `one_cycle()`.
        directory: where metrics and checkpoints go; nothing is written without it.
        resume: continue from `directory`/last.ckpt if there is one, else start.
        accelerator: "auto" takes what Lightning finds.
        devices: how many of them.
        validate: measure the validation split after each epoch.
        **trainer: further keywords of `pytorch_lightning.Trainer`.

    Raises:
        ValueError: epochs < 1, recipes given along with a Classifier, `resume` without a
            directory, or a checkpoint that cannot be read.
        OSError: the directory cannot be created.
    """
    if epochs < 1:
        raise ValueError(f"epochs: expected at least 1, got {epochs}")
    if resume and directory is None:
        raise ValueError("resume: expected a directory to resume from, got directory=None")
    folder = Path(directory) if directory is not None else None
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    if hasattr(data, "seed"):
        data.seed = seed
    if isinstance(network, Classifier):
        if loss or optimizer or schedule:
            raise ValueError("loss, optimizer, schedule: a Classifier already has its own")
        module = network
    else:
        net = create_model(network) if isinstance(network, str) else network
        module = Classifier(net, loss, optimizer, schedule)
    history = History(folder)
    callbacks: list[pl.Callback] = [SeedEachEpoch(seed), *trainer.pop("callbacks", []), history]
    if folder is not None:
        callbacks.append(epoch_checkpoint(folder))
    with quiet():
        engine = pl.Trainer(
            max_epochs=epochs,
            accelerator=accelerator,
            devices=devices,
            callbacks=callbacks,
            limit_val_batches=trainer.pop("limit_val_batches", 1.0 if validate else 0),
            **{
                "logger": False,
                "enable_checkpointing": folder is not None,
                "enable_model_summary": False,
                "enable_progress_bar": sys.stderr.isatty(),
                "num_sanity_val_steps": 0,
                "use_distributed_sampler": False,
                **trainer,
            },
        )
        engine.fit(module, datamodule=data, ckpt_path=checkpoint_in(folder) if resume else None)
    if engine.interrupted:
        raise KeyboardInterrupt
    module.cpu()
    return Run(module.network, history.rows, seed, folder)


def checkpoint_in(folder: Path | None) -> str | None:
    """Return the path of the checkpoint to resume from, None if there is none."""
    if folder is None or not (folder / CHECKPOINT).exists():
        return None
    path = folder / CHECKPOINT
    try:
        torch.load(path, map_location="meta", weights_only=False)
    except Exception as error:
        raise ValueError(
            f"resume: {path} is not a readable checkpoint ({type(error).__name__}); "
            "delete it to start again"
        ) from error
    return str(path)


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
            warnings.filterwarnings("ignore", message=".*does not have many workers.*")
            warnings.filterwarnings(
                "ignore", message=".*(exists and is not empty|dirpath has changed).*"
            )
            # pytorch_lightning 2.6 with torch >= 2.12: theirs to mend.
            warnings.filterwarnings("ignore", message=".*isinstance.treespec, LeafSpec.*")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
