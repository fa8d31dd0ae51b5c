import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnhistory.data.text.words import words_of


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("", []),
        ("   \t ", []),
        ("... -- :;", []),
        ("Effective but too-tepid biopic.", ["effective", "but", "too", "tepid", "biopic"]),
        ("it's n't they've we're I'd you'll",
         ["it", "'s", "n't", "they", "'ve", "we", "'re", "i", "'d", "you", "'ll"]),
        ("(good)!?", ["(", "good", ")", "!", "?"]),
        ("rock 'n' roll", ["rock", "'n'", "roll"]),
        ("o'donnell", ["o'donnell"]),
        ("crème brûlée", ["crème", "brûlée"]),
        ("snake_case", ["snake", "case"]),
        ("映画 2014", ["映画", "2014"]),
    ],
)  # fmt: skip
def test_by_hand(sentence, words):
    assert words_of(sentence) == words


def test_capitals_stay_where_they_are_asked_for():
    assert words_of("What DOESN'T fit", lower=False) == ["What", "DOES", "N'T", "fit"]


@given(st.text())
def test_words_have_no_gaps_and_are_words_already(text):
    words = words_of(text)
    assert all(word and not word.isspace() and " " not in word for word in words)
    assert words_of(" ".join(words)) == words
