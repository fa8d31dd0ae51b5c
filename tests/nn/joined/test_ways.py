import pytest
import torch
from torch import nn

from cnnhistory.models.highway_network import Highway
from cnnhistory.nn.joined.ways import Added, Concatenated


def test_a_shortcut_hands_the_gradient_on():
    layer = Added(nn.Linear(2, 2))
    nn.init.zeros_(layer.layer.weight)
    x = torch.tensor([[1.0, 2.0]], requires_grad=True)
    (grad,) = torch.autograd.grad(layer(x).sum(), x)
    assert grad.tolist() == [[1, 1]]


def test_silent_layers_are_the_identity():
    stack = nn.Sequential(*(Added(nn.Conv2d(3, 3, 3, padding=1)) for _ in range(5)))
    for parameter in stack.parameters():
        nn.init.zeros_(parameter)
    x = torch.randn(2, 3, 6, 6)
    assert torch.equal(stack(x), x)


def test_a_sum_over_the_concatenation_is_the_sum_of_both():
    torch.manual_seed(0)
    layer, x = nn.Conv2d(3, 3, 1), torch.randn(2, 3, 4, 4)
    both = Concatenated(layer)(x)
    assert torch.equal(both[:, :3], x)
    torch.testing.assert_close(both[:, :3] + both[:, 3:], Added(layer)(x))


def test_maps_add_up():
    stack = nn.Sequential(Concatenated(nn.Conv2d(3, 5, 1)), Concatenated(nn.Conv2d(8, 5, 1)))
    assert stack(torch.zeros(2, 3, 4, 7)).shape == (2, 13, 4, 7)


def test_an_open_gate_is_the_layer_and_a_shut_one_the_identity():
    layer, gate, x = nn.Linear(3, 3), nn.Linear(3, 3), torch.randn(4, 3)
    nn.init.zeros_(gate.weight)
    for bias, wanted in ((50, layer(x)), (-50, x), (0, (x + layer(x)) / 2)):
        nn.init.constant_(gate.bias, bias)
        torch.testing.assert_close(Highway(layer, gate)(x), wanted)


@pytest.mark.parametrize(
    "layer", [Added(nn.Conv2d(3, 4, 1)), Added(nn.MaxPool2d(2)), Concatenated(nn.MaxPool2d(2))]
)
def test_layers_that_do_not_fit_are_refused(layer):
    with pytest.raises(ValueError, match=r"^layer: expected"):
        layer(torch.zeros(1, 3, 4, 4))
