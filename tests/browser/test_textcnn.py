"""The reader of questions in the page: PyTorch's scores, its words, its n-grams, and its figure."""

import json
import os
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from browser_helpers import BROWSER, MISSING, looking
from figure_helpers import BOOK, LIVE, START, book_live, live_data, served

from cnnhistory import zoo
from cnnhistory.data.text.batches import padded
from cnnhistory.data.text.words import words_of
from cnnhistory.zoo.recording_folds import load_reader

QUESTIONS = 200
EXAMPLES = book_live.FIGURES["textcnn"].options["examples"]
ODD = [
    "", " ... ", "Who 's there ?", "what's café au lait's price ,(really)!", "_a_b_ don't DON'T",
    "'sir 'stop it'll it'llx", "rock 'n' roll `quoted` -- 3,000 km/h", " ".join(["How many"] * 30),
    "ß Ω ² ½ naïve 東京 is where ?",
]  # fmt: skip
RUN = "textcnn_trec_small"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(BROWSER is None, reason=MISSING),
]


@cache
def reader():
    return load_reader(RUN)


def made_up():
    """Return questions of words that the network knows, and of some that it does not."""
    draw = np.random.default_rng(5)
    known = [*reader()[1].words[:800], "Zyzzogeton", "qwertz"]
    return [" ".join(draw.choice(known, draw.integers(1, 40))) for _ in range(QUESTIONS)]


def cut(text):
    return words_of(text, lower=False)[: live_data.MOST_WORDS]


READS = """
  const { loadNetwork } = await import("/network.mjs");
  const { loadWords, ngrams, read, wordsOf } = await import("/figures/textcnn.mjs");
  const network = await loadNetwork(location.href, "textcnn_trec_small");
  const known = await loadWords(location.href, "textcnn_words");
  const found = [];
  for (const text of await (await fetch("/texts")).json()) {
    const words = wordsOf(text).slice(0, %d);
    const values = read(network, known, words);
    const scores = [...values[network.output].data];
    const best = scores.indexOf(Math.max(...scores));
    found.push({ words, scores, grams: ngrams(network, values, words, best) });
  }
  return found;
"""


def seen_for(texts):
    files = {f"/{name}": data for name, data in live_data.questions().items()}
    files["/texts"] = json.dumps(texts).encode()
    seen = looking(LIVE, READS % live_data.MOST_WORDS, files)
    assert isinstance(seen, list), seen
    return seen


def scores_of(texts):
    network, vocabulary = reader()
    with torch.no_grad():
        return network(padded([vocabulary.ids(cut(text)) for text in texts]))


def test_scores_are_pytorchs():
    texts = [*EXAMPLES, *ODD, *made_up()]
    seen = seen_for(texts)
    assert [one["words"] for one in seen] == [cut(text) for text in texts]
    found = torch.tensor([one["scores"] for one in seen])
    assert (found - scores_of(texts)).abs().max() < 1e-4


DATA = os.environ.get("CNNHISTORY_DATA")


@pytest.mark.skipif(
    not DATA or not (Path(DATA) / "sentences" / "TREC.test").is_file(),
    reason="the questions of TREC may not be passed on; CNNHISTORY_DATA has no sentences/TREC.test",
)
def test_real_questions_are_answered_as_recorded():
    from cnnhistory.data.text.sentences import SentencesDataModule

    test = SentencesDataModule(data="TREC", val_size=0, least=2).read()["test"]
    seen = seen_for([str(text) for text in test.inputs])
    found = torch.tensor([one["scores"] for one in seen])
    assert len(found) == 500
    assert (found - scores_of(test.inputs)).abs().max() < 1e-4
    wrong = int((found.argmax(1).numpy() != test.targets).sum())
    assert wrong == zoo.record(RUN).results[0].errors


def test_ngrams_are_the_strongest_windows():
    texts = [*EXAMPLES, *made_up()[:20]]
    network, vocabulary = reader()
    for text, one in zip(texts, seen_for(texts), strict=True):
        words = cut(text)
        values, places = network.strongest(padded([vocabulary.ids(words)]))
        best = int(np.argmax(one["scores"]))
        weights = 0.5 * network.output.weight[best]
        sizes = [window for window in (3, 4, 5) for _ in range(48)]
        wanted = {}
        for value, place, size, weight in zip(
            values[0].tolist(), places[0].tolist(), sizes, weights.tolist(), strict=True
        ):
            span = max(0, place), min(len(words), place + size)
            if span[1] > span[0]:
                wanted[span] = wanted.get(span, 0.0) + value * weight
        found = {(a, b): score for a, b, score in one["grams"] if b > a}
        assert found == pytest.approx(wanted, abs=1e-4)
        scores = [score for *_, score in one["grams"]]
        assert scores == sorted(scores, reverse=True)


PLAYS = (
    START
    + """
  const View = frame.contentWindow;
  const field = page.querySelector(".live-text");
  const type = (text) => {
    field.value = text;
    field.dispatchEvent(new View.Event("input"));
    const bars = [...page.querySelectorAll(".live-answer")];
    const fired = [...page.querySelectorAll(".live-fired button")];
    const words = [...page.querySelectorAll(".live-words span")];
    return {
      told: told(), best: bars.findIndex((bar) => bar.classList.contains("live-best")),
      scores: bars.map((bar) => Number(bar.lastChild.textContent.replace("−", "-"))),
      unknown: words.filter((one) => one.matches(".live-unknown")).map((one) => one.textContent),
      fired: fired.map((one) => one.textContent), words: words.map((one) => one.textContent),
    };
  };
  const found = { first: field.value };
  found.typed = %s.map(type);
  const [gram] = page.querySelectorAll(".live-fired button");
  const lit = () => [...page.querySelectorAll(".live-words .live-lit")].map((e) => e.textContent);
  gram.dispatchEvent(new View.Event("focus"));
  found.lit = [lit().join(" "), gram.textContent];
  gram.dispatchEvent(new View.Event("blur"));
  found.dark = lit().length;
  gram.click();
  found.clicked = lit().join(" ");
  page.querySelectorAll(".live-stage .live-button")[1].click();
  found.example = [field.value, told()];
  found.empty = type("");
  found.html = type("<b>Who</b> &amp; what").words;
  return found;
"""
)


def test_the_reader_types_and_n_grams_light_up():
    texts = ["How many Zyzzogetons are there ?", "Where is Berlin ?", "Who wrote Faust ?"]
    seen = looking(BOOK, PLAYS % ("textcnn", "", json.dumps(texts)), served())
    assert seen["first"] == EXAMPLES[0]
    wanted = scores_of(texts)
    classes = book_live.QUESTIONS
    for one, scores, text in zip(seen["typed"], wanted, texts, strict=True):
        best = int(scores.argmax())
        assert one["best"] == best
        assert one["scores"] == pytest.approx(scores.tolist(), abs=0.006)
        assert one["told"].startswith(f"It asks for {classes[best]}.")
        assert one["unknown"] == [word for word in cut(text) if word not in reader()[1]]
        assert 1 <= len(one["fired"]) <= 6
    assert "Not among its words: Zyzzogetons." in seen["typed"][0]["told"]
    gram, button = seen["lit"]
    assert button.startswith(gram)
    assert "+" in button
    assert (seen["dark"], seen["clicked"]) == (0, gram)
    assert seen["example"][0] == EXAMPLES[1]
    assert seen["empty"]["told"] == "Type a question."
    assert seen["empty"]["words"] == []
    assert seen["html"] == ["b", "Who", "b", "amp", "what"]


def test_a_damaged_file_is_told():
    numbers = live_data.questions()[f"{RUN}.bin"]
    ask = "return [figure.dataset.state, part('said').textContent, part('stored').hidden];"
    script = START + ask
    for damaged in (numbers[:-5], None):
        files = served(**{f"{RUN}.bin": damaged})
        state, said, hidden = looking(BOOK, script % ("textcnn", ""), files)
        assert (state, hidden) == ("stored", False)
        assert "damaged or incomplete" in said or "cannot be loaded" in said
