"""A trained network with its subwords: sentences in, sentences out, and the files that keep it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from cnnhistory._util.checks import check_counts
from cnnhistory._util.files import replace_file
from cnnhistory._util.lookup import expected
from cnnhistory._util.tokens import END, UNKNOWN
from cnnhistory.data.translation.subwords import Subwords
from cnnhistory.nlp.decoding import Hypothesis, best_of_beam, greedy, search_all
from cnnhistory.nn.sequence.weight_norm import folded
from cnnhistory.registry import create_model

SETTINGS, WEIGHTS, SUBWORDS = "translator.json", "weights.safetensors", "subwords.model"


class SentenceTranslator:
    """Translates sentences by a network and the subwords that it was trained with.

    Raises:
        ValueError: the network has another number of tokens than there are subwords.
    """

    def __init__(self, network: Any, subwords: Subwords) -> None:
        subwords.check_fits(network.vocabulary)
        self.network, self.subwords = network, subwords

    def source(self, sentence: str) -> list[int]:
        """Return the tokens of a sentence, END included.

        Raises:
            ValueError: not one of its letters is in the vocabulary, or it has more tokens than the
                network has positions.
        """
        ids = self.subwords.ids(sentence)
        pieces = self.subwords.pieces(ids)
        if all(id == UNKNOWN or piece == "\u2581" for id, piece in zip(ids, pieces, strict=True)):
            raise expected("sentence", "at least one letter that the vocabulary has", sentence)
        room = self.network.positions - 1  # one is END's
        if len(ids) > room:
            raise ValueError(
                f"sentence: expected at most {room} subwords, which the network has positions for, "
                f"got {len(ids)}"
            )
        return [*ids, END]

    def hypotheses(self, sentences: Sequence[str], beam: int = 5) -> list[Hypothesis | None]:
        """Return the best target of each sentence; None of one that is empty.

        Raises:
            ValueError: `beam` is no positive number, or a sentence is one that `source` refuses.
        """
        check_counts(beam=beam)
        filled = [i for i, sentence in enumerate(sentences) if sentence.strip()]
        search = greedy if beam == 1 else best_of_beam(beam)
        sources = [self.source(sentences[i]) for i in filled]
        found: list[Hypothesis | None] = [None] * len(sentences)
        fast = folded(self.network)
        for i, one in zip(filled, search_all(fast, sources, search), strict=True):  # type: ignore[arg-type]
            found[i] = one
        return found

    def translate(self, sentences: Sequence[str], beam: int = 5) -> list[str]:
        """Return the translation of each sentence; an empty sentence is its own.

        Raises:
            ValueError: as `hypotheses`.
        """
        return [
            "" if found is None else self.subwords.text(found.tokens)
            for found in self.hypotheses(sentences, beam)
        ]

    def save(self, folder: str | Path, model: str, settings: dict[str, Any]) -> None:
        """Write the weights, the subwords and what builds the network into a folder.

        Args:
            folder: is made where it is not there.
            model: name of the model.
            settings: keywords of its builder.

        Raises:
            OSError: it cannot be written.
        """
        from safetensors.torch import save

        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        state = {key: value.contiguous() for key, value in self.network.state_dict().items()}
        replace_file(folder / WEIGHTS, save(state))
        replace_file(folder / SUBWORDS, self.subwords.model)
        text = json.dumps({"model": model, "settings": settings}, indent=1)
        replace_file(folder / SETTINGS, f"{text}\n".encode())

    @classmethod
    def load(cls, folder: str | Path) -> SentenceTranslator:
        """Read what `save` wrote.

        Raises:
            FileNotFoundError: a file is missing.
            ValueError: a file is damaged, or they do not belong together.
        """
        from safetensors import SafetensorError
        from safetensors.torch import load

        folder = Path(folder)
        try:
            plan = json.loads((folder / SETTINGS).read_bytes())
            model, settings = plan["model"], dict(plan["settings"])
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{SETTINGS}: expected model and settings, got {error}") from error
        subwords = Subwords((folder / SUBWORDS).read_bytes())
        try:
            state = load((folder / WEIGHTS).read_bytes())
        except SafetensorError as error:
            raise ValueError(f"{WEIGHTS}: expected weights of a network, got {error}") from error
        return cls.built(model, settings, state, subwords)

    @classmethod
    def built(
        cls,
        model: str,
        settings: dict[str, Any],
        state: dict[str, torch.Tensor],
        subwords: Subwords,
    ) -> SentenceTranslator:
        """Build a network, give it weights, and join it with its subwords.

        Raises:
            ValueError: the weights are those of another network, or the number of its tokens is
                not that of the subwords.
            UnknownIdError: no such model; a KeyError whose message suggests the nearest names.
        """
        network: nn.Module = create_model(model, **settings)
        made = cls(network, subwords)
        try:
            network.load_state_dict(state)
        except RuntimeError as error:
            reason = " ".join(str(error).split())[:200]
            raise ValueError(
                f"weights: expected those of {model} with {settings}, got {reason}"
            ) from error
        network.eval()
        return made
