import math

import pytest
import torch
from torch.nn import functional as F

from cnnhistory.nn.losses.multitask_loss import (
    AuxiliaryLoss,
    ClassAndNumberLoss,
    FastRCNNLoss,
    UncertaintySum,
    WeightedSum,
)


def test_fast_rcnn_by_hand():
    scores = torch.zeros(2, 2)
    boxes = torch.zeros(2, 2, 4)
    boxes[0, 1] = torch.tensor([0.0, 0.5, 3.0, -1.0])  # 0 + 0.125 + 2.5 + 0.5
    boxes[0, 0] = boxes[1] = 100.0  # another class, and the background: not looked at
    boxes = boxes.requires_grad_()
    loss = FastRCNNLoss(weight=2.0)(scores, boxes, torch.tensor([1, 0]), torch.zeros(2, 4))
    assert loss.item() == pytest.approx(math.log(2) + 2 * 3.125 / 2)
    loss.backward()
    assert boxes.grad[0, 1].tolist() == [0.0, 0.5, 1.0, -1.0]  # slope of s, times 2 / 2
    assert not boxes.grad[0, 0].any()
    assert not boxes.grad[1].any()


def test_weighted_sum_by_hand():
    losses = [torch.tensor(2.0, requires_grad=True), torch.tensor(3.0, requires_grad=True)]
    total = WeightedSum([1.0, 0.25])(losses)
    assert total.item() == 2.75
    total.backward()
    assert [loss.grad.item() for loss in losses] == [1.0, 0.25]


def test_uncertainty_by_hand():
    joined = UncertaintySum(["number", "class"])
    losses = [torch.tensor(2.0), torch.tensor(3.0)]
    assert joined(losses).item() == 4.0
    joined.log_variances.data = torch.tensor([math.log(4), math.log(2)])
    # 2 / (2 * 4) + log 2, 3 / 2 + log(2) / 2
    assert joined(losses).item() == pytest.approx(0.25 + 1.5 + 1.5 * math.log(2))
    assert joined.weights() == pytest.approx([1 / 8, 1 / 2])


def test_uncertainty_is_least_at_the_size_of_the_losses():
    joined = UncertaintySum(["number", "class"])
    losses = [torch.tensor(5.0, requires_grad=True), torch.tensor(0.1, requires_grad=True)]
    joined.log_variances.data = torch.tensor([5.0, 0.2]).log()
    joined(losses).backward()
    assert joined.log_variances.grad.tolist() == pytest.approx([0, 0], abs=1e-6)
    # the weight is half the slope of the logarithm: the unit of a loss does not matter
    assert [loss.grad.item() for loss in losses] == pytest.approx([1 / 10, 1 / 0.2])


def test_a_normal_density_is_what_a_squared_error_means():
    joined = UncertaintySum(["number"]).double()
    joined.log_variances.data.fill_(math.log(2.5))
    error = torch.tensor(1.7, dtype=torch.double)
    normal = torch.distributions.Normal(0.0, math.sqrt(2.5)).log_prob(error)
    found = joined([error.square()]) + math.log(2 * math.pi) / 2
    torch.testing.assert_close(found, -normal, check_dtype=False)


def test_auxiliary_heads_are_weighted():
    heads = torch.randn(3, 4, 5)
    target = torch.arange(4)
    main, *others = (F.cross_entropy(head, target) for head in heads)
    torch.testing.assert_close(
        AuxiliaryLoss(0.3)(tuple(heads), target), main + 0.3 * (others[0] + others[1])
    )
    torch.testing.assert_close(AuxiliaryLoss()(heads[0], target), main)


def test_class_and_number_by_hand():
    outputs, targets = torch.tensor([[0.0, 0.0, 3.0]]), torch.tensor([[1.0, 10.0]])
    loss = ClassAndNumberLoss(WeightedSum([1.0, 0.5]), unit=10.0)
    assert loss(outputs, targets).item() == pytest.approx(math.log(2) + 0.5 * (3 - 1) ** 2)
    assert len(list(ClassAndNumberLoss(UncertaintySum(["class", "number"])).parameters())) == 1
