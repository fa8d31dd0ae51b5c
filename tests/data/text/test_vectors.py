import numpy as np
import pytest

from cnnhistory.data.files.cache import DataFileError
from cnnhistory.data.text.vectors import read_vectors, table_of, vectors_file
from cnnhistory.data.text.vocabulary import Vocabulary

GLOVE = "good 1 2.5\nfilm -1e-1 0\nbad -1 -2.5\n"


@pytest.fixture
def file(tmp_path):
    def write(content):
        path = tmp_path / "vectors.txt"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.mark.parametrize("content", [GLOVE, "3 2\n" + GLOVE, GLOVE.replace("\n", " \r\n")])
def test_both_forms(file, content):
    found = read_vectors(file(content))
    assert found.words == ("good", "film", "bad")
    assert found.dim == 2
    np.testing.assert_allclose(found.values, [[1, 2.5], [-0.1, 0], [-1, -2.5]])
    assert found.values.dtype == np.float32


def test_only_what_is_wanted_is_kept(file):
    found = read_vectors(file("3 2\n" + GLOVE), wanted=Vocabulary(("bad", "other")))
    assert found.words == ("bad",)
    assert read_vectors(file(GLOVE), wanted=()).values.shape == (0, 2)


def test_odd_words(file):
    # a word may be a number, or a blank of another kind; of two vectors the first counts
    found = read_vectors(file("1999 1 2\n\u00a0 3 4\n1999 5 6\n"))
    assert found.words == ("1999", "\u00a0")
    assert found.values.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "expected word vectors, got none"),
        ("3 2\n", "expected word vectors, got none"),
        ("4 2\n" + GLOVE, "expected 4 words, as line 1 says, got 3"),
        (GLOVE + "fine 1\n", "line 4: expected a word and 2 numbers, got 1"),
        (GLOVE[:-6], "line 3: expected a word and 2 numbers, got 1"),
        (GLOVE + "\n", "line 4: expected a word and 2 numbers, got 0"),
        ("word\n", "line 1: expected a word and 1 numbers, got 0"),
        (GLOVE.replace("2.5", "2,5"), "line 1: expected numbers"),
        (GLOVE.replace("0", "nan"), "line 2: expected finite numbers, got 'film'"),
        (GLOVE.replace("0", "1e99"), "line 2: expected finite numbers, got 'film'"),
        (b"good 1 2\n\xff\xfe 1 2\n", "line 2: expected text in UTF-8"),
        (b"\x1f\x8b\x08\0\0", "line 1: expected text in UTF-8"),
    ],
)
def test_damaged_files(file, content, message):
    with pytest.raises(DataFileError, match=message):
        read_vectors(file(content))


def test_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_vectors(tmp_path / "none.txt")


def test_the_file_in_the_folder_of_data(tmp_path, monkeypatch):
    monkeypatch.delenv("CNNHISTORY_DATA", raising=False)
    with pytest.raises(FileNotFoundError, match=r"word vectors: expected a text file.*set CNNH"):
        vectors_file()
    with pytest.raises(FileNotFoundError, match=r"vectors\.txt: expected a text file"):
        vectors_file(tmp_path)
    path = tmp_path / "sentences" / "vectors.txt"
    path.parent.mkdir()
    path.write_text(GLOVE)
    assert vectors_file(tmp_path) == path
    monkeypatch.setenv("CNNHISTORY_DATA", str(tmp_path))
    assert read_vectors(vectors_file()).words == ("good", "film", "bad")


def test_a_table_has_a_row_for_each_id(file):
    vocabulary = Vocabulary(("film", "unheard", "<s>", "bad"))
    table, known = table_of(vocabulary, read_vectors(file(GLOVE + "<unk> 9 9\n")))
    assert table.shape == (6, 2)
    assert known.tolist() == [False, False, True, False, False, True]
    assert table[0].tolist() == [0, 0]
    np.testing.assert_allclose(table[[2, 5]], [[-0.1, 0], [-1, -2.5]])
    bound = np.sqrt(3 * table[[2, 5]].var())
    assert 0 < np.abs(table[[1, 3, 4]]).max() <= bound
    again, _ = table_of(vocabulary, read_vectors(file(GLOVE)))
    assert (again == table).all()


def test_a_table_without_any_known_word(file):
    table, known = table_of(Vocabulary(tuple("abcdefgh")), read_vectors(file(GLOVE)))
    assert not known.any()
    assert 0 < np.abs(table).max() <= 0.25
