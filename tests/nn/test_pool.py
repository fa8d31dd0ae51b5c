import itertools

import pytest
import torch
from torch.nn import functional as F

from cnnhistory.nn.pool import (
    AvgPool2d,
    LPPool2d,
    MaxPool2d,
    MixedPool2d,
    StochasticPool2d,
    Subsample2d,
)


def test_hand_worked():
    layer = Subsample2d(2)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([0.5, -1.0]))
        layer.bias.copy_(torch.tensor([1.0, 0.0]))
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]]).expand(1, 2, 2, 2)
    assert layer(x).flatten().tolist() == [0.5 * 10 + 1, -10.0]


def test_a_quarter_without_bias_is_average_pooling():
    layer = Subsample2d(3)
    torch.nn.init.constant_(layer.weight, 0.25)
    torch.nn.init.zeros_(layer.bias)
    x = torch.randn(2, 3, 8, 6)
    torch.testing.assert_close(layer(x), F.avg_pool2d(x, 2))


@pytest.mark.parametrize(("shape", "message"), [((1, 2, 4, 4), "3 maps"), ((1, 3, 5, 4), "even")])
def test_bad_input_is_refused(shape, message):
    with pytest.raises(ValueError, match=message):
        Subsample2d(3)(torch.zeros(shape))


WINDOW = torch.tensor([[0.0, 1.0], [2.0, 2.0]])[None, None]


def test_max_and_average_by_hand():
    x = WINDOW.clone().requires_grad_()
    assert MaxPool2d(2)(x).item() == 2
    assert AvgPool2d(2)(x).item() == 5 / 4
    (share,) = torch.autograd.grad(AvgPool2d(2)(x).sum(), x)
    assert share.unique().tolist() == [1 / 4]
    (whole,) = torch.autograd.grad(MaxPool2d(2)(x).sum(), x)
    assert sorted(whole.flatten().tolist()) == [0, 0, 0, 1]  # one of two equal maxima


@pytest.mark.parametrize(("size", "stride"), [(2, None), (3, 2), (3, 1), (1, 2), (4, 3)])
@pytest.mark.parametrize(("kind", "peer"), [(MaxPool2d, F.max_pool2d), (AvgPool2d, F.avg_pool2d)])
def test_max_and_average_are_torchs_with_their_gradients(kind, peer, size, stride):
    torch.manual_seed(0)
    x = torch.randn(2, 3, 11, 8, dtype=torch.double, requires_grad=True)
    ours, theirs = kind(size, stride)(x), peer(x, size, stride)
    torch.testing.assert_close(ours, theirs)
    weight = torch.rand_like(ours)
    grads = [torch.autograd.grad((y * weight).sum(), x)[0] for y in (ours, theirs)]
    torch.testing.assert_close(*grads)


@pytest.mark.parametrize(
    ("p", "expected"),
    [(1, 5 / 4), (2, (9 / 4) ** 0.5), (3, (17 / 4) ** (1 / 3)), (0.5, ((1 + 8**0.5) / 4) ** 2)],
)
def test_lp_by_hand(p, expected):
    assert LPPool2d(2, p=p)(WINDOW).item() == pytest.approx(expected)
    assert LPPool2d(2, p=p)(-WINDOW).item() == pytest.approx(expected)


def test_lp_is_torchs_but_for_the_mean():
    x = torch.rand(2, 3, 9, 8, dtype=torch.double, requires_grad=True)
    theirs = F.lp_pool2d(x, 3, 3, stride=2) / 9 ** (1 / 3)
    ours = LPPool2d(3, 2, p=3)(x)
    torch.testing.assert_close(ours, theirs)
    weight = torch.rand_like(ours)
    grads = [torch.autograd.grad((y * weight).sum(), x)[0] for y in (ours, theirs)]
    torch.testing.assert_close(*grads)


def test_lp_leads_from_the_average_to_the_maximum():
    x = torch.rand(1, 4, 6, 6)
    torch.testing.assert_close(LPPool2d(2, p=1)(x), F.avg_pool2d(x, 2))
    torch.testing.assert_close(LPPool2d(2, p=1000)(x), F.max_pool2d(x, 2), rtol=2e-3, atol=0)
    values = [LPPool2d(2, p=p)(x) for p in (1, 2, 5, 20)]
    assert all((a <= b + 1e-6).all() for a, b in itertools.pairwise(values))


@pytest.mark.parametrize("size", [0.0, 1e-30, 1e30])
def test_lp_of_silence_and_of_extremes(size):
    x = torch.full((1, 1, 2, 2), size, requires_grad=True)
    y = LPPool2d(2, p=4)(x)
    assert y.item() == pytest.approx(size)
    y.backward()
    assert x.grad is not None
    assert x.grad.sum().item() == pytest.approx(0 if size == 0 else 1)


def test_mixed_draws_for_each_map_and_averages_later():
    torch.manual_seed(0)
    layer, x = MixedPool2d(2), torch.rand(50, 8, 4, 4)
    top, mean = F.max_pool2d(x, 2), F.avg_pool2d(x, 2)
    y = layer(x)
    is_top = torch.isclose(y, top).flatten(2)
    assert (torch.isclose(y, top) | torch.isclose(y, mean)).all()
    assert (is_top.all(-1) | ~is_top.any(-1)).all()  # one choice for a map
    assert 0.4 < is_top.float().mean() < 0.6
    torch.testing.assert_close(layer.eval()(x), (top + mean) / 2)


def test_stochastic_by_hand():
    """The paper's kind of example: 0, 1, 2, 2 have the probabilities 0, 1/5, 2/5, 2/5."""
    torch.manual_seed(0)
    layer = StochasticPool2d(2)
    drawn = layer(WINDOW.expand(4000, 1, 2, 2)).flatten()
    assert drawn.unique().tolist() == [1, 2]
    assert (drawn == 1).float().mean().item() == pytest.approx(0.2, abs=0.03)
    assert layer.eval()(WINDOW).item() == pytest.approx((1 + 4 + 4) / 5)


def test_the_gradient_of_a_draw_goes_to_the_value_drawn():
    torch.manual_seed(0)
    x = torch.rand(3, 2, 6, 6, requires_grad=True)
    y = StochasticPool2d(3)(x)
    y.sum().backward()
    assert x.grad is not None
    assert x.grad.sum() == y.numel()
    torch.testing.assert_close(x[x.grad == 1].sort()[0], y.flatten().sort()[0])


def test_stochastic_of_silence():
    x = torch.zeros(2, 1, 2, 2)
    assert StochasticPool2d(2)(x).tolist() == StochasticPool2d(2).eval()(x).tolist()
    assert not StochasticPool2d(2)(x).any()


@pytest.mark.parametrize("value", [-0.1, float("nan")])
def test_stochastic_refuses_what_is_no_probability(value):
    with pytest.raises(ValueError, match=r"^input: expected values that are not negative"):
        StochasticPool2d(2)(torch.full((1, 1, 2, 2), value))


@pytest.mark.parametrize("kind", [MaxPool2d, AvgPool2d, LPPool2d, MixedPool2d, StochasticPool2d])
def test_maps_smaller_than_the_window_are_refused(kind):
    with pytest.raises(ValueError, match=r"^input: expected \(N, C, H, W\) of 3x3 at least"):
        kind(3)(torch.zeros(1, 1, 2, 3))
    assert kind(3, 1)(torch.zeros(2, 1, 4, 3)).shape == (2, 1, 2, 1)
    assert "kernel_size=3" in repr(kind(3))
