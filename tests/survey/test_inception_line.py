"""The verdicts about Inception after GoogLeNet, and that each follows from what is computed."""

import zlib
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnnhistory.claims import list_statements, statement, verify
from cnnhistory.models import xception
from cnnhistory.nn import cell, unit
from cnnhistory.nn.losses import label_smoothing
from cnnhistory.optim import adagrad, rmsprop
from cnnhistory.search.space import CellSpace
from cnnhistory.survey import small_runs
from cnnhistory.survey.inception import inception_resnet

SYSTEMS = (
    "inception_v2",
    "inception_v3",
    "inception_v4",
    "inception_resnet",
    "xception",
    "nas_rl",
    "nasnet",
    "label_smoothing",
)
IDS = [id for system in SYSTEMS for id in list_statements(system=system)]


def test_verdicts_of_the_literature():
    assert {id: statement(id).verdict for id in IDS} == {
        "inception_v2.c1": "imprecise",
        "inception_v2.c2": "imprecise",
        "inception_v2.c3": "correct",
        "inception_v2.c4": "imprecise",
        "inception_v3.c1": "correct",
        "inception_v3.c2": "correct",
        "inception_v3.c3": "wrong",
        "inception_v3.c4": "correct",
        "inception_v3.c5": "opinion",
        "inception_v3.c6": "imprecise",
        "inception_v3.c7": "correct",
        "inception_v4.c1": "correct",
        "inception_resnet.c1": "imprecise",
        "inception_resnet.c2": "imprecise",
        "inception_resnet.c3": "wrong",
        "xception.c1": "correct",
        "xception.c2": "wrong",
        "xception.c3": "imprecise",
        "xception.c4": "correct",
        "nas_rl.c1": "correct",
        "nasnet.c1": "correct",
        "nasnet.c2": "correct",
        "nasnet.c3": "correct",
        "label_smoothing.c1": "correct",
    }


def test_what_is_cited():
    assert [id for id in IDS if statement(id).decide is None] == [
        "inception_v2.c1",
        "inception_v3.c3",
        "inception_resnet.c2",
        "xception.c2",
        "nasnet.c1",
        "nasnet.c3",
    ]


@pytest.mark.parametrize(
    ("id", "facts"),
    [
        ("inception_v2.c2", ["mean 0.00, standard deviation 1.00", "2.0 before and 2.0 after"]),
        ("inception_v2.c3", ["10 of 10 modules", "is 3×3"]),
        ("inception_v3.c1", ["13 convolutions of 1×7, 13 of 7×1, 0 of 7×7", "14 weights for 49"]),
        ("inception_v3.c2", ["4 convolutions of 1×3 and 4 of 3×1, 4 pairs side by side"]),
        ("inception_v3.c4", ["AdaGrad 0.50, RMSProp 1.00"]),
        # one in the first and three in the second branch of c1 to c4, one in the reduction
        ("inception_v3.c7", ["17 times a 1×7 and a 7×1", "17 times with a ReLU"]),
        ("inception_v4.c1", ["4, 7 and 3 modules", "has 3, 4 and 2", "75 and 47"]),
        ("inception_resnet.c1", ["1.086 and 0.756", "of 40 residual blocks none"]),
        ("inception_resnet.c3", ["most values in front of the average are zero"]),
        ("xception.c1", ["34 of 36", "22,855,952", "23,834,568"]),
        ("xception.c3", ["8,357,403,496", "5,713,216,096", "1/8.4 to 1/9.0"]),
        ("xception.c4", ["reads 1 of 5 channels at 9 places", "second 5 channels at 1"]),
        ("nas_rl.c1", ["chance has a lower mean than a controller"]),
        ("nasnet.c2", ["22 cells of 2 kinds: 18 and 4", "88,753,150"]),
    ],
)
def test_computed_facts(id, facts):
    computed = verify(id).computed
    for fact in facts:
        assert fact in computed


def test_v2_c2_follows_the_layer(monkeypatch):
    class Nothing(nn.BatchNorm2d):
        def forward(self, x):
            return x

    class Gauss(nn.BatchNorm2d):
        """Put normally distributed values in the place of all others."""

        def forward(self, x):
            return F.batch_norm(torch.randn_like(x), None, None, training=True)

    for layer, verdict in ((Nothing, "wrong"), (Gauss, "correct")):
        monkeypatch.setattr(
            unit, "conv_norm", lambda *args, layer=layer: nn.ModuleDict({"bn": layer(4)})
        )
        assert verify("inception_v2.c2").verdict == verdict


def test_v2_c3_would_be_wrong_with_a_whole_window(changed):
    def put_back(net):
        branch = net.inception.get_submodule("3a").branches["three_twice"]
        branch[2] = nn.Conv2d(96, 96, 5, padding=2)

    changed("inception_v2", put_back)
    assert verify("inception_v2.c3").verdict == "wrong"


def test_v3_would_be_wrong_with_whole_windows(changed):
    def put_back(net):
        net.inception["c1"].branches["seven"][2] = nn.Conv2d(128, 192, 7, padding=3)
        del net.inception["e1"].branches["three"][1]

    changed("inception_v3", put_back)
    assert verify("inception_v3.c1").verdict == "wrong"


def test_v3_c2_would_be_wrong_for_rows_alone(changed):
    def drop(net):
        net.inception["e1"].branches["three"][1].branches.pop("high")

    changed("inception_v3", drop)
    finding = verify("inception_v3.c2")
    assert finding.verdict == "wrong"
    assert "4 convolutions of 1×3 and 3 of 3×1, 3 pairs" in finding.computed


def test_v3_c4_would_be_wrong_if_both_summed_or_both_forgot(monkeypatch):
    monkeypatch.setattr(rmsprop, "RMSProp", adagrad.AdaGrad)
    assert verify("inception_v3.c4").verdict == "wrong"


def losses(values):
    """Five seeds whose test items have about this cross-entropy."""
    return [SimpleNamespace(test=SimpleNamespace(log_loss=values + n / 1000)) for n in range(5)]


@pytest.mark.parametrize(
    ("convex", "other", "verdict"),
    [
        ((0.4, 0.5), (0.3, 0.5), "correct"),
        ((0.4, 0.5), (0.5, 0.3), "opinion"),
        ((0.5, 0.4), (0.5, 0.3), "wrong"),
        ((0.4, 0.5), (0.3, 0.3), "wrong"),
    ],
)
def test_v3_c5_follows_the_losses(monkeypatch, convex, other, verdict):
    table = {
        (problem, rule): losses(value)
        for problem, pair in ((small_runs.CONVEX, convex), (small_runs.NOT_CONVEX, other))
        for rule, value in zip(("RMSProp", "AdaGrad"), pair, strict=True)
    }
    monkeypatch.setattr(small_runs, "rule_on_digits", lambda *key: table[key])
    assert verify("inception_v3.c5").verdict == verdict


@pytest.mark.parametrize(
    ("hard", "smoothed", "verdict"),
    [
        ((0.6, 1.5), (0.7, 0.7), "correct"),
        ((0.6, 1.0), (0.7, 0.7), "imprecise"),
        ((0.6, 1.5), (0.6, 1.4), "imprecise"),
        ((0.6, 0.8), (0.7, 1.5), "wrong"),
    ],
)
def test_label_smoothing_c1_follows_the_losses(monkeypatch, hard, smoothed, verdict):
    rates = small_runs.RATES[0], small_runs.RATES[-1]
    table = {
        (rate, eps): losses(value)
        for eps, pair in ((0.0, hard), (0.1, smoothed))
        for rate, value in zip(rates, pair, strict=True)
    }
    monkeypatch.setattr(small_runs, "labels_on_digits", lambda *key: table[key])
    assert verify("label_smoothing.c1").verdict == verdict


def test_small_runs_are_made_once_and_have_a_result_for_each_seed(monkeypatch):
    monkeypatch.setattr(small_runs, "SEEDS", 2)
    small_runs.rule_on_digits.cache_clear()
    found = small_runs.rule_on_digits(small_runs.CONVEX, "AdaGrad")
    assert small_runs.rule_on_digits(small_runs.CONVEX, "AdaGrad") is found
    first, second = found
    assert first.test.log_loss != second.test.log_loss
    assert first.train.log_loss < first.test.log_loss < 0.6
    assert set(small_runs.tuned_rules(small_runs.NOT_CONVEX)) == set(
        small_runs.tuned_rules(small_runs.CONVEX)
    )
    small_runs.rule_on_digits.cache_clear()


def test_v3_c6_follows_the_loss(monkeypatch):
    class Noisy(nn.Module):
        def __init__(self, eps):
            super().__init__()
            self.eps = eps

        def forward(self, scores, target):
            noise = torch.randint(scores.shape[1], target.shape)
            flip = torch.rand(target.shape) < 0.5
            return F.cross_entropy(scores, torch.where(flip, noise, target))

    monkeypatch.setattr(label_smoothing, "LabelSmoothingLoss", Noisy)
    assert verify("inception_v3.c6").verdict == "correct"
    monkeypatch.setattr(label_smoothing, "LabelSmoothingLoss", lambda eps: nn.CrossEntropyLoss())
    assert verify("inception_v3.c6").verdict == "wrong"


def test_v3_c7_would_be_wrong_without_activations(changed):
    def linear(net):
        net.inception["c1"].branches["seven"][1].relu = nn.Identity()

    changed("inception_v3", linear)
    finding = verify("inception_v3.c7")
    assert finding.verdict == "wrong"
    assert "16 times with" in finding.computed


def test_v4_c1_would_be_wrong_with_fewer_modules(changed, renamed):
    def cut(net):
        del net.inception[3:5]  # two of the blocks a and the reduction's neighbor

    changed("inception_v4", cut)
    assert verify("inception_v4.c1").verdict == "wrong"
    renamed(inception_v4="inception_v3")
    assert verify("inception_v4.c1").verdict == "wrong"


def test_inception_resnet_c1_follows_the_blocks(changed, renamed):
    def pool(net):
        for block in net.blocks:
            block.pool = nn.AvgPool2d(3)

    changed("inception_resnet_v1", pool)
    assert verify("inception_resnet.c1").verdict == "correct"
    renamed(inception_v3="inception_v4")
    assert verify("inception_resnet.c1").verdict == "wrong"


@pytest.mark.parametrize("shares", [(0.2, 0.2), (0.95, 0.95)])
def test_inception_resnet_c3_follows_the_training(monkeypatch, shares):
    after = dict(zip((1.0, 0.1), shares, strict=True))
    monkeypatch.setattr(inception_resnet, "zeros_after", lambda steps, scale: after[scale])
    assert verify("inception_resnet.c3").verdict == "unverified"


def test_xception_would_be_otherwise(changed, renamed):
    changed("xception", lambda net: setattr(net, "more", nn.Linear(2000, 5000)))
    assert verify("xception.c1").verdict == "wrong"

    renamed(inception_v3="inception_v4")
    assert verify("xception.c3").verdict == "correct"


def test_xception_c3_would_be_wrong_if_layers_did_not_save(monkeypatch, changed):
    def fill(net):
        for module in net.modules():
            if isinstance(module, xception.SeparableConv):
                maps = module.depthwise.in_channels
                module.depthwise = nn.Conv2d(maps, maps, 3, padding=1)

    changed("xception", fill)
    assert verify("xception.c3").verdict == "wrong"


def test_xception_c4_would_be_wrong_without_groups(monkeypatch):
    class Whole(nn.Sequential):
        def __init__(self, ins, outs):
            super().__init__()
            self.depthwise = nn.Conv2d(ins, ins, 3, padding=1)
            self.pointwise = nn.Conv2d(ins, outs, 1)

    monkeypatch.setattr(xception, "SeparableConv", Whole)
    finding = verify("xception.c4")
    assert finding.verdict == "wrong"
    assert "reads 5 of 5 channels" in finding.computed


def test_nasnet_c2_would_be_wrong_for_another_cell(changed):
    def vary(net):
        one = next(m for m in net.modules() if isinstance(m, cell.Cell))
        one.genotype = one.genotype._replace(output=(2, 3))

    changed("nasnet_a_large", vary)
    finding = verify("nasnet.c2")
    assert finding.verdict == "wrong"
    assert "22 cells of 3 kinds" in finding.computed


@pytest.mark.parametrize(
    ("reward", "verdict"),
    [
        (lambda cell: cell.count("sep3") / 4, "correct"),
        (lambda cell: zlib.crc32(cell.encode()) % 2 / 1e9, "unverified"),  # nothing to learn from
    ],
)
def test_nas_rl_c1_follows_the_rewards(monkeypatch, reward, verdict):
    from cnnhistory.zoo import recording_search

    cells = CellSpace().cells()
    table = {cell: SimpleNamespace(reward=reward(cell)) for cell in cells}
    monkeypatch.setattr(recording_search, "load_table", lambda id: table)
    finding = verify("nas_rl.c1")
    assert finding.verdict == verdict
    assert bool(finding.facts) == (verdict == "correct")
