"""Word vectors from the company that words keep: mutual information and singular values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.linalg import svds

from cnnhistory._util.lookup import check_integer
from cnnhistory.data.text.vectors import Vectors, WordVectors
from cnnhistory.data.text.vocabulary import Vocabulary


def cooccurrences(sentences: Sequence[Sequence[int]], size: int, window: int = 5) -> csr_array:
    """Count how often word i and word j stand at most `window` words apart.

    Shape: (size, size), symmetric.

    Raises:
        ValueError: `window` is no positive integer.
    """
    check_integer("window", window, 1)
    first: list[int] = []
    second: list[int] = []
    for ids in sentences:
        for step in range(1, min(window, len(ids) - 1) + 1):
            first += ids[:-step]
            second += ids[step:]
    pairs = np.array([first + second, second + first], dtype=np.int64)
    ones = np.ones(pairs.shape[1])
    return coo_array((ones, (pairs[0], pairs[1])), shape=(size, size)).tocsr()


def pmi(counts: csr_array, power: float = 0.75) -> csr_array:
    """Return the positive pointwise mutual information of each pair that was counted.

    max(0, log(p(i, j) / (p(i) p'(j)))), where p' is made from the counts raised to `power`, so
    that rare neighbors do not outweigh all others. Pairs that never met have 0.

    Shape: (size, size).
    """
    rows = counts.sum(axis=1)
    smoothed = rows**power
    smoothed /= max(smoothed.sum(), 1e-12)
    pairs = counts.tocoo()
    expected = rows[pairs.coords[0]] * smoothed[pairs.coords[1]]
    information = np.log(pairs.data / expected)
    kept = information > 0
    i, j = (axis[kept] for axis in pairs.coords)
    return coo_array((information[kept], (i, j)), shape=counts.shape).tocsr()


def pmi_vectors(
    sentences: Sequence[Sequence[str]], vocabulary: Vocabulary, dim: int, window: int = 5
) -> WordVectors:
    """Make vectors for the words of a vocabulary from sentences, with no labels.

    The positive mutual information M of words and their neighbors is taken apart by singular
    values, M = U S V'; a word's vector is its row of U S^(1/2), of the `dim` largest. All are
    scaled so that their numbers have the standard deviation of U[-0.25, 0.25].

    Args:
        sentences: each a list of words.
        vocabulary: words that are not listed count as one and the same.
        dim: numbers of a vector.
        window: how many words away a neighbor may be.

    Raises:
        ValueError: a number is out of range, or there are no more words than `dim`.

    Source: levy2014neural (PMI and singular values); the power of .75 from mikolov2013distributed.
    """
    size = len(vocabulary)
    check_integer("dim", dim, 1, size - 1)
    information = pmi(cooccurrences([vocabulary.ids(s) for s in sentences], size, window))
    # a start of its own, not a random one: the same sentences give the same vectors
    left, values, _ = svds(information, k=dim, v0=np.ones(size), solver="arpack")
    order = np.argsort(-values)
    vectors = left[:, order] * np.sqrt(values[order])
    # singular vectors are the same with the other sign: let the largest number be positive
    largest = np.abs(vectors).argmax(0)
    vectors *= np.where(vectors[largest, np.arange(dim)] < 0, -1, 1)
    spread = vectors.std()
    if spread > 0:
        vectors *= 0.25 / np.sqrt(3) / spread
    first = size - len(vocabulary.words)
    table: Vectors = vectors[first:].astype(np.float32)
    return WordVectors(vocabulary.words, table)
