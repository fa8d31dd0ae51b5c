import pytest
import torch
from torch import nn

from cnnhistory.visualize.gradients import gradient_flow


def chain(*factors):
    """Layers that multiply a single number by fixed factors."""
    net = nn.Sequential(*(nn.Linear(1, 1, bias=False) for _ in factors))
    with torch.no_grad():
        for layer, factor in zip(net, factors, strict=True):
            layer.weight.fill_(factor)
    return net


def half_square(y, target):
    return 0.5 * (y - target).square().sum()


def test_a_chain_of_three_numbers_by_hand():
    """y = 0.5 * 4 * 3 * x = 12 for x = 2; E = (12 - 10)^2 / 2, so dE/dy = 2."""
    net = chain(3.0, 4.0, 0.5)
    x, target = torch.tensor([[2.0]]), torch.tensor([[10.0]])
    flow = gradient_flow(net, x, target, ["2", "0", "1"], half_square)
    assert list(flow) == ["2", "0", "1"]
    assert [flow[name].output for name in "012"] == [6, 24, 12]
    # back: 2, then times 0.5, then times 4
    assert [flow[name].gradient for name in "012"] == [4, 1, 2]
    # derivative by a weight: that by the output times the input of the layer
    assert [flow[name].weight_gradient for name in "012"] == [4 * 2, 1 * 6, 2 * 24]


def test_root_mean_square_over_units_and_examples():
    net = nn.Sequential(nn.Identity(), nn.Flatten())
    x = torch.tensor([[3.0, 4.0], [0.0, 5.0]], requires_grad=True)
    flow = gradient_flow(net, x, torch.zeros(2, 2), ["0"], half_square)["0"]
    assert flow.output == pytest.approx((50 / 4) ** 0.5)
    assert flow.gradient == flow.output
    assert flow.weight_gradient == 0


def test_a_vanishing_gradient_is_not_rounded_to_zero():
    net = chain(*[1e-4] * 8)
    with torch.no_grad():
        net[0].weight.fill_(1e28)  # so that the output can be told from zero
    flow = gradient_flow(net, torch.ones(1, 1), torch.zeros(1, 1), ["0"], half_square)
    assert flow["0"].gradient == pytest.approx(1e-28, rel=1e-4)


def test_leaves_no_trace():
    net = nn.Sequential(nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 2)).eval()
    before = [p.clone() for p in net.parameters()]
    target = torch.tensor([0, 1])
    with torch.no_grad():
        gradient_flow(net, torch.rand(2, 3), target, ["0", "1"], nn.CrossEntropyLoss())
    assert all(p.grad is None for p in net.parameters())
    assert all(map(torch.equal, before, net.parameters()))
    assert not net.training
    with pytest.raises(RuntimeError):
        gradient_flow(net, torch.rand(2, 4), target, ["0"], nn.CrossEntropyLoss())
    assert not net[0]._forward_hooks


def test_unknown_and_silent_layers():
    net = chain(1.0)
    net.spare = nn.Identity()
    net.forward = lambda x: net[0](x)
    arguments = torch.ones(1, 1), torch.ones(1, 1)
    with pytest.raises(KeyError, match="unknown layer 'h1'; there are 0, spare"):
        gradient_flow(net, *arguments, ["h1"], half_square)
    with pytest.raises(RuntimeError, match="spare did not run"):
        gradient_flow(net, *arguments, ["spare"], half_square)


@pytest.mark.parametrize("inplace", [False, True])
def test_a_relu_in_place_behind_a_layer_changes_nothing_that_is_measured(inplace):
    """Outputs -3 and 4: with E = sum of relu(s)^2 / 2 the derivatives are 0 and 4."""
    net = nn.Sequential(nn.Linear(1, 2, bias=False), nn.ReLU(inplace=inplace))
    with torch.no_grad():
        net[0].weight.copy_(torch.tensor([[-3.0], [4.0]]))
    flow = gradient_flow(net, torch.ones(1, 1), torch.zeros(1, 2), ["0", "1"], half_square)
    assert flow["0"].output == pytest.approx((25 / 2) ** 0.5)
    assert flow["0"].gradient == flow["1"].output == flow["1"].gradient
    assert flow["1"].output == pytest.approx((16 / 2) ** 0.5)
    assert flow["0"].weight_gradient == pytest.approx((16 / 2) ** 0.5)


def test_a_frozen_layer_is_named():
    net = chain(1.0, 2.0, 3.0)
    net[0].requires_grad_(False)
    arguments = torch.ones(1, 1), torch.zeros(1, 1)
    with pytest.raises(ValueError, match="layers: expected layers whose weights are trained, got"):
        gradient_flow(net, *arguments, ["1", "0"], half_square)
    assert gradient_flow(net, *arguments, ["1"], half_square)["1"].output == 2
    net = nn.Sequential(nn.Identity(), nn.Linear(1, 1))
    with pytest.raises(ValueError, match="layers: expected layers behind something trained"):
        gradient_flow(net, *arguments, ["0"], half_square)
    assert not net[0]._forward_hooks
