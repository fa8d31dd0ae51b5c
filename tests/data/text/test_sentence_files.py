import pytest

from cnnhistory.data.files.cache import DataFileError
from cnnhistory.data.text.sentence_files import SETS, read_reviews, read_set


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNHISTORY_DATA", str(tmp_path))
    (tmp_path / "sentences").mkdir()

    def write(**files):
        for name, content in files.items():
            (tmp_path / "sentences" / name.replace("__", "-").replace("_", ".")).write_bytes(
                content
            )
        return tmp_path

    return write


def test_a_file_for_each_class(folder):
    folder(rt__polarity_neg=b"bad \n\nworse\x85 \n", rt__polarity_pos="café\n".encode("latin-1"))
    found = read_set("MR")["all"]
    assert found.inputs == ["bad ", "", "worse\x85 ", "café"]
    assert found.targets.tolist() == [0, 0, 0, 1]


def test_classes_in_front_of_the_sentences(folder):
    root = folder(
        TREC_train=b"NUM:dist How far ?\nABBR:exp What is A ?\n", TREC_test=b"HUM:x Who\r\n"
    )
    found = read_set("TREC", root)
    assert list(found) == ["train", "test"]
    assert found["train"].inputs == ["How far ?", "What is A ?"]
    assert found["train"].targets.tolist() == [5, 0]
    assert found["test"].inputs == ["Who"]
    folder(stsa_binary_train=b"1 good\n0 bad\n", stsa_binary_dev=b"0 b\n", stsa_binary_test=b"1 \n")
    found = read_set("SST-2")
    assert found["train"].targets.tolist() == [1, 0]
    assert found["test"].inputs == [""]


def test_bad_input(folder, tmp_path, monkeypatch):
    with pytest.raises(ValueError, match=r"^name: expected one of MR, SST-1"):
        read_set("mr")
    with pytest.raises(FileNotFoundError, match="rt-polarity"):
        read_set("MR")
    folder(custrev_neg=b"\xff\xfe\n", custrev_pos=b"x\n")
    with pytest.raises(DataFileError, match=r"custrev.neg: expected text in utf-8"):
        read_set("CR")
    folder(custrev_neg=b"")
    with pytest.raises(DataFileError, match=r"custrev.neg: expected sentences, got none"):
        read_set("CR")
    folder(stsa_fine_train=b"4 good\n5 better\n", stsa_fine_dev=b"1 x\n", stsa_fine_test=b"1 x\n")
    with pytest.raises(DataFileError, match=r"train, line 2: expected a class .* got '5 better'"):
        read_set("SST-1")
    folder(TREC_train=b"num:dist How far ?\n", TREC_test=b"HUM:x Who\n")
    with pytest.raises(DataFileError, match=r"TREC.train, line 1: expected a class \(ABBR"):
        read_set("TREC")
    monkeypatch.delenv("CNNHISTORY_DATA")
    with pytest.raises(FileNotFoundError, match=r"put mpqa.neg, mpqa.pos into a folder sentences"):
        read_set("MPQA")


def test_rated_reviews(tmp_path):
    path = tmp_path / "reviews.txt"
    path.write_bytes("1\t2.26\tFine, café.\r\n2\t0.0\tNeither\r\n3\t-0.6\tToo tepid \r\n".encode())
    found = read_reviews(path)
    assert found.inputs == ["Fine, café.", "Too tepid"]
    assert found.targets.tolist() == [1, 0]
    for bad in ("1\t2", "1\tx\ty", "1\t4.5\ty", "1\tnan\ty", "1\t1\ty\tz", ""):
        path.write_text(f"1\t1\tgood\n{bad}\n2\t1\tgood\n")
        with pytest.raises(DataFileError, match="line 2: expected a number, a rating"):
            read_reviews(path)


def test_every_set_has_files_for_its_classes_or_its_parts():
    for plan in SETS.values():
        assert len(plan.files) == len(plan.parts or plan.classes)
