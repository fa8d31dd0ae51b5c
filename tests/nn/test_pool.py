import pytest
import torch
from torch.nn import functional as F

from cnnhistory.nn.pool import Subsample2d


def test_hand_worked():
    layer = Subsample2d(2)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([0.5, -1.0]))
        layer.bias.copy_(torch.tensor([1.0, 0.0]))
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]]).expand(1, 2, 2, 2)
    assert layer(x).flatten().tolist() == [0.5 * 10 + 1, -10.0]


def test_a_quarter_without_bias_is_average_pooling():
    layer = Subsample2d(3)
    torch.nn.init.constant_(layer.weight, 0.25)
    torch.nn.init.zeros_(layer.bias)
    x = torch.randn(2, 3, 8, 6)
    torch.testing.assert_close(layer(x), F.avg_pool2d(x, 2))


@pytest.mark.parametrize(("shape", "message"), [((1, 2, 4, 4), "3 maps"), ((1, 3, 5, 4), "even")])
def test_bad_input_is_refused(shape, message):
    with pytest.raises(ValueError, match=message):
        Subsample2d(3)(torch.zeros(shape))
