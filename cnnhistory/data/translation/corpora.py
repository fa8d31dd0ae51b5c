"""Canonical parallel corpora in full mode: Multi30k, and WMT'14 as plain text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cnnhistory._util.lookup import check_one_of
from cnnhistory.data import fetch
from cnnhistory.data.files.archive import unzipped
from cnnhistory.data.files.cache import DataFileError
from cnnhistory.data.split import Part

LARGEST = 16 << 30  # bytes of a file, unpacked


@dataclass(frozen=True)
class Corpus:
    """How a corpus is stored: in `folder` two files a part, PART.en and PART.LANGUAGE.

    The files may be packed by gzip. `tests` are its test parts, the usual one first.
    """

    title: str
    folder: str
    languages: tuple[str, ...]
    tests: tuple[str, ...]
    license: str
    where: str


CORPORA = {
    "multi30k": Corpus(
        "Multi30k: descriptions of photographs",
        "multi30k",
        ("de", "fr"),
        ("test_2016_flickr", "test_2017_flickr", "test_2017_mscoco", "test_2018_flickr"),
        "none stated",
        "the folder data/task1/raw of the repository multi30k/dataset",
    ),
    "wmt14": Corpus(
        "WMT'14: news, proceedings of parliaments, web pages",
        "wmt14",
        ("de", "fr"),
        ("test",),
        "none stated",
        "the translation task of WMT'14, as plain text with a sentence a line",
    ),
}


def read_corpus(name: str, language: str, part: str, root: str | Path | None = None) -> Part:
    """Return English sentences of a part of a corpus, and their translations.

    A line is a sentence; spaces around it are left out, and so are pairs with an empty side.

    Args:
        name: one of `CORPORA`.
        language: of the translations, such as "de".
        part: "train", "val" or a test part.
        root: folder with the folder of the corpus; None takes `CNNHISTORY_DATA`.

    Raises:
        ValueError: no such corpus, language or part.
        FileNotFoundError: no folder is named, or a file is missing there.
        DataFileError: a file is damaged, or the two have different numbers of lines.
    """
    check_one_of("name", name, CORPORA)
    corpus = CORPORA[name]
    check_one_of("language", language, corpus.languages)
    check_one_of("part", part, ("train", "val", *corpus.tests))
    base = fetch.mirror_dir() if root is None else Path(root)
    if base is None:
        raise FileNotFoundError(
            f"{name} is read from files that are not fetched: put train, val and {corpus.tests[0]}"
            f" of {corpus.where}, each as .en and .{language}, into a folder {corpus.folder} and"
            " set CNNHISTORY_DATA (or root) to the one above it"
        )
    sides = [_lines(base / corpus.folder / f"{part}.{side}") for side in ("en", language)]
    if len(sides[0]) != len(sides[1]):
        raise DataFileError(
            f"{part} of {name}: expected as many lines in both languages, got {len(sides[0]):,} in"
            f" .en and {len(sides[1]):,} in .{language}"
        )
    kept = [pair for pair in zip(*sides, strict=True) if all(pair)]
    return Part([source for source, _ in kept], [target for _, target in kept])


def _lines(path: Path) -> list[str]:
    packed = path.with_name(f"{path.name}.gz")
    content = unzipped(packed if packed.exists() else path, LARGEST)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataFileError(f"{path.name}: expected text in UTF-8, got {error}") from error
    # Only what ends a line in a file does: str.splitlines knows more, such as U+2028.
    return [line.strip() for line in text.removesuffix("\n").split("\n")]
