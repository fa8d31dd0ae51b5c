import pytest
import torch
from torch.nn import functional as F

from cnnhistory.nn.losses.mse_loss import PlusMinusOneLoss, SquaredErrorLoss


def test_squared_error_by_hand():
    outputs = torch.tensor([[1.0, 5.0], [0.0, -2.0]], requires_grad=True)
    loss = SquaredErrorLoss()(outputs, torch.tensor([[2.0, 3.0], [0.0, 1.0]]))
    assert loss.item() == (1 + 4 + 0 + 9) / 4
    loss.backward()
    assert outputs.grad.tolist() == [[-0.5, 1.0], [0.0, -1.5]]  # 2 (y - t) / 4


def test_squared_error_is_that_of_torch():
    outputs, targets = torch.randn(2, 3, 4, 5)
    torch.testing.assert_close(SquaredErrorLoss()(outputs, targets), F.mse_loss(outputs, targets))


def test_the_best_answer_is_the_mean_of_the_targets():
    targets = torch.tensor([1.0, 2.0, 6.0])
    answer = torch.zeros((), requires_grad=True)
    SquaredErrorLoss()(answer.expand(3), targets).backward()
    assert answer.grad.item() == pytest.approx(2 * (0 - 3))


def test_plus_minus_one_loss_literal():
    scores = torch.tensor([[0.5, -1.0, 0.0], [-1.0, 1.0, 2.0]])
    # 0.25 + 0 + 1 to (1, -1, -1);  0 + 4 + 1 to (-1, -1, 1)
    assert float(PlusMinusOneLoss()(scores, torch.tensor([0, 2]))) == pytest.approx(6.25 / 6)


def test_plus_minus_one_loss_is_zero_at_its_targets():
    assert float(PlusMinusOneLoss()(2 * torch.eye(4) - 1, torch.arange(4))) == 0
