"""Recording a network that is trained to translate."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnhistory.zoo import store
from cnnhistory.zoo.format import SeedResult
from cnnhistory.zoo.recipes import TranslationRecipe, recipe
from cnnhistory.zoo.recording import OneSeed, SeedRun, artifact_of, file_of
from cnnhistory.zoo.rounding import State, stored_form, weights_content

if TYPE_CHECKING:
    from cnnhistory.nlp.translator import SentenceTranslator

MOVED = 0.05  # points of BLEU that rounded weights may be away from the trained ones


def prepare_translation(plan: TranslationRecipe) -> tuple[OneSeed, dict[str, Any]]:
    """Return the function that trains one seed, and the description of the data."""
    described = plan.data.build(batch_size=plan.batch_size).describe()
    return lambda seed, folder: translate_seed(plan, seed, folder), described


def translate_seed(plan: TranslationRecipe, seed: int, folder: Path) -> SeedRun:
    """Train a network from one seed, or go on with it, and translate the test part."""
    import torch

    from cnnhistory.metrics.translation import bleu, chrf, sentence_counts
    from cnnhistory.nlp.callbacks import BleuEachEpoch
    from cnnhistory.nlp.translator import SentenceTranslator
    from cnnhistory.tasks.translation import build_translation
    from cnnhistory.training.fitting import fit

    data = plan.data.build(batch_size=plan.batch_size)
    torch.manual_seed(seed)  # for the initial weights
    task = build_translation(
        plan.model,
        plan.network_args,
        plan.optimizer.build(),
        plan.schedule.build(),
        plan.label_smoothing,
        plan.clip,
    )
    curve = BleuEachEpoch()
    run = fit(
        task,
        data,
        epochs=plan.epochs,
        seed=seed,
        directory=folder / f"seed{seed}",
        resume=True,
        callbacks=[curve],
        trainer={"precision": plan.precision},
    )
    network, test = run.network, data.texts("test")
    translator = SentenceTranslator(network, data.subwords)
    state = {key: value.detach().clone() for key, value in network.state_dict().items()}

    def answers(form: State) -> list[str]:
        network.load_state_dict(form)
        return translator.translate(test.inputs, plan.beam)

    def difference(form: State) -> str:
        if not all(torch.isfinite(value).all() for value in form.values()):
            return "float16 cannot hold these numbers"
        after = bleu(answers(form), test.targets).value
        moved = abs(after - before.value)
        return "" if moved <= MOVED else f"float16 moves BLEU by {moved:.2f}"

    trained = answers(state)
    before = bleu(trained, test.targets)
    form, dtype, reason = stored_form(state, difference)
    network.load_state_dict({key: value.float() for key, value in form.items()})
    translations = translator.translate(test.inputs, plan.beam)
    score, letters = bleu(translations, test.targets), chrf(translations, test.targets)
    contents = {
        "weights": (file_of(plan.id, seed, "safetensors"), weights_content(form)),
        "subwords": (file_of(plan.id, seed, "model"), data.subwords.model),
        "counts": (
            file_of(plan.id, seed, "csv"),
            _table(sentence_counts(translations, test.targets)),
        ),
        "translations": (file_of(plan.id, seed, "txt"), "\n".join([*translations, ""]).encode()),
    }
    more = {
        "weights": {
            "dtype": dtype,
            "reason": reason,
            "trained_sha256": hashlib.sha256(weights_content(state)).hexdigest(),
        }
    }
    history = [
        {**row, "val_bleu": round(value, 3)}
        for row, value in zip(run.history, curve.scores, strict=True)
    ]
    result = SeedResult(
        seed=seed,
        metrics={
            "test_bleu": score.value,
            "test_chrf": letters.value,
            "val_loss": history[-1]["val_loss"],
        },
        history=history,
        details={"bleu": score.signature, "chrf": letters.signature, "sentences": len(test.inputs)},
        artifacts={
            key: artifact_of(name, content, **more.get(key, {}))
            for key, (name, content) in contents.items()
        },
        seconds=round(run.seconds, 1),
    )
    summary = f"{plan.id} seed {seed}: {score}, {letters}, {run.seconds:.0f} s"
    return SeedRun(result, dict(contents.values()), summary)


def _table(counts: Sequence[Sequence[int]]) -> bytes:
    from cnnhistory.metrics.translation import COUNTED

    lines = io.StringIO()
    csv.writer(lines, lineterminator="\n").writerows([COUNTED, *counts])
    return lines.getvalue().encode()


def load_counts(id: str, seed: int | None = None) -> list[list[int]]:
    """Return the counts of the translated test sentences, for `paired_bootstrap_of_counts`.

    Raises:
        UnknownIdError, FileNotFoundError, ValueError: see `cnnhistory.zoo.artifact`.
    """
    content = store.artifact(id, "counts", seed).read_bytes().decode()
    return [[int(number) for number in row] for row in list(csv.reader(io.StringIO(content)))[1:]]


def load_translations(id: str, seed: int | None = None) -> list[str]:
    """Return the translations of the test sentences, in their order.

    Raises:
        UnknownIdError, FileNotFoundError, ValueError: see `cnnhistory.zoo.artifact`.
    """
    return store.artifact(id, "translations", seed).read_bytes().decode().split("\n")[:-1]


def load_translator(id: str, seed: int | None = None) -> SentenceTranslator:
    """Return the network of a recorded run with its subwords.

    Raises:
        UnknownIdError, FileNotFoundError, ValueError: see `cnnhistory.zoo.artifact`; or the run is
            none of a translation.
    """
    from cnnhistory._util.lookup import expected
    from cnnhistory.data.translation.subwords import Subwords
    from cnnhistory.nlp.translator import SentenceTranslator

    plan = recipe(id)
    if not isinstance(plan, TranslationRecipe):
        raise expected("id", "a run in which a network was trained to translate", id)
    subwords = Subwords(store.artifact(id, "subwords", seed).read_bytes())
    weights = store.load_weights(id, seed)
    return SentenceTranslator.built(plan.model, plan.network_args, weights, subwords)
