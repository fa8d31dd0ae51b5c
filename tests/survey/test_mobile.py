"""The verdicts about separable convolutions, and that each follows from what is computed."""

import pytest
from torch import nn

from cnnhistory.claims import list_statements, statement, verify
from cnnhistory.models import mobilenet_v1, xception
from cnnhistory.nn import unit

SYSTEMS = ("mobilenet_v1", "mobilenet_v2", "depthwise_separable_conv", "conv_factorization")
IDS = [id for system in SYSTEMS for id in list_statements(system=system)]


def test_verdicts_of_the_literature():
    assert {id: statement(id).verdict for id in IDS} == {
        "mobilenet_v1.c1": "correct",
        "mobilenet_v1.c2": "correct",
        "mobilenet_v2.c1": "correct",
        "mobilenet_v2.c2": "imprecise",
        "depthwise_separable_conv.c1": "correct",
        "conv_factorization.c1": "correct",
    }
    assert all(statement(id).decide for id in IDS)


@pytest.mark.parametrize(
    ("id", "facts"),
    [
        ("mobilenet_v1.c1", ["three kernels and nine", "36 weights", "has 81"]),
        ("mobilenet_v1.c2", ["4,867,293,184 / 568,740,352 = 8.6"]),
        ("mobilenet_v2.c1", ["16 of 17 blocks", "10 add"]),
        # 1/8 + 1/9, 1/128 + 1/9, 1/512 + 1/9
        ("depthwise_separable_conv.c1", ["0.236 for 8", "0.119 for 128", "0.113 for 512"]),
        (
            "conv_factorization.c1",
            ["6 weights for 9, 10 weights for 25, 14 weights for 49", "rank 1"],
        ),
    ],
)
def test_computed_facts(id, facts):
    computed = verify(id).computed
    for fact in facts:
        assert fact in computed


class Full(nn.Sequential):
    """A step with a full convolution where the block has a depthwise one."""

    def __init__(self, in_channels, out_channels):
        super().__init__(
            nn.Conv2d(in_channels, in_channels, 3, padding=1, bias=False),
            nn.Conv2d(in_channels, out_channels, 1, bias=False),
        )


def test_full_convolutions_would_save_nothing(monkeypatch, renamed):
    monkeypatch.setattr(mobilenet_v1, "SeparableBlock", Full)
    monkeypatch.setattr(xception, "SeparableConv", Full)
    assert verify("mobilenet_v1.c1").verdict == "wrong"
    assert verify("depthwise_separable_conv.c1").verdict == "wrong"
    renamed(mobilenet_v1="mobilenet_v1_full")
    assert verify("mobilenet_v1.c2").verdict == "wrong"


def test_blocks_that_do_not_add_or_expand_would_be_wrong(changed):
    def cut(net):
        for block in net.blocks:
            block.adds = False

    changed("mobilenet_v2", cut)
    assert verify("mobilenet_v2.c1").verdict == "wrong"

    def start_depthwise(net):
        for block in list(net.blocks)[5:]:
            block.branch.expand = nn.Identity()

    changed("mobilenet_v2", start_depthwise)
    finding = verify("mobilenet_v2.c1")
    assert finding.verdict == "wrong"
    assert "in 4 of 17" in finding.computed


def test_squares_would_be_no_factors(monkeypatch):
    def whole(in_channels, inner, out_channels, side):
        first, second = (
            nn.Conv2d(in_channels, inner, side),
            nn.Conv2d(inner, out_channels, side),
        )
        return nn.Sequential(first, second)

    monkeypatch.setattr(unit, "factored", whole)
    finding = verify("conv_factorization.c1")
    assert finding.verdict == "wrong"
    assert not finding.facts
