"""Words and their numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cnnhistory._util.lookup import check_integer, expected

PADDING, UNKNOWN = 0, 1  # ids
MARKS = ("<pad>", "<unk>")


@dataclass(frozen=True)
class Vocabulary:
    """Words by their numbers (ids), and numbers by their words.

    0 is padding, which fills a sentence up; 1 stands for every word that is not listed. Then come
    `special`, marks of one's own such as the end of a sentence, then `words`. Marks are not words:
    a text that has "<pad>" in it has an unknown word there.

    Raises:
        ValueError: a word is listed twice or is a mark.

    >>> vocabulary = Vocabulary(("good", "film"))
    >>> vocabulary.ids(["a", "good", "film"]), vocabulary.text([3, 1, 0])
    ([1, 2, 3], ['film', '<unk>', '<pad>'])
    """

    words: tuple[str, ...]
    special: tuple[str, ...] = ()
    _ids: dict[str, int] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        every = (*MARKS, *self.special, *self.words)
        if len(set(every)) != len(every):
            word, count = Counter(every).most_common(1)[0]
            raise expected("words", "each word and each mark once", f"{count} times {word!r}")
        first = len(every) - len(self.words)
        self._ids.update((word, first + n) for n, word in enumerate(self.words))

    @classmethod
    def of(
        cls,
        sentences: Iterable[Sequence[str]],
        least: int = 1,
        most: int | None = None,
        special: tuple[str, ...] = (),
    ) -> Vocabulary:
        """List the words of some sentences, the most frequent first, then by the alphabet.

        Args:
            sentences: each a list of words.
            least: how often a word has to occur.
            most: how many ids there may be, marks included; default: any number.
            special: marks of one's own.

        Raises:
            ValueError: a number is out of range.
        """
        check_integer("least", least, 1)
        marks = {*MARKS, *special}
        if most is not None:
            check_integer("most", most, len(marks))
        count = Counter(word for sentence in sentences for word in sentence)
        kept = [word for word, n in count.items() if n >= least and word not in marks]
        kept.sort(key=lambda word: (-count[word], word))
        return cls(tuple(kept if most is None else kept[: most - len(marks)]), special)

    def __len__(self) -> int:
        return len(MARKS) + len(self.special) + len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self._ids

    def ids(self, words: Iterable[str]) -> list[int]:
        """Return the number of each word."""
        return [self._ids.get(word, UNKNOWN) for word in words]

    def mark(self, name: str) -> int:
        """Return the number of a mark.

        Raises:
            ValueError: there is none of that name.
        """
        marks = (*MARKS, *self.special)
        if name not in marks:
            raise expected("name", f"one of {', '.join(marks)}", name)
        return marks.index(name)

    def text(self, ids: Iterable[int]) -> list[str]:
        """Return the word, or mark, of each number.

        Raises:
            ValueError: a number that no word has.
        """
        every = (*MARKS, *self.special, *self.words)
        found = []
        for id in ids:
            if not 0 <= id < len(every):
                raise expected("ids", f"numbers from 0 to {len(every) - 1}", id)
            found.append(every[id])
        return found

    def check_fits(self, rows: int) -> None:
        """Refuse a table of word vectors that has not one row for each id.

        Raises:
            ValueError: it has fewer or more.
        """
        if rows != len(self):
            raise expected("rows", f"{len(self)}, one for each word of the vocabulary", rows)
