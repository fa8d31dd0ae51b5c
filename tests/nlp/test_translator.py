import json

import pytest
import torch

pytest.importorskip("sentencepiece")
pytest.importorskip("sacrebleu")

from cnnhistory.metrics.translation import bleu
from cnnhistory.models.convs2s import convs2s_small
from cnnhistory.nlp.callbacks import BleuEachEpoch
from cnnhistory.nlp.translator import SETTINGS, SUBWORDS, WEIGHTS, SentenceTranslator
from cnnhistory.tasks.translation import Translation
from cnnhistory.training.fitting import fit
from cnnhistory.training.recipes import Adam

SMALL = {"vocabulary": 90, "embedding": 32, "layers": [[32, 3]], "positions": 24, "dropout": 0.0}


@pytest.fixture
def translator(messages):
    torch.manual_seed(0)
    return SentenceTranslator(convs2s_small(**SMALL), messages().subwords)


def test_a_short_training_translates(messages):
    data, curve = messages(batch_size=16), BleuEachEpoch(20)
    torch.manual_seed(0)
    task = Translation(convs2s_small(**SMALL), Adam(1e-2))
    run = fit(task, data, epochs=8, callbacks=[curve])
    assert run.curve("train_loss")[-1] < run.curve("train_loss")[0] / 2
    assert len(curve.scores) == 8
    assert curve.scores[-1] > curve.scores[0]
    test = data.texts("test")
    made = SentenceTranslator(run.network, data.subwords)
    score = bleu(made.translate(test.inputs, beam=2), test.targets)
    assert score.value > 60


def test_lines_of_every_kind(translator):
    assert translator.translate(["", "  ", "Open the file"], 1)[:2] == ["", ""]
    found = translator.hypotheses(["Open the file", ""], 3)
    assert found[1] is None
    assert (
        translator.subwords.text(found[0].tokens) == translator.translate(["Open the file"], 3)[0]
    )
    # letters that are not in the vocabulary are unknown, and the others are translated
    assert translator.source("Open 日 file")[-1] == 3
    with pytest.raises(
        ValueError, match=r"^sentence: expected at least one letter .*, got '日本'$"
    ):
        translator.translate(["日本"])
    with pytest.raises(ValueError, match=r"^sentence: expected at most 23 subwords, .*, got 160"):
        translator.translate(["Open the file " * 20])
    with pytest.raises(ValueError, match=r"^beam: expected a whole number"):
        translator.translate(["Open the file"], 0)


def test_files_come_back(translator, tmp_path):
    translator.save(tmp_path / "new", "convs2s_small", SMALL)
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == [SUBWORDS, SETTINGS, WEIGHTS]
    again = SentenceTranslator.load(tmp_path / "new")
    sentences = ["Open the file", "Delete the red page 3"]
    assert again.translate(sentences) == translator.translate(sentences)


def test_a_vocabulary_that_does_not_fit_the_weights(translator, messages, tmp_path):
    with pytest.raises(ValueError, match=r"^vocabulary: expected 80, .*, got 90"):
        SentenceTranslator(translator.network, messages(vocabulary=80).subwords)
    translator.save(tmp_path, "convs2s_small", SMALL)
    (tmp_path / SUBWORDS).write_bytes(messages(vocabulary=80).subwords.model)
    with pytest.raises(ValueError, match=r"^vocabulary: expected 80, one for each subword, got 90"):
        SentenceTranslator.load(tmp_path)


def test_damaged_files(translator, tmp_path):
    translator.save(tmp_path, "convs2s_small", SMALL)
    whole = (tmp_path / WEIGHTS).read_bytes()
    (tmp_path / WEIGHTS).write_bytes(whole[:-5])
    with pytest.raises(ValueError, match=r"^weights\.safetensors: expected weights of a network"):
        SentenceTranslator.load(tmp_path)
    (tmp_path / WEIGHTS).write_bytes(whole)
    wider = {"model": "convs2s_small", "settings": {**SMALL, "embedding": 16}}
    (tmp_path / SETTINGS).write_text(json.dumps(wider))
    with pytest.raises(ValueError, match=r"^weights: expected those of convs2s_small with"):
        SentenceTranslator.load(tmp_path)
    (tmp_path / SETTINGS).write_text("{}")
    with pytest.raises(ValueError, match=r"^translator\.json: expected model and settings"):
        SentenceTranslator.load(tmp_path)
    (tmp_path / SUBWORDS).unlink()
    (tmp_path / SETTINGS).write_text(json.dumps({"model": "convs2s_small", "settings": SMALL}))
    with pytest.raises(FileNotFoundError):
        SentenceTranslator.load(tmp_path)
