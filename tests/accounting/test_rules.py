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
    # 4 of the 6 links exist; the convolution that runs has all 6
    assert (row.multiply_adds, row.executed) == (12 * 4 * 9, 12 * 6 * 9)


def test_only_a_table_in_which_more_is_executed_shows_it():
    links = torch.tensor([[True, False], [True, True]])
    partial = summarize(nn.Sequential(PartialConv2d(links, 3), nn.Conv2d(2, 1, 1)), (2, 5, 5))
    assert "executed" in str(partial)
    assert (partial.total.multiply_adds, partial.total.executed) == (9 * 27 + 18, 9 * 36 + 18)
    dense = summarize(PartialConv2d(torch.ones_like(links), 3), (2, 5, 5))
    assert "executed" not in str(dense)
    assert dense.total.executed == dense.total.multiply_adds
    assert dense.view(columns=["executed"]).columns == ("executed",)


def test_a_bias_for_each_unit_changes_no_product():
    links = torch.tensor([[True, False], [True, True]])
    row = summarize(PartialConv2d(links, 2, 2, bias_size=(2, 2)), (2, 4, 4))["(model)"]
    assert (row.multiply_adds, row.executed) == (4 * 3 * 4, 4 * 4 * 4)


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
    # Table I has 60 of the 96 links between S2 and C3: 60 * 25 products at 10 * 10 places
    assert table["c3"].multiply_adds == 150_000
    assert (table.total.multiply_adds, table.total.executed) == (325_680, 415_680)
    assert [row.receptive_field for row in layers] == [5, 6, 14, 16, 32, 32, 32]
    assert [row.stride for row in layers] == [1, 2, 2, 4, 4, 4, 4]


def test_a_rule_serves_subclasses(monkeypatch):
    class Twice(nn.Module):
        def forward(self, x):
            return 2 * x

    class Again(Twice):
        pass

    assert summarize(Again(), (1, 3, 3)).total.connections == 0
    monkeypatch.setitem(rules.CONNECTIONS, Twice, lambda module, units: units)
    assert summarize(Again(), (1, 3, 3)).total.connections == 9
    monkeypatch.setitem(rules.MULTIPLY_ADDS, Twice, lambda module, units: 2 * units)
    assert summarize(Again(), (1, 3, 3)).total.multiply_adds == 18
