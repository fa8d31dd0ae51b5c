import math

import pytest
import torch
from torch.nn import functional as F

from cnnhistory.nn.losses.cross_entropy import CrossEntropyLoss, softmax_error


def scores(*shape):
    return torch.randn(*shape, dtype=torch.double, generator=torch.Generator().manual_seed(0))


def test_loss_and_gradient_by_hand():
    y = torch.tensor([[1.0, 2.0, 1.0]]).log().requires_grad_()  # p = 1/4, 1/2, 1/4
    loss = CrossEntropyLoss()(y, torch.tensor([0]))
    assert loss.item() == pytest.approx(math.log(4))
    loss.backward()
    assert y.grad.tolist()[0] == pytest.approx([0.25 - 1, 0.5, 0.25])
    assert softmax_error(y, torch.tensor([0])).tolist()[0] == pytest.approx([-0.75, 0.5, 0.25])


@pytest.mark.parametrize("soft", [False, True])
def test_it_is_that_of_torch_and_its_gradient_the_formula(soft):
    y = scores(6, 5).requires_grad_()
    target = scores(6, 5).softmax(1) if soft else torch.arange(6) % 5
    loss = CrossEntropyLoss()(y, target)
    torch.testing.assert_close(loss, F.cross_entropy(y, target))
    (grad,) = torch.autograd.grad(loss, y)
    torch.testing.assert_close(grad, softmax_error(y.detach(), target) / 6)
    assert grad.sum(1).abs().max() < 1e-15


def test_a_constant_changes_nothing_and_large_scores_do_not_overflow():
    y, target = scores(4, 3), torch.tensor([0, 1, 2, 0])
    loss = CrossEntropyLoss()
    torch.testing.assert_close(loss(y + 7, target), loss(y, target))
    assert loss(torch.tensor([[1e4, 0.0]]), torch.tensor([1])).item() == 1e4
    far = torch.tensor([[1e4, 0.0]], requires_grad=True)
    loss(far, torch.tensor([0])).backward()
    assert far.grad.tolist() == [[0.0, 0.0]]


def test_it_is_least_where_probabilities_are_the_targets():
    q = torch.tensor([[0.7, 0.2, 0.1]], dtype=torch.double)
    assert softmax_error(q.log() + 3, q).abs().max() < 1e-15
    assert CrossEntropyLoss()(q.log(), q).item() == pytest.approx(-(q * q.log()).sum().item())
