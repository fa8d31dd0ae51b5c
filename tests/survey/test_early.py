"""The verdicts about the early networks, and that each follows from what is computed."""

import dataclasses

import pytest
import torch
from torch import nn

import cnnhistory
from cnnhistory import registry
from cnnhistory.claims import list_statements, statement, verify
from cnnhistory.nn.conv import PartialConv2d
from cnnhistory.nn.losses import distances
from cnnhistory.nn.pool import Subsample2d
from cnnhistory.registry import create_model
from cnnhistory.survey.early import lenet1989


@pytest.fixture
def changed(monkeypatch):
    """Hand the checkers a network, by default a LeNet-5, with layers replaced."""

    def replace(name="lenet5", /, **layers):
        model = create_model(name)
        for key, layer in layers.items():
            setattr(model, key, layer)
        monkeypatch.setattr(cnnhistory, "create_model", lambda name: model)

    return replace


def test_verdicts_of_the_literature():
    assert {id: statement(id).verdict for id in list_statements(system="lenet5")} == {
        "lenet5.c1": "wrong",
        "lenet5.c2": "correct",
        "lenet5.c3": "imprecise",
        "lenet5.c4": "imprecise",
        "lenet5.c5": "imprecise",
        "lenet5.c6": "imprecise",
        "lenet5.c7": "imprecise",
        "lenet5.c8": "correct",
    }


def test_verdicts_of_the_literature_on_the_two_before():
    ids = [id for name in ("lenet1989", "lenet1990") for id in list_statements(system=name)]
    assert {id: statement(id).verdict for id in ids} == {
        "lenet1989.c1": "correct",
        "lenet1989.c2": "correct",
        "lenet1989.c3": "imprecise",
        "lenet1989.c4": "correct",
        "lenet1989.c5": "correct",
        "lenet1989.c6": "imprecise",
        "lenet1989.c7": "correct",
        "lenet1990.c1": "correct",
        "lenet1990.c2": "correct",
        "lenet1990.c3": "correct",
        "lenet1990.c4": "imprecise",
        "lenet1990.c5": "imprecise",
    }
    cited = ["lenet1989.c2", "lenet1989.c6", "lenet1990.c1"]
    assert [id for id in ids if statement(id).decide is None] == cited


def test_only_the_training_method_is_taken_from_the_paper():
    assert [id for id in list_statements(system="lenet5") if statement(id).decide is None] == [
        "lenet5.c6"
    ]


@pytest.mark.parametrize(
    ("id", "facts"),
    [
        ("lenet1989.c1", ["H1 12×8×8, H2 12×4×4, H3 30, output 10", "9,760", "64,660"]),
        ("lenet1989.c3", ["f(1) = 1.000, tanh(1) = 0.762", "reach 1.7159 at most"]),
        ("lenet1989.c4", ["1.000 times the mean squared"]),
        # 300 + 2,400 + 5,760 + 300
        ("lenet1989.c5", ["8,760 weights of 4 layers"]),
        ("lenet1989.c7", ["2018 - 1989 = 29"]),
        ("lenet1990.c2", ["H1 4×24×24", "H2 4×12×12", "H3 12×8×8", "H4 12×4×4"]),
        ("lenet1990.c3", ["20 of 48 links", "512 parameters, 1,212 with all"]),
        (
            "lenet1990.c4",
            ["scores for random images and last weights: -", "least at 2p - 1, where"],
        ),
        ("lenet1990.c5", ["2 trainable parameters per map", "give average pooling"]),
        # 60,000 - 20 units x (120 weights + 1 bias) = 57,580
        ("lenet5.c1", ["is given 84 values; they make 60,000", "64 would make 57,580"]),
        ("lenet5.c2", ["C1 6×28×28", "S2 6×14×14", "C3 16×10×10", "S4 16×5×5", "C5 120×1×1"]),
        ("lenet5.c3", ["gives the values of a dense layer", "36×36 image gives 2×2 values"]),
        ("lenet5.c4", ["2 trainable parameters per map", "give average pooling"]),
        ("lenet5.c5", ["84 times the mean squared error", "1 of 10 scores", "moves 10"]),
        ("lenet5.c7", ["f(1) = 1.000, tanh(1) = 0.762", "EuclideanRBF"]),
        ("lenet5.c8", ["60 of 96 links", "1,516 parameters, 2,416 with all"]),
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
    changed(f6=nn.Linear(120, 64), output=nn.Identity(), c5=wider)
    assert verify("lenet5.c1").verdict == "correct"
    # It is the width that reaches the output, not that of the layer named F6.
    cut = nn.Sequential(nn.Linear(120, 84), nn.Linear(84, 64, bias=False))
    cut.in_features = 120
    changed(f6=cut, output=nn.Identity())
    assert "is given 64 values" in verify("lenet5.c1").computed


def test_c1_says_nothing_about_another_network(changed):
    changed(c5=nn.Conv2d(16, 120, 5, bias=False))
    assert verify("lenet5.c1").verdict == "unverified"


def test_c2_would_be_wrong_for_another_number_of_maps(changed):
    changed(c5=nn.Conv2d(16, 100, 5))
    assert verify("lenet5.c2").verdict == "wrong"


def test_c3_would_be_correct_if_c5_gave_one_value_at_any_size(changed):
    class Corner(nn.Conv2d):
        def forward(self, x):
            return super().forward(x[:, :, :5, :5])

    changed(c5=Corner(16, 120, 5))
    assert verify("lenet5.c3").verdict == "correct"

    class Bent(nn.Conv2d):
        def forward(self, x):
            return super().forward(x) + 1

    changed(c5=Bent(16, 120, 5))
    assert verify("lenet5.c3").verdict == "wrong"


def test_c4_would_be_correct_for_plain_pooling(changed):
    class Plain(nn.AvgPool2d):
        channels = 1

        def __init__(self, channels):
            super().__init__(2)
            self.channels = channels
            # Not parameters: nothing is trained.
            self.weight, self.bias = torch.zeros(channels), torch.zeros(channels)

    changed(s2=Plain(6), s4=Plain(16))
    assert verify("lenet5.c4").verdict == "correct"


def test_c5_would_be_correct_without_the_second_criterion(monkeypatch):
    monkeypatch.setattr(distances, "MAPLoss", distances.RBFDistanceLoss)
    assert verify("lenet5.c5").verdict == "correct"


def test_c5_would_be_wrong_for_another_distance(monkeypatch):
    class Halved(distances.RBFDistanceLoss):
        def forward(self, scores, target):
            return super().forward(scores, target) / 2

    monkeypatch.setattr(distances, "RBFDistanceLoss", Halved)
    assert verify("lenet5.c5").verdict == "wrong"


def test_c7_would_be_correct_for_tanh_throughout(changed):
    changed(activation=nn.Tanh(), output=nn.Linear(84, 10))
    assert verify("lenet5.c7").verdict == "correct"
    changed(activation=nn.Tanh())
    assert verify("lenet5.c7").verdict == "imprecise"
    changed(activation=nn.ReLU())
    assert verify("lenet5.c7").verdict == "wrong"


def test_c8_would_be_wrong_with_all_links(changed):
    changed(c3=PartialConv2d(torch.ones(16, 6, dtype=torch.bool), 5))
    assert verify("lenet5.c8").verdict == "wrong"


def test_1989_c1_would_be_wrong_for_other_layers(changed):
    class Dense(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(11 * 11 * 12, 192)

        def forward(self, x):
            return self.linear(x.flatten(1)).view(-1, 12, 4, 4)

    changed("lenet1989", h2=Dense())
    assert verify("lenet1989.c1").verdict == "wrong"
    changed("lenet1989", output=nn.Linear(30, 26))
    assert verify("lenet1989.c1").verdict == "wrong"


def test_1989_c3_would_be_correct_for_tanh(changed):
    changed("lenet1989", activation=nn.Tanh())
    assert verify("lenet1989.c3").verdict == "correct"
    changed("lenet1989", activation=nn.ReLU())
    assert verify("lenet1989.c3").verdict == "wrong"


def test_1989_c4_would_be_wrong_for_another_loss(changed):
    changed("lenet1989", criterion=nn.CrossEntropyLoss())
    assert verify("lenet1989.c4").verdict == "wrong"


def test_1989_c5_would_be_wrong_for_another_distribution_or_range(changed):
    for draw in (
        lambda weight: nn.init.normal_(weight, std=2.4 / 192 / 3**0.5),
        lambda weight: nn.init.uniform_(weight, -2 / 192, 2 / 192),
    ):
        layer = nn.Linear(192, 30)
        draw(layer.weight)
        changed("lenet1989", h3=layer)
        assert verify("lenet1989.c5").verdict == "wrong"


def test_1989_c7_would_be_wrong_in_another_year(monkeypatch):
    monkeypatch.setattr(lenet1989, "SURVEY_YEAR", 2019)
    assert verify("lenet1989.c7").verdict == "wrong"


def test_1989_c7_would_be_wrong_for_a_network_that_shares_no_weights(changed):
    changed("lenet1989_dense")
    finding = verify("lenet1989.c7")
    assert finding.verdict == "wrong"
    assert "serves 1.0 connections" in finding.computed


def test_1989_c7_would_be_wrong_if_an_older_network_came_first(monkeypatch):
    older = dataclasses.replace(cnnhistory.system("lenet1990"), paper="fukushima1980neocognitron")
    known = registry.system
    monkeypatch.setattr(registry, "system", lambda id: older if id == "lenet1990" else known(id))
    assert verify("lenet1989.c7").verdict == "wrong"


def test_1990_c2_would_be_wrong_for_other_maps(changed):
    changed("lenet1990", h1=nn.Conv2d(1, 4, 3, padding=1), h2=nn.Conv2d(4, 4, 17))
    assert verify("lenet1990.c2").verdict == "wrong"


def test_1990_c3_would_be_wrong_with_all_links(changed):
    for layer in (PartialConv2d(torch.ones(12, 4, dtype=torch.bool), 5), nn.Conv2d(4, 12, 5)):
        changed("lenet1990", h3=layer)
        assert verify("lenet1990.c3").verdict == "wrong"


def test_1990_c3_is_about_every_map_and_about_parameters(changed):
    links = create_model("lenet1990").h3.links.clone()
    masked = nn.Conv2d(4, 12, 5)
    with torch.no_grad():
        masked.weight.mul_(links[:, :, None, None])
    changed("lenet1990", h3=masked)  # the zeros are still parameters
    finding = verify("lenet1990.c3")
    assert finding.verdict == "imprecise"
    assert "20 of 48 links; 1,212 parameters" in finding.computed
    links[3] = True  # one map reads all
    changed("lenet1990", h3=PartialConv2d(links, 5))
    finding = verify("lenet1990.c3")
    assert finding.verdict == "imprecise"
    assert "11 of 12 maps" in finding.computed


def test_1990_c3_looks_at_what_a_map_reads_not_at_a_table(changed):
    class Reader(PartialConv2d):
        def forward(self, x):
            return super().forward(x) + x.mean((1, 2, 3), keepdim=True)

    changed("lenet1990", h3=Reader(create_model("lenet1990").h3.links.clone(), 5))
    assert verify("lenet1990.c3").verdict == "wrong"


def test_1990_c4_would_be_correct_for_a_softmax(changed):
    class Softmax(nn.Module):
        def forward(self, x):
            return x.softmax(1) if x.dim() == 2 else x

    changed("lenet1990", activation=Softmax())
    assert verify("lenet1990.c4").verdict == "correct"


def test_1990_c4_would_be_wrong_if_training_wanted_no_probabilities(changed):
    changed("lenet1990", criterion=nn.MultiMarginLoss())
    finding = verify("lenet1990.c4")
    assert finding.verdict == "wrong"
    assert "least at nothing of the kind" in finding.computed
    changed("lenet1990", criterion=nn.CrossEntropyLoss())
    assert "least at log p, where" in verify("lenet1990.c4").computed


def test_1990_c4_does_not_take_positive_scores_for_probabilities(changed):
    changed("lenet1990", activation=nn.Sigmoid())
    assert verify("lenet1990.c4").verdict == "imprecise"


def test_1990_c5_would_be_wrong_for_the_largest_value(changed):
    class Largest(Subsample2d):
        def forward(self, x):
            return nn.functional.max_pool2d(x, 2)

    changed("lenet1990", h2=Largest(4))
    assert verify("lenet1990.c5").verdict == "wrong"
