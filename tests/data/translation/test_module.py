import os

import pytest

pytest.importorskip("sentencepiece")
pytest.importorskip("babel")

from cnnhistory.data.translation import module
from cnnhistory.data.translation.module import PairsDataModule
from cnnhistory.data.translation.pairs import shared

NOUNS = [("file", "fichier"), ("page", "page"), ("cell", "cellule"), ("event", "événement")]
PAIRS = [
    (f"{verb} the {noun} {n}", f"{verbe} le {nom} {n}")
    for verb, verbe in (("Open", "Ouvrir"), ("Close", "Fermer"), ("Delete", "Supprimer"))
    for noun, nom in NOUNS
    for n in range(60)
]


@pytest.fixture
def messages(monkeypatch):
    monkeypatch.setattr(module, "message_pairs", lambda: list(PAIRS))
    return lambda **more: PairsDataModule(**{"vocabulary": 80, "val_size": 40, **more})


def test_parts_batches_and_texts(messages):
    data = messages(batch_size=16)
    assert [len(data.train_set), len(data.val_set), len(data.test_set)] == [180, 40, 500]
    for other in ("val", "test"):
        assert shared(data.texts("train"), data.texts(other)) == (0, 0)
    for part, items in (("val", data.val_set), ("test", data.test_set)):
        text = data.texts(part)
        for n in (0, 7):
            assert data.decode(items.sources[n].tolist()) == text.inputs[n]
            assert data.decode(items.targets[n].tolist()) == text.targets[n]
    source, target = next(iter(data.train_dataloader()))
    assert len(source) == len(target) == 16
    assert (target[:, 0] == 2).all()
    assert len(data.subwords) == 80
    assert data.encode("Open the file 3").tolist() == [[*data.subwords.ids("Open the file 3"), 3]]


def test_same_seed_same_batches_another_seed_others(messages):
    first, again, other = (
        [target.tolist() for _, target in messages(seed=seed, batch_size=16).train_dataloader()]
        for seed in (0, 0, 1)
    )
    assert first == again != other


def test_fewer_and_shorter_pairs(messages):
    few = messages(train_size=50, vocabulary=60)
    assert len(few.train_set) == 50
    assert set(few.texts("train").inputs) < set(messages().texts("train").inputs)
    assert few.content_hash != messages().content_hash
    short = messages(longest=8)
    assert 0 < len(short.train_set) < 180
    assert max(len(target) for target in short.train_set.targets) <= 8 + 1


def test_about(messages):
    about = messages().describe()
    assert about["scale"] == "small"
    assert about["license"] == "MIT, Apache-2.0, BSD 3-Clause"
    full = PairsDataModule(data="multi30k", language="de").about()
    assert full["name"] == "Multi30k: descriptions of photographs, English to German"


def test_full_mode_takes_multi30k(monkeypatch):
    monkeypatch.setenv("CNNHISTORY_SCALE", "full")
    assert PairsDataModule().data == "multi30k"


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"data": "x"}, "data"),
        ({"language": "de"}, "language"),
        ({"data": "multi30k", "test_part": "test_2019"}, "test_part"),
        ({"test_part": "test_2016_flickr"}, "test_part"),
        ({"vocabulary": 4}, "vocabulary"),
        ({"longest": 0}, "longest"),
        ({"val_size": 0}, "val_size"),
        ({"train_size": 0}, "train_size"),
    ],
)
def test_refuses_settings(settings, name):
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        PairsDataModule(**{"data": "messages", **settings})


def test_refuses_more_pairs_than_there_are(messages):
    with pytest.raises(ValueError, match=r"^train_size: expected at most 180, got 181"):
        messages(train_size=181).setup()


@pytest.mark.slow
def test_multi30k_itself():
    if "CNNHISTORY_DATA" not in os.environ:
        pytest.skip("needs Multi30k: set CNNHISTORY_DATA to a folder with it")
    data = PairsDataModule(data="multi30k", language="de", vocabulary=1600)
    # 29,000 training pairs, of which two have a sentence of a later part
    assert [len(data.train_set), len(data.val_set), len(data.test_set)] == [28_998, 1014, 1000]
    assert shared(data.texts("train"), data.texts("test")) == (0, 0)
