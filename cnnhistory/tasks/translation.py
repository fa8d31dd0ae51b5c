"""Translation: the LightningModule that trains a network from sequences to sequences."""

from __future__ import annotations

from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnhistory._util.checks import check_finite, check_share
from cnnhistory._util.tokens import PAD
from cnnhistory.registry import create_model
from cnnhistory.tasks.classification import MakeOptimizer, MakeSchedule
from cnnhistory.training.recipes import Adam, OneCycle, OptimizerRecipe, ScheduleRecipe


class Translation(pl.LightningModule):
    """Train a network to continue the beginnings of targets; everything it needs is handed in.

    The loss is the mean over all tokens of a batch but PAD of -log p(token | source, tokens before
    it): the targets themselves are given as beginnings, all positions at once.

    Args:
        network: gets sources and targets and returns scores of what follows, as `ConvS2S`.
        optimizer: recipe, see `cnnhistory.training.recipes`; default `Adam()`.
        schedule: recipe; default `OneCycle()`.
        label_smoothing: 0 as in the paper.
        clip: the largest norm of a gradient of all weights together; None: any.

    Shape: batches of sources (N, S) and targets (N, T), filled up with PAD at the end; targets
    begin with BEGIN and end with END.

    Units: logs `{train,val,test}_loss`, in nats a token, and `{train,val,test}_error`, the fraction
    of tokens that are not the likeliest, END included.

    Raises:
        ValueError: `label_smoothing` or `clip` is out of range.

    Source: gehring2017convolutional, Section 4.2.
    """

    def __init__(
        self,
        network: nn.Module,
        optimizer: MakeOptimizer | None = None,
        schedule: MakeSchedule | None = None,
        label_smoothing: float = 0.0,
        clip: float | None = 0.1,
    ) -> None:
        super().__init__()
        check_share("label_smoothing", label_smoothing)
        if clip is not None:
            check_finite("clip", clip, positive=True)
        self.network = network
        self.optimizer_recipe = optimizer or Adam()
        self.schedule_recipe = schedule or OneCycle()
        self.label_smoothing, self.clip = label_smoothing, clip
        for stage in ("train", "val", "test"):  # sums of an epoch: loss, wrong, tokens
            self.register_buffer(f"{stage}_sums", torch.zeros(3, dtype=torch.float64), False)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        """Return the scores of what follows each token of the targets."""
        return self.network(source, target)

    def _step(self, batch: tuple[Tensor, Tensor], stage: str) -> Tensor:
        source, target = batch
        following = target[:, 1:].flatten()
        scores = self.network(source, target[:, :-1]).flatten(0, 1).float()
        loss = F.cross_entropy(
            scores, following, ignore_index=PAD, label_smoothing=self.label_smoothing
        )
        counts = following != PAD
        n = counts.sum()
        wrong = ((scores.detach().argmax(-1) != following) & counts).sum()
        sums: Tensor = getattr(self, f"{stage}_sums")
        sums += torch.stack([loss.detach() * n, wrong, n])
        return loss

    def _log(self, stage: str) -> None:
        """Log the averages of the epoch over all processes, and start anew."""
        sums: Tensor = getattr(self, f"{stage}_sums")
        loss, wrong, n = self.trainer.strategy.reduce(sums.clone(), reduce_op="sum")
        sums.zero_()
        for name, value in (("loss", loss / n), ("error", wrong / n)):
            self.log(
                f"{stage}_{name}",
                value.float(),
                prog_bar=True,
                on_step=False,
                on_epoch=True,
                batch_size=1,
            )

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        """Return the loss of one batch."""
        loss = self._step(batch, "train")
        if self.trainer.is_last_batch:
            self._log("train")
        return loss

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        """Add one batch of the validation split to the sums."""
        self._step(batch, "val")

    def test_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        """Add one batch of the test split to the sums."""
        self._step(batch, "test")

    def on_validation_epoch_end(self) -> None:
        """Log the validation split."""
        self._log("val")

    def on_test_epoch_end(self) -> None:
        """Log the test split."""
        self._log("test")

    def configure_gradient_clipping(self, optimizer: Any, *args: Any, **kwargs: Any) -> None:
        """Make gradients that are larger than `clip` as large as that, and none longer.

        By torch itself: Lightning refuses to do so for a fused optimizer.
        """
        if self.clip is not None:
            nn.utils.clip_grad_norm_(self.network.parameters(), self.clip)

    def configure_optimizers(self) -> Any:
        """Build optimizer and schedule from the recipes."""
        optimizer = self.optimizer_recipe(self.network.parameters())
        total = int(self.trainer.estimated_stepping_batches)
        schedule = self.schedule_recipe(optimizer, total)
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }


def build_translation(
    network: str,
    network_args: dict[str, Any] | None = None,
    optimizer: OptimizerRecipe | None = None,
    schedule: ScheduleRecipe | None = None,
    label_smoothing: float = 0.0,
    clip: float | None = 0.1,
) -> Translation:
    """Build a task of translation from settings, as the command line and recorded runs name them.

    Args:
        network: name of a model, see `cnnhistory.list_models()`.
        network_args: keywords of the model's builder.
        optimizer: recipe, see `cnnhistory.training.recipes`; default `Adam()`.
        schedule: recipe; default `OneCycle()`.
        label_smoothing: share of the probability that is spread over all tokens.
        clip: the largest norm of a gradient.

    Raises:
        UnknownIdError: no such model; a KeyError whose message suggests the nearest names.
        TypeError: the model has no such setting.
        ValueError: a number is out of range.
    """
    made = create_model(network, **(network_args or {}))
    return Translation(made, optimizer, schedule, label_smoothing, clip)
