import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnnhistory.accounting import count_multiply_adds, receptive_field
from cnnhistory.nn.spatial.atrous import AtrousConv2d, read_places, stuffed_kernel


def test_taps_two_pixels_apart_by_hand():
    layer = AtrousConv2d(1, 1, 3, rate=2)
    with torch.no_grad():
        layer.weight.zero_()
        layer.weight[0, 0, 1] = torch.tensor([1.0, 10.0, 100.0])
        layer.bias.fill_(0.5)
    x = torch.tensor([[[[1.0, 2, 3, 4, 5]]]])
    assert layer(x).flatten().tolist() == [310.5, 420.5, 531.5, 42.5, 53.5]


@pytest.mark.parametrize("rate", [1, 2, 3, 7])
@pytest.mark.parametrize("kernel", [1, 3, 5])
def test_equals_torch_with_gradients(kernel, rate):
    torch.manual_seed(0)
    ours = AtrousConv2d(3, 4, kernel, rate).double()
    theirs = nn.Conv2d(3, 4, kernel, padding=rate * (kernel // 2), dilation=rate).double()
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(2, 3, 9, 8, dtype=torch.double, requires_grad=True)
    y, peer = ours(x), theirs(x)
    torch.testing.assert_close(y, peer)
    g = torch.randn_like(y)
    mine = torch.autograd.grad((y * g).sum(), [x, *ours.parameters()])
    his = torch.autograd.grad((peer * g).sum(), [x, *theirs.parameters()])
    for a, b in zip(mine, his, strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("rate", [1, 2, 5])
def test_equals_a_kernel_stuffed_with_zeros(rate):
    layer = AtrousConv2d(2, 3, 3, rate)
    kernel = stuffed_kernel(layer.weight, rate)
    assert kernel.shape[-1] == 3 + 2 * (rate - 1)
    assert int((kernel != 0).sum()) == 9 * 2 * 3
    x = torch.randn(1, 2, 11, 12)
    torch.testing.assert_close(layer(x), F.conv2d(x, kernel, layer.bias, padding=rate))


@pytest.mark.parametrize(("rates", "field"), [((1, 2, 4), 15), ((2, 2, 2), 13), ((3,), 7)])
def test_places_are_those_with_a_gradient(rates, field):
    torch.manual_seed(0)
    stack = nn.Sequential(*(AtrousConv2d(1, 1, 3, rate) for rate in rates)).double()
    with torch.no_grad():
        for layer in stack:
            layer.weight.uniform_(0.5, 1)
    x = torch.zeros(1, 1, 31, 31, dtype=torch.double, requires_grad=True)
    (grad,) = torch.autograd.grad(stack(x)[0, 0, 15, 15], x)
    read = [place - 15 for place in grad[0, 0].abs().sum(0).nonzero().flatten().tolist()]
    assert read == read_places(rates)
    assert read[-1] - read[0] + 1 == field


def test_the_costs_are_those_of_a_small_kernel():
    layers = [nn.Conv2d(1, 1, 3, padding=r, dilation=r) for r in (1, 2, 4)]
    assert receptive_field(nn.Sequential(*layers), (1, 32, 32)) == 15
    assert sum(layer.weight.numel() for layer in layers) == 27
    for rate in (1, 4):
        assert count_multiply_adds(AtrousConv2d(4, 8, 3, rate), (4, 16, 16)) == 9 * 4 * 8 * 256


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: AtrousConv2d(0, 1), "in_channels"),
        (lambda: AtrousConv2d(1, 0), "out_channels"),
        (lambda: AtrousConv2d(1, 1, 2), "kernel_size"),
        (lambda: AtrousConv2d(1, 1, rate=0), "rate"),
        (lambda: AtrousConv2d(2, 1)(torch.zeros(1, 1, 3, 3)), "input"),
        (lambda: stuffed_kernel(torch.zeros(3, 3), 0), "rate"),
        (lambda: stuffed_kernel(torch.zeros(3), 2), "weight"),
        (lambda: read_places(()), "rates"),
        (lambda: read_places((0,)), "rates"),
        (lambda: read_places((1,), 2), "kernel_size"),
    ],
)
def test_bad_input_is_refused(call, name):
    with pytest.raises(ValueError, match=f"^{name}: expected "):
        call()
