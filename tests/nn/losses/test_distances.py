import math

import pytest
import torch
from torch.nn import functional as F

from cnnhistory.nn.losses.distances import MAPLoss, RBFDistanceLoss

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
