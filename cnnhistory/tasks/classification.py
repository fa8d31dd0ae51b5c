"""Classification: the LightningModule, and measuring a trained network."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from cnnhistory._util.modes import evaluating
from cnnhistory.metrics.proportion import Interval, binomial_interval
from cnnhistory.registry import create_model
from cnnhistory.tasks.building import build_network
from cnnhistory.tasks.epochs import EpochTask
from cnnhistory.training.fitting import Run, fit
from cnnhistory.training.recipes import Adam, OneCycle, OptimizerRecipe, ScheduleRecipe

MakeOptimizer = Callable[[Iterable[nn.Parameter]], Optimizer]
MakeSchedule = Callable[[Optimizer, int], LRScheduler]


class Classifier(EpochTask):
    """Train a network to name the class of its input; everything it needs is handed in.

    A network that fixes its own loss in the paper carries it as `network.criterion`; for others
    the loss is the cross-entropy of a softmax over the scores. One that keeps its weights within
    bounds has a function `network.constrain`, which is called after every step.

    Shape: batches of inputs (N, ...) and class indices (N,); the network returns (N, classes).

    Units: logs `{train,val,test}_loss` and `{train,val,test}_error`, the latter as a fraction.

    Raises:
        ValueError: a label of a batch is not in 0 ... classes - 1.
    """

    def __init__(
        self,
        network: nn.Module,
        loss: nn.Module | None = None,
        optimizer: MakeOptimizer | None = None,
        schedule: MakeSchedule | None = None,
    ) -> None:
        super().__init__()
        # Convolutions run a quarter faster this way round, and compute the same.
        solid = any(weight.dim() == 5 for weight in network.parameters())
        layout = torch.channels_last_3d if solid else torch.channels_last
        self.network = network.to(memory_format=layout)
        self.loss = loss or getattr(network, "criterion", None) or nn.CrossEntropyLoss()
        self.optimizer_recipe = optimizer or Adam()
        self.schedule_recipe = schedule or OneCycle()

    def forward(self, x: Tensor) -> Tensor:
        """Return the class scores of the network."""
        return self.network(x)

    def measure(
        self, batch: tuple[Tensor, Tensor], batch_idx: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the loss of a batch, how many inputs are named wrong, and how many there are."""
        x, target = batch
        scores = self.network(x)
        # On an accelerator looking at the labels would stall the queue: look at the first batch.
        if target.device.type == "cpu" or batch_idx == 0:
            check_labels(target, scores.shape[1])
        loss: Tensor = self.loss(scores, target)
        wrong = (scores.detach().argmax(1) != target).sum()
        return loss, wrong, torch.tensor(len(target), device=loss.device)


def check_labels(target: Tensor, classes: int) -> None:
    """Refuse labels that are not class indices.

    Raises:
        ValueError: a label is not in 0 ... classes - 1.
    """
    low, high = int(target.min()), int(target.max())
    if low < 0 or high >= classes:
        raise ValueError(
            f"target: expected labels from 0 to {classes - 1} for a network with {classes} "
            f"outputs, got labels from {low} to {high}"
        )


@dataclass(frozen=True)
class Evaluation:
    """What a network says about a data set.

    Shape: scores (N, classes), predictions and targets (N,), all on the CPU.
    """

    scores: Tensor
    predictions: Tensor
    targets: Tensor

    @property
    def n(self) -> int:
        """Number of examples."""
        return len(self.targets)

    @property
    def errors(self) -> int:
        """Number of examples that were named wrongly."""
        return int((self.predictions != self.targets).sum())

    @property
    def error(self) -> float:
        """Error rate, a fraction."""
        return self.errors / self.n

    @property
    def interval(self) -> Interval:
        """95 % binomial interval of the error rate (Wilson), fractions."""
        return binomial_interval(self.errors, self.n)

    @property
    def wrong(self) -> Tensor:
        """Indices of the examples that were named wrongly."""
        return (self.predictions != self.targets).nonzero().flatten()

    def confusion(self) -> Tensor:
        """Return the (classes, classes) counts, row = true class, column = prediction."""
        classes = self.scores.shape[1]
        flat = self.targets * classes + self.predictions
        return torch.bincount(flat, minlength=classes**2).reshape(classes, classes)

    def __str__(self) -> str:
        low, high = self.interval
        return (
            f"{100 * self.error:.2f} % ({self.errors} of {self.n}; "
            f"95 % interval {100 * low:.2f} to {100 * high:.2f} %)"
        )


class LabeledData(Protocol):
    """A part of a data module: all its inputs and all its labels, in memory."""

    images: Tensor
    labels: Tensor


def evaluate(network: nn.Module, data: LabeledData, batch_size: int = 500) -> Evaluation:
    """Let a network name every example of a data set.

    Shape: `data.images` (N, ...) and `data.labels` (N,).

    Raises:
        ValueError: a different number of inputs and labels, no example at all, or a label that
            is not one of the network's classes.
    """
    inputs, targets = data.images, data.labels
    if len(inputs) != len(targets) or len(targets) == 0:
        raise ValueError(
            f"data: expected as many labels as inputs and at least one, "
            f"got {len(inputs)} inputs and {len(targets)} labels"
        )
    device = next(network.parameters()).device
    with evaluating(network):
        scores = torch.cat([network(x.to(device)).cpu() for x in inputs.split(batch_size)])
    check_labels(targets, scores.shape[1])
    return Evaluation(scores, scores.argmax(1), targets)


def fit_classifier(
    network: str | nn.Module,
    data: pl.LightningDataModule,
    *,
    epochs: int,
    seed: int = 0,
    loss: nn.Module | None = None,
    optimizer: MakeOptimizer | None = None,
    schedule: MakeSchedule | None = None,
    directory: str | Path | None = None,
    resume: bool = False,
    validate: bool = True,
    callbacks: Sequence[pl.Callback] = (),
    trainer: Mapping[str, Any] | None = None,
) -> Run:
    """Train a network as a classifier: `fit` of a `Classifier`.

    A network that is given by name is built here, and its initial weights follow from `seed` too.

    Args:
        network: name of a model, or a network.
        data: as for `cnnhistory.training.fitting.fit`, like all that is not explained here.
        epochs: how often the train split is gone through.
        seed: of everything random.
        loss: default: the network's own `criterion`, else cross-entropy.
        optimizer: recipe, see `cnnhistory.training.recipes`; default `Adam()`.
        schedule: recipe; default `OneCycle()`.
        directory: where metrics and checkpoints go.
        resume: continue the run in `directory`.
        validate: measure the validation split after each epoch.
        callbacks: further callbacks.
        trainer: further keywords of the trainer.

    Raises:
        ValueError, OSError: as `fit` does.
        UnknownIdError: no such model; a KeyError whose message suggests the nearest names.
    """
    torch.manual_seed(seed)
    net = create_model(network) if isinstance(network, str) else network
    return fit(
        Classifier(net, loss, optimizer, schedule),
        data,
        epochs=epochs,
        seed=seed,
        directory=directory,
        resume=resume,
        validate=validate,
        callbacks=callbacks,
        trainer=trainer,
    )


def build_classifier(
    network: str,
    network_args: dict[str, Any] | None = None,
    loss: nn.Module | None = None,
    optimizer: OptimizerRecipe | None = None,
    schedule: ScheduleRecipe | None = None,
) -> Classifier:
    """Build a classifier from settings, as the command line and recorded runs name them.

    Args:
        network: name of a model, see `cnnhistory.list_models()`, or the path of a class.
        network_args: keywords of the model's builder, or of the class.
        loss: default: the network's own criterion, else cross-entropy.
        optimizer: recipe, see `cnnhistory.training.recipes`; default `Adam()`.
        schedule: recipe; default `OneCycle()`.

    Raises:
        UnknownIdError: no such model; a KeyError whose message suggests the nearest names.
        TypeError: the model has no such setting.
    """
    return Classifier(build_network(network, network_args or {}), loss, optimizer, schedule)
