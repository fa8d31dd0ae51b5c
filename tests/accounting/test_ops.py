"""Multiply-adds against a convolution of ones, which counts its own products."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from cnnhistory.accounting import count_multiply_adds

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
