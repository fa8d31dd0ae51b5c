import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cnnhistory.data.text.batches import LabeledSentences, padded, trimmed


def test_padded_by_hand():
    assert padded([[2], []]).tolist() == [[2], [0]]
    assert padded([[2]], at_least=3).tolist() == [[2, 0, 0]]
    assert padded([]).shape == (0, 1)
    assert padded([[], []]).shape == (2, 1)
    with pytest.raises(ValueError, match=r"^at_least: expected"):
        padded([[2]], at_least=0)


@given(st.lists(st.lists(st.integers(1, 9)), min_size=1))
def test_trimming_takes_away_what_padding_adds(sentences):
    wide = padded(sentences, at_least=12)
    assert torch.equal(trimmed(wide), padded(sentences))
    assert torch.equal(trimmed(trimmed(wide)), trimmed(wide))


def test_a_batch_is_as_long_as_its_longest_sentence():
    data = LabeledSentences(padded([[1, 2, 3], [4], [], [5, 6]]), torch.tensor([0, 1, 0, 1]))
    tokens, labels = data.__getitems__([1, 3])
    assert (tokens.tolist(), labels.tolist()) == ([[4, 0], [5, 6]], [1, 1])
    assert data.__getitems__([2])[0].tolist() == [[0]]
    assert (len(data), data[0][0].tolist()) == (4, [1, 2, 3])
    assert data.images is data.tokens
    with pytest.raises(ValueError, match=r"^labels: expected 4, one a sentence, got 2"):
        LabeledSentences(data.tokens, torch.tensor([0, 1]))
