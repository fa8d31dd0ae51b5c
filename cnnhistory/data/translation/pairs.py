"""Pairs of a sentence and its translation: how they are cleaned, compared and split."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence

from cnnhistory._util.lookup import check_integer
from cnnhistory.data.split import Part, Parts

Pair = tuple[str, str]

# Spaces that do not break, and the signs of typographers for what keyboards have.
_PLAIN = str.maketrans(
    {"\u00a0": " ", "\u202f": " ", "\u2019": "'", "\u2018": "'", "\u2026": "..."}
)


def plain(sentence: str) -> str:
    """Return a sentence with plain spaces, apostrophes and dots, one space between words.

    >>> plain("L\u2019\u00e9l\u00e9ment\u00a0: ouvrir\u2026")
    "L'\u00e9l\u00e9ment : ouvrir..."
    """
    return " ".join(sentence.translate(_PLAIN).split())


def key_of(sentence: str) -> str:
    """Return the letters and digits of a sentence, word by word, whatever their case.

    Sentences with the same key count as one: "Save file..." and "save file".

    >>> key_of("Save file..."), key_of("save  FILE")
    ('save file', 'save file')
    """
    return " ".join(re.findall(r"\w+", sentence.casefold()))


def dealt(pairs: Iterable[Pair], val: int, test: int) -> Parts:
    """Deal pairs into train, val and test, none of which has a sentence of another.

    Of pairs with sources of one key the first in the alphabet is kept. In the order of the SHA-256
    of that key the first `test` are the test part, the next `val` the validation part; both keep
    all of them, and the training part loses every pair of which either sentence is in one of them.

    Raises:
        ValueError: a number is out of range, or there are no more pairs than are held out.
    """
    first: dict[str, Pair] = {}
    for pair in sorted(pairs):
        first.setdefault(key_of(pair[0]), pair)
    check_integer("val", val, 0)
    check_integer("test", test, 1, max(len(first) - val - 1, 1))
    order = sorted(first, key=lambda key: hashlib.sha256(key.encode()).digest())
    chosen = [first[key] for key in order]
    held = {"test": chosen[:test], "val": chosen[test : test + val]}
    return without_repetitions({
        "train": part_of(chosen[test + val :]),
        "val": part_of(held["val"]),
        "test": part_of(held["test"]),
    })  # fmt: skip


def without_repetitions(parts: Parts) -> Parts:
    """Take pairs out of a part of which either sentence is in a later one: train, val, test."""
    found: Parts = {"test": parts["test"]}
    for name in ("val", "train"):
        known = [set(map(key_of, side)) for part in found.values() for side in part]
        sources, targets = set().union(*known[::2]), set().union(*known[1::2])
        part = parts[name]
        kept = [
            (source, target)
            for source, target in zip(*part, strict=True)
            if key_of(source) not in sources and key_of(target) not in targets
        ]
        found[name] = part_of(kept)
    return {name: found[name] for name in ("train", "val", "test")}


def shared(a: Part, b: Part) -> tuple[int, int]:
    """Count the pairs of `a` whose source, and whose target, is in `b` too, by `key_of`."""
    counts = []
    for ours, theirs in zip(a, b, strict=True):
        known = set(map(key_of, theirs))
        counts.append(sum(key_of(sentence) in known for sentence in ours))
    return counts[0], counts[1]


def part_of(pairs: Sequence[Pair]) -> Part:
    """Return pairs as a part: sources and targets."""
    return Part([source for source, _ in pairs], [target for _, target in pairs])
