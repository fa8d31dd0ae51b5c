"""Word vectors in text files, as word2vec and GloVe write them."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cnnhistory.data.files.cache import DataFileError, mirror_dir
from cnnhistory.data.text.vocabulary import PADDING, Vocabulary

Vectors = npt.NDArray[np.float32]
LONGEST = 1 << 20  # characters of a line


@dataclass(frozen=True, eq=False)
class WordVectors:
    """Words, and a vector for each.

    Shape: values (number of words, dim).
    """

    words: tuple[str, ...]
    values: Vectors

    @property
    def dim(self) -> int:
        """Numbers of a vector."""
        return int(self.values.shape[1])


def read_vectors(path: str | Path, wanted: Container[str] | None = None) -> WordVectors:
    """Read a file with a word and its vector in each line, apart by blanks.

    word2vec writes a line in front with the number of words and of their dimensions, GloVe does
    not; both are read. Of a word that stands twice the first vector counts.

    Args:
        path: of the file, UTF-8.
        wanted: the words to keep, such as a vocabulary; default: all.

    Raises:
        DataFileError: the file is damaged: cut short, no text, a vector of another length, or a
            value that is no finite number. The message has the line.
        FileNotFoundError: there is no such file.
    """
    path = Path(path)
    words: dict[str, int] = {}
    values: list[npt.NDArray[np.float32]] = []
    announced, dim, seen = None, None, 0
    with path.open("rb") as file:
        for number, raw in enumerate(iter(lambda: file.readline(LONGEST), b""), start=1):
            try:
                # not split(): a word may be a blank of some other kind
                word, *fields = raw.decode().rstrip(" \r\n").split(" ")
            except UnicodeDecodeError as error:
                raise _damaged(path, number, "text in UTF-8", raw[:20]) from error
            if number == 1 and len(fields) == 1 and word.isdecimal() and fields[0].isdecimal():
                announced, dim = int(word), int(fields[0])
                continue
            if dim is None:
                dim = len(fields)
            if not fields or len(fields) != dim:
                raise _damaged(path, number, f"a word and {dim or 1} numbers", len(fields))
            seen += 1
            if word in words or (wanted is not None and word not in wanted):
                continue
            try:
                with np.errstate(over="ignore"):  # infinite, then: refused below
                    vector = np.array(fields, dtype=np.float64).astype(np.float32)
            except ValueError as error:
                raise _damaged(path, number, "numbers", str(error)) from error
            if not np.isfinite(vector).all():
                raise _damaged(path, number, "finite numbers", word)
            words[word] = len(values)
            values.append(vector)
    if not dim or not seen:
        raise DataFileError(f"{path}: expected word vectors, got none")
    if announced not in (None, seen):
        raise DataFileError(f"{path}: expected {announced} words, as line 1 says, got {seen}")
    table = np.stack(values) if values else np.zeros((0, dim), np.float32)
    return WordVectors(tuple(words), table)


def vectors_file(root: str | Path | None = None) -> Path:
    """Return the file `sentences/vectors.txt` of word vectors that were learned elsewhere.

    Args:
        root: folder with a folder `sentences`; None takes `CNNHISTORY_DATA`.

    Raises:
        FileNotFoundError: no folder is named, or the file is missing there.
    """
    base = mirror_dir() if root is None else Path(root)
    path = None if base is None else base / "sentences" / "vectors.txt"
    if path is None or not path.is_file():
        raise FileNotFoundError(
            f"{path or 'word vectors'}: expected a text file as word2vec and GloVe write it; name "
            "it vectors.txt, put it into a folder sentences and set CNNHISTORY_DATA (or root) to "
            "the one above it"
        )
    return path


def _damaged(path: Path, line: int, wanted: str, got: object) -> DataFileError:
    return DataFileError(f"{path}, line {line}: expected {wanted}, got {got!r}")


def table_of(
    vocabulary: Vocabulary, vectors: WordVectors, seed: int = 0
) -> tuple[Vectors, npt.NDArray[np.bool_]]:
    """Return a vector for each id of a vocabulary, and for which ids it was known.

    Words without a vector get one drawn from U[-a, a], where a is such that its numbers vary as
    much as those of the known ones; padding is 0.

    Shape: (ids, dim) and (ids,).

    Source: kim2014convolutional, Section 3.2.
    """
    place = {word: n for n, word in enumerate(vectors.words)}
    every = vocabulary.text(range(len(vocabulary)))
    rows = [place[word] if word in vocabulary and word in place else -1 for word in every]
    known = np.array(rows) >= 0
    found = vectors.values[np.array(rows)[known]]
    # the variance of U[-a, a] is a * a / 3
    bound = float(np.sqrt(3 * found.var())) if len(found) else 0.25
    random = np.random.default_rng(seed)
    table = random.uniform(-bound, bound, (len(every), vectors.dim)).astype(np.float32)
    table[known] = found
    table[PADDING] = 0
    return table, known
