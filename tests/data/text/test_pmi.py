import numpy as np
import pytest

from cnnhistory.data.text.pmi import cooccurrences, pmi, pmi_vectors
from cnnhistory.data.text.vocabulary import Vocabulary


def test_counts_by_hand():
    counts = cooccurrences([[0, 1, 2, 1], [2], []], size=4, window=2).toarray()
    # neighbors: 0-1, 1-2, 2-1; two apart: 0-2, 1-1 (counted from both ends)
    assert counts.tolist() == [[0, 1, 1, 0], [1, 2, 2, 0], [1, 2, 0, 0], [0, 0, 0, 0]]
    with pytest.raises(ValueError, match=r"^window: expected"):
        cooccurrences([[0]], 1, window=0)


def test_information_by_hand():
    # 0 meets only 1, 2 only 3: log of 1 / p(neighbor), all p = 1/4
    counts = cooccurrences([[0, 1], [2, 3]], size=4)
    found = pmi(counts, power=1).toarray()
    np.testing.assert_allclose(found[0, 1], np.log(4))
    assert found[0, 2] == found[0, 0] == 0
    # all meet all equally often: nothing is learned from it
    counts = cooccurrences([[a, b] for a in range(3) for b in range(3) if a != b], size=3)
    assert pmi(counts, power=1).toarray().max() < np.log(1.6)


def test_words_in_the_same_company_get_similar_vectors():
    random = np.random.default_rng(0)
    sentences = []
    for _ in range(400):
        kind = random.integers(2)
        animal = random.choice((["cat", "dog"], ["red", "blue"])[kind])
        doing = random.choice((["eats", "sleeps", "runs"], ["paint", "ink", "cloth"])[kind])
        sentences.append(["the", str(animal), str(doing)])
    vocabulary = Vocabulary.of(sentences)
    vectors = pmi_vectors(sentences, vocabulary, dim=3, window=2)
    assert vectors.words == vocabulary.words
    assert vectors.values.shape == (len(vocabulary.words), 3)
    of = dict(zip(vectors.words, vectors.values, strict=True))

    def alike(a, b):
        return of[a] @ of[b] / np.linalg.norm(of[a]) / np.linalg.norm(of[b])

    assert alike("cat", "dog") > 0.9
    assert alike("red", "blue") > 0.9
    assert alike("cat", "dog") > alike("cat", "blue") + 0.2
    again = pmi_vectors(sentences, vocabulary, dim=3, window=2)
    np.testing.assert_allclose(again.values, vectors.values, atol=1e-5)
    with pytest.raises(ValueError, match=r"^dim: expected"):
        pmi_vectors(sentences, vocabulary, dim=len(vocabulary))
