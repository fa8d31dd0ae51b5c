import math

import pytest
import torch
from torch.nn import functional as F

from cnnhistory.nn.losses.positive_sharing_loss import PositiveSharingLoss

P = torch.tensor([[0.5, 0.25, 0.125, 0.125]], dtype=torch.double)


def test_loss_by_hand():
    # a sub-class: -log 1/4 - 2 log(1/2); the background: -3 log(1/2)
    assert PositiveSharingLoss(2.0)(P.log(), torch.tensor([1])).item() == pytest.approx(
        4 * math.log(2)
    )
    assert PositiveSharingLoss(2.0)(P.log(), torch.tensor([0])).item() == pytest.approx(
        3 * math.log(2)
    )


@pytest.mark.parametrize("right", [0, 1, 3])
def test_gradient_is_the_formula(right):
    y = P.log().requires_grad_()
    PositiveSharingLoss(2.0)(y, torch.tensor([right])).backward()
    t = torch.zeros(4, dtype=torch.double)
    t[right] = 1
    p = P[0]
    side = p - t if right == 0 else torch.cat([p[:1], -p[0] * p[1:] / (1 - p[0])])
    torch.testing.assert_close(y.grad[0], p - t + 2 * side)
    assert y.grad.sum().abs() < 1e-15


def test_sub_classes_share_what_the_second_term_gives():
    y = P.log().requires_grad_()
    both = PositiveSharingLoss(1.0)(y, torch.tensor([1])) - F.cross_entropy(y, torch.tensor([1]))
    (grad,) = torch.autograd.grad(both, y)
    # sub-classes are raised in proportion to their probabilities 2 : 1 : 1
    assert (grad[0, 1:] / grad[0, 1]).tolist() == pytest.approx([1, 0.5, 0.5])


def test_one_sub_class_for_another_costs_less_than_the_background():
    y = torch.tensor([[0.0, 0.0, 3.0], [3.0, 0.0, 0.0]])
    target = torch.tensor([1])
    confused, missed = (PositiveSharingLoss()(row[None], target).item() for row in y)
    assert confused < missed
    assert F.cross_entropy(y[:1], target).item() == F.cross_entropy(y[1:], target).item()


def test_without_weight_it_is_the_cross_entropy():
    y, target = torch.randn(6, 4), torch.arange(6) % 4
    torch.testing.assert_close(PositiveSharingLoss(0.0)(y, target), F.cross_entropy(y, target))


def test_the_second_term_is_the_loss_of_two_classes():
    y, target = torch.randn(6, 4, dtype=torch.double), torch.arange(6) % 4
    merged = torch.stack([y[:, 0], y[:, 1:].logsumexp(1)], 1)
    second = PositiveSharingLoss(1.0)(y, target) - F.cross_entropy(y, target)
    torch.testing.assert_close(second, F.cross_entropy(merged, (target > 0).long()))


def test_it_does_not_overflow():
    y = torch.tensor([[1e4, 0.0, 0.0]], requires_grad=True)
    loss = PositiveSharingLoss()(y, torch.tensor([1]))
    loss.backward()
    assert loss.isfinite()
    assert y.grad.isfinite().all()
