"""Forward values by hand, and every pseudo-gradient against its formula."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from cnnhistory.nn.sign import (
    binarize,
    binarize_stochastic,
    binarize_weight,
    filter_scale,
    input_scale,
)

X = torch.tensor([-3.0, -1.0, -0.25, -0.0, 0.0, 0.5, 1.0, 1.5])


def gradient(function, x, upstream):
    x = x.clone().requires_grad_()
    (function(x) * upstream).sum().backward()
    return x.grad


def test_signs_by_hand():
    assert binarize(X).tolist() == [-1, -1, -1, 1, 1, 1, 1, 1]
    assert binarize(torch.tensor([float("nan")])).tolist() == [-1]


def test_the_gradient_passes_where_the_input_is_not_saturated():
    upstream = torch.arange(1.0, 9.0)
    assert gradient(binarize, X, upstream).tolist() == [0, 2, 3, 4, 5, 6, 7, 0]
    narrow = gradient(lambda x: binarize(x, 0.5), X, upstream)
    assert narrow.tolist() == [0, 0, 3, 4, 5, 6, 0, 0]


def test_it_is_the_gradient_of_a_hard_tanh():
    x = torch.randn(200) * 2  # no value is exactly at a corner
    upstream = torch.randn(200)
    assert torch.equal(gradient(binarize, x, upstream), gradient(F.hardtanh, x, upstream))


def test_stochastic_signs_have_the_input_as_their_mean():
    x = torch.tensor([-1.5, -1.0, -0.5, 0.0, 0.6, 1.0, 2.0])
    n = 40_000
    drawn = binarize_stochastic(x.repeat(n, 1), torch.Generator().manual_seed(0))
    assert set(drawn.unique().tolist()) == {-1, 1}
    # the std of the mean is at most 1 / sqrt(n) = 0.005
    torch.testing.assert_close(drawn.mean(0), x.clamp(-1, 1), atol=0.025, rtol=0)
    upstream = torch.arange(1.0, 8.0)
    assert gradient(binarize_stochastic, x, upstream).tolist() == [0, 2, 3, 4, 5, 6, 0]


def test_the_scale_of_a_filter_by_hand():
    weight = torch.tensor([[[[1.0, -3.0]]], [[[0.5, 0.0]]]])
    assert filter_scale(weight).flatten().tolist() == [2, 0.25]
    signs, alpha = binarize_weight(weight)
    assert (signs * alpha).flatten().tolist() == [2, -2, 0.25, 0.25]


def test_no_other_scale_and_no_other_signs_are_nearer():
    weight = torch.randn(1, 6, generator=torch.Generator().manual_seed(0))
    patterns = 2 * (torch.arange(64)[:, None] >> torch.arange(6) & 1) - 1.0
    factors = torch.linspace(0, 3, 301)
    distance = (weight - factors[:, None, None] * patterns).square().sum(-1)
    signs, alpha = binarize_weight(weight)
    mine = (weight - alpha * signs).square().sum()
    assert mine <= distance.min()
    best = divmod(int(distance.argmin()), 64)
    assert torch.equal(patterns[best[1]], signs[0])
    assert factors[best[0]] == pytest.approx(float(alpha), abs=0.006)


def estimated(weight, upstream, mode):
    """The gradient of the weight for the loss sum(upstream * alpha sign(W))."""
    weight = weight.clone().requires_grad_()
    signs, alpha = binarize_weight(weight, mode)
    (upstream * alpha * signs).sum().backward()
    return weight.grad


def test_the_papers_gradient_by_hand():
    weight = torch.tensor([[0.5, -1.5, 1.0, -1.0]])  # alpha = 1, n = 4
    upstream = torch.tensor([[2.0, 4.0, -8.0, 1.0]])
    # G (1/4 + 1 * 1[|W| <= 1])
    assert estimated(weight, upstream, "paper").tolist() == [[2.5, 1.0, -10.0, 1.25]]


def test_the_exact_gradient_by_hand():
    weight = torch.tensor([[0.5, -1.5, 1.0, -1.0]])
    upstream = torch.tensor([[2.0, 4.0, -8.0, 1.0]])
    # sum of G sign(W) = 2 - 4 - 8 - 1 = -11; sign(W) (-11) / 4 + G 1[|W| <= 1]
    assert estimated(weight, upstream, "exact").tolist() == [[-0.75, 2.75, -10.75, 3.75]]


@given(st.integers(1, 5), st.integers(1, 7), st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_both_gradients_against_their_formulas(filters, n, seed):
    generator = torch.Generator().manual_seed(seed)
    weight = torch.randn(filters, n, 1, 2, generator=generator, dtype=torch.double)
    g = torch.randn(weight.shape, generator=generator, dtype=torch.double)
    signs, alpha = torch.where(weight >= 0, 1.0, -1.0), filter_scale(weight)
    inside = (weight.abs() <= 1).double()
    paper = g * (1 / (2 * n) + alpha * inside)
    total = (g * signs).sum((1, 2, 3), keepdim=True)
    exact = signs * total / (2 * n) + alpha * g * inside
    torch.testing.assert_close(estimated(weight, g, "paper"), paper)
    torch.testing.assert_close(estimated(weight, g, "exact"), exact)


def test_the_exact_gradient_is_the_derivative_where_signs_do_not_change():
    """Moving all weights of a filter by a common factor changes alpha alone."""
    weight = 0.5 * torch.rand(3, 8, dtype=torch.double) * torch.tensor([1.0, -1.0]).repeat(4)
    g = torch.randn(3, 8, dtype=torch.double)
    step = 1e-6

    def loss(w):
        return (g * filter_scale(w) * torch.where(w >= 0, 1.0, -1.0)).sum()

    slope = (loss(weight * (1 + step)) - loss(weight * (1 - step))) / (2 * step)
    from_alpha = estimated(weight, g, "exact") - g * filter_scale(weight)
    assert float((from_alpha * weight).sum()) == pytest.approx(float(slope), rel=1e-6)


def test_a_filter_of_zeros_has_a_finite_gradient():
    for mode in ("paper", "exact"):
        assert estimated(torch.zeros(1, 4), torch.ones(1, 4), mode).isfinite().all()


def test_unknown_gradients_are_refused():
    with pytest.raises(ValueError, match="expected one of paper, exact, got 'true'"):
        binarize_weight(torch.ones(1, 2), "true")


def test_input_scale_by_hand():
    x = torch.tensor([[[[1.0, -2.0], [3.0, 4.0]], [[-1.0, 0.0], [1.0, -4.0]]]])
    # mean over two channels: 1 1 / 2 4; over 2x2 windows: 8 / 4
    assert input_scale(x, (2, 2), (1, 1), (0, 0)).tolist() == [[[[2.0]]]]
    padded = input_scale(x, (3, 3), (1, 1), (1, 1))
    torch.testing.assert_close(padded, torch.full((1, 1, 2, 2), 8 / 9))
