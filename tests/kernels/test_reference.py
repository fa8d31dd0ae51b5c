import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from cnnhistory.kernels.reference import convolve, pack_signs, popcount


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=20))
def test_popcount_counts(words):
    assert popcount(torch.tensor(words)).tolist() == [(w % 2**64).bit_count() for w in words]


def test_signs_fill_words_from_the_lowest_bit():
    x = -torch.ones(130)
    x[[0, 63, 64, 129]] = 1
    assert pack_signs(x).tolist() == [1 - 2**63, 1, 2]


def test_a_dot_product_by_hand():
    """x = + - + -, w = + + - -: two of four products are -1, so the sum is 4 - 2 * 2 = 0."""
    x, w = torch.tensor([1.0, -1, 1, -1]), torch.tensor([1.0, 1, -1, -1])
    differ = pack_signs(x) ^ pack_signs(w)
    assert differ.tolist() == [0b0110]
    assert 4 - 2 * int(popcount(differ)) == int((x * w).sum()) == 0


def test_taps_outside_the_image_count_nothing():
    x, w = torch.ones(1, 3, 1, 1), -torch.ones(1, 3, 3, 3)
    assert convolve(x, w, (1, 1), (1, 1)).tolist() == [[[[-3]]]]


@given(
    st.integers(1, 2), st.integers(1, 70), st.integers(1, 5), st.integers(1, 6), st.integers(1, 6),
    st.integers(1, 3), st.integers(1, 2), st.integers(0, 2), st.integers(0, 99),
)  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_it_is_the_float_convolution(n, c, o, h, w, k, stride, pad, seed):
    generator = torch.Generator().manual_seed(seed)
    h, w = max(h, k), max(w, k)
    x = torch.randn(n, c, h, w, generator=generator)
    kernel = torch.randn(o, c, k, k, generator=generator)
    signs = [torch.where(t >= 0, 1.0, -1.0) for t in (x, kernel)]
    expected = F.conv2d(*signs, stride=stride, padding=pad)
    assert torch.equal(convolve(x, kernel, (stride, stride), (pad, pad)).float(), expected)
