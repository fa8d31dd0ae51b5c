"""Sentences of different lengths in one tensor."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.utils.data import Dataset

from cnnhistory._util.lookup import check_integer
from cnnhistory.data.text.vocabulary import PADDING


def padded(sentences: Sequence[Sequence[int]], at_least: int = 1) -> Tensor:
    """Write the ids of sentences into one tensor, and fill the short ones up with padding.

    A sentence without words is all padding.

    Shape: (N, L) with L the length of the longest sentence, or `at_least`.

    Raises:
        ValueError: `at_least` is no positive integer.

    >>> padded([[5, 6, 7], [8], []])
    tensor([[5, 6, 7],
            [8, 0, 0],
            [0, 0, 0]])
    """
    check_integer("at_least", at_least, 1)
    longest = max([at_least, *map(len, sentences)])
    rows = [[*ids, *[PADDING] * (longest - len(ids))] for ids in sentences]
    return torch.tensor(rows, dtype=torch.int64).view(len(rows), longest)


def trimmed(tokens: Tensor) -> Tensor:
    """Leave out the columns at the end that are padding in every sentence; one column stays.

    Shape: (N, L) in, (N, L') out with L' from 1 to L.

    >>> trimmed(torch.tensor([[5, 6, 0, 0], [8, 0, 0, 0]]))
    tensor([[5, 6],
            [8, 0]])
    """
    used = (tokens != PADDING).any(0).nonzero()
    return tokens[:, : int(used[-1]) + 1 if len(used) else 1]


class LabeledSentences(Dataset[tuple[Tensor, Tensor]]):
    """Sentences and labels in two tensors, read a batch at a time.

    A batch is as long as its longest sentence. `images` is the name under which
    `cnnhistory.tasks.classification.evaluate` looks for the inputs.

    Shape: tokens (N, L), labels (N,).

    Raises:
        ValueError: a different number of sentences and labels.
    """

    def __init__(self, tokens: Tensor, labels: Tensor) -> None:
        if len(tokens) != len(labels):
            raise ValueError(f"labels: expected {len(tokens)}, one a sentence, got {len(labels)}")
        self.tokens = tokens
        self.labels = labels

    @property
    def images(self) -> Tensor:
        """The sentences."""
        return self.tokens

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self.tokens[index], self.labels[index]

    def __getitems__(self, indices: Sequence[int]) -> tuple[Tensor, Tensor]:
        """A batch in one read, trimmed: DataLoader calls this where it is defined."""
        chosen = torch.as_tensor(indices)
        return trimmed(self.tokens[chosen]), self.labels[chosen]
