"""Recording a network that is trained as a classifier."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnhistory.zoo import store
from cnnhistory.zoo.format import SeedResult
from cnnhistory.zoo.recipes import TrainingRecipe
from cnnhistory.zoo.recording import OneSeed, SeedRun, artifact_of, file_of
from cnnhistory.zoo.rounding import State, same_answers, stored_form, weights_content

if TYPE_CHECKING:
    from torch import Tensor, nn

REJECTED = [i / 200 for i in range(61)]  # none to 30 %, in steps of half a percent


def prepare_training(plan: TrainingRecipe) -> tuple[OneSeed, dict[str, Any]]:
    """Return the function that trains one seed, and the description of the data."""
    described = plan.data.build(batch_size=plan.batch_size).describe()
    return lambda seed, folder: train_seed(plan, seed, folder), described


def train_seed(plan: TrainingRecipe, seed: int, folder: Path) -> SeedRun:
    """Train a network from one seed, or go on with it, and measure it on the test data."""
    import torch

    from cnnhistory.metrics.calibration import calibration
    from cnnhistory.metrics.rejection import margin, rejection_curve
    from cnnhistory.nn.binary import without_latent_weights
    from cnnhistory.tasks.callbacks import TestErrorEachEpoch
    from cnnhistory.tasks.classification import build_classifier, evaluate
    from cnnhistory.training.fitting import fit

    data = plan.data.build(batch_size=plan.batch_size)
    torch.manual_seed(seed)  # for the initial weights
    classifier = build_classifier(
        plan.model,
        plan.network_args,
        plan.loss.build() if plan.loss else None,
        plan.optimizer.build(),
        plan.schedule.build(),
    )
    curve = TestErrorEachEpoch()
    run = fit(
        classifier,
        data,
        epochs=plan.epochs,
        seed=seed,
        directory=folder / f"seed{seed}",
        resume=True,
        validate=data.val_size > 0,
        callbacks=[curve],
        trainer={"precision": plan.precision},
    )
    network, test_set = run.network, data.test_set
    outcome = evaluate(network, test_set)
    state = {key: value.detach().clone() for key, value in network.state_dict().items()}

    def answers(form: State) -> Tensor:
        network.load_state_dict(form)
        return evaluate(network, test_set).predictions

    def wrong(predictions: Tensor) -> int:
        return int((predictions != outcome.targets).sum())

    kept = without_latent_weights(network)
    form, dtype, reason = stored_form(kept, same_answers(answers, wrong, state))
    content, name = weights_content(form), file_of(plan.id, seed, "safetensors")
    mistaken = outcome.predictions != outcome.targets
    files = {name: content, file_of(plan.id, seed, "txt"): mistakes_text(mistaken)}
    doubt = rejection_curve(margin(outcome.scores), mistaken)
    sure = calibration(outcome.scores, outcome.targets)
    history = [
        {**row, "test_error": error} for row, error in zip(run.history, curve.errors, strict=True)
    ]
    trained = hashlib.sha256(weights_content(state)).hexdigest()
    result = SeedResult(
        seed=seed,
        metrics={
            "test_error": outcome.error,
            "train_error": history[-1]["train_error"],
            "log_loss": sure.log_loss,
            "confidence": sure.confidence,
            "calibration_error": sure.error,
            **_search(network, test_set),
        },
        counts={"test_error": (outcome.errors, outcome.n)},
        history=history,
        curves={"accepted_error": [round(doubt.at_rejection(share), 6) for share in REJECTED]},
        details={"reliability": sure.rows()},
        artifacts={
            "weights": artifact_of(
                name, content, dtype=dtype, reason=reason, trained_sha256=trained
            ),
            "mistakes": artifact_of(*list(files.items())[1]),
        },
        seconds=round(run.seconds, 1),
    )
    summary = f"{plan.id} seed {seed}: test error {outcome}, {run.seconds:.0f} s"
    return SeedRun(result, files, summary)


def mistakes_text(wrong: Tensor) -> bytes:
    """Return which test items a network has wrong as text: a 1 for each mistake, else a 0.

    Shape: wrong (N,), bool.
    """
    return bytes((48 + wrong.long()).tolist()) + b"\n"


def load_mistakes(id: str, seed: int | None = None) -> list[bool]:
    """Return which test items a recorded network has wrong, in their order, for paired tests.

    Records that were made before this was kept have none.

    Raises:
        UnknownIdError, FileNotFoundError, ValueError: see `cnnhistory.zoo.artifact`.
    """
    content = store.artifact(id, "mistakes", seed).read_bytes()
    return [letter == ord("1") for letter in content.strip()]


def _search(network: nn.Module, test_set: Any) -> dict[str, float]:
    """Return what else a network of shapes is measured by: voting poses, search for the like."""
    if not hasattr(network, "describe"):
        return {}
    from cnnhistory.graphics.octree.tasks import vote
    from cnnhistory.metrics.retrieval import average_precisions

    voted = vote(network, test_set)  # type: ignore[arg-type]
    wrong = voted.scores.argmax(1) != test_set.labels
    return {
        "voted_error": float(wrong.double().mean()),
        "mean_average_precision": float(average_precisions(voted.keys, test_set.labels).mean()),
    }
