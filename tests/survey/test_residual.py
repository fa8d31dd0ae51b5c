"""The verdicts about residual and highway networks, and that each follows from what is computed."""

import functools
import itertools

import pytest
import torch
from torch import nn

import cnnhistory
from cnnhistory import models, registry
from cnnhistory.claims import list_statements, statement, verify
from cnnhistory.registry import create_model
from cnnhistory.survey.theory import resnet_ensemble_view

SYSTEMS = ("resnet", "highway_network", "resnet_ensemble_view")
IDS = [id for system in SYSTEMS for id in list_statements(system=system)]


def test_verdicts_of_the_literature():
    assert {id: statement(id).verdict for id in IDS} == {
        "resnet.c1": "correct",
        "resnet.c2": "correct",
        "resnet.c3": "imprecise",
        "resnet.c4": "correct",
        "resnet.c5": "imprecise",
        "resnet.c6": "correct",
        "resnet.c7": "imprecise",
        "highway_network.c1": "opinion",
        "resnet_ensemble_view.c1": "imprecise",
        "resnet_ensemble_view.c2": "imprecise",
        "resnet_ensemble_view.c3": "imprecise",
        "resnet_ensemble_view.c4": "imprecise",
        "resnet_ensemble_view.c5": "imprecise",
        "resnet_ensemble_view.c6": "opinion",
        "resnet_ensemble_view.c7": "opinion",
    }


def test_the_rest_is_computed():
    assert [id for id in IDS if statement(id).decide is not None] == [
        "resnet.c1",
        "resnet.c2",
        "resnet.c5",
        "resnet.c6",
        "highway_network.c1",
        "resnet_ensemble_view.c1",
        "resnet_ensemble_view.c3",
        "resnet_ensemble_view.c4",
        "resnet_ensemble_view.c5",
    ]


@pytest.mark.parametrize(
    ("id", "facts"),
    [
        ("resnet.c1", ["152 / 19 = 8.0", "152 / 16 = 9.5"]),
        ("resnet.c2", ["11,282,415,616", "VGG-16 15,470,264,320", "VGG-19 19,632,062,464"]),
        ("resnet.c5", ["6 networks for CIFAR-10", "have 110 and 1202"]),
        ("highway_network.c1", ["equals the layer to 1e-6", "puts out does not"]),
        (
            "resnet_ensemble_view.c1",
            ["is the sum of what its paths carry, 32 of 32", "54 blocks", f"{2**54:,}"],
        ),
    ],
)
def test_computed_facts(id, facts):
    computed = verify(id).computed
    for fact in facts:
        assert fact in computed


def test_c1_would_be_wrong_for_another_depth(renamed):
    renamed(resnet152="resnet101")
    assert verify("resnet.c1").verdict == "wrong"


def test_c2_would_be_wrong_against_a_smaller_network(renamed):
    renamed(vgg16="resnet18")
    assert verify("resnet.c2").verdict == "wrong"


@pytest.mark.parametrize(
    ("renaming", "verdict", "depths"),
    [
        ({"resnet1202": "resnet110"}, "wrong", "110 and 110"),
        ({"resnet110": "resnet56", "resnet1202": "resnet56"}, "wrong", "56 and 56"),
    ],
)
def test_c5_follows_the_networks(renamed, renaming, verdict, depths):
    renamed(**renaming)
    finding = verify("resnet.c5")
    assert finding.verdict == verdict
    assert finding.computed.endswith(f"have {depths}")


def test_c5_would_be_correct_for_round_numbers(monkeypatch):
    """Layers count that an input runs through, whether or not the network has others."""

    def chain(name, width):
        layers = [nn.Conv2d(3, 1, 1)]
        layers += [nn.Conv2d(1, 1, 1) for _ in range({"110": 99, "1202": 999}.get(name[6:], 19))]
        network = nn.Sequential(*layers)
        network.register_module("idle", nn.Conv2d(1, 1, 1))
        network.forward = lambda x: functools.reduce(lambda y, layer: layer(y), layers, x)
        return network

    monkeypatch.setattr(cnnhistory, "create_model", chain)
    assert verify("resnet.c5").verdict == "correct"


def test_a_highway_that_does_not_carry_would_not_be_a_step_of_an_lstm(monkeypatch):
    class Open(models.highway_network.Highway):
        def forward(self, x):
            return self.transform(x) * torch.sigmoid(self.gate(x))

    monkeypatch.setattr(models.highway_network, "Highway", Open)
    assert verify("highway_network.c1").verdict == "wrong"


def test_a_cell_that_puts_out_its_state_would_be_a_highway(monkeypatch):
    class Open(nn.LSTMCell):
        def forward(self, x, state):
            _, new = super().forward(x, state)
            return new, new

    monkeypatch.setattr(nn, "LSTMCell", Open)
    assert verify("highway_network.c1").verdict == "correct"


def test_it_would_be_wrong_if_some_paths_were_missing(monkeypatch):
    def all_but_the_longest(values, repeat):
        return list(itertools.product(values, repeat=repeat))[:-1]

    monkeypatch.setattr(resnet_ensemble_view, "product", all_but_the_longest)
    assert verify("resnet_ensemble_view.c1").verdict == "wrong"


def test_it_would_be_wrong_for_a_network_without_shortcuts(monkeypatch):
    class Nothing(nn.Module):
        def forward(self, x):
            return 0 * x

    def plain(name, **settings):
        network = create_model(name, **settings)
        for block in network.blocks:
            if isinstance(block.shortcut, nn.Identity):
                block.shortcut = Nothing()
        return network

    for place in (cnnhistory, registry):
        monkeypatch.setattr(place, "create_model", plain)
    finding = verify("resnet_ensemble_view.c1")
    assert finding.verdict == "wrong"
    assert "4 of 32 carry something" in finding.computed
