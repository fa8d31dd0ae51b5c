import pytest
import torch
from torch import nn

from cnnhistory.nn.norm import LocalResponseNorm


def test_hand_worked():
    layer = LocalResponseNorm(size=3, alpha=0.5, beta=2.0, k=1.0)
    x = torch.tensor([1.0, 2.0, 0.0, 4.0]).view(1, 4, 1, 1)
    # energies: 1 + 4, 1 + 4 + 0, 4 + 0 + 16, 0 + 16
    expected = [1 / 3.5**2, 2 / 3.5**2, 0, 4 / 9**2]
    assert layer(x).flatten().tolist() == pytest.approx(expected)


def test_torch_needs_alpha_times_the_number_of_channels():
    x = torch.randn(2, 9, 4, 3, dtype=torch.double, requires_grad=True)
    theirs = nn.LocalResponseNorm(5, alpha=5 * 1e-4, beta=0.75, k=2.0)
    torch.testing.assert_close(LocalResponseNorm()(x), theirs(x))
    weights = torch.randn_like(x)
    (ours_grad,) = torch.autograd.grad((LocalResponseNorm()(x) * weights).sum(), x)
    (their_grad,) = torch.autograd.grad((theirs(x) * weights).sum(), x)
    torch.testing.assert_close(ours_grad, their_grad)


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 7), (2, 1, 4, 4)])
def test_any_shape_even_with_fewer_channels_than_neighbors(shape):
    x = torch.randn(shape)
    theirs = nn.LocalResponseNorm(5, alpha=5 * 1e-4, beta=0.75, k=2.0)
    expected = theirs(x[..., None]).squeeze(-1) if x.dim() < 3 else theirs(x)
    torch.testing.assert_close(LocalResponseNorm()(x), expected)


@pytest.mark.parametrize("size", [0, -1, 4])
def test_an_even_number_of_neighbors_is_refused(size):
    with pytest.raises(ValueError, match=f"size: expected .*, got {size}"):
        LocalResponseNorm(size)
