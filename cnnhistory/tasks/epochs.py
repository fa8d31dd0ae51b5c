"""What the tasks share: sums over an epoch, logged once, and a step from recipes."""

from __future__ import annotations

from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn

STAGES = ("train", "val", "test")


class EpochTask(pl.LightningModule):
    """Train a network by a loss per batch, and log the averages of each epoch.

    A task sets `network`, `optimizer_recipe` and `schedule_recipe`, and defines `measure`. A
    network that keeps its weights within bounds has a function `network.constrain`, which is
    called after every step.

    Units: logs `{train,val,test}_loss` and `{train,val,test}_error`, the latter as a fraction.
    """

    network: nn.Module
    optimizer_recipe: Any
    schedule_recipe: Any

    def __init__(self) -> None:
        super().__init__()
        # Sums over the current epoch of each stage: loss, wrong, items. Logging every step would
        # cost more than a step of a small network does.
        for stage in STAGES:
            self.register_buffer(f"{stage}_sums", torch.zeros(3, dtype=torch.float64), False)

    def measure(self, batch: Any, batch_idx: int) -> tuple[Tensor, Tensor, Tensor]:
        """Return the mean loss of a batch, how many items are wrong, and how many there are."""
        raise NotImplementedError

    def _step(self, batch: Any, batch_idx: int, stage: str) -> Tensor:
        loss, wrong, n = self.measure(batch, batch_idx)
        sums: Tensor = getattr(self, f"{stage}_sums")
        sums += torch.stack([loss.detach() * n, wrong, n])
        return loss

    def _log(self, stage: str) -> None:
        """Log the averages of the epoch over all processes, and start anew."""
        sums: Tensor = getattr(self, f"{stage}_sums")
        loss, wrong, n = self.trainer.strategy.reduce(sums.clone(), reduce_op="sum")
        sums.zero_()
        for name, value in (("loss", loss / n), ("error", wrong / n)):
            # once an epoch, so that there is no batch to weigh it by, nor one to look for its size
            self.log(
                f"{stage}_{name}",
                value.float(),
                prog_bar=True,
                on_step=False,
                on_epoch=True,
                batch_size=1,
            )

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        """Return the loss of one batch."""
        loss = self._step(batch, batch_idx, "train")
        # Not in on_train_epoch_end: callbacks see the metrics of the epoch before that hook runs.
        if self.trainer.is_last_batch:
            self._log("train")
        return loss

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        """Add one batch of the validation split to the sums."""
        self._step(batch, batch_idx, "val")

    def test_step(self, batch: Any, batch_idx: int) -> None:
        """Add one batch of the test split to the sums."""
        self._step(batch, batch_idx, "test")

    def on_validation_epoch_end(self) -> None:
        """Log the validation split."""
        self._log("val")

    def on_test_epoch_end(self) -> None:
        """Log the test split."""
        self._log("test")

    def configure_optimizers(self) -> Any:
        """Build optimizer and schedule from the recipes."""
        optimizer = self.optimizer_recipe(self.network.parameters())
        if constrain := getattr(self.network, "constrain", None):
            optimizer.register_step_post_hook(lambda *_: constrain())
        total = int(self.trainer.estimated_stepping_batches)
        schedule = self.schedule_recipe(optimizer, total)
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }
