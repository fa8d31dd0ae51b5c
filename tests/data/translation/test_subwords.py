import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("sentencepiece")

from cnnhistory._util.tokens import UNKNOWN
from cnnhistory.data.files.cache import DataFileError
from cnnhistory.data.translation.subwords import Subwords

SENTENCES = ["low lower lowest", "new newer newest", "the widest and the lowest"] * 5
SUBWORDS = Subwords.train(SENTENCES, 40)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.text("lowernstidah", min_size=1, max_size=8), min_size=1, max_size=6))
def test_text_comes_back(words):
    sentence = " ".join(words)
    ids = SUBWORDS.ids(sentence)
    assert UNKNOWN not in ids
    assert SUBWORDS.text(ids) == sentence
    assert SUBWORDS.text([0, 2, *ids, 3, 0]) == sentence  # marks are no text


def test_the_same_sentences_give_the_same_subwords():
    again = Subwords.train(SENTENCES[::-1], 40)
    assert again.model == SUBWORDS.model
    assert len(again) == 40
    assert Subwords(again.model).ids("lowest") == SUBWORDS.ids("lowest")


def test_unknown_letters_and_nothing():
    assert SUBWORDS.ids("") == []
    assert UNKNOWN in SUBWORDS.ids("日本")
    assert SUBWORDS.pieces([0, 1, 2, 3]) == ["<pad>", "<unk>", "<s>", "</s>"]


def test_refusals():
    for size in (0, 6, 5000):
        with pytest.raises(ValueError, match=r"^size: expected"):
            Subwords.train(SENTENCES, size)
    with pytest.raises(DataFileError, match=r"^subwords: expected a model of SentencePiece, got 3"):
        Subwords(b"abc")
    for ids in ([40], [-1]):
        with pytest.raises(ValueError, match=r"^ids: expected numbers from 0 to 39"):
            SUBWORDS.text(ids)
    with pytest.raises(ValueError, match=r"^vocabulary: expected 40, .*, got 41"):
        SUBWORDS.check_fits(41)
