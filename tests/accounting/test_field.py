"""Receptive fields against literals and against what a gradient reaches."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from cnnhistory.accounting import receptive_field, summarize


def field_and_stride(model, shape):
    total = summarize(model, shape).total
    return total.receptive_field, total.stride


def convs(*kernels):
    return nn.Sequential(*(nn.Conv2d(1, 1, kernel) for kernel in kernels))


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (convs(3, 3), (5, 1)),
        (convs(3, 3, 3), (7, 1)),
        (convs((1, 7), (7, 1)), (7, 1)),
        (convs((3, 5)), ((3, 5), 1)),
        (nn.Conv2d(1, 1, 3, stride=(1, 2)), (3, (1, 2))),
        (nn.Sequential(nn.Conv2d(1, 1, 7, 2), nn.MaxPool2d(3, 2)), (11, 4)),
        # dilation 1, 2, 4 doubles the field each time: 3, 7, 15
        (nn.Sequential(*(nn.Conv2d(1, 1, 3, dilation=d) for d in (1, 2, 4))), (15, 1)),
        (nn.MaxPool2d(2, dilation=3, stride=1), (4, 1)),
        # in and out again: 2 pixels, then two neighbors of them at most
        (nn.Sequential(nn.Conv2d(1, 1, 2, 2), nn.ConvTranspose2d(1, 1, 2, 2)), (2, 1)),
        (nn.Sequential(nn.AvgPool2d(2), nn.ConvTranspose2d(1, 1, 4, 2, 1)), (4, 1)),
        (nn.ConvTranspose2d(1, 1, 3, 2), (2, 0.5)),
        (nn.Sequential(nn.MaxPool2d(2), nn.Upsample(scale_factor=2)), (2, 1)),
        (nn.Sequential(nn.MaxPool2d(2), nn.UpsamplingBilinear2d(scale_factor=2)), (4, 1)),
        (nn.Sequential(nn.Conv2d(1, 4, 3), nn.PixelShuffle(2)), (3, 0.5)),
        (nn.Sequential(nn.PixelUnshuffle(2), nn.Conv2d(4, 1, 3)), (6, 2)),
        (nn.InstanceNorm2d(1), (1, 1)),
        (nn.LocalResponseNorm(5), (1, 1)),
    ],
)
def test_literals(model, expected):
    assert field_and_stride(model, (1, 32, 32)) == expected


@pytest.mark.parametrize(
    "head",
    [
        nn.AdaptiveAvgPool2d(1),
        nn.AdaptiveMaxPool2d(1),
        nn.Conv2d(2, 3, 4),
        nn.Sequential(nn.Flatten(), nn.Linear(32, 3)),
    ],
)
def test_a_head_that_reads_everything_keeps_the_stride(head):
    # a 4x4 map of fields of 2, 2 apart: 2 + 3 * 2
    assert field_and_stride(nn.Sequential(nn.Conv2d(1, 2, 2, 2), head), (1, 8, 8)) == (8, 2)


class Lambda(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def space_to_depth(x):
    n, c, h, w = x.shape
    x = x.view(n, c, h // 2, 2, w // 2, 2)
    return x.permute(0, 1, 3, 5, 2, 4).reshape(n, 4 * c, h // 2, w // 2)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x: x.flip(2), (1, 1)),
        (lambda x: x.transpose(2, 3).contiguous(), (1, 1)),
        (lambda x: x[:, :, ::2, ::2], (1, 2)),
        (lambda x: torch.cat([x, F.avg_pool2d(x, 3, 1, 1)], 1), (3, 1)),
        (lambda x: x + F.avg_pool2d(x, 5, 1, 2), (5, 1)),
        (lambda x: torch.stack([x, x]).amax(0), (1, 1)),
        (lambda x: torch.cat(x.chunk(2, 2), 2), (1, 1)),
        (lambda x: F.pad(x, (1, 1, 1, 1), mode="reflect"), (1, 1)),
        (lambda x: F.conv2d(space_to_depth(x), torch.ones(1, 4, 1, 1)), (2, 2)),
        (lambda x: F.conv2d(space_to_depth(x), torch.ones(1, 4, 3, 3)), (6, 2)),
        (lambda x: x.mean(3), ((1, 16), 1)),
        # two maps of different size, flattened and joined: a dense layer sees both whole
        (
            lambda x: (
                torch.cat([x.flatten(1), F.max_pool2d(x, 2).flatten(1)], 1) @ torch.ones(320, 2)
            ),
            (16, 2),
        ),
        # squeeze and excitation: the gate has seen everything
        (lambda x: x * x.mean((2, 3), keepdim=True).sigmoid(), (16, 1)),
        # mixing all pairs of positions
        (lambda x: x.flatten(2).mT @ x.flatten(2) @ x.flatten(2).mT, (16, 1)),
    ],
)
def test_operations_outside_layers(function, expected):
    assert field_and_stride(Lambda(function), (1, 16, 16)) == expected


@pytest.mark.parametrize(("kernel", "stride", "dilation"), [(3, 1, 1), (2, 2, 1), (3, 2, 2)])
def test_convolution_as_a_matrix_product(kernel, stride, dilation):
    class Unfolded(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(5, 2 * kernel**2))

        def forward(self, x):
            columns = F.unfold(x, kernel, dilation=dilation, stride=stride)
            return self.weight @ columns

    layer = nn.Conv2d(2, 5, kernel, stride, dilation=dilation, bias=False)
    expected = summarize(layer, (2, 9, 9)).total
    got = summarize(Unfolded(), (2, 9, 9)).total
    assert got.multiply_adds == expected.multiply_adds
    assert got.connections == expected.connections
    assert (got.receptive_field, got.stride) == (expected.receptive_field, expected.stride)


def test_tensor_unfold_is_a_window():
    # patches of 3, 2 apart, averaged
    model = Lambda(lambda x: x.unfold(2, 3, 2).mean(-1))
    assert field_and_stride(model, (1, 9)) == (3, 2)


def test_no_image_no_field():
    assert receptive_field(nn.Linear(3, 2), (3,)) is None


def reached(model, length):
    """Return the widest span of inputs that any output's gradient reaches."""
    for parameter in model.parameters():
        nn.init.ones_(parameter)
    x = torch.ones(1, 1, length)
    jacobian = torch.autograd.functional.jacobian(lambda x: model(x).flatten(), x)
    rows = jacobian.flatten(1).ne(0)
    return max(int(p[-1] - p[0]) + 1 for row in rows if len(p := row.nonzero().flatten()))


sizes = st.integers(1, 4)
down = st.one_of(
    st.builds(nn.Conv1d, st.just(1), st.just(1), sizes, st.integers(1, 2), dilation=sizes),
    st.builds(nn.AvgPool1d, sizes, st.integers(1, 2)),
)
up = st.one_of(
    st.builds(nn.ConvTranspose1d, st.just(1), st.just(1), sizes, sizes),
    st.builds(lambda s: nn.Upsample(scale_factor=s, mode="nearest"), sizes),
)


@settings(max_examples=30, deadline=None)
@given(st.lists(down, min_size=1, max_size=4))
def test_field_is_what_the_gradient_reaches(layers):
    model = nn.Sequential(*layers)
    assert receptive_field(model, (1, 160)) == reached(model, 160)


@settings(max_examples=30, deadline=None)
@given(st.lists(down, max_size=2), up)
def test_field_after_upsampling_is_what_the_gradient_reaches(layers, last):
    model = nn.Sequential(*layers, last)
    assert receptive_field(model, (1, 160)) == reached(model, 160)


@settings(max_examples=40, deadline=None)
@given(st.lists(down, max_size=2), up, st.lists(down, max_size=2))
def test_field_behind_upsampling_is_an_upper_bound(before, middle, after):
    model = nn.Sequential(*before, middle, *after)
    assert receptive_field(model, (1, 160)) >= reached(model, 160)


@settings(max_examples=40, deadline=None)
@given(st.lists(down, max_size=2), sizes, sizes, sizes)
def test_field_of_a_convolution_on_an_enlarged_map(before, scale, kernel, dilation):
    model = nn.Sequential(
        *before, nn.Upsample(scale_factor=scale), nn.Conv1d(1, 1, kernel, dilation=dilation)
    )
    assert receptive_field(model, (1, 160)) == reached(model, 160)
