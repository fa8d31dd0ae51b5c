"""Callbacks of trainings whose network translates."""

from __future__ import annotations

from typing import Any

import pytorch_lightning as pl

from cnnhistory.data.translation.module import PairsDataModule
from cnnhistory.metrics.translation import bleu
from cnnhistory.nlp.decoding import search_all


class BleuEachEpoch(pl.Callback):
    """Translate some validation sentences greedily after each epoch, to plot their BLEU.

    Args:
        sentences: how many, the first ones of the validation part.

    Units: `scores` from 0 to 100.
    """

    def __init__(self, sentences: int = 300) -> None:
        self.sentences = sentences
        self.scores: list[float] = []

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Append the BLEU."""
        data: Any = trainer.datamodule  # type: ignore[attr-defined]
        assert isinstance(data, PairsDataModule)
        sources = [tokens.tolist() for tokens in data.val_set.sources[: self.sentences]]  # type: ignore[union-attr]
        found = search_all(pl_module.network, sources)  # type: ignore[arg-type]
        translations = [data.decode(one.tokens) for one in found]
        references = data.texts("val").targets[: self.sentences]
        self.scores.append(bleu(translations, references).value)

    def state_dict(self) -> dict[str, Any]:
        """Return the scores, for the checkpoint."""
        return {"scores": self.scores}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the scores of the run that is resumed."""
        self.scores = list(state_dict["scores"])
