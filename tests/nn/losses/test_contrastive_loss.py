import pytest
import torch
from torch import nn

from cnnhistory.nn.losses.contrastive_loss import ContrastiveLoss, TripletLoss, all_pairs


def points(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.double, generator=generator)


def test_contrastive_by_hand():
    a = torch.zeros(3, 2, requires_grad=True)
    b = torch.tensor([[3.0, 4.0], [0.3, 0.4], [3.0, 4.0]])
    loss = ContrastiveLoss(margin=2.0)(a, b, torch.tensor([True, False, False]))
    assert loss.item() == pytest.approx((25 + 1.5**2 + 0) / 2 / 3)
    loss.backward()
    # a - b for the first; -(2 - 0.5) / 0.5 (a - b) for the second; beyond the margin nothing
    expected = torch.tensor([[-3.0, -4.0], [0.9, 1.2], [0.0, 0.0]]) / 3
    torch.testing.assert_close(a.grad, expected)


def test_different_items_at_one_point_have_a_loss_and_no_gradient():
    a = torch.zeros(1, 2, requires_grad=True)
    loss = ContrastiveLoss(2.0)(a, a.detach(), torch.tensor([False]))
    loss.backward()
    assert loss.item() == 2.0
    assert a.grad.tolist() == [[0.0, 0.0]]


def test_contrastive_pulls_together_and_pushes_to_the_margin():
    a = points(2, 2).requires_grad_()
    same = torch.tensor([True, False])
    for _ in range(200):
        loss = ContrastiveLoss(3.0)(a, torch.zeros_like(a), same)
        (grad,) = torch.autograd.grad(loss, a)
        a = (a - 0.5 * grad).detach().requires_grad_()
    assert a.norm(dim=1).tolist() == pytest.approx([0, 3], abs=1e-4)


def test_all_pairs():
    labels = torch.tensor([0, 1, 0, 1, 2])
    one, other, same = all_pairs(labels)
    assert len(one) == 10
    assert (one < other).all()
    assert same.sum() == 2
    assert ((labels[one] == labels[other]) == same).all()


def test_triplet_by_hand():
    a, p, n = (x.requires_grad_() for x in torch.tensor([[[0.0, 0]], [[1.0, 0]], [[0.0, 0.5]]]))
    loss = TripletLoss(0.5)(a, p, n)
    assert loss.item() == 1 - 0.25 + 0.5
    loss.backward()
    assert a.grad.tolist() == [[-2.0, 1.0]]  # 2 (n - p)
    assert p.grad.tolist() == [[2.0, 0.0]]  # 2 (p - a)
    assert n.grad.tolist() == [[0.0, -1.0]]  # 2 (a - n)
    assert TripletLoss(0.5)(a, n, p).item() == 0


def test_triplet_is_that_of_torch_with_squared_distances():
    a, p, n = points(3, 8, 4)
    theirs = nn.TripletMarginWithDistanceLoss(
        distance_function=lambda x, y: (x - y).square().sum(1), margin=0.7
    )
    torch.testing.assert_close(TripletLoss(0.7)(a, p, n), theirs(a, p, n))


def test_distances_do_not_see_rotations_and_shifts():
    a, b, c = points(3, 6, 3)
    turn = torch.linalg.qr(points(3, 3, seed=1)).Q
    same = torch.arange(6) % 2 == 0
    moved = [x @ turn + 5 for x in (a, b, c)]
    loss, triplet = ContrastiveLoss(), TripletLoss()
    torch.testing.assert_close(loss(*moved[:2], same), loss(a, b, same))
    torch.testing.assert_close(triplet(*moved), triplet(a, b, c))


def test_gradients_are_those_of_differences():
    a, b, c = (x.requires_grad_() for x in points(3, 5, 3))
    same = torch.arange(5) % 2 == 0
    assert torch.autograd.gradcheck(lambda a, b: ContrastiveLoss(2.0)(a, b, same), (a, b))
    assert torch.autograd.gradcheck(TripletLoss(), (a, b, c))
