import pytest
import torch
from torch import nn

from cnnhistory.nn.norm import BatchNorm2d, LocalResponseNorm, RandomShift


def test_hand_worked():
    layer = LocalResponseNorm(size=3, alpha=0.5, beta=2.0, k=1.0)
    x = torch.tensor([1.0, 2.0, 0.0, 4.0]).view(1, 4, 1, 1)
    # energies: 1 + 4, 1 + 4 + 0, 4 + 0 + 16, 0 + 16
    expected = [1 / 3.5**2, 2 / 3.5**2, 0, 4 / 9**2]
    assert layer(x).flatten().tolist() == pytest.approx(expected)


def test_torch_needs_alpha_times_the_number_of_channels():
    x = torch.randn(2, 9, 4, 3, dtype=torch.double, requires_grad=True)
    theirs = nn.LocalResponseNorm(5, alpha=5 * 1e-4, beta=0.75, k=2.0)
    torch.testing.assert_close(LocalResponseNorm()(x), theirs(x))
    weights = torch.randn_like(x)
    (ours_grad,) = torch.autograd.grad((LocalResponseNorm()(x) * weights).sum(), x)
    (their_grad,) = torch.autograd.grad((theirs(x) * weights).sum(), x)
    torch.testing.assert_close(ours_grad, their_grad)


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 7), (2, 1, 4, 4)])
def test_any_shape_even_with_fewer_channels_than_neighbors(shape):
    x = torch.randn(shape)
    theirs = nn.LocalResponseNorm(5, alpha=5 * 1e-4, beta=0.75, k=2.0)
    expected = theirs(x[..., None]).squeeze(-1) if x.dim() < 3 else theirs(x)
    torch.testing.assert_close(LocalResponseNorm()(x), expected)


@pytest.mark.parametrize("size", [0, -1, 4])
def test_an_even_number_of_neighbors_is_refused(size):
    with pytest.raises(ValueError, match=f"size: expected .*, got {size}"):
        LocalResponseNorm(size)


def test_batch_norm_is_that_of_torch():
    torch.manual_seed(0)
    theirs, ours = nn.BatchNorm2d(3).double(), BatchNorm2d(3).double()
    for norm in (theirs, ours):
        with torch.no_grad():
            norm.weight.copy_(torch.tensor([0.5, -1.0, 2.0]))
            norm.bias.copy_(torch.tensor([1.0, 0.0, -3.0]))
    for _ in range(3):
        x = torch.randn(4, 3, 5, 2, dtype=torch.double, requires_grad=True)
        torch.testing.assert_close(ours(x), theirs(x))
        weights = torch.randn_like(x)
        gradients = [
            torch.autograd.grad((norm(x) * weights).sum(), [x, norm.weight, norm.bias])
            for norm in (ours, theirs)
        ]
        torch.testing.assert_close(gradients[0], gradients[1])
    for name in ("running_mean", "running_var"):
        torch.testing.assert_close(getattr(ours, name), getattr(theirs, name))
    torch.testing.assert_close(ours.eval()(x), theirs.eval()(x))
    assert str(ours) == "BatchNorm2d(3, eps=1e-05, momentum=0.1)"


def test_batch_norm_gives_its_own_mean_and_spread():
    norm = BatchNorm2d(1)
    with torch.no_grad():
        norm.weight.fill_(3)
        norm.bias.fill_(-2)
    y = norm(5 + 7 * torch.rand(10, 1, 8, 8))
    assert y.mean().item() == pytest.approx(-2, abs=1e-4)
    assert y.std().item() == pytest.approx(3, rel=2e-3)


def test_batch_norm_refuses_one_value():
    with pytest.raises(ValueError, match="expected more than one value of a channel"):
        BatchNorm2d(3)(torch.zeros(1, 3, 1, 1))
    BatchNorm2d(3).eval()(torch.zeros(1, 3, 1, 1))
    for wrong in ({"channels": 0}, {"channels": 1, "eps": 0}, {"channels": 1, "momentum": 1.5}):
        with pytest.raises(ValueError, match="expected"):
            BatchNorm2d(**wrong)


def test_a_random_shift_moves_each_channel_alike_and_anew_in_each_step():
    torch.manual_seed(0)
    layer, x = RandomShift(mean=0.5, std=2.0, spread=0.0), torch.randn(50, 3, 4, 4)
    first, second = layer(x), layer(x)
    for y in (first, second):
        # without spread, each channel gets one scale and one shift
        scale = y.std((0, 2, 3)) / x.std((0, 2, 3))
        shift = y.mean((0, 2, 3)) - scale * x.mean((0, 2, 3))
        assert ((scale >= 1) & (scale <= 2)).all()
        assert (shift.abs() <= 0.5).all()
        expected = scale[:, None, None] * x + shift[:, None, None]
        torch.testing.assert_close(y, expected, atol=1e-5, rtol=1e-5)
    assert not torch.allclose(first.mean((0, 2, 3)), second.mean((0, 2, 3)))
    assert layer.eval()(x) is x
    assert str(layer) == "RandomShift(mean=0.5, std=2.0, spread=0.0)"


def test_the_spread_of_a_random_shift_is_of_single_values():
    torch.manual_seed(0)
    layer = RandomShift(mean=0.0, std=1.0, spread=0.1)
    shifts = layer(torch.zeros(20_000, 1))
    assert shifts.abs().max() <= 0.1
    assert shifts.std().item() == pytest.approx(0.1 / 3**0.5, rel=0.02)
    scales = layer(torch.full((20_000, 1), 1000.0)) / 1000
    assert scales.std().item() == pytest.approx(0.1, rel=0.02)
