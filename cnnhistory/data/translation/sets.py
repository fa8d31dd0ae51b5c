"""Pairs of sentences as tokens, and batches of those of like length."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import Dataset

from cnnhistory._util.lookup import check_integer
from cnnhistory._util.tokens import BEGIN, END, PAD
from cnnhistory.data.tensors import ShuffledSampler

Tokens = Sequence[int]


class TokenPairs(Dataset[tuple[Tensor, Tensor]]):
    """Sources and targets as tokens, read a batch at a time.

    A source ends with END, a target begins with BEGIN and ends with END; both are filled up with
    PAD to the longest of the batch.

    Shape: a batch is sources (B, S) and targets (B, T), int64.

    Raises:
        ValueError: a different number of sources and targets.

    >>> pairs = TokenPairs([[5, 6], [7]], [[8], [9]])
    >>> [tokens.tolist() for tokens in pairs.__getitems__([0, 1])]
    [[[5, 6, 3], [7, 3, 0]], [[2, 8, 3], [2, 9, 3]]]
    """

    def __init__(self, sources: Sequence[Tokens], targets: Sequence[Tokens]) -> None:
        if len(sources) != len(targets):
            raise ValueError(f"targets: expected {len(sources)}, one a source, got {len(targets)}")
        self.sources = [torch.tensor([*tokens, END]) for tokens in sources]
        self.targets = [torch.tensor([BEGIN, *tokens, END]) for tokens in targets]

    def __len__(self) -> int:
        return len(self.sources)

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """The numbers of tokens of source and target together, marks included."""
        return np.array(
            [len(a) + len(b) for a, b in zip(self.sources, self.targets, strict=True)], np.int64
        )

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self.sources[index], self.targets[index]

    def __getitems__(self, indices: Sequence[int]) -> tuple[Tensor, Tensor]:
        """A batch in one read: DataLoader calls this where it is defined."""
        return (
            pad_sequence([self.sources[i] for i in indices], True, PAD),
            pad_sequence([self.targets[i] for i in indices], True, PAD),
        )


class LengthSampler(ShuffledSampler):
    """A permutation whose batches have items of like length, by (seed, epoch) alone.

    Of a random permutation each `pool` batches are sorted by length and cut into batches, which
    then come in random order; one that is not full comes last. Less is padding so: of sentences,
    a batch is as long as its longest.

    Args:
        lengths: of the items.
        batch_size: of all processes together.
        seed, rank, world_size: as for `ShuffledSampler`.
        pool: batches that are sorted together.

    Raises:
        ValueError: a number is out of range.
    """

    def __init__(
        self,
        lengths: npt.NDArray[np.int64],
        batch_size: int,
        seed: int = 0,
        rank: int | None = None,
        world_size: int | None = None,
        pool: int = 50,
    ) -> None:
        super().__init__(len(lengths), seed, rank, world_size)
        check_integer("batch_size", batch_size, 1)
        check_integer("pool", pool, 1)
        self.lengths, self.batch_size, self.pool = lengths, batch_size, pool

    def permutation(self) -> npt.NDArray[np.int64]:
        """The order of all items in this epoch, the same in every process."""
        order = super().permutation()
        size = self.batch_size * self.pool
        for start in range(0, len(order), size):
            part = order[start : start + size]
            order[start : start + size] = part[np.argsort(self.lengths[part], kind="stable")]
        full = len(order) // self.batch_size * self.batch_size
        batches = order[:full].reshape(-1, self.batch_size)
        random = np.random.default_rng([self.seed, self.epoch, 1])
        return np.concatenate([batches[random.permutation(len(batches))].ravel(), order[full:]])
