"""The verdicts about networks for sentences, and that each follows from what is computed."""

import pytest
import torch

from cnnhistory.claims import list_statements, statement, verify
from cnnhistory.models import textcnn


def test_verdicts_of_the_literature():
    ids = list_statements(system="textcnn")
    assert {id: statement(id).verdict for id in ids} == {
        "textcnn.c1": "correct",
        "textcnn.c2": "correct",
    }


def test_computed_facts():
    assert "widths [300]" in verify("textcnn.c1").computed
    assert verify("textcnn.c2").computed.startswith("twice: same scores; another sentence: other")


class Mean(textcnn.TextCNN):
    """The mean over all places instead of the maximum: the length of a sentence counts."""

    def forward(self, tokens):
        answers = self.answers(self.embed(tokens))
        return self.output(torch.cat([answer.mean(2) for answer in answers], 1))


class EveryPlace(textcnn.TextCNN):
    """Every number of every kernel is kept."""

    def strongest(self, tokens):
        answers = torch.cat([a.flatten(1) for a in self.answers(self.embed(tokens))], 1)
        return answers, answers


@pytest.mark.parametrize(("kind", "id"), [(EveryPlace, "textcnn.c1"), (Mean, "textcnn.c2")])
def test_another_network_would_be_noticed(kind, id, monkeypatch):
    def other(vocabulary=100, **settings):
        return kind(vocabulary, **settings)

    monkeypatch.setattr(textcnn, "textcnn", other)
    assert verify(id).verdict == "wrong"
