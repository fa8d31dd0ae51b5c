import pytest
import torch
from torch.nn import functional as F

from cnnhistory.nn.losses.scale_invariant_loss import ScaleInvariantLoss


def logs(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.double, generator=generator)


def test_loss_and_gradient_by_hand():
    y = torch.tensor([[0.5, 1.5], [1.0, -1.0]], requires_grad=True)
    loss = ScaleInvariantLoss()(y, torch.zeros(2, 2))
    # (0.25 + 2.25) / 2 - 0.5 * 1, and (1 + 1) / 2 - 0
    assert loss.item() == (0.75 + 1) / 2
    loss.backward()
    # 2/n (d - 0.5 mean d), averaged over two pictures
    assert y.grad.tolist() == [[0.0, 0.5], [0.5, -0.5]]


def test_a_common_factor_is_forgiven_by_its_share():
    y, target = logs(3, 4, 5), logs(3, 4, 5, seed=1)
    twice = y + torch.log(torch.tensor(2.0))
    full = ScaleInvariantLoss(share=1)
    torch.testing.assert_close(full(twice, target), full(y, target))
    right, factor = target + 0.7, 0.7**2
    for share in (0.0, 0.5, 1.0):
        found = ScaleInvariantLoss(share=share)(right, target).item()
        assert found == pytest.approx((1 - share) * factor)


def test_with_the_whole_share_it_is_the_variance_and_a_sum_over_pairs():
    y, target = logs(1, 12), logs(1, 12, seed=1)
    d = (y - target)[0]
    found = ScaleInvariantLoss(share=1)(y, target)
    torch.testing.assert_close(found, d.var(correction=0))
    torch.testing.assert_close(found, (d[:, None] - d).square().sum() / (2 * 12**2))


def test_without_share_it_is_the_mean_squared_error():
    y, target = logs(3, 4, 5), logs(3, 4, 5, seed=1)
    torch.testing.assert_close(ScaleInvariantLoss(share=0)(y, target), F.mse_loss(y, target))


def test_missing_pixels_do_not_count():
    y, target = logs(2, 6).requires_grad_(), logs(2, 6, seed=1)
    valid = torch.tensor([[True] * 4 + [False] * 2] * 2)
    holes = torch.where(valid, target, torch.inf)
    loss = ScaleInvariantLoss()(y, holes, valid)
    torch.testing.assert_close(loss, ScaleInvariantLoss()(y[:, :4], target[:, :4]))
    loss.backward()
    assert not y.grad[:, 4:].any()
    assert y.grad.isfinite().all()


def test_gradient_is_that_of_differences():
    y, target = logs(2, 5).requires_grad_(), logs(2, 5, seed=1)
    assert torch.autograd.gradcheck(lambda y: ScaleInvariantLoss()(y, target), y)
