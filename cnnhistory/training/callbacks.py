"""Callbacks that make a run repeatable and resumable."""

import csv
import io
import time
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor

from cnnhistory._util.files import replace_file

METRICS = "metrics.csv"


class SeedEachEpoch(pl.Callback):
    """Make everything random in an epoch a function of (seed, epoch, rank) alone.

    A run that was killed is resumed at the start of the epoch it was in. Dropout masks of that
    epoch then come out as they would have without the interruption. Random augmentation belongs
    in the data module, seeded there: batches are fetched ahead of the network's own draws.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Seed torch's generators before the first batch.

        Not earlier: making the iterator of the data loader draws a number too, and when that
        happens differs between a first and a resumed epoch.
        """
        if batch_idx == 0:
            # Large odd multipliers keep the streams of nearby seeds, epochs and ranks apart.
            mixed = self.seed * 1_000_003 + trainer.current_epoch * 7_919 + trainer.global_rank
            torch.manual_seed(mixed % 2**63)


class History(pl.Callback):
    """Keep the metrics of every epoch, in memory, in the checkpoint and as a CSV file.

    Rows survive an interruption: they travel with the checkpoint. The file is replaced in one
    step after each epoch, so a reader never sees half of it.

    Units: `seconds` of a row is the wall time of that epoch, its validation included.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self.rows: list[dict[str, float]] = []
        self.directory = directory
        self._start = 0.0

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Note the time."""
        self._start = time.perf_counter()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Append the row of the epoch that ended."""
        values = {
            key: float(value) if isinstance(value, Tensor) else value
            for key, value in trainer.callback_metrics.items()
        }
        row = {
            "epoch": trainer.current_epoch,
            "seconds": round(time.perf_counter() - self._start, 3),
            "lr": trainer.optimizers[0].param_groups[0]["lr"],
        }
        self.rows.append({**row, **dict(sorted(values.items()))})
        if self.directory is not None and trainer.is_global_zero:
            write_csv(self.directory / METRICS, self.rows)

    def state_dict(self) -> dict[str, Any]:
        """Return the rows, for the checkpoint."""
        return {"rows": self.rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the rows of the run that is resumed."""
        self.rows = list(state_dict["rows"])


def write_csv(path: Path, rows: list[dict[str, float]]) -> None:
    """Write rows with a header line, replacing the file in one step.

    Raises:
        OSError: the file cannot be written; the old one is then still there.
    """
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(dict.fromkeys(key for row in rows for key in row)))
    writer.writeheader()
    writer.writerows(rows)
    replace_file(path, text.getvalue().encode())
