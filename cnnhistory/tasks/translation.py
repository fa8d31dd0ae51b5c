"""Translation: the LightningModule that trains a network from sequences to sequences."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F

from cnnhistory._util.checks import check_finite, check_share
from cnnhistory._util.tokens import PAD
from cnnhistory.registry import create_model
from cnnhistory.tasks.classification import MakeOptimizer, MakeSchedule
from cnnhistory.tasks.epochs import EpochTask
from cnnhistory.training.recipes import Adam, OneCycle, OptimizerRecipe, ScheduleRecipe


class Translation(EpochTask):
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

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        """Return the scores of what follows each token of the targets."""
        return self.network(source, target)

    def measure(
        self, batch: tuple[Tensor, Tensor], batch_idx: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the loss of a batch, how many tokens are not the likeliest, and all of them."""
        source, target = batch
        following = target[:, 1:].flatten()
        scores = self.network(source, target[:, :-1]).flatten(0, 1).float()
        loss = F.cross_entropy(
            scores, following, ignore_index=PAD, label_smoothing=self.label_smoothing
        )
        counts = following != PAD
        wrong = ((scores.detach().argmax(-1) != following) & counts).sum()
        return loss, wrong, counts.sum()

    def configure_gradient_clipping(self, optimizer: Any, *args: Any, **kwargs: Any) -> None:
        """Make gradients that are larger than `clip` as large as that, and none longer.

        By torch itself: Lightning refuses to do so for a fused optimizer.
        """
        if self.clip is not None:
            nn.utils.clip_grad_norm_(self.network.parameters(), self.clip)


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
