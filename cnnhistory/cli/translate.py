"""`cnnhistory translate`: sentences by a trained network; and what `fit` leaves for it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnhistory._util.lookup import expected, unknown_id

if TYPE_CHECKING:
    from cnnhistory.nlp.translator import SentenceTranslator


def translate(options: argparse.Namespace) -> None:
    """Translate the given sentences, or else each line of the standard input."""
    translator = find(options.model)
    lines = options.sentence or (line.rstrip("\n") for line in sys.stdin)
    for line in lines:  # one by one: a reader of a pipe sees each as soon as it is there
        print(translator.translate([line], options.beam)[0], flush=True)


def find(model: str) -> SentenceTranslator:
    """Return the translator of a recorded run, of a folder, or of a run of `fit` in `runs`.

    Raises:
        UnknownIdError: there is none; a KeyError whose message suggests the nearest names.
        FileNotFoundError: the run is not recorded yet.
        ValueError: a file is damaged, or they do not belong together.
    """
    from cnnhistory.nlp.translator import SETTINGS, SentenceTranslator
    from cnnhistory.zoo.recipes import RECIPES, TranslationRecipe
    from cnnhistory.zoo.recording_translation import load_translator

    for folder in (Path(model), Path("runs") / model):
        if (folder / SETTINGS).is_file():
            return SentenceTranslator.load(folder)
    known = [id for id, plan in RECIPES.items() if isinstance(plan, TranslationRecipe)]
    if model not in known:
        listing = "a folder that `cnnhistory fit convs2s` wrote, or one of " + ", ".join(known)
        raise unknown_id("translator", model, known, f"{listing}:")
    return load_translator(model)


def check_data(network: Any, data: Any) -> None:
    """Refuse data that a network which translates cannot be trained on.

    Raises:
        ValueError: they are no pairs of sentences, or have another number of subwords.
    """
    from cnnhistory.data.translation.module import PairsDataModule

    if not isinstance(data, PairsDataModule):
        raise expected("data", "pairs of sentences (PairsDataModule)", type(data).__name__)
    data.subwords.check_fits(network.vocabulary)
    if data.longest > network.positions:
        raise expected("longest", f"at most the network's {network.positions}", data.longest)


def test_and_keep(network: Any, data: Any, folder: Path, model: str, settings: Any) -> str:
    """Keep a trained network for `translate`, and return what it makes of the test part."""
    from cnnhistory.metrics.translation import bleu, chrf
    from cnnhistory.nlp.translator import SentenceTranslator

    translator = SentenceTranslator(network, data.subwords)
    translator.save(folder, model, dict(settings or {}))
    test = data.texts("test")
    found = translator.translate(test.inputs, beam=1)
    return f"test {bleu(found, test.targets)}, {chrf(found, test.targets)}"
