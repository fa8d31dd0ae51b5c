"""Recording a network for sentences that is trained once for each fold, and bags of words."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnhistory._util.lookup import check_one_of, expected
from cnnhistory.zoo import store
from cnnhistory.zoo.format import SeedResult
from cnnhistory.zoo.recipes import FoldsRecipe, ReaderRecipe, recipe
from cnnhistory.zoo.recording import OneSeed, SeedRun, artifact_of, file_of

if TYPE_CHECKING:
    from torch import Tensor, nn

    from cnnhistory.data.text.vocabulary import Vocabulary
    from cnnhistory.zoo.rounding import State

LABEL, NETWORK = "label", "network"  # columns


@dataclass(frozen=True)
class Answers:
    """The classes of test sentences, and what each method says, by its name.

    Shape: (N,) each.
    """

    labels: Tensor
    by: dict[str, Tensor]

    def wrong(self, name: str) -> Tensor:
        """Return which sentences a method has wrong, (N,).

        Raises:
            ValueError: there is none of that name; the message lists what there is.
        """
        check_one_of("name", name, tuple(self.by))
        return self.by[name] != self.labels

    def accuracy(self, name: str) -> float:
        """Return the share of sentences that a method has right."""
        return 1 - float(self.wrong(name).float().mean())


def prepare_folds(plan: FoldsRecipe) -> tuple[OneSeed, dict[str, Any]]:
    """Return the function that trains one fold, and the description of the data: of fold 0."""
    described = plan.data.build(batch_size=plan.batch_size).describe()
    return lambda seed, folder: train_fold(plan, seed, folder), described


def data_of(plan: FoldsRecipe, seed: int) -> Any:
    """Return the data of a seed: tested on the fold of that number, where there are folds."""
    data = plan.data.build(batch_size=plan.batch_size)
    return plan.data.build(batch_size=plan.batch_size, fold=seed) if data.in_folds else data


def train_fold(plan: FoldsRecipe, seed: int, folder: Path) -> SeedRun:
    """Train a network and the bags of words, and ask all of them about the test sentences."""
    import torch

    from cnnhistory.nlp.bag_of_words import BagOfWords
    from cnnhistory.registry import create_model
    from cnnhistory.tasks.callbacks import TestErrorEachEpoch
    from cnnhistory.tasks.classification import Classifier, evaluate
    from cnnhistory.training.fitting import fit

    data = data_of(plan, seed)
    torch.manual_seed(seed)  # for the initial weights
    sizes = {"vocabulary": len(data.vocabulary), "num_classes": data.num_classes}
    network = create_model(plan.model, **sizes, **plan.network_args)
    curve = TestErrorEachEpoch()
    run = fit(
        Classifier(network, None, plan.optimizer.build(), plan.schedule.build()),
        data,
        epochs=plan.epochs,
        seed=seed,
        directory=folder / f"seed{seed}",
        resume=True,
        validate=False,
        callbacks=[curve],
    )
    test = data.test_set
    found = Answers(test.labels, {NETWORK: evaluate(run.network, test).predictions})
    for kind, strength in plan.baselines.items():
        found.by[kind] = BagOfWords(kind, strength).fit(data.train_set).predict(test.tokens)
    n = len(test.labels)
    counts = {_metric(name): (int(found.wrong(name).sum()), n) for name in found.by}
    errors = {name: wrong / n for name, (wrong, _) in counts.items()}
    history = [
        {**row, "test_error": error} for row, error in zip(run.history, curve.errors, strict=True)
    ]
    files = {"answers": (file_of(plan.id, seed, "csv"), dumps(found))}
    more: dict[str, dict[str, str]] = {}
    if isinstance(plan, ReaderRecipe):
        kept, more["weights"] = _kept(plan, seed, run.network, data)
        files |= kept
    result = SeedResult(
        seed=seed,
        metrics={**errors, "train_error": history[-1]["train_error"]},
        counts=counts,
        history=history,
        details={"words": len(data.vocabulary), "content_hash": data.content_hash},
        artifacts={
            key: artifact_of(name, content, **more.get(key, {}))
            for key, (name, content) in files.items()
        },
        seconds=round(run.seconds, 1),
    )
    text = ", ".join(f"{key} {100 * value:.2f} %" for key, value in errors.items())
    summary = f"{plan.id} seed {seed}: {text}, {run.seconds:.0f} s"
    return SeedRun(result, dict(files.values()), summary)


def _kept(
    plan: ReaderRecipe, seed: int, network: nn.Module, data: Any
) -> tuple[dict[str, tuple[str, bytes]], dict[str, str]]:
    """Return the files of a network and of the words that it knows, and the form of the first."""
    from cnnhistory.tasks.classification import evaluate
    from cnnhistory.zoo.rounding import same_answers, stored_form, weights_content

    test = data.test_set
    state = {key: value.detach().clone() for key, value in network.state_dict().items()}

    def answers(form: State) -> Tensor:
        network.load_state_dict(form)
        return evaluate(network, test).predictions

    def wrong(said: Tensor) -> int:
        return int((said != test.labels).sum())

    form, dtype, reason = stored_form(state, same_answers(answers, wrong, state))
    words = "\n".join(data.vocabulary.words)
    trained = hashlib.sha256(weights_content(state)).hexdigest()
    files = {
        "weights": (file_of(plan.id, seed, "safetensors"), weights_content(form)),
        "words": (file_of(plan.id, seed, "txt"), words.encode()),
    }
    return files, {"dtype": dtype, "reason": reason, "trained_sha256": trained}


def load_reader(id: str, seed: int | None = None) -> tuple[nn.Module, Vocabulary]:
    """Return the network of a recorded run that reads sentences, and the words that it knows.

    Raises:
        UnknownIdError, FileNotFoundError, ValueError: see `cnnhistory.zoo.artifact`; or no network
            was kept.
    """
    from cnnhistory.data.text.vocabulary import Vocabulary
    from cnnhistory.registry import create_model

    plan = recipe(id)
    if not isinstance(plan, ReaderRecipe):
        raise expected("id", "a run whose network for sentences is kept", id)
    text = store.artifact(id, "words", seed).read_bytes().decode()
    vocabulary = Vocabulary(tuple(text.split("\n")))
    weights = store.load_weights(id, seed)
    sizes = {"vocabulary": len(vocabulary), "num_classes": len(weights["output.bias"])}
    network = create_model(plan.model, **sizes, **plan.network_args)
    network.load_state_dict(weights)
    return network.eval(), vocabulary


def _metric(name: str) -> str:
    """Return the name of a method's error among the metrics.

    >>> _metric("network"), _metric("tf-idf")
    ('test_error', 'tf_idf_error')
    """
    return "test_error" if name == NETWORK else f"{name.replace('-', '_')}_error"


def dumps(answers: Answers) -> bytes:
    """Return answers as a file: a line a sentence, in the order of the test part."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([LABEL, *answers.by])
    columns = [answers.labels.tolist(), *(found.tolist() for found in answers.by.values())]
    writer.writerows(zip(*columns, strict=True))
    return text.getvalue().encode()


def load_answers(id: str, seed: int | None = None) -> Answers:
    """Return the answers to the test sentences of a seed; default: of all folds together.

    Raises:
        UnknownIdError, FileNotFoundError, ValueError: see `cnnhistory.zoo.artifact`.
    """
    import torch

    chosen = [r.seed for r in store.record(id).results] if seed is None else [seed]
    tables: dict[str, list[int]] = {}
    for one in chosen:
        content = store.artifact(id, "answers", one).read_bytes().decode()
        for row in csv.DictReader(io.StringIO(content)):
            for name, value in row.items():
                tables.setdefault(name, []).append(int(value))
    columns = {name: torch.tensor(values) for name, values in tables.items()}
    return Answers(columns.pop(LABEL), columns)
