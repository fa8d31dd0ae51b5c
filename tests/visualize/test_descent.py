import pytest
import torch
from torch import nn

from cnnhistory.visualize.descent import (
    along_gradient,
    distribution_shift,
    gradient_shift,
    outputs_in_training,
)


def half_square(y, target):
    return 0.5 * (y - target).square().sum()


def chain(*factors):
    """Layers that multiply a single number by fixed factors."""
    net = nn.Sequential(*(nn.Linear(1, 1, bias=False) for _ in factors))
    with torch.no_grad():
        for layer, factor in zip(net, factors, strict=True):
            layer.weight.fill_(factor)
    return net


def test_along_the_gradient_of_a_parabola_by_hand():
    """E = (2 w - 10)^2 / 2 at w = 3: E = 8, dE/dw = -8; the minimum, w = 5, is 0.25 away."""
    net, x, target = chain(3.0), torch.tensor([[2.0]]), torch.tensor([[10.0]])
    found = along_gradient(net, x, target, [0.0, 0.125, 0.5], half_square)
    assert [probe.distance for probe in found] == [0, 0.125, 0.5]
    assert [probe.loss for probe in found] == pytest.approx([8, 2, 8])  # w = 3, 4, 7
    assert [probe.cosine for probe in found] == pytest.approx([1, 1, -1])


def test_the_angle_is_between_gradients_of_all_weights():
    """E = (x^2 + 9 y^2) / 2 from (3, 1): the gradient (3, 9) becomes (2.7, 0.9) at distance 0.1."""

    class Valley(nn.Module):
        def __init__(self):
            super().__init__()
            self.x, self.y = (nn.Parameter(torch.tensor(v)) for v in (3.0, 1.0))

        def forward(self, scale):
            return torch.stack([self.x, 3 * self.y]) * scale

    net = Valley()
    (probe,) = along_gradient(net, torch.tensor(1.0), torch.zeros(2), [0.1], half_square)
    cosine = (3 * 2.7 + 9 * 0.9) / (90 * (2.7**2 + 0.9**2)) ** 0.5
    assert probe.cosine == pytest.approx(cosine)
    assert probe.loss == pytest.approx((2.7**2 + 9 * 0.1**2) / 2)
    with pytest.raises(ValueError, match="distances: expected at least one"):
        along_gradient(net, torch.tensor(1.0), torch.zeros(2), [], half_square)


def test_the_shift_of_a_gradient_is_by_the_layers_before():
    """y = b (a1, a2) . x: the step of a turns the gradient of b only if a changes its sign."""
    net, x = chain(1.0, 2.0), torch.tensor([[1.0]])
    # E = (y - 1)^2 / 2 with y = 2: dE/da = 2, dE/db = 1 * (ab - 1)
    small = gradient_shift(net, x, torch.ones(1, 1), ["0", "1"], 0.1, half_square)
    assert small == pytest.approx({"0": 1.0, "1": 1.0})  # a = 0.8: 0.8 (1.6 - 1) > 0
    large = gradient_shift(net, x, torch.ones(1, 1), ["1"], 0.3, half_square)
    assert large == pytest.approx({"1": -1.0})  # a = 0.4: 0.4 (0.8 - 1) < 0


def test_layers_without_a_weight_and_unknown_ones_are_refused():
    net = nn.Sequential(nn.Linear(1, 1), nn.Tanh())
    x = torch.ones(1, 1)
    with pytest.raises(ValueError, match="layers: expected layers with a weight"):
        gradient_shift(net, x, x, ["1"], 0.1, half_square)
    with pytest.raises(KeyError):
        gradient_shift(net, x, x, ["2"], 0.1, half_square)


def test_outputs_are_those_of_the_mode_and_nothing_is_left_behind():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2), nn.ReLU(inplace=True)).train()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    x, target = 5 + torch.randn(20, 3), torch.zeros(20, 2)
    seen = outputs_in_training(net, x, ["1"])["1"]
    assert seen.mean(0).abs().max() < 1e-6  # over the batch, not by running averages
    assert seen.min() < 0  # as it was before the ReLU
    along_gradient(net, x, target, [0.1], half_square)
    gradient_shift(net, x, target, ["0"], 0.1, half_square)
    assert net.training
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert all(p.grad is None for p in net.parameters())
    assert not net[1]._forward_hooks


def test_a_distribution_moves_in_its_own_standard_deviations():
    before = torch.tensor([[-1.0, 0.0], [1.0, 4.0]])  # means 0 and 2, standard deviations 1 and 2
    assert distribution_shift(before, before + torch.tensor([1.0, -1.0])) == pytest.approx(0.75)
    assert distribution_shift(before, 3 * before) == pytest.approx((0 + 4 / 2) / 2)
