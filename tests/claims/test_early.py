"""The verdicts about the early networks, and that each follows from what is computed."""

import pytest
import torch
from torch import nn

import cnnhistory
from cnnhistory.claims import early, list_statements, statement, verify
from cnnhistory.nn.conv import PartialConv2d


@pytest.fixture
def changed(monkeypatch):
    """Hand the checkers a LeNet-5 with one layer replaced."""

    def replace(**layers):
        model = cnnhistory.create_model("lenet5")
        for name, layer in layers.items():
            setattr(model, name, layer)
        monkeypatch.setattr(early, "create_model", lambda name: model)

    return replace


def test_verdicts_of_the_literature():
    assert {id: statement(id).verdict for id in list_statements(system="lenet5")} == {
        "lenet-5.c1": "wrong",
        "lenet-5.c2": "correct",
        "lenet-5.c3": "imprecise",
        "lenet-5.c4": "imprecise",
        "lenet-5.c5": "imprecise",
        "lenet-5.c6": "imprecise",
        "lenet-5.c7": "imprecise",
        "lenet-5.c8": "correct",
    }


def test_only_the_training_method_is_taken_from_the_paper():
    assert [id for id in list_statements(system="lenet5") if verify(id) is None] == ["lenet-5.c6"]


@pytest.mark.parametrize(
    ("id", "facts"),
    [
        # 60,000 - 20 units x (120 weights + 1 bias) = 57,580
        ("lenet-5.c1", ["84 units give 60,000", "64 would give 57,580"]),
        ("lenet-5.c2", ["C1 6×28×28", "S2 6×14×14", "C3 16×10×10", "S4 16×5×5", "C5 120×1×1"]),
        ("lenet-5.c3", ["gives the values of a dense layer", "36×36 image gives 2×2 values"]),
        ("lenet-5.c4", ["2 trainable parameters per map", "give average pooling"]),
        ("lenet-5.c5", ["84 times the mean squared error", "1 of 10 scores", "moves 10"]),
        ("lenet-5.c7", ["f(1) = 1.000, tanh(1) = 0.762", "EuclideanRBF"]),
        ("lenet-5.c8", ["60 of 96 links", "1,516 parameters, 2,416 with all"]),
    ],
)
def test_computed_facts(id, facts):
    computed = verify(id).computed
    for fact in facts:
        assert fact in computed


def test_c1_would_be_correct_if_64_units_gave_the_total_of_the_paper(changed):
    # 64 units and 20 x 121 parameters elsewhere.
    wider = nn.Conv2d(16, 120, 5)
    wider.extra = nn.Parameter(torch.zeros(20 * 121))
    changed(f6=nn.Linear(120, 64), c5=wider)
    assert verify("lenet-5.c1").verdict == "correct"


def test_c2_would_be_wrong_for_another_number_of_maps(changed):
    changed(c5=nn.Conv2d(16, 100, 5))
    assert verify("lenet-5.c2").verdict == "wrong"


def test_c3_would_be_correct_if_c5_gave_one_value_at_any_size(changed):
    class Corner(nn.Conv2d):
        def forward(self, x):
            return super().forward(x[:, :, :5, :5])

    changed(c5=Corner(16, 120, 5))
    assert verify("lenet-5.c3").verdict == "correct"

    class Bent(nn.Conv2d):
        def forward(self, x):
            return super().forward(x) + 1

    changed(c5=Bent(16, 120, 5))
    assert verify("lenet-5.c3").verdict == "wrong"


def test_c4_would_be_correct_for_plain_pooling(changed):
    class Plain(nn.AvgPool2d):
        channels = 1

        def __init__(self, channels):
            super().__init__(2)
            self.channels = channels
            # Not parameters: nothing is trained.
            self.weight, self.bias = torch.zeros(channels), torch.zeros(channels)

    changed(s2=Plain(6), s4=Plain(16))
    assert verify("lenet-5.c4").verdict == "correct"


def test_c5_would_be_correct_without_the_second_criterion(monkeypatch):
    monkeypatch.setattr(early, "MAPLoss", early.RBFDistanceLoss)
    assert verify("lenet-5.c5").verdict == "correct"


def test_c5_would_be_wrong_for_another_distance(monkeypatch):
    class Halved(early.RBFDistanceLoss):
        def forward(self, scores, target):
            return super().forward(scores, target) / 2

    monkeypatch.setattr(early, "RBFDistanceLoss", Halved)
    assert verify("lenet-5.c5").verdict == "wrong"


def test_c7_would_be_correct_for_tanh_throughout(changed):
    changed(activation=nn.Tanh(), output=nn.Linear(84, 10))
    assert verify("lenet-5.c7").verdict == "correct"
    changed(activation=nn.Tanh())
    assert verify("lenet-5.c7").verdict == "imprecise"
    changed(activation=nn.ReLU())
    assert verify("lenet-5.c7").verdict == "wrong"


def test_c8_would_be_wrong_with_all_links(changed):
    changed(c3=PartialConv2d(torch.ones(16, 6, dtype=torch.bool), 5))
    assert verify("lenet-5.c8").verdict == "wrong"
