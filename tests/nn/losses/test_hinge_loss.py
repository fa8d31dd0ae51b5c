import pytest
import torch
from sklearn import metrics
from torch.nn import functional as F

from cnnhistory.nn.losses.hinge_loss import HingeLoss, MulticlassHingeLoss, SquaredHingeLoss

SCORES = torch.tensor([[2.0, 1.5, -1.0], [0.0, 3.0, 2.5]])
TARGET = torch.tensor([0, 2])


def scores(*shape):
    return torch.randn(*shape, dtype=torch.double, generator=torch.Generator().manual_seed(0))


def test_hinge_by_hand():
    y = torch.tensor([2.0, 0.25, 0.5], requires_grad=True)
    loss = HingeLoss()(y, torch.tensor([1.0, 1.0, -1.0]))
    assert loss.item() == (0 + 0.75 + 1.5) / 3
    loss.backward()
    assert y.grad.tolist() == pytest.approx([0, -1 / 3, 1 / 3])
    assert HingeLoss(2.0)(y, torch.tensor([1.0, 1.0, -1.0])).item() == pytest.approx(4.25 / 3)


def test_multiclass_hinge_by_hand():
    # missing: (0.5, 0) at the wrong classes of the first, (0, 1.5) of the second
    y = (SCORES - torch.tensor([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]])).requires_grad_()
    most, total = (MulticlassHingeLoss(over=over) for over in ("max", "sum"))
    assert most(y, TARGET).item() == (0.5 + 1.5) / 2
    assert total(y, TARGET).item() == pytest.approx((0.5 + 1.5) / 3 / 2)
    most(y, TARGET).backward()
    assert y.grad.tolist() == [[-0.5, 0.5, 0.0], [0.0, 0.5, -0.5]]


@pytest.mark.parametrize("margin", [0.5, 1.0, 3.0])
def test_the_sum_is_that_of_torch(margin):
    y, target = scores(7, 5), torch.arange(7) % 5
    expected = F.multi_margin_loss(y, target, margin=margin)
    torch.testing.assert_close(MulticlassHingeLoss(margin, "sum")(y, target), expected)


def test_both_are_those_of_scikit_learn():
    y, target = scores(20, 4), torch.arange(20) % 4
    assert MulticlassHingeLoss()(y, target).item() == pytest.approx(
        metrics.hinge_loss(target.numpy(), y.numpy())
    )
    signs = 1 - 2 * (target % 2)
    assert HingeLoss()(y[:, 0], signs.double()).item() == pytest.approx(
        metrics.hinge_loss(signs.numpy(), y[:, 0].numpy())
    )


def test_two_classes_are_the_binary_hinge_of_their_difference():
    y, target = scores(9, 2), torch.arange(9) % 2
    signs = 1.0 - 2.0 * target
    torch.testing.assert_close(
        MulticlassHingeLoss()(y, target), HingeLoss()(y[:, 0] - y[:, 1], signs)
    )


@pytest.mark.parametrize("over", ["max", "sum"])
def test_nothing_is_left_to_learn_once_the_margin_is_met(over):
    y = torch.tensor([[3.0, 2.0, -5.0]], requires_grad=True)
    loss = MulticlassHingeLoss(over=over)(y, torch.tensor([0]))
    loss.backward()
    assert loss.item() == 0
    assert not y.grad.any()


@pytest.mark.parametrize("over", ["max", "sum"])
def test_gradients_are_those_of_differences(over):
    y, target = scores(6, 4).requires_grad_(), torch.arange(6) % 4
    assert torch.autograd.gradcheck(lambda y: MulticlassHingeLoss(over=over)(y, target), y)


def test_squared_hinge_by_hand():
    scores = torch.tensor([[2.0, -0.5, 0.5]], requires_grad=True)
    # margins missed: 0 for the right class, 0.5 and 1.5 for the others
    loss = SquaredHingeLoss()(scores, torch.tensor([0]))
    assert loss.item() == pytest.approx((0.25 + 2.25) / 3)
    loss.backward()
    assert scores.grad.tolist()[0] == pytest.approx([0, 2 * 0.5 / 3, 2 * 1.5 / 3])
