import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnnhistory.nn.unit import conv_norm, factored


def test_layers_and_their_names():
    assert [name for name, _ in conv_norm(3, 4, 3).named_children()] == ["conv", "bn", "relu"]
    bare = conv_norm(3, 4, 3, batch_norm=False, activation=None)
    assert [name for name, _ in bare.named_children()] == ["conv"]
    assert bare.conv.bias is not None
    with pytest.raises(ValueError, match="activation: expected one of"):
        conv_norm(3, 4, 3, activation="softmax")


@pytest.mark.parametrize("side", [3, 5, 7])
def test_a_row_and_a_column_see_a_square(side):
    pair = factored(2, 3, 4, side)
    x = torch.randn(1, 2, 9, 11, requires_grad=True)
    y = pair.eval()(x)
    assert y.shape == (1, 4, 9, 11)
    weights = sum(m.weight.numel() for m in pair.modules() if isinstance(m, nn.Conv2d))
    assert weights == side * (2 * 3 + 3 * 4)


def test_without_activations_they_are_one_convolution_of_products():
    torch.manual_seed(0)
    pair = factored(2, 3, 4, 5)
    row, column = pair.row.conv.weight, pair.column.conv.weight
    x = torch.randn(2, 2, 8, 9)
    both = F.conv2d(F.conv2d(x, row, padding=(0, 2)), column, padding=(2, 0))
    kernel = torch.einsum("omh,miw->oihw", column[..., 0], row[:, :, 0])
    torch.testing.assert_close(F.conv2d(x, kernel, padding=2), both, atol=1e-5, rtol=1e-5)
