import gzip

import pytest

from cnnhistory.data.files.cache import DataFileError
from cnnhistory.data.translation.corpora import read_corpus


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "multi30k"
    folder.mkdir()
    (folder / "train.en").write_text("A dog. \n\nTwo\u2028cats.\n", encoding="utf-8")
    (folder / "train.de.gz").write_bytes(gzip.compress(b"Ein Hund.\nLeer\nZwei Katzen.\n"))
    return folder


def test_lines_are_sentences_and_empty_ones_are_left_out(folder):
    part = read_corpus("multi30k", "de", "train", folder.parent)
    assert part.inputs == ["A dog.", "Two\u2028cats."]
    assert part.targets == ["Ein Hund.", "Zwei Katzen."]


def test_the_variable_names_the_folder(folder, monkeypatch):
    monkeypatch.setenv("CNNHISTORY_DATA", str(folder.parent))
    assert len(read_corpus("multi30k", "de", "train").inputs) == 2


def test_without_a_folder_it_says_what_to_do(monkeypatch):
    monkeypatch.delenv("CNNHISTORY_DATA", raising=False)
    with pytest.raises(FileNotFoundError, match=r"multi30k/dataset.*set CNNHISTORY_DATA"):
        read_corpus("multi30k", "de", "train")


def test_damage_is_said(folder):
    with pytest.raises(FileNotFoundError):
        read_corpus("multi30k", "fr", "train", folder.parent)
    (folder / "train.fr").write_text("un\n")
    with pytest.raises(DataFileError, match=r"^train of multi30k: expected as many lines.* 3 in"):
        read_corpus("multi30k", "fr", "train", folder.parent)
    (folder / "train.fr").write_bytes(b"\xff\n\n\n")
    with pytest.raises(DataFileError, match=r"^train\.fr: expected text in UTF-8"):
        read_corpus("multi30k", "fr", "train", folder.parent)
    (folder / "train.de.gz").write_bytes(b"\x1f\x8bno")
    with pytest.raises(DataFileError, match="is not a complete gzip file"):
        read_corpus("multi30k", "de", "train", folder.parent)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [(("x", "de", "train"), "name"), (("multi30k", "it", "train"), "language"),
     (("wmt14", "de", "test_2016_flickr"), "part")],
)  # fmt: skip
def test_refuses_what_there_is_not(arguments, name):
    with pytest.raises(ValueError, match=f"^{name}: expected one of"):
        read_corpus(*arguments)
