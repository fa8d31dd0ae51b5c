import io

import pytest
import torch

pytest.importorskip("sentencepiece")
pytest.importorskip("sacrebleu")

from cnnhistory.cli import main
from cnnhistory.cli.translate import check_data, find
from cnnhistory.data.digits import DigitsDataModule
from cnnhistory.data.translation import module
from cnnhistory.data.translation.subwords import Subwords
from cnnhistory.models.convs2s import convs2s_small
from cnnhistory.nlp.translator import SentenceTranslator

SENTENCES = ["Open the file", "Ouvrir le fichier", "Close the page", "Fermer la page"] * 3
SMALL = {"vocabulary": 40, "embedding": 8, "layers": [[8, 3]], "positions": 16}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    made = SentenceTranslator(convs2s_small(**SMALL), Subwords.train(SENTENCES, 40))
    made.save(tmp_path / "runs" / "convs2s_small", "convs2s_small", SMALL)
    return tmp_path / "runs" / "convs2s_small"


def test_sentences_from_the_command_line(folder, capsys):
    assert main(["translate", str(folder), "Open the file", "", "Close the page"]) == 0
    lines = capsys.readouterr().out.split("\n")
    expected = SentenceTranslator.load(folder).translate(["Open the file", "", "Close the page"])
    assert lines == [*expected, ""]
    assert lines[1] == ""
    # the name of a model means the last run of `fit`
    assert main(["translate", "convs2s_small", "Open the file", "--beam", "1"]) == 0
    assert capsys.readouterr().out.count("\n") == 1


def test_lines_of_the_standard_input(folder, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("Open the file\n\nClose the page\n"))
    assert main(["translate", str(folder)]) == 0
    assert capsys.readouterr().out.split("\n")[1] == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["日本"], "sentence: expected at least one letter that the vocabulary has"),
        (["Open the file " * 9], "sentence: expected at most 15 subwords"),
        (["Open the file", "--beam", "0"], "beam: expected a whole number, at least 1, got 0"),
    ],
)
def test_bad_input_is_one_clear_line(folder, capsys, arguments, message):
    assert main(["translate", str(folder), *arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"cnnhistory: {message}")
    assert error.count("\n") == 1


def test_a_vocabulary_of_another_size(folder, capsys):
    (folder / "subwords.model").write_bytes(Subwords.train(SENTENCES, 38).model)
    assert main(["translate", str(folder), "Open"]) == 2
    assert "vocabulary: expected 38, one for each subword, got 40" in capsys.readouterr().err


def test_an_unknown_translator(folder):
    with pytest.raises(KeyError, match="did you mean 'convs2s_multi30k_de'"):
        find("convs2s_multi30k_d")
    with pytest.raises(KeyError, match="a folder that `cnnhistory fit convs2s` wrote, or one of"):
        find("nothing")


def test_data_that_do_not_fit(monkeypatch):
    pairs = [(f"Open the file {n}", f"Ouvrir le fichier {n}") for n in range(700)]
    monkeypatch.setattr(module, "message_pairs", lambda: pairs)
    network = convs2s_small(**SMALL)
    with pytest.raises(ValueError, match=r"^data: expected pairs of sentences"):
        check_data(network, DigitsDataModule())
    data = module.PairsDataModule(data="messages", vocabulary=38, val_size=20)
    with pytest.raises(ValueError, match=r"^vocabulary: expected 38, .*, got 40"):
        check_data(network, data)
    data = module.PairsDataModule(data="messages", vocabulary=40, val_size=20)
    with pytest.raises(ValueError, match=r"^longest: expected at most the network's 16, got 100"):
        check_data(network, data)


def test_fit_trains_a_translator_and_translate_uses_it(tmp_path, capsys, monkeypatch):
    pairs = [(f"Open the file {n}", f"Ouvrir le fichier {n}") for n in range(1200)]
    monkeypatch.setattr(module, "message_pairs", lambda: pairs)
    monkeypatch.chdir(tmp_path)
    arguments = ["--trainer.max_epochs=1", "--trainer.accelerator=cpu", "--data.vocabulary=60"]
    settings = "{vocabulary: 60, embedding: 16, layers: [[16, 3]]}"
    assert main(["fit", "convs2s", *arguments, "--model.network_args", settings]) == 0
    out = capsys.readouterr().out
    assert "test BLEU" in out
    assert "chrF2" in out
    assert main(["translate", "convs2s", "Open the file 3"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1
