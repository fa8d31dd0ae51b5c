import pytest
import torch
from torch.nn import functional as F

from cnnhistory.nn.conv import PartialConv2d

LINKS = torch.tensor([[True, False], [True, True], [False, True]])


def test_full_table_equals_dense_convolution():
    layer = PartialConv2d(torch.ones(3, 2, dtype=torch.bool), 5)
    x = torch.randn(4, 2, 9, 8)
    expected = F.conv2d(x, layer.weight.view(3, 2, 5, 5), layer.bias)
    torch.testing.assert_close(layer(x), expected)


def test_hand_worked():
    layer = PartialConv2d(LINKS, 1)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([2.0, 3.0, 5.0, 7.0]).view(4, 1, 1))
        layer.bias.copy_(torch.tensor([0.5, 0.0, -1.0]))
    x = torch.tensor([10.0, 1.0]).view(1, 2, 1, 1)
    # 2*10 + .5;  3*10 + 5*1;  7*1 - 1
    assert layer(x).flatten().tolist() == [20.5, 35.0, 6.0]


def test_unlinked_input_has_no_influence():
    layer = PartialConv2d(LINKS, 3)
    x = torch.randn(1, 2, 6, 6, requires_grad=True)
    layer(x)[:, 0].sum().backward()
    assert x.grad[:, 0].abs().sum() > 0
    assert x.grad[:, 1].abs().sum() == 0


def test_parameters_are_those_of_the_links():
    layer = PartialConv2d(LINKS, 5)
    assert sum(p.numel() for p in layer.parameters()) == 4 * 25 + 3
    assert set(layer.state_dict()) == {"weight", "bias"}


def test_initialization_follows_the_fan_in_of_each_map():
    torch.manual_seed(0)
    layer = PartialConv2d(torch.tensor([[True] * 8, [True] + [False] * 7]), 9)
    dense = layer.dense_weight().detach()
    wide, narrow = 2.4 / (8 * 81), 2.4 / 81
    assert dense[0].abs().max() <= wide
    assert 0.9 * narrow < dense[1].abs().max() <= narrow
    assert dense[0].abs().max() > 0.9 * wide


@pytest.mark.parametrize(
    "links",
    [torch.ones(3, 2), torch.ones(4, dtype=torch.bool), torch.tensor([[True], [False]])],
    ids=["float", "one-dimensional", "map without link"],
)
def test_bad_tables_are_refused(links):
    with pytest.raises(ValueError, match="links"):
        PartialConv2d(links, 3)


def test_wrong_number_of_maps_is_refused():
    with pytest.raises(ValueError, match="expected 2 maps, got 3"):
        PartialConv2d(LINKS, 3)(torch.zeros(1, 3, 5, 5))


def test_a_bias_for_each_unit():
    layer = PartialConv2d(LINKS, 3, stride=2, bias_size=(3, 2))
    assert layer.bias.shape == (3, 3, 2)
    assert sum(p.numel() for p in layer.parameters()) == 4 * 9 + 3 * 3 * 2
    x = torch.randn(4, 2, 7, 6)
    expected = F.conv2d(x, layer.dense_weight(), stride=2) + layer.bias
    torch.testing.assert_close(layer(x), expected)
    # Every bias moves its own unit and no other.
    with torch.no_grad():
        before = layer(x)
        layer.bias[1, 2, 0] += 1
        moved = layer(x) - before
    assert (moved.abs() > 0.5).nonzero().tolist() == [[n, 1, 2, 0] for n in range(4)]


def test_biases_of_units_follow_the_fan_in_of_their_map():
    torch.manual_seed(0)
    table = torch.tensor([[True] * 8, [True] + [False] * 7])
    bias = PartialConv2d(table, 3, bias_size=(20, 20)).bias.detach()
    for bound, values in zip((2.4 / 72, 2.4 / 9), bias, strict=True):
        assert 0.95 * bound < values.abs().max() <= bound


def test_strides():
    layer = PartialConv2d(LINKS, 3, stride=2)
    x = torch.randn(1, 2, 9, 7)
    torch.testing.assert_close(layer(x), F.conv2d(x, layer.dense_weight(), layer.bias, 2))


def test_maps_of_another_size_than_the_biases_are_refused():
    layer = PartialConv2d(LINKS, 3, bias_size=(3, 3))
    with pytest.raises(ValueError, match="maps of 6x5 give maps of 4x3, expected 3x3"):
        layer(torch.zeros(1, 2, 6, 5))
