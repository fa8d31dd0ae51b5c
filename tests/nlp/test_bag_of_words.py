import math

import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from cnnhistory.data.text.batches import LabeledSentences, padded
from cnnhistory.nlp.bag_of_words import BagOfWords, best_strength

# 2 says yes, 3 says no, 4 says nothing; an empty sentence
SENTENCES = [[2, 4], [2, 2, 4], [3, 4], [4, 3], [4], [4], []]
LABELS = [1, 1, 0, 0, 1, 0, 1]


def data(sentences=SENTENCES, labels=LABELS):
    return LabeledSentences(padded(sentences), torch.tensor(labels))


def test_words_that_decide():
    model = BagOfWords(strength=10).fit(data())
    assert model.predict(padded([[2], [3], [4, 2], [3, 4, 4]])).tolist() == [1, 0, 1, 0]
    weights = model.weights()
    assert weights[2,] > 0 > weights[3,]
    assert abs(weights[4,]) < min(weights[2,], -weights[3,])
    assert model.weights(0) == {key: -value for key, value in weights.items()}
    # a word never seen counts nothing
    assert model.predict(padded([[1], []])).unique().numel() == 1


def test_minimizes_what_it_says():
    counts = np.array([[row.count(word) for word in (2, 3, 4)] for row in SENTENCES])
    signs = 2 * np.array(LABELS) - 1

    def loss(v):
        return v[:3] @ v[:3] / 2 + 0.5 * np.logaddexp(0, -signs * (counts @ v[:3] + v[3])).sum()

    best = minimize(loss, np.zeros(4), tol=1e-12).x
    found = BagOfWords(strength=0.5).fit(data()).weights()
    assert list(found.values()) == pytest.approx(best[:3], abs=1e-3)


def test_tf_idf_by_hand():
    model = BagOfWords("tf-idf").fit(data())
    row = model._counter.transform(["2 2 4"]).toarray()[0]
    two, four = 2 * (math.log(8 / 3) + 1), math.log(8 / 7) + 1  # in 2 and 6 of 7 sentences
    assert row == pytest.approx(np.array([two, 0, four]) / math.hypot(two, four))


def test_order_is_seen_by_pairs_alone():
    words = [[2, 3], [3, 2]] * 10
    labels = [1, 0] * 10
    assert BagOfWords(strength=30).fit(data(words, labels)).wrong(data(words, labels)).sum() == 10
    pairs = BagOfWords(strength=30, longest=2).fit(data(words, labels))
    assert pairs.wrong(data(words, labels)).sum() == 0
    assert set(pairs.weights()) == {(2,), (3,), (2, 3), (3, 2)}


def test_more_than_two_classes():
    three = data([[2], [3], [4]] * 4, [0, 1, 2] * 4)
    model = BagOfWords(strength=10).fit(three)
    assert not model.wrong(three).any()
    for label, word in enumerate((2, 3, 4)):
        weights = model.weights(label)
        assert max(weights, key=weights.get) == (word,)


def test_the_strength_is_chosen_on_validation_data():
    assert best_strength("counts", data(), data(), strengths=(10.0, 1e-9)) == 10.0
    # both make the same errors: the smaller one
    assert best_strength("counts", data(), data([[2]], [1]), strengths=(30.0, 10.0)) == 10.0
    with pytest.raises(ValueError, match="strengths: expected at least one, got"):
        best_strength("counts", data(), data(), strengths=())


def test_refuses_wrong_settings():
    for setting, value in (
        ("kind", "words"), ("strength", 0), ("strength", math.nan), ("longest", 0), ("longest", 1.5)
    ):  # fmt: skip
        with pytest.raises(ValueError, match=f"^{setting}: expected .*, got "):
            BagOfWords(**{setting: value})
    with pytest.raises(ValueError, match="model: expected one that was fitted, got"):
        BagOfWords().predict(padded([[2]]))
