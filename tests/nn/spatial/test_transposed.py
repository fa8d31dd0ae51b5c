import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnnhistory.nn.spatial.matrix import convolution_matrix
from cnnhistory.nn.spatial.transposed import (
    ResizeConv2d,
    TransposedConv2d,
    bilinear_kernel,
    tap_counts,
)

SHAPES = [(1, 1, 0), (3, 1, 1), (3, 2, 1), (4, 2, 1), (2, 2, 0), (2, 3, 0), (5, 3, 2)]


def test_stamps_by_hand():
    layer = TransposedConv2d(1, 1, 2)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]]))
        layer.bias.fill_(0.5)
    x = torch.tensor([[[[1.0, 10.0]]]])
    assert layer(x).tolist() == [[[[1.5, 12.5, 20.5], [3.5, 34.5, 40.5]]]]


@pytest.mark.parametrize(("kernel", "stride", "padding"), SHAPES)
@pytest.mark.parametrize("bias", [True, False])
def test_equals_torch_with_gradients(kernel, stride, padding, bias):
    torch.manual_seed(0)
    ours = TransposedConv2d(3, 4, kernel, stride, padding, bias).double()
    theirs = nn.ConvTranspose2d(3, 4, kernel, stride, padding, bias=bias).double()
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(2, 3, 5, 4, dtype=torch.double, requires_grad=True)
    y, peer = ours(x), theirs(x)
    torch.testing.assert_close(y, peer)
    g = torch.randn_like(y)
    mine = torch.autograd.grad((y * g).sum(), [x, *ours.parameters()])
    his = torch.autograd.grad((peer * g).sum(), [x, *theirs.parameters()])
    for a, b in zip(mine, his, strict=True):
        torch.testing.assert_close(a, b)


def test_forward_is_the_transpose_and_backward_the_matrix():
    torch.manual_seed(0)
    layer = TransposedConv2d(2, 3, 3, stride=2, bias=False).double()
    matrix = convolution_matrix(layer.weight.detach(), (7, 9), stride=2)
    x = torch.randn(1, 2, 3, 4, dtype=torch.double, requires_grad=True)
    y = layer(x)
    torch.testing.assert_close(y.flatten(), matrix.T @ x.flatten())
    g = torch.randn_like(y)
    (grad,) = torch.autograd.grad((y * g).sum(), x)
    torch.testing.assert_close(grad.flatten(), matrix @ g.flatten())


@pytest.mark.parametrize(("kernel", "stride", "padding"), SHAPES)
def test_counts_are_what_ones_make(kernel, stride, padding):
    ones = torch.ones(1, 1, 6)
    expected = F.conv_transpose1d(ones, torch.ones(1, 1, kernel), stride=stride, padding=padding)
    assert tap_counts(6, kernel, stride, padding).tolist() == expected.flatten().tolist()


@pytest.mark.parametrize(("kernel", "even"), [(2, True), (3, False), (4, True), (5, False)])
def test_counts_are_even_where_the_stride_divides_the_kernel(kernel, even):
    inside = tap_counts(12, kernel, 2)[kernel:-kernel]
    assert (len(set(inside.tolist())) == 1) == even


@pytest.mark.parametrize("stride", [2, 4])
def test_the_bilinear_stamp_interpolates(stride):
    torch.manual_seed(0)
    kernel = bilinear_kernel(stride)
    layer = TransposedConv2d(1, 1, len(kernel), stride, stride // 2, bias=False)
    with torch.no_grad():
        layer.weight.copy_(kernel)
    x = torch.randn(1, 1, 6, 7)
    y = F.interpolate(x, scale_factor=stride, mode="bilinear", align_corners=False)
    inside = (..., slice(stride, -stride), slice(stride, -stride))  # at edges it mixes in zeros
    torch.testing.assert_close(layer(x)[inside], y[inside])


def test_the_bilinear_stamp_of_an_odd_stride():
    assert torch.allclose(3 * bilinear_kernel(3)[2], torch.tensor([1.0, 2, 3, 2, 1]))
    assert bilinear_kernel(1).tolist() == [[1]]


def test_weights_start_so_that_the_mean_square_stays():
    torch.manual_seed(0)
    layer = TransposedConv2d(64, 64, 4, 2, 1)
    y = layer(torch.randn(4, 64, 16, 16))[..., 2:-2, 2:-2]
    assert abs(y.square().mean().item() - 2) < 0.1  # He's rule: half is lost in the ReLU


def test_resize_convolution_by_hand():
    layer = ResizeConv2d(1, 1, kernel_size=1)
    with torch.no_grad():
        layer.conv.weight.fill_(3)
    assert layer(torch.tensor([[[[1.0, 2.0]]]])).tolist() == [[[[3, 3, 6, 6], [3, 3, 6, 6]]]]


@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
@pytest.mark.parametrize("scale", [1, 2, 3])
def test_resize_convolution_keeps_flat_maps_flat(mode, scale):
    layer = ResizeConv2d(2, 3, scale=scale, mode=mode)
    y = layer(torch.ones(1, 2, 5, 4))
    assert y.shape == (1, 3, 5 * scale, 4 * scale)
    inside = y[..., 1:-1, 1:-1]
    torch.testing.assert_close(inside, inside[..., :1, :1].expand_as(inside))
    assert mode in repr(layer)


def test_nearest_resize_convolution_is_a_transposed_one_with_tied_taps():
    layer = ResizeConv2d(1, 1)
    stamp = torch.zeros(4, 4)
    for down in range(2):
        for across in range(2):
            # The pixel is written to 2x2 places; a mirrored 3x3 stamp goes around each.
            stamp[down : down + 3, across : across + 3] += (
                layer.conv.weight[0, 0].detach().flip(0, 1)
            )
    peer = TransposedConv2d(1, 1, 4, 2, 1, bias=False)
    with torch.no_grad():
        peer.weight.copy_(stamp)
    x = torch.randn(1, 1, 5, 5)
    torch.testing.assert_close(layer(x), peer(x))


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: TransposedConv2d(0, 1, 3), "in_channels"),
        (lambda: TransposedConv2d(1, 0, 3), "out_channels"),
        (lambda: TransposedConv2d(1, 1, 0), "kernel_size"),
        (lambda: TransposedConv2d(1, 1, 3, 0), "stride"),
        (lambda: TransposedConv2d(1, 1, 3, 1, -1), "padding"),
        (lambda: TransposedConv2d(2, 1, 3)(torch.zeros(1, 1, 4, 4)), "input"),
        (lambda: TransposedConv2d(1, 1, 2, 1, 1)(torch.zeros(1, 1, 1, 4)), "input"),
        (lambda: tap_counts(0, 3, 2), "size"),
        (lambda: tap_counts(1, 2, 1, 1), "padding"),
        (lambda: bilinear_kernel(0), "stride"),
        (lambda: ResizeConv2d(1, 1, 2), "kernel_size"),
        (lambda: ResizeConv2d(1, 1, scale=0), "scale"),
        (lambda: ResizeConv2d(1, 1, mode="cubic"), "mode"),
        (lambda: ResizeConv2d(2, 1)(torch.zeros(1, 1, 4, 4)), "input"),
    ],
)
def test_bad_input_is_refused(call, name):
    with pytest.raises(ValueError, match=f"^{name}: expected "):
        call()
