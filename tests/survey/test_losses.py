"""The verdicts about losses, dropout, L1 and LRN, and what they hang on."""

import pytest
import torch

from cnnhistory import zoo
from cnnhistory.claims import list_statements, statement, verify
from cnnhistory.nn.losses.positive_sharing_loss import PositiveSharingLoss
from cnnhistory.survey import small_runs
from cnnhistory.survey.small_runs import Zeros

VERDICTS = {
    "multitask_loss.c1": "correct",
    "positive_sharing_loss.c1": "correct",
    "lrn.c1": "correct",
    "dropout.c1": "correct",
    "l1_regularization.c1": "opinion",
}


def test_verdicts_of_the_literature():
    systems = {id.partition(".")[0] for id in VERDICTS}
    found = [id for system in systems for id in list_statements(system=system)]
    assert {id: statement(id).verdict for id in found} == VERDICTS


@pytest.mark.parametrize("id", [id for id in VERDICTS if id != "multitask_loss.c1"])
def test_the_computation_comes_to_the_same(id):
    assert verify(id).verdict == VERDICTS[id]


def test_sharing_needs_all_sub_classes(monkeypatch):
    def only_its_own(self, scores, target):
        return -2 * scores.log_softmax(1).gather(1, target[:, None]).mean()

    monkeypatch.setattr(PositiveSharingLoss, "forward", only_its_own)
    assert verify("positive_sharing_loss.c1").verdict == "wrong"


@pytest.mark.parametrize(
    ("whole", "without", "verdict"),
    [((0.3, 0.31, 0.32), (0.5, 0.51, 0.52), "wrong"),
     ((0.3, 0.31, 0.32), (0.3, 0.32, 0.33), "correct")],
)  # fmt: skip
def test_lrn_is_of_use_if_a_network_needs_it(monkeypatch, whole, without, verdict):
    class Run:
        def __init__(self, id):
            self.errors = without if id.endswith("_no_lrn") else whole

    monkeypatch.setattr(zoo, "record", Run)
    assert verify("lrn.c1").verdict == verdict


@pytest.mark.parametrize(
    ("train", "test", "verdict"),
    [(0.3, 0.6, "correct"), (0.4, 0.7, "imprecise"), (0.0, 0.7, "wrong")],
)
def test_dropout_has_to_help_with_other_digits(monkeypatch, train, test, verdict):
    runs = {
        0.0: [(0.0, 0.70), (0.0, 0.71), (0.0, 0.72)],
        0.5: [(train, test), (train, test + 0.01), (train, test + 0.02)],
    }
    monkeypatch.setattr(small_runs, "dropout_on_digits", runs.__getitem__)
    assert verify("dropout.c1").verdict == verdict


@pytest.mark.parametrize(
    ("relu", "l1", "step", "verdict"),
    [
        (Zeros(0.0, 0.2), Zeros(0.4, 0.0), True, "opinion"),
        (Zeros(0.3, 0.2), Zeros(0.4, 0.0), True, "correct"),
        (Zeros(0.0, 0.2), Zeros(0.4, 0.0), False, "wrong"),
    ],
)
def test_the_analogy_needs_the_same_zeros_and_the_same_step(monkeypatch, relu, l1, step, verdict):
    monkeypatch.setattr(
        small_runs, "zeros_on_digits", lambda kind, _: relu if kind == "relu" else l1
    )
    if not step:
        monkeypatch.setattr(torch, "relu", torch.abs)
    assert verify("l1_regularization.c1").verdict == verdict
