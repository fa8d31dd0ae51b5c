"""The data modules of sentences: parts, folds, vocabulary and what is refused."""

import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from cnnhistory.data.text import sentences
from cnnhistory.data.text.sentence_files import SETS
from cnnhistory.data.text.sentences import SentencesDataModule, WordOrderDataModule, folds_of
from cnnhistory.data.text.words import words_of

DATA = os.environ.get("CNNHISTORY_DATA")  # before the fixture clears it
WORDS = ["good", "bad", "film", "plot", "fine", "dull", "not", "very", "a", "the"]


@pytest.fixture(autouse=True)
def reviews(tmp_path, monkeypatch):
    """120 sentences where the reviews are looked for, two of them equal, one without words."""
    random = np.random.default_rng(0)
    lines = [" ".join(random.choice(WORDS, 1 + n % 7)) + f" w{n}" for n in range(117)]
    lines += ["Good film!", "good, film", "..."]
    path = tmp_path / "reviews.txt"
    path.write_text("".join(f"{n}\t{(-1) ** n}\t{line}\n" for n, line in enumerate(lines)))
    monkeypatch.setattr(sentences, "package_file", lambda file: path)
    return path


def texts(data, part):
    vocabulary = data.vocabulary
    return [" ".join(vocabulary.text(row[row > 0].tolist())) for row in part.tokens]


def test_parts_are_folds():
    every = Counter()
    for fold in range(10):
        data = SentencesDataModule(fold=fold)
        sizes = len(data.train_set), len(data.val_set), len(data.test_set)
        assert sum(sizes) == 120
        assert 11 <= sizes[1] <= 13
        assert 11 <= sizes[2] <= 13
        labels = data.test_set.labels
        assert 4 <= labels.sum() <= 8
        every.update(data._read()["test"].inputs)
    assert sum(every.values()) == 120
    assert max(every.values()) == 1
    parts = SentencesDataModule(fold=9)._read()
    assert parts["val"].inputs == SentencesDataModule(fold=0)._read()["test"].inputs


def test_folds_depend_on_the_words_alone():
    lines = [f"s {n}" for n in range(40)] + ["Same thing!"] * 3
    labels = np.arange(43) % 2
    found = folds_of(lines, labels)
    order = np.random.default_rng(0).permutation(43)
    assert (folds_of([lines[n] for n in order], labels[order]) == found[order]).all()
    assert len(set(found[40:])) == 1
    assert np.bincount(found[:40]).min() >= 3
    for label in (0, 1):
        counts = np.bincount(found[:40][labels[:40] == label], minlength=10)
        assert counts.min() >= 1
        assert counts.max() <= 3
    apart = folds_of(["a"] * 20, np.zeros(20, np.int64), together=False)
    assert np.bincount(apart).tolist() == [2] * 10
    with pytest.raises(ValueError, match=r"^folds: expected"):
        folds_of(lines, labels, folds=1)


def test_the_vocabulary_is_of_the_training_part_alone():
    data = SentencesDataModule()
    known = set(data.vocabulary.words)
    train = {word for text in data._read()["train"].inputs for word in words_of(text)}
    assert known == train
    test = {word for text in data._read()["test"].inputs for word in words_of(text)}
    assert test - known
    assert (data.test_set.tokens == 1).any()
    assert not (data.train_set.tokens == 1).any()
    small = SentencesDataModule(least=2)
    assert not any(word.startswith("w") for word in small.vocabulary.words)
    assert len(SentencesDataModule(most=5).vocabulary) == 5
    assert SentencesDataModule(most=5).train_set.tokens.max() == 4


def test_batches_are_trimmed_and_repeatable():
    data = SentencesDataModule(batch_size=4)
    loader = data.train_dataloader()
    batches = list(loader)
    lengths = {tokens.shape[1] for tokens, _ in batches}
    assert len(lengths) > 1
    assert all((tokens[:, -1] > 0).any() for tokens, _ in batches)
    again = list(SentencesDataModule(batch_size=4).train_dataloader())
    assert all(torch.equal(a[0], b[0]) for a, b in zip(batches, again, strict=True))


def test_sizes():
    whole = SentencesDataModule(val_size=0)
    assert whole.val_set is None
    assert len(whole.train_set) + len(whole.test_set) == 120
    wide = SentencesDataModule(test_folds=3)
    assert 34 <= len(wide.test_set) <= 38
    few, more = (set(SentencesDataModule(train_size=n).read()["train"].inputs) for n in (10, 20))
    assert (len(few), len(more)) == (10, 20)
    assert few < more


def test_encoding():
    data = SentencesDataModule()
    ids = data.encode(["Good film!", "", "zyx zyx"])
    assert ids.shape == (3, 3)
    assert ids[1].tolist() == [0, 0, 0]
    assert ids[2].tolist() == [1, 1, 0]
    assert data.vocabulary.text(ids[0].tolist())[:2] == ["good", "film"]


def test_what_it_says_of_itself():
    said = SentencesDataModule().describe()
    assert (said["scale"], said["license"]) == ("small", "MIT")
    assert said["train"] + said["val"] + said["test"] == 120
    assert len(said["content_hash"]) == 64
    assert SentencesDataModule(fold=1).content_hash != said["content_hash"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("data", "mr"), ("fold", 10), ("fold", -1), ("fold", 1.0), ("test_folds", 0),
        ("test_folds", 9), ("val_size", 5), ("train_size", 0), ("least", 0), ("most", 1),
        ("batch_size", 0),
    ],
)  # fmt: skip
def test_bad_settings(name, value):
    with pytest.raises(ValueError, match=rf"^{name}: expected .*, got "):
        SentencesDataModule(**{name: value})


def test_more_bad_settings():
    with pytest.raises(ValueError, match=r"^fold: expected an integer from 0 to 0, got 1"):
        SentencesDataModule(data="TREC", fold=1)
    with pytest.raises(ValueError, match=r"^train_size: expected at most \d+, got 500"):
        SentencesDataModule(train_size=500).setup()
    with pytest.raises(FileNotFoundError, match="CNNHISTORY_DATA"):
        SentencesDataModule(data="MR").setup()


def test_questions_keep_their_capitals_and_get_a_validation_part(tmp_path):
    folder = tmp_path / "named" / "sentences"
    folder.mkdir(parents=True)
    lines = [f"{SETS['TREC'].classes[n % 6]}:x What is thing{n} ?\n" for n in range(60)]
    (folder / "TREC.train").write_text("".join(lines))
    (folder / "TREC.test").write_text("NUM:x How far ?\n")
    data = SentencesDataModule(data="TREC", root=folder.parent)
    assert (len(data.train_set), len(data.val_set), len(data.test_set)) == (54, 6, 1)
    assert data.val_set.labels.bincount().tolist() == [1] * 6
    assert "What" in data.vocabulary
    assert data.num_classes == 6


def test_word_order_has_each_sentence_twice():
    data = WordOrderDataModule()
    for part in (data.train_set, data.val_set, data.test_set):
        kinds = {0: [], 1: []}
        for text, label in zip(texts(data, part), part.labels.tolist(), strict=True):
            kinds[label].append(text)
        bags = [sorted(sorted(text.split()) for text in kind) for kind in kinds.values()]
        assert bags[0] == bags[1]
        assert not set(kinds[0]) & set(kinds[1])
    assert data.classes == ("other order", "as written")
    assert WordOrderDataModule().content_hash == data.content_hash


@pytest.mark.slow
def test_the_rated_sentences_of_the_package(monkeypatch):
    from cnnhistory.data.fetch import FetchError
    from cnnhistory.data.files.packages import package_file

    monkeypatch.delenv("CNNHISTORY_CACHE")
    monkeypatch.setattr(sentences, "package_file", package_file)
    try:
        data = SentencesDataModule()
        data.prepare_data()
    except FetchError as error:
        pytest.skip(f"needs a network: {error}")
    sizes = len(data.train_set), len(data.val_set), len(data.test_set)
    assert sum(sizes) == 10_568
    lengths = (data.train_set.tokens > 0).sum(1).double()
    assert 18 < lengths.mean() < 21


# sentences of kim2014convolutional, Table 1; TREC and SST with all their parts
SIZES = {
    "MR": 10_662, "SST-1": 11_855, "SST-2": 9_613, "Subj": 10_000, "TREC": 5_952, "CR": 3_775,
    "MPQA": 10_606,
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
def test_the_seven_sets(name):
    if not DATA or not (Path(DATA) / "sentences").is_dir():
        pytest.skip("needs the files of the seven sets in CNNHISTORY_DATA")
    data = SentencesDataModule(data=name, root=DATA)
    said = data.describe()
    assert said["train"] + said["val"] + said["test"] == SIZES[name]
    assert set(data.train_set.labels.tolist()) == set(range(data.num_classes))


# how many sentences have the words of another one
REPEATED = {"MR": 2, "Subj": 0, "CR": 17, "MPQA": 3_260}


@pytest.mark.slow
@pytest.mark.parametrize("name", REPEATED)
def test_the_same_words_never_lie_in_two_folds(name):
    if not DATA or not (Path(DATA) / "sentences").is_dir():
        pytest.skip("needs the files of the seven sets in CNNHISTORY_DATA")
    every = sentences.read_set(name, DATA)["all"]
    keys = [" ".join(words_of(text)) for text in every.inputs]
    counts = Counter(keys)
    assert sum(n for n in counts.values() if n > 1) == REPEATED[name]
    found = folds_of(every.inputs, every.targets)
    assert len(set(zip(keys, found.tolist(), strict=True))) == len(counts)
    dealt = folds_of(every.inputs, every.targets, together=False)
    assert len(set(zip(keys, dealt.tolist(), strict=True))) > len(counts) or not REPEATED[name]
