import pytest
import torch
from torch import nn

from cnnhistory.accounting import count_parameters
from cnnhistory.nn.spatial.unpool import MaxUnpool2d, pool_with_places


def test_there_and_back_by_hand():
    x = torch.tensor([[[[1.0, 5, 2, 0], [3, 4, 7, 6]]]])
    values, places = pool_with_places(x)
    assert values.tolist() == [[[[5, 7]]]]
    assert places.tolist() == [[[[1, 6]]]]
    layer = MaxUnpool2d()
    assert layer(values, places).tolist() == [[[[0, 5, 0, 0], [0, 0, 7, 0]]]]
    assert count_parameters(layer) == 0
    assert "kernel_size=2" in repr(layer)


@pytest.mark.parametrize(("side", "kernel"), [(8, 2), (9, 3), (9, 2)])
def test_equals_torch_with_gradients(side, kernel):
    torch.manual_seed(0)
    x = torch.randn(2, 3, side, side + kernel, dtype=torch.double)
    values, places = pool_with_places(x, kernel)
    values.requires_grad_()
    size = tuple(x.shape[2:])
    ours = MaxUnpool2d(kernel)(values, places, size)
    theirs = nn.MaxUnpool2d(kernel)(values, places, size)
    assert torch.equal(ours, theirs)
    g = torch.randn_like(ours)
    (mine,) = torch.autograd.grad((ours * g).sum(), values)
    (his,) = torch.autograd.grad((theirs * g).sum(), values)
    assert torch.equal(mine, his)


def test_pooling_again_gives_the_same_if_nothing_is_negative():
    x = torch.rand(1, 2, 6, 6)
    values, places = pool_with_places(x)
    again, same_places = pool_with_places(MaxUnpool2d()(values, places))
    assert torch.equal(again, values)
    assert torch.equal(same_places, places)


ONE = torch.zeros(1, 1, 2, 2)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: pool_with_places(ONE, 0), "kernel_size"),
        (lambda: pool_with_places(ONE, 3), "input"),
        (lambda: pool_with_places(ONE[0]), "input"),
        (lambda: MaxUnpool2d(0), "kernel_size"),
        (lambda: MaxUnpool2d()(ONE, torch.zeros(1, 1, 2, 1, dtype=torch.long)), "places"),
        (lambda: MaxUnpool2d()(ONE, torch.full((1, 1, 2, 2), 16)), "places"),
        (lambda: MaxUnpool2d()(ONE, torch.full((1, 1, 2, 2), -1)), "places"),
    ],
)
def test_bad_input_is_refused(call, name):
    with pytest.raises(ValueError, match=f"^{name}: expected "):
        call()
