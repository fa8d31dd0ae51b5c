"""A sentence as a list of words."""

from __future__ import annotations

import re

_CLITIC = "n't|'(?:s|ve|re|d|ll)(?![a-z])"  # what English writes onto the word before it
_PIECE = re.compile(rf"{_CLITIC}|[,!?()]", re.IGNORECASE)
_LEFT_OUT = re.compile(r"[^\w(),!?'`]|_")


def words_of(sentence: str, lower: bool = True) -> list[str]:
    """Split a sentence into words, and marks and endings such as n't into words of their own.

    Letters, digits, apostrophes and the marks ( ) , ! ? stay; whatever else there is stands
    between words. A sentence without any of them has no words.

    >>> words_of("It doesn't work, does it?")
    ['it', 'does', "n't", 'work', ',', 'does', 'it', '?']
    >>> words_of("... -- :")
    []

    Source: kim2014convolutional, the authors' code.

    Deviations: letters with accents stay, where that code has a gap between words.
    """
    if lower:
        sentence = sentence.lower()
    return _PIECE.sub(r" \g<0> ", _LEFT_OUT.sub(" ", sentence)).split()
