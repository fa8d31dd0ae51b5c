"""Multiply-adds against a convolution of ones, which counts its own products."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from cnnhistory.accounting import count_multiply_adds, summarize

small = st.integers(1, 3)


@settings(max_examples=40, deadline=None)
@given(small, small, small, small, small, small, st.integers(0, 2))
def test_convolution(groups, inputs, outputs, kernel, stride, dilation, padding):
    layer = nn.Conv2d(groups * inputs, groups * outputs, kernel, stride, padding, dilation, groups)
    # With ones everywhere, also in the padding, an output is the number of its products.
    padded = torch.ones(1, groups * inputs, 8 + 2 * padding, 9 + 2 * padding)
    ones = torch.ones_like(layer.weight)
    products = F.conv2d(padded, ones, stride=stride, dilation=dilation, groups=groups)
    assert count_multiply_adds(layer, (groups * inputs, 8, 9)) == products.sum().item()


@settings(max_examples=40, deadline=None)
@given(small, small, small, small, small, small, st.integers(0, 1))
def test_transposed_convolution(groups, inputs, outputs, kernel, stride, dilation, padding):
    layer = nn.ConvTranspose2d(
        groups * inputs, groups * outputs, kernel + padding, stride, padding,
        groups=groups, dilation=dilation,
    )  # fmt: skip
    # Without cropping, all products land in some output.
    ones = torch.ones_like(layer.weight)
    image = torch.ones(1, groups * inputs, 4, 5)
    products = F.conv_transpose2d(image, ones, stride=stride, dilation=dilation, groups=groups)
    assert count_multiply_adds(layer, (groups * inputs, 4, 5)) == products.sum().item()


@settings(max_examples=20, deadline=None)
@given(small, small, small, small)
def test_matrix_products(batch, rows, inner, columns):
    class Product(nn.Module):
        def forward(self, x):
            return x.view(batch, rows, inner) @ torch.ones(batch, inner, columns)

    expected = batch * rows * inner * columns
    assert count_multiply_adds(Product(), (batch * rows * inner,)) == expected


def test_lstm_counts_the_first_state():
    # 3 steps, 4 gates of 7 units, each reads 5 inputs and 7 states
    layer = nn.LSTM(5, 7, batch_first=True)
    assert count_multiply_adds(layer, (3, 5)) == 3 * 4 * 7 * (5 + 7) == 1_008
    assert count_multiply_adds(nn.GRU(5, 7, batch_first=True), (3, 5)) == 3 * 3 * 7 * (5 + 7)
    assert count_multiply_adds(nn.RNN(5, 7, batch_first=True), (3, 5)) == 3 * 7 * (5 + 7)
    assert count_multiply_adds(nn.LSTMCell(5, 7), (5,)) == 4 * 7 * (5 + 7)


def test_bilinear():
    class Both(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Bilinear(3, 4, 5)

        def forward(self, x):
            return self.layer(x[:, :3], x[:, 3:])

    # W y for 5 outputs and 3 rows: 5 * 3 * 4; then with x: 5 * 3
    row = summarize(Both(), (7,))["layer"]
    assert (row.multiply_adds, row.connections) == (60 + 15, 60 + 5)


def test_rms_norm_is_counted_like_layer_norm():
    rms, layer = (summarize(kind(6), (4, 6)).total for kind in (nn.RMSNorm, nn.LayerNorm))
    assert rms.other_ops == layer.other_ops == 2 * 4 * 6
    assert (rms.receptive_field, rms.stride) == (layer.receptive_field, layer.stride)


def test_rms_normalization_as_a_function_counts_like_the_layer():
    class AsFunction(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(6))

        def forward(self, x):
            return F.rms_norm(x, (6,), self.weight)

    function, layer = (summarize(model, (4, 6)) for model in (AsFunction(), nn.RMSNorm(6)))
    assert function.total == layer.total
    assert function.total.other_ops == 2 * 4 * 6
