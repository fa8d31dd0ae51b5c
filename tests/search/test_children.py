from dataclasses import replace

import pytest
import torch

from cnnhistory.data.tensors import LabeledImages
from cnnhistory.search import children
from cnnhistory.search.children import ChildScore, dumps, fill, loads, train_child
from cnnhistory.search.network import RESIDUAL
from cnnhistory.training.loop import Training

TABLE = {"b | c": ChildScore(3, 10, 100, 0.5), "a": ChildScore(1, 10, 90, 0.25)}


def test_a_table_comes_back_in_order():
    content = dumps(TABLE)
    assert content.decode().splitlines() == [
        "cell,errors,n,parameters,seconds",
        "a,1,10,90,0.25",
        "b | c,3,10,100,0.5",
    ]
    assert loads(content) == TABLE
    assert loads(content)["a"].reward == 0.9


@pytest.mark.parametrize("content", [b"", b"cell,errors\na,1\n", dumps(TABLE)[:-12]])
def test_what_is_no_table_is_refused(content):
    with pytest.raises(ValueError, match="content: expected a table"):
        loads(content)


def test_a_stopped_table_goes_on_where_it_was(tmp_path):
    path, asked = tmp_path / "table.csv", []

    def score(cell):
        if len(asked) == 5:
            raise KeyboardInterrupt
        asked.append(cell)
        return ChildScore(len(asked), 10, 1, 0.0)

    with pytest.raises(KeyboardInterrupt):
        fill(path, "abcdefg", score, every=2)
    kept = loads(path.read_bytes())
    assert list(kept) == list("abcd")  # the fifth was not written yet
    asked.clear()
    done = fill(path, "abcdefg", score, every=2)
    assert asked == list("efg")
    assert loads(path.read_bytes()) == done == {**kept, **{c: done[c] for c in "efg"}}


def test_a_table_is_replaced_whole(tmp_path, monkeypatch):
    path = tmp_path / "table.csv"
    fill(path, ["a"], lambda cell: TABLE["a"])
    before = path.read_bytes()

    def broken(table):
        raise OSError("disk full")

    monkeypatch.setattr(children, "dumps", broken)
    with pytest.raises(OSError, match="disk full"):
        fill(path, ["a", "b"], lambda cell: TABLE["a"])
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["table.csv"]


def digits(count):
    """Two classes that differ in where the ink is."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(count) % 2
    images = torch.randn(count, 1, 8, 8, generator=generator) / 2
    images[labels == 1, :, :4] += 1
    return LabeledImages(images, labels)


def test_a_child_learns_and_its_score_is_determined():
    train_set, val_set = digits(64), digits(40)
    training = Training(epochs=6, lr=0.02, batch_size=8)
    network = {"maps": 4, "first": 4, "num_classes": 2}

    def score(seed):
        found = train_child(RESIDUAL, train_set, val_set, network, training, seed)
        return replace(found, seconds=0.0)

    first = score(0)
    assert first.reward > 0.9
    assert first.n == 40
    assert first == score(0)
    weights = sum(w.numel() for w in children.cell_network(cell=RESIDUAL, **network).parameters())
    assert first.parameters == weights
