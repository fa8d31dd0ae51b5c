"""Classes of sentences from the words that occur in them, whatever their order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from cnnhistory._util.checks import check_counts, check_finite
from cnnhistory._util.lookup import check_one_of, expected
from cnnhistory.data.text.batches import LabeledSentences

KINDS = {"counts": CountVectorizer, "tf-idf": TfidfVectorizer}
STRENGTHS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)


class BagOfWords:
    """Logistic regression on how often each word, or row of words, occurs in a sentence.

    "counts" are the numbers themselves. "tf-idf" multiplies each by log((1 + n) / (1 + m)) + 1,
    where m of the n training sentences have the word, and scales a sentence to length 1. The
    weights w minimize |w|^2 / 2 + C (sum of all cross-entropies).

    Shape: tokens (N, L), numbers of words filled up with 0 at the end.

    Args:
        kind: "counts" or "tf-idf".
        strength: C; the smaller, the shorter are the weights.
        longest: how many words a row may have; 1 counts single words, 2 also pairs.

    Raises:
        ValueError: a setting is out of range, or it has not been fitted.

    Source: scikit-learn's `CountVectorizer`, `TfidfVectorizer` and `LogisticRegression`.
    """

    def __init__(self, kind: str = "counts", strength: float = 1.0, longest: int = 1) -> None:
        check_one_of("kind", kind, KINDS)
        check_finite("strength", strength, positive=True)
        check_counts(longest=longest)
        self.kind, self.strength, self.longest = kind, strength, longest
        # words are written as their numbers, with blanks between them
        self._counter = KINDS[kind](token_pattern=r"\d+", ngram_range=(1, longest))
        self._model = LogisticRegression(C=strength, max_iter=2000)

    def fit(self, data: LabeledSentences) -> BagOfWords:
        """Learn from sentences with labels; return itself."""
        self._model.fit(self._counter.fit_transform(_written(data.tokens)), data.labels.numpy())
        return self

    def predict(self, tokens: Tensor) -> Tensor:
        """Return the class of each sentence, (N,)."""
        self._check_fitted()
        return torch.from_numpy(self._model.predict(self._counter.transform(_written(tokens))))

    def wrong(self, data: LabeledSentences) -> Tensor:
        """Return which sentences get another class than their label, (N,)."""
        return self.predict(data.tokens) != data.labels

    def weights(self, of: int = 1) -> dict[tuple[int, ...], float]:
        """Return the weight of each word, or row of words, for a class; of two, for the second."""
        self._check_fitted()
        rows = self._model.coef_
        row = rows[0] if len(rows) == 1 else rows[of]
        sign = -1 if len(rows) == 1 and of == 0 else 1
        names = self._counter.get_feature_names_out()
        keys = [tuple(map(int, name.split())) for name in names]
        return dict(zip(keys, (sign * row).tolist(), strict=True))

    def _check_fitted(self) -> None:
        if not hasattr(self._model, "coef_"):
            raise expected("model", "one that was fitted", "none")


def best_strength(
    kind: str,
    train: LabeledSentences,
    val: LabeledSentences,
    longest: int = 1,
    strengths: Sequence[float] = STRENGTHS,
) -> float:
    """Return the strength with the fewest errors on validation data; of equals the smallest.

    Raises:
        ValueError: there is none to try.
    """
    if not strengths:
        raise expected("strengths", "at least one", strengths)
    errors = [
        int(BagOfWords(kind, strength, longest).fit(train).wrong(val).sum())
        for strength in sorted(strengths)
    ]
    return sorted(strengths)[int(np.argmin(errors))]


def _written(tokens: Tensor) -> list[str]:
    return [" ".join(map(str, filter(None, row))) for row in tokens.tolist()]
