import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnhistory.data.text.vocabulary import PADDING, UNKNOWN, Vocabulary

SENTENCES = [["b", "a", "b"], ["c", "a", "b"], [], ["<pad>", "d"]]


def test_frequent_words_come_first():
    found = Vocabulary.of(SENTENCES)
    assert found.words == ("b", "a", "c", "d")
    assert found.text(range(len(found))) == ["<pad>", "<unk>", "b", "a", "c", "d"]
    assert found.ids(["a", "z", "<pad>", "<unk>"]) == [3, UNKNOWN, UNKNOWN, UNKNOWN]
    assert "a" in found
    assert "<pad>" not in found


def test_limits_and_marks():
    assert Vocabulary.of(SENTENCES, least=2).words == ("b", "a")
    assert Vocabulary.of(SENTENCES, most=3).words == ("b",)
    found = Vocabulary.of([["</s>", "x"]], special=("<s>", "</s>"))
    assert (len(found), found.mark("<pad>"), found.mark("</s>")) == (5, PADDING, 3)
    assert found.ids(["</s>", "x"]) == [UNKNOWN, 4]
    assert Vocabulary.of([]).words == ()


def test_bad_input():
    with pytest.raises(ValueError, match=r"^words: expected each word .* got \"2 times 'a'"):
        Vocabulary(("a", "a"))
    with pytest.raises(ValueError, match=r"^words: expected"):
        Vocabulary(("<pad>",))
    for least in (0, 1.5, "1"):
        with pytest.raises(ValueError, match=r"^least: expected an integer"):
            Vocabulary.of(SENTENCES, least=least)
    with pytest.raises(ValueError, match=r"^most: expected an integer of at least 2"):
        Vocabulary.of(SENTENCES, most=1)
    with pytest.raises(ValueError, match=r"^name: expected one of <pad>, <unk>, got '<s>'"):
        Vocabulary(()).mark("<s>")
    for id in (-1, 2):
        with pytest.raises(ValueError, match=r"^ids: expected numbers from 0 to 1, got"):
            Vocabulary(()).text([id])
    with pytest.raises(ValueError, match=r"^rows: expected 3, one for each word .* got 7"):
        Vocabulary(("a",)).check_fits(7)
    Vocabulary(("a",)).check_fits(3)


@given(st.lists(st.lists(st.text(max_size=3))))
def test_what_it_was_made_of_it_can_say_again(sentences):
    found = Vocabulary.of(sentences)
    for sentence in sentences:
        listed = [word for word in sentence if word in found]
        assert found.text(found.ids(listed)) == listed
