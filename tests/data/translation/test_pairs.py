import pytest

from cnnhistory.data.split import Part
from cnnhistory.data.translation.pairs import dealt, key_of, shared, without_repetitions


def test_keys_are_words_whatever_case_and_marks():
    assert key_of("Éditer le fichier…") == key_of("éditer  le FICHIER") == "éditer le fichier"
    assert key_of("...") == ""


def test_repetitions_by_hand():
    parts = {
        "train": Part(["a b", "c d", "e f", "g h"], ["1", "2", "3", "4"]),
        "val": Part(["C d!", "i j"], ["5", "6"]),
        "test": Part(["E F", "k l"], ["7", "four 4"]),
    }
    parts["train"].targets[0] = "Four: 4"  # its translation is in the test part
    found = without_repetitions(parts)
    assert found["test"] == parts["test"]
    assert found["val"] == parts["val"]
    assert found["train"] == Part(["g h"], ["4"])
    assert shared(parts["train"], parts["test"]) == (1, 1)
    assert shared(found["train"], found["test"]) == shared(found["train"], found["val"]) == (0, 0)


def many(count):
    return [(f"word{n} file", f"mot{n} fichier") for n in range(count)]


def test_parts_follow_from_the_sentences_and_not_from_their_order():
    pairs = many(100)
    first, second = dealt(pairs, 10, 20), dealt([*pairs[::-1], *pairs[:5]], 10, 20)
    assert first == second
    assert [len(part.inputs) for part in first.values()] == [70, 10, 20]
    for a, b in (("train", "val"), ("train", "test"), ("val", "test")):
        assert shared(first[a], first[b]) == (0, 0)


def test_a_source_has_one_translation():
    found = dealt([*many(5), ("Word0 file!", "autre chose")], 1, 1)
    sources = [source for part in found.values() for source in part.inputs]
    assert len(sources) == len(set(map(key_of, sources))) == 5


@pytest.mark.parametrize(("val", "test", "name"), [(-1, 1, "val"), (0, 0, "test"), (5, 5, "test")])
def test_refuses_parts_that_cannot_be(val, test, name):
    with pytest.raises(ValueError, match=f"^{name}: expected an integer"):
        dealt(many(10), val, test)
