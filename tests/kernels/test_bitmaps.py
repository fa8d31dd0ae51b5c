import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from cnnhistory.kernels.bitmaps import pack, pool
from cnnhistory.kernels.compiler import compiled_kernels
from cnnhistory.kernels.convolve import binary_conv2d

pytest.importorskip("numba")


def signs(x):
    return torch.where(x >= 0, 1.0, -1.0)


@given(
    st.integers(1, 2), st.integers(1, 140), st.integers(1, 9), st.integers(1, 9), st.booleans(),
    st.integers(1, 2),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_packing_compares_each_channel_with_its_limit(n, c, h, w, last, threads):
    generator = torch.Generator().manual_seed(c)
    x = torch.randint(-2, 3, (n, c, h, w), generator=generator).float()
    limits = torch.randint(-2, 3, (c,), generator=generator).float()
    flips = np.random.default_rng(c).random(c) < 0.5
    form = x.contiguous(memory_format=torch.channels_last) if last else x
    got = pack(form, limits, flips, (2, 1), threads)
    expected = (x >= limits.view(1, -1, 1, 1)) ^ torch.from_numpy(flips).view(1, -1, 1, 1)
    assert torch.equal(got.signs() > 0, expected)


@given(st.integers(1, 70), st.integers(2, 8), st.integers(2, 8), st.integers(1, 3))
@settings(max_examples=30, deadline=None)
def test_the_maximum_of_bits_is_that_of_signs(c, h, w, stride):
    x = torch.randn(2, c, h, w, generator=torch.Generator().manual_seed(c))
    flips = np.arange(c) % 3 == 0
    got = pool(pack(x, torch.zeros(c)), 2, stride, flips, (1, 0))
    expected = F.max_pool2d(signs(x), 2, stride)
    expected[:, flips] *= -1
    assert torch.equal(got.signs(), expected)


def test_what_counts_as_a_sign():
    x = torch.tensor([0.0, -0.0, 1e-45, -1e-45, float("inf"), -float("inf"), float("nan")])
    expected = torch.tensor([1.0, 1, 1, -1, 1, -1, -1])
    for form in (x.view(1, 7, 1, 1), x.view(1, 1, 1, 7), x.view(1, 1, 7, 1)):
        assert torch.equal(pack(form, torch.zeros(form.shape[1])).signs().flatten(), expected)


def test_without_numba_the_message_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    monkeypatch.delitem(sys.modules, "cnnhistory.kernels.compiled", raising=False)
    compiled_kernels.cache_clear()
    with pytest.raises(ImportError, match=r"pip install 'cnnhistory\[binary\]'"):
        binary_conv2d(torch.ones(1, 1, 2, 2), torch.ones(1, 1, 1, 1))
    x = torch.ones(1, 1, 2, 2)
    assert binary_conv2d(x, x[..., :1, :1], backend="torch").flatten().tolist() == [1] * 4
    compiled_kernels.cache_clear()


def test_limits_of_another_type_are_compared_as_they_are():
    x = torch.tensor([0.5, -0.5, 1.5, 0.0]).view(1, 4, 1, 1)
    for limits in (torch.tensor([0.0, -1.0, 2.0, 1.0]), torch.tensor([0, -1, 2, 1])):
        for kind in (limits, limits.double()):
            assert pack(x, kind).signs().flatten().tolist() == [1, 1, -1, -1]
