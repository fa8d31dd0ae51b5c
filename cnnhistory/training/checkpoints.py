"""The state of a run on disk: written whole, checked when it is read, the one before it kept.

A checkpoint is a zip archive, as torch writes it, and zip keeps a checksum of every part; they are
compared before anything is read. Nothing that a checkpoint holds is run: only tensors and plain
values are accepted (`weights_only`).
"""

import os
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from lightning_fabric.plugins import TorchCheckpointIO
from torch import Tensor

from cnnhistory._util.files import regular_target, replacing, sweep
from cnnhistory._util.lookup import expected

CHECKPOINT = "last.ckpt"
PREVIOUS = "previous.ckpt"
_FORMS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


class SafeCheckpointIO(TorchCheckpointIO):
    """Write checkpoints beside their place and move them there; read no code.

    The file that was there becomes `previous.ckpt`, unless it is known to be damaged. At any
    moment at least one whole checkpoint is there, whenever the process is killed.
    """

    damaged: Path | None = None

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None
    ) -> None:
        """Write a checkpoint."""
        target = regular_target(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacing(target) as file:
            torch.save(checkpoint, file)
            file.flush()
            os.fsync(file.fileno())
            if target.exists() and target != self.damaged:
                os.replace(target, target.with_name(PREVIOUS))
        self.damaged = None

    def load_checkpoint(
        self, path: str | Path, map_location: Any = "cpu", weights_only: bool | None = True
    ) -> dict[str, Any]:
        """Read a checkpoint, whatever `weights_only` says without running code of it."""
        return read(Path(path), map_location)


class KeepState(pl.callbacks.Checkpoint):
    """Keep the state after the latest epoch in `directory`/last.ckpt.

    With the state goes what a run must have in common with the one that it continues: its epochs,
    steps and seed. A run that starts anew removes the state of an earlier one when it begins.

    Raises:
        ValueError: the run that is continued had another number of steps.
    """

    def __init__(self, directory: Path, epochs: int, seed: int, resumes: bool) -> None:
        self.path = directory / CHECKPOINT
        self.resumes = resumes
        self.settings = {"epochs": epochs, "seed": seed}
        self.steps: int | None = None

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Compare with the run that is continued, or make room."""
        steps = int(trainer.estimated_stepping_batches)
        if self.steps not in (None, steps):
            raise expected(
                "data", f"{self.steps} steps in all, as in the run that is resumed", steps
            )
        self.steps = steps
        if not self.resumes and trainer.is_global_zero and not trainer.fast_dev_run:  # type: ignore[attr-defined]
            for name in (CHECKPOINT, PREVIOUS):
                self.path.with_name(name).unlink(missing_ok=True)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Write the state."""
        if not trainer.fast_dev_run:  # type: ignore[attr-defined]
            trainer.save_checkpoint(self.path)

    def state_dict(self) -> dict[str, Any]:
        """Return what runs must have in common, for the checkpoint."""
        return {**self.settings, "steps": self.steps}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the number of steps of the run that is resumed."""
        self.steps = state_dict["steps"]


def read(path: Path, map_location: Any = "cpu") -> dict[str, Any]:
    """Return what a checkpoint holds, once its checksums are found right.

    Raises:
        ValueError: it is damaged, or holds more than tensors and plain values.
        OSError: it cannot be read.
    """
    with path.open("rb"):
        pass  # a file that is not there or not ours is no damaged one
    try:
        with zipfile.ZipFile(path) as archive:
            broken = archive.testzip()
        if broken is not None:
            raise ValueError(f"the checksum of {broken} is wrong")
        state = torch.load(path, map_location=map_location, weights_only=True)
    except Exception as error:  # damaged or hostile bytes break pickle in any way they like
        said = str(error).strip().splitlines()
        reason = said[0][:200] if isinstance(error, _FORMS) and said else ""
        why = f"{type(error).__name__}: {reason}" if reason else type(error).__name__
        raise ValueError(f"resume: {path} is not a readable checkpoint ({why})") from error
    if not isinstance(state, dict) or not isinstance(state.get("state_dict"), dict):
        raise ValueError(f"resume: {path} is not a readable checkpoint (no state_dict)")
    return state


def newest(folder: Path) -> tuple[Path, dict[str, Any]] | None:
    """Return the newest checkpoint of a run that is whole, and what it holds; None without any.

    If the last one is damaged and the one before it is not, a warning says so.

    Raises:
        ValueError: there are checkpoints, and none can be read.
    """
    for name in (CHECKPOINT, PREVIOUS):
        sweep(folder / name)
    paths = [path for name in (CHECKPOINT, PREVIOUS) if (path := folder / name).exists()]
    errors: list[str] = []
    for path in paths:
        try:
            found = path, read(path)
        except ValueError as error:
            errors.append(str(error))
            continue
        if errors:
            warnings.warn(
                f"{errors[0]}; going on from {path}, one epoch earlier", UserWarning, stacklevel=3
            )
        return found
    if errors:
        raise ValueError(f"{errors[0]}; delete it to start again")
    return None


def check_same(state: dict[str, Any], module: pl.LightningModule, epochs: int, seed: int) -> None:
    """Refuse a checkpoint of another run than the one that is to be continued.

    Raises:
        ValueError: it has other epochs, another seed, or other tensors than the module.
    """
    settings = state.get("callbacks", {}).get(KeepState.__name__, {})
    for name, value in (("epochs", epochs), ("seed", seed)):
        if settings.get(name, value) != value:
            raise expected(name, f"{settings[name]}, as in the run that is resumed", value)
    ours = {key: tuple(value.shape) for key, value in module.state_dict().items()}
    theirs = {k: tuple(v.shape) for k, v in state["state_dict"].items() if isinstance(v, Tensor)}
    if ours != theirs:
        key = next(k for k in {**ours, **theirs} if ours.get(k) != theirs.get(k))
        raise ValueError(
            f"resume: expected a checkpoint of this network, got another one: {key} is "
            f"{theirs.get(key, 'not there')}, not {ours.get(key, 'there')}"
        )
