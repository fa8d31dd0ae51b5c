import math

import pytest
import torch
from torch.nn import functional as F

from cnnhistory.nn.loss import (
    LabelSmoothingLoss,
    MAPLoss,
    PlusMinusOneLoss,
    RBFDistanceLoss,
    SquaredHingeLoss,
)

SCORES = torch.tensor([[-1.0, -4.0], [-9.0, -2.0]])
TARGET = torch.tensor([0, 0])


def test_distance_loss_is_the_mean_distance_to_the_right_code():
    assert float(RBFDistanceLoss()(SCORES, TARGET)) == (1 + 9) / 2


def test_map_loss_literal():
    j = 3.0
    expected = (
        1 + math.log(math.exp(-j) + math.exp(-1) + math.exp(-4))
        + 9 + math.log(math.exp(-j) + math.exp(-9) + math.exp(-2))
    ) / 2  # fmt: skip
    assert float(MAPLoss(j)(SCORES, TARGET)) == pytest.approx(expected, abs=1e-5)


def test_map_loss_tends_to_cross_entropy():
    scores, target = torch.randn(6, 10), torch.randint(10, (6,))
    torch.testing.assert_close(MAPLoss(1e4)(scores, target), F.cross_entropy(scores, target))


def test_map_loss_pushes_wrong_classes_away():
    scores = SCORES.clone().requires_grad_()
    MAPLoss(10.0)(scores, TARGET).backward()
    assert (scores.grad[:, 1] > 0).all()  # descent lowers the score of the wrong class
    assert (scores.grad[:, 0] < 0).all()


def test_distance_loss_ignores_wrong_classes():
    scores = SCORES.clone().requires_grad_()
    RBFDistanceLoss()(scores, TARGET).backward()
    assert scores.grad[:, 1].abs().sum() == 0


def test_j_must_be_positive():
    with pytest.raises(ValueError, match="j: expected a positive number"):
        MAPLoss(0.0)


def test_plus_minus_one_loss_literal():
    scores = torch.tensor([[0.5, -1.0, 0.0], [-1.0, 1.0, 2.0]])
    # 0.25 + 0 + 1 to (1, -1, -1);  0 + 4 + 1 to (-1, -1, 1)
    assert float(PlusMinusOneLoss()(scores, torch.tensor([0, 2]))) == pytest.approx(6.25 / 6)


def test_plus_minus_one_loss_is_zero_at_its_targets():
    assert float(PlusMinusOneLoss()(2 * torch.eye(4) - 1, torch.arange(4))) == 0


def test_squared_hinge_by_hand():
    scores = torch.tensor([[2.0, -0.5, 0.5]], requires_grad=True)
    # margins missed: 0 for the right class, 0.5 and 1.5 for the others
    loss = SquaredHingeLoss()(scores, torch.tensor([0]))
    assert loss.item() == pytest.approx((0.25 + 2.25) / 3)
    loss.backward()
    assert scores.grad.tolist()[0] == pytest.approx([0, 2 * 0.5 / 3, 2 * 1.5 / 3])


@pytest.mark.parametrize("eps", [0.0, 0.1, 0.6])
def test_label_smoothing_is_that_of_torch(eps):
    torch.manual_seed(0)
    scores = torch.randn(5, 7, dtype=torch.double, requires_grad=True)
    target = torch.randint(7, (5,))
    ours = LabelSmoothingLoss(eps)(scores, target)
    theirs = F.cross_entropy(scores, target, label_smoothing=eps)
    torch.testing.assert_close(ours, theirs)
    gradients = [torch.autograd.grad(loss, scores)[0] for loss in (ours, theirs)]
    torch.testing.assert_close(*gradients)


def test_smoothed_labels_are_met_by_finite_scores():
    # q = (0.9 + 0.1 / 4, 0.1 / 4, 0.1 / 4, 0.1 / 4), where the gradient is zero
    q = torch.tensor([[0.925, 0.025, 0.025, 0.025]], dtype=torch.double)
    scores = q.log().requires_grad_()
    loss = LabelSmoothingLoss(0.1)(scores, torch.tensor([0]))
    assert loss.item() == pytest.approx(-(q * q.log()).sum().item())
    loss.backward()
    assert scores.grad.abs().max() < 1e-12
    with pytest.raises(ValueError, match="eps: expected at least 0 and below 1"):
        LabelSmoothingLoss(1.0)
