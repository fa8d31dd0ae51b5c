"""The verdicts about binary networks, and that each follows from what is computed."""

import pytest
import torch
from torch import nn

import cnnhistory
from cnnhistory import registry
from cnnhistory.claims import list_statements, statement, verify
from cnnhistory.registry import create_model
from cnnhistory.survey.compression import xnor_net
from cnnhistory.survey.compression.xnor_net import speed_up

IDS = [id for system in ("bnn", "bwn", "xnor_net") for id in list_statements(system=system)]


def test_verdicts_of_the_literature():
    assert {id: statement(id).verdict for id in IDS} == {
        "bnn.c1": "correct",
        "bnn.c2": "correct",
        "bnn.c3": "correct",
        "bwn.c1": "correct",
        "xnor_net.c1": "wrong",
        "xnor_net.c2": "imprecise",
        "xnor_net.c3": "correct",
        "xnor_net.c4": "wrong",
        "xnor_net.c5": "imprecise",
    }


def test_the_rest_is_computed():
    computed = [id for id in IDS if verify(id) is not None]
    assert computed == ["bnn.c1", "bnn.c2", "bnn.c3", "xnor_net.c2", "xnor_net.c3"]


@pytest.mark.parametrize(
    ("id", "facts"),
    [
        ("bnn.c1", ["[-1.0, 1.0]", "3 of 4 layers"]),
        ("bnn.c2", ["56,088,064 bytes as floats", "1,762,304 in words", "31.83 times"]),
        ("bnn.c3", ["200 of 200"]),
        ("xnor_net.c2", ["62.27 times fewer for 256", "19.0 for 3 channels", "layer: 6.1"]),
        ("xnor_net.c3", ["227.3 MB as floats", "7.1 MB in words", "10.3 times fewer"]),
    ],
)
def test_computed_facts(id, facts):
    computed = verify(id).computed
    for fact in facts:
        assert fact in computed


def test_the_speed_up_of_the_paper_by_hand():
    # 64 * 2304 / (2304 + 64)
    assert speed_up(256, 9) == pytest.approx(147_456 / 2_368)
    claims = {claim.quantity: claim for claim in cnnhistory.system("xnor_net").figures}
    claim = claims["one convolution, times faster in theory"]
    assert abs(speed_up(256, 9) - claim.value) <= claim.tolerance
    # never more than the bits of a word
    assert speed_up(10**9, 9) < 64


def test_the_loss_quoted_is_that_of_the_record():
    claims = {claim.quantity: claim.value for claim in cnnhistory.system("xnor_net").figures}
    loss = (
        claims["AlexNet in full precision, top-1 accuracy"]
        - claims["AlexNet, ILSVRC-2012 top-1 accuracy"]
    )
    assert loss == pytest.approx(12.4)
    assert "by 12.4 points" in statement("xnor_net.c1").truth


@pytest.fixture
def changed(monkeypatch):
    """Hand the checkers networks that a function has changed."""

    def change(function):
        def create(name, **settings):
            network = create_model(name, **settings)
            function(network)
            return network

        for place in (cnnhistory, registry):
            monkeypatch.setattr(place, "create_model", create)

    return change


def test_c1_would_be_wrong_without_a_sign(changed):
    changed(lambda net: net.layers.register_module("act2", nn.ReLU()))
    assert verify("bnn.c1").verdict == "wrong"


def test_c2_would_be_wrong_for_few_channels(changed):
    def shrink(net):
        net.layers = nn.Sequential(net.layers.conv1)

    changed(shrink)  # three channels in a word of 64
    assert verify("bnn.c2").verdict == "wrong"


def test_xnor_c2_would_be_wrong_for_smaller_words(monkeypatch):
    monkeypatch.setattr(xnor_net, "speed_up", lambda channels, window: 50.0)
    assert verify("xnor_net.c2").verdict == "wrong"


def test_xnor_c2_would_be_correct_for_a_network_that_is_binary_almost_throughout(monkeypatch):
    """Of its work 1 in 10,000 is in the real layers, so that the whole gains as one layer does."""
    layers = [nn.Conv2d(3, 1, 1), nn.Conv2d(1, 256, 1), *(nn.Conv2d(256, 256, 3) for _ in range(9))]
    network = nn.Sequential(*layers, nn.Conv2d(256, 1, 1))
    for place in (cnnhistory, registry):
        monkeypatch.setattr(place, "create_model", lambda name: network)
    assert verify("xnor_net.c2").verdict == "correct"


def test_xnor_c3_would_be_wrong_for_narrow_layers(changed):
    with torch.device("meta"):
        layers = [nn.Conv2d(3, 3, 3) for _ in range(3)]
    changed(lambda net: [net._modules.clear(), net.add_module("all", nn.Sequential(*layers))])
    assert verify("xnor_net.c3").verdict == "wrong"
