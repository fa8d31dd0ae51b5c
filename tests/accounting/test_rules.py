"""Connections of the layers that need a rule, and of LeNet-5."""

import pytest
import torch
from torch import nn

import cnnhistory
from cnnhistory.accounting import count_parameters, rules, summarize
from cnnhistory.nn.conv import PartialConv2d
from cnnhistory.nn.pool import Subsample2d
from cnnhistory.nn.rbf import EuclideanRBF


def test_partial_convolution():
    links = torch.tensor([[True, False], [True, True], [False, True]])
    row = summarize(PartialConv2d(links, 3), (2, 6, 5))["(model)"]
    # 4x3 positions; 4 links of 9 and 3 biases at each
    assert row.parameters == 4 * 9 + 3
    assert row.connections == 12 * (4 * 9 + 3)


def test_subsampling():
    row = summarize(Subsample2d(3), (3, 6, 4))["(model)"]
    assert (row.parameters, row.connections) == (6, 3 * 3 * 2 * 5)
    assert (row.receptive_field, row.stride) == (2, 2)


def test_fixed_codes_have_connections_and_no_parameters():
    row = summarize(EuclideanRBF(torch.ones(10, 84)), (84,))["(model)"]
    assert (row.parameters, row.connections, row.multiply_adds) == (0, 840, 0)


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_lenet5(device):
    model = cnnhistory.create_model("lenet5").to(device)
    table = summarize(model, (1, 32, 32))
    layers = [row for row in table if row.connections]
    # lecun1998gradient, Section II-B
    assert [(row.name, row.parameters, row.connections) for row in layers] == [
        ("c1", 156, 122_304),
        ("s2", 12, 5_880),
        ("c3", 1_516, 151_600),
        ("s4", 32, 2_000),
        ("c5", 48_120, 48_120),
        ("f6", 10_164, 10_164),
        ("output", 0, 840),
    ]
    assert table.total.parameters == count_parameters(model) == 60_000
    assert table.total.connections == 340_908
    assert [row.receptive_field for row in layers] == [5, 6, 14, 16, 32, 32, 32]
    assert [row.stride for row in layers] == [1, 2, 2, 4, 4, 4, 4]


def test_a_registered_rule_serves_subclasses(monkeypatch):
    monkeypatch.setattr(rules, "_RULES", dict(rules._RULES))

    class Twice(nn.Module):
        def forward(self, x):
            return 2 * x

    class Again(Twice):
        pass

    assert summarize(Again(), (1, 3, 3)).total.connections == 0
    rules.register(Twice)(lambda module, units: units)
    assert summarize(Again(), (1, 3, 3)).total.connections == 9
