import pytest
import torch
from torch import nn

from cnnhistory.nn.sequence.weight_norm import WeightNormLinear, folded


def test_a_case_by_hand():
    layer = WeightNormLinear(2, 1)
    with torch.no_grad():
        layer.direction.copy_(torch.tensor([[3.0, 4.0]]))  # of length 5
        layer.length.fill_(10)
        layer.bias.fill_(1)
    assert layer.weight.tolist() == [[6, 8]]
    assert layer(torch.tensor([[1.0, 0.5]])).tolist() == [[11]]


def test_equals_torchs():
    torch.manual_seed(0)
    ours = WeightNormLinear(5, 3, dropout=0.2, gain=4)
    theirs = nn.utils.parametrizations.weight_norm(nn.Linear(5, 3))
    with torch.no_grad():
        theirs.parametrizations.weight.original0.copy_(ours.length[:, None])
        theirs.parametrizations.weight.original1.copy_(ours.direction)
        theirs.bias.copy_(ours.bias)
    x = torch.randn(4, 5)
    torch.testing.assert_close(ours(x), theirs(x))
    ours(x).square().sum().backward()
    theirs(x).square().sum().backward()
    torch.testing.assert_close(
        ours.direction.grad, theirs.parametrizations.weight.original1.grad, atol=1e-5, rtol=1e-4
    )
    # the gradient of a direction has no part along it
    along = (ours.direction.grad * ours.direction).sum(1)
    torch.testing.assert_close(along, torch.zeros(3), atol=1e-5, rtol=0)


@pytest.mark.parametrize(("dropout", "gain"), [(0.0, 1.0), (0.2, 4.0)])
def test_initial_weights(dropout, gain):
    torch.manual_seed(0)
    layer = WeightNormLinear(400, 500, dropout, gain)
    assert torch.equal(layer.bias, torch.zeros(500))
    torch.testing.assert_close(layer.weight, layer.direction)
    wanted = (gain * (1 - dropout) / 400) ** 0.5
    assert layer.weight.std().item() == pytest.approx(wanted, rel=0.01)


def test_gated_units_keep_the_variance():
    torch.manual_seed(0)
    layer = WeightNormLinear(300, 2000, dropout=0.0, gain=4)
    units = nn.functional.glu(layer(torch.randn(50, 300)), -1)
    # the bound of the paper: at most a quarter of the outputs' variance, which is 4, and more
    # than a sigmoid of 1/2 leaves
    assert 0.9 < units.var().item() < 1.6


def test_folding_computes_the_same_and_leaves_the_network_alone():
    torch.manual_seed(0)
    network = nn.Sequential(WeightNormLinear(4, 6), nn.ReLU(), WeightNormLinear(6, 2)).train()
    plain = folded(network)
    x = torch.randn(3, 4)
    torch.testing.assert_close(plain(x), network(x))
    assert [type(m) for m in plain] == [nn.Linear, nn.ReLU, nn.Linear]
    assert isinstance(network[0], WeightNormLinear)
    assert network.training
    assert not plain.training


@pytest.mark.parametrize(
    ("settings", "name"),
    [((0, 3), "inputs"), ((3, 2.5), "outputs"), ((3, 3, 1.0), "dropout"), ((3, 3, 0, 0), "gain")],
)
def test_refuses_wrong_numbers(settings, name):
    with pytest.raises(ValueError, match=f"^{name}: expected .*, got "):
        WeightNormLinear(*settings)
