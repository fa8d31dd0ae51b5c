"""The seven data sets of sentences that TextCNN was measured on, and rated movie reviews.

Source: kim2014convolutional, Table 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cnnhistory._util.lookup import check_one_of
from cnnhistory.data import fetch
from cnnhistory.data.files.cache import DataFileError
from cnnhistory.data.split import Part, Parts

REVIEWS = "reviews"
GRADES = ("very negative", "negative", "neutral", "positive", "very positive")
TREC_KINDS = ("ABBR", "DESC", "ENTY", "HUM", "LOC", "NUM")
MEMBERS = ("train", "val", "test")


@dataclass(frozen=True)
class SentenceSet:
    """How a data set is stored.

    `classes` names the classes; of a set without parts of its own `files` has one file for each,
    else one for each part, in the order train, val, test, in which every line begins with its
    class: as a number or, where `prefix`, as its name up to a colon.
    """

    title: str
    classes: tuple[str, ...]
    files: tuple[str, ...]
    parts: tuple[str, ...] = ()
    prefix: bool = False
    encoding: str = "utf-8"


_SST = ("train", "dev", "test")
SETS = {
    "MR": SentenceSet(
        "sentences of movie reviews (MR)", ("negative", "positive"),
        ("rt-polarity.neg", "rt-polarity.pos"), encoding="latin-1",
    ),
    "SST-1": SentenceSet(
        "Stanford Sentiment Treebank, five grades (SST-1)", GRADES,
        tuple(f"stsa.fine.{part}" for part in _SST), MEMBERS,
    ),
    "SST-2": SentenceSet(
        "Stanford Sentiment Treebank, two classes (SST-2)", ("negative", "positive"),
        tuple(f"stsa.binary.{part}" for part in _SST), MEMBERS,
    ),
    "Subj": SentenceSet(
        "subjective and objective sentences (Subj)", ("objective", "subjective"),
        ("subj.objective", "subj.subjective"), encoding="latin-1",
    ),
    "TREC": SentenceSet(
        "questions by what they ask for (TREC)", TREC_KINDS,
        ("TREC.train", "TREC.test"), ("train", "test"), prefix=True, encoding="latin-1",
    ),
    "CR": SentenceSet(
        "reviews by customers (CR)", ("negative", "positive"), ("custrev.neg", "custrev.pos"),
    ),
    "MPQA": SentenceSet(
        "opinions in phrases (MPQA)", ("negative", "positive"), ("mpqa.neg", "mpqa.pos"),
    ),
}  # fmt: skip


def read_set(name: str, root: str | Path | None = None) -> Parts:
    """Return the sentences of one of the seven sets with their classes.

    A set with parts of its own has them under train, val and test, another one all of its
    sentences under "all". Every line is a sentence, an empty one, too.

    Args:
        name: one of `SETS`.
        root: folder with a folder `sentences` of the files; None takes `CNNHISTORY_DATA`.

    Raises:
        ValueError: no such set.
        FileNotFoundError: no folder is named, or a file is missing there.
        DataFileError: a file is not what its name says.
    """
    check_one_of("name", name, SETS)
    plan = SETS[name]
    base = fetch.mirror_dir() if root is None else Path(root)
    if base is None:
        raise FileNotFoundError(
            f"{name} is read from files that its authors offer, and no folder is named: put "
            f"{', '.join(plan.files)} into a folder sentences and set CNNHISTORY_DATA (or root) "
            "to the one above it"
        )
    contents = [_lines(base / "sentences" / file, plan.encoding) for file in plan.files]
    if plan.parts:
        return {
            part: _labeled(lines, plan, base / "sentences" / file)
            for part, file, lines in zip(plan.parts, plan.files, contents, strict=True)
        }
    labels = [label for label, lines in enumerate(contents) for _ in lines]
    return {
        "all": Part(
            [line for lines in contents for line in lines], np.array(labels, dtype=np.int64)
        )
    }


def read_reviews(path: Path) -> Part:
    """Return sentences of movie reviews, each with 1 if its mean rating is above 0, else 0.

    A line is a number, the mean of the ratings from -4 to 4, and the sentence. Sentences whose
    mean is 0 are left out.

    Raises:
        DataFileError: a line is of another form, or its rating out of range.
        FileNotFoundError: there is no such file.
    """
    sentences, labels = [], []
    for number, line in enumerate(_lines(path, "utf-8"), start=1):
        fields = line.split("\t")
        try:
            rating = float(fields[1])
        except (IndexError, ValueError):
            rating = np.nan
        if len(fields) != 3 or not -4 <= rating <= 4:
            wanted = "a number, a rating from -4 to 4 and a sentence"
            raise DataFileError(f"{path}, line {number}: expected {wanted}, got {line[:40]!r}")
        if rating:
            sentences.append(fields[2].strip())
            labels.append(int(rating > 0))
    return Part(sentences, np.array(labels, dtype=np.int64))


def _lines(path: Path, encoding: str) -> list[str]:
    """Return the lines of a file, which end with LF or CR LF and nothing else."""
    try:
        text = path.read_bytes().decode(encoding)
    except UnicodeDecodeError as error:
        raise DataFileError(f"{path}: expected text in {encoding}, got {error.reason}") from error
    lines = [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]
    if lines == [""]:
        raise DataFileError(f"{path}: expected sentences, got none")
    return lines


def _labeled(lines: list[str], plan: SentenceSet, path: Path) -> Part:
    known = plan.classes if plan.prefix else tuple(map(str, range(len(plan.classes))))
    sentences, labels = [], []
    for number, line in enumerate(lines, start=1):
        head, _, sentence = line.partition(" ")
        label = head.partition(":")[0] if plan.prefix else head
        if label not in known:
            wanted = f"a class ({', '.join(known)}) and a sentence"
            raise DataFileError(f"{path}, line {number}: expected {wanted}, got {line[:40]!r}")
        sentences.append(sentence)
        labels.append(known.index(label))
    return Part(sentences, np.array(labels, dtype=np.int64))
