"""Callbacks for recorded runs of classifiers."""

from typing import Any

import pytorch_lightning as pl

from cnnhistory.tasks.classification import Classifier, evaluate


class TestErrorEachEpoch(pl.Callback):
    """Measure the test error after each epoch, to plot it; nothing is chosen by it.

    Units: `errors` are fractions.
    """

    __test__ = False  # not a test case, whatever its name says

    def __init__(self) -> None:
        self.errors: list[float] = []

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Append the error, a fraction."""
        assert isinstance(pl_module, Classifier)
        test_set = trainer.datamodule.test_set  # type: ignore[attr-defined]
        self.errors.append(evaluate(pl_module.network, test_set).error)

    def state_dict(self) -> dict[str, Any]:
        """Return the errors, for the checkpoint."""
        return {"errors": self.errors}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the errors of the run that is resumed."""
        self.errors = list(state_dict["errors"])
