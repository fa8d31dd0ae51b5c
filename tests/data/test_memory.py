from dataclasses import dataclass

import pytest
import torch

from cnnhistory.data.memory import InMemoryDataModule
from cnnhistory.data.split import Part


class Padded:
    """Sentences as numbers; a batch is as wide as its longest sentence."""

    def __init__(self, part):
        self.sentences = [[len(word) for word in text.split()] for text in part.inputs]
        self.ratings = torch.tensor(part.targets)

    def __len__(self):
        return len(self.sentences)

    def __getitems__(self, indices):
        chosen = [torch.tensor(self.sentences[i]) for i in indices]
        return torch.nn.utils.rnn.pad_sequence(chosen, batch_first=True), self.ratings[indices]


@dataclass(kw_only=True, eq=False)
class Sentences(InMemoryDataModule[Padded]):
    backwards: bool = False

    def read(self):
        texts = ["a", "bb a", "ccc bb a", "dddd", "ee e", "f"]
        order = range(5, -1, -1) if self.backwards else range(6)
        whole = Part(texts, [0.5, 1.0, -2.0, 3.0, 0.0, 1.5]).take(list(order))
        chosen = [k for k in range(6) if whole.inputs[k] != "f"]
        return {"train": whole.take(chosen), "val": Part([], []), "test": Part(["f"], [1.5])}

    def to_set(self, part):
        return Padded(part)

    def about(self):
        return {"name": "six sentences"}


def test_examples_of_any_kind():
    data = Sentences(batch_size=5)
    inputs, targets = next(iter(data.train_dataloader()))
    assert inputs.shape == (5, 3)
    assert sorted(targets.tolist()) == [-2.0, 0.0, 0.5, 1.0, 3.0]
    assert data.val_set is None
    assert data.val_dataloader() == []
    assert [t.tolist() for _, t in data.test_dataloader()] == [[1.5]]
    assert data.describe() == {
        "name": "six sentences",
        "train": 5,
        "val": 0,
        "test": 1,
        "content_hash": data.content_hash,
    }


def test_the_order_of_the_source_does_not_matter():
    first, second = Sentences(), Sentences(backwards=True)
    assert first.content_hash == second.content_hash
    assert first.train_set.sentences == second.train_set.sentences
    assert torch.equal(first.train_set.ratings, second.train_set.ratings)


def test_settings_are_seen_and_named():
    assert repr(Sentences(seed=3)).endswith(
        "Sentences(batch_size=64, seed=3, num_workers=0, backwards=False)"
    )
    with pytest.raises(TypeError):
        Sentences(32)
    with pytest.raises(ValueError, match="seed: expected an integer of at least 0, got -1"):
        Sentences(seed=-1)
