"""Sentences and their translations as a data module: messages of programs, Multi30k, WMT'14."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from cnnhistory._util.lookup import check_integer, check_one_of, expected
from cnnhistory._util.tokens import END
from cnnhistory.data import scale
from cnnhistory.data.files.packages import package_files
from cnnhistory.data.memory import InMemoryDataModule
from cnnhistory.data.split import Part, Parts, digests
from cnnhistory.data.translation.catalogues import CATALOGUES, message_pairs
from cnnhistory.data.translation.corpora import CORPORA, read_corpus
from cnnhistory.data.translation.pairs import dealt, without_repetitions
from cnnhistory.data.translation.sets import LengthSampler, TokenPairs
from cnnhistory.data.translation.subwords import Subwords

MESSAGES = "messages"


@dataclass(kw_only=True, eq=False)
class PairsDataModule(InMemoryDataModule[TokenPairs]):
    """English sentences and their translations, as subwords that both languages share.

    "messages" are sentences that programs show and their French translations, out of the
    catalogues of four of them; 500 pairs each are the validation and the test part. Multi30k and
    WMT'14 have parts of their own. In either case no sentence of a part is in a later one (train,
    val, test), on neither side: see `pairs.without_repetitions`.

    Shape: a batch is sources (B, S) and targets (B, T), see `TokenPairs`.

    Args:
        batch_size: of each process.
        seed: of the order of the training pairs, with the epoch.
        num_workers: of the data loaders; 0 is fastest, for the data lie in memory.
        data: "messages", "multi30k" or "wmt14"; None takes the first in small mode, else the
            second.
        language: of the translations, "fr" or "de"; of messages French alone.
        vocabulary: how many subwords there are, chosen on the training part.
        longest: tokens that a training pair may have on either side; longer ones are left out.
        test_part: which test part, of a corpus that has several; None: the first.
        train_size: how many training pairs to keep, in the order of their SHA-256; None: all.
        root: folder with the folder of the corpus; None takes `CNNHISTORY_DATA`.

    Raises:
        ValueError: an argument is out of range.

    Source: elliott2016multi30k.
    """

    data: str | None = None
    language: str = "fr"
    vocabulary: int = 1000
    longest: int = 100
    test_part: str | None = None
    train_size: int | None = None
    root: str | Path | None = None
    val_size: int = 500  # how many messages; a corpus has its own part

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.data is None:
            self.data = scale.pick(small=MESSAGES, full="multi30k")
        check_one_of("data", self.data, (MESSAGES, *CORPORA))
        corpus = CORPORA.get(self.data)
        check_one_of("language", self.language, corpus.languages if corpus else ("fr",))
        if self.test_part is not None:
            check_one_of("test_part", self.test_part, corpus.tests if corpus else ())
        check_integer("vocabulary", self.vocabulary, 5)
        check_integer("longest", self.longest, 1)
        check_integer("val_size", self.val_size, 1)
        if self.train_size is not None:
            check_integer("train_size", self.train_size, 1)
        self._texts: Parts = {}

    @property
    def subwords(self) -> Subwords:
        """The vocabulary."""
        self.setup()
        return self._subwords

    def texts(self, part: str = "test") -> Part:
        """The sentences of a part, as `inputs`, and their translations, as `targets`.

        They come in the order of the tokens of the part; of the training part what is too long is
        still there.

        Raises:
            ValueError: no such part.
        """
        check_one_of("part", part, ("train", "val", "test"))
        self.setup()
        return self._texts[part]

    def prepare_data(self) -> None:
        """Fetches the catalogues where they are called for."""
        if self.data == MESSAGES:
            package_files([file for files in CATALOGUES.values() for file in files])

    def read(self) -> Parts:
        """The three parts as text."""
        assert self.data is not None
        if self.data == MESSAGES:
            parts = dealt(message_pairs(), self.val_size, 500)
        else:
            test = self.test_part or CORPORA[self.data].tests[0]
            names = {"train": "train", "val": "val", "test": test}
            parts = without_repetitions({
                name: read_corpus(self.data, self.language, file, self.root)
                for name, file in names.items()
            })  # fmt: skip
        if self.train_size is not None:
            train = parts["train"]
            if self.train_size > len(train.inputs):
                raise expected("train_size", f"at most {len(train.inputs)}", self.train_size)
            keys = digests(*train)
            order = sorted(range(len(keys)), key=keys.__getitem__)
            parts["train"] = train.take(order[: self.train_size])
        return parts

    def setup(self, stage: str | None = None) -> None:
        """Reads all parts, once, and chooses the subwords."""
        if not self._sets:
            self._texts = {}
        super().setup(stage)

    def measure(self, train: Part) -> None:
        """Choose the subwords on the training part."""
        self._subwords = Subwords.train([*train.inputs, *train.targets], self.vocabulary)

    def to_set(self, part: Part) -> TokenPairs:
        """The pairs as tokens; parts come in the order in which `read` has them."""
        name = ("train", "val", "test")[len(self._texts)]
        self._texts[name] = part
        pairs = [tuple(map(self._subwords.ids, pair)) for pair in zip(*part, strict=True)]
        if name == "train":
            pairs = [pair for pair in pairs if max(map(len, pair)) < self.longest]
        return TokenPairs([source for source, _ in pairs], [target for _, target in pairs])

    def train_dataloader(self) -> Any:
        """Shuffled batches of sentences of like length; the last one may be smaller."""
        sampler = LengthSampler(self.train_set.lengths, self.batch_size, self.seed)
        return self._loader(self.train_set, sampler)

    def encode(self, sentence: str) -> Tensor:
        """Return a sentence as a source of a network that was trained on these data.

        Shape: (1, S).
        """
        return torch.tensor([[*self.subwords.ids(sentence), END]])

    def decode(self, tokens: Sequence[int]) -> str:
        """Return the sentence of some tokens."""
        return self.subwords.text(tokens)

    def about(self) -> dict[str, str | int]:
        """Name, scale, source, license and bytes to download."""
        if self.data in CORPORA:
            corpus = CORPORA[self.data]
            return {
                "name": f"{corpus.title}, English to {LANGUAGES[self.language]}",
                "scale": "full",
                "source": corpus.where,
                "license": corpus.license,
                "download_bytes": 0,
            }
        archives = [files[0].archive for files in CATALOGUES.values()]
        return {
            "name": "messages of four programs, English to French",
            "scale": "small",
            "source": f"inside the packages {', '.join(a.package for a in archives)}",
            "license": ", ".join(dict.fromkeys(a.license for a in archives)),
            "download_bytes": sum(archive.size for archive in archives),
        }


LANGUAGES = {"fr": "French", "de": "German"}
