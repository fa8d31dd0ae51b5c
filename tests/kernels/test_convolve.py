"""The compiled kernels give, to the last bit, what a float convolution of signs gives."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from cnnhistory.kernels.bitmaps import BitMaps, pack
from cnnhistory.kernels.convolve import (
    Thresholds,
    binary_conv2d,
    binary_linear,
    convolve_bits,
    convolve_values,
)
from cnnhistory.kernels.words import pack_weight

pytest.importorskip("numba")


def signs(x):
    return torch.where(x >= 0, 1.0, -1.0)


@st.composite
def cases(draw):
    kernel = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    padding = draw(st.tuples(st.integers(0, 3), st.integers(0, 3)))
    stride = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    size = [draw(st.integers(max(1, k - 2 * p), 12)) for k, p in zip(kernel, padding, strict=True)]
    channels = draw(st.sampled_from([1, 3, 63, 64, 65, 127, 128, 130]) | st.integers(1, 200))
    n, out = draw(st.integers(1, 3)), draw(st.integers(1, 40))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 999)))
    x = torch.randn(n, channels, *size, generator=generator)
    weight = torch.randn(out, channels, *kernel, generator=generator)
    if draw(st.booleans()):
        x = x.contiguous(memory_format=torch.channels_last)
    elif draw(st.booleans()):
        x = x.transpose(2, 3).contiguous().transpose(2, 3)
    return x, weight, stride, padding, draw(st.integers(1, 3))


@given(cases())
@settings(max_examples=150, deadline=None)
def test_equal_to_the_float_convolution(case):
    x, weight, stride, padding, threads = case
    expected = F.conv2d(signs(x), signs(weight), stride=stride, padding=padding)
    got = binary_conv2d(x, weight, stride, padding, threads=threads)
    assert got.shape == expected.shape
    assert torch.equal(got, expected)


@given(cases())
@settings(max_examples=60, deadline=None)
def test_bits_of_packed_maps_are_comparisons_of_the_sums(case):
    x, weight, stride, padding, threads = case
    out = len(weight)
    generator = np.random.default_rng(len(x))
    thresholds = generator.integers(-20, 20, out)
    flips = generator.random(out) < 0.5
    sums = F.conv2d(signs(x), signs(weight), stride=stride, padding=padding)
    bits = pack(x, torch.zeros(x.shape[1]), border=padding, threads=threads)
    assert torch.equal(bits.signs(), signs(x))
    packed = pack_weight(weight)
    assert torch.equal(convolve_values(bits, packed, stride, threads=threads), sums)
    limit = torch.from_numpy(thresholds).view(1, -1, 1, 1)
    expected = (sums >= limit) ^ torch.from_numpy(flips).view(1, -1, 1, 1)
    got = convolve_bits(bits, packed, stride, Thresholds(thresholds, flips), (1, 2), threads)
    assert torch.equal(got.signs() > 0, expected)
    # the border and the bits left over are 0
    assert sum(int(w).bit_count() for w in got.words.flat) == int(expected.sum())


def test_by_hand():
    """One pixel, four channels: x = + - + -, w = + + - - give 0, and 2 with the last turned."""
    x = torch.tensor([1.0, -1, 1, -1]).view(1, 4, 1, 1)
    w = torch.tensor([[1.0, 1, -1, -1], [1, 1, 1, -1]]).view(2, 4, 1, 1)
    assert binary_conv2d(x, w).flatten().tolist() == [0, 2]
    assert binary_conv2d(x, w, scale=torch.tensor([3.0, 0.5])).flatten().tolist() == [0, 1]
    # padded taps are neither: the corner of a 3x3 window of ones sees 4 of 9 pixels
    ones = torch.ones(1, 1, 2, 2)
    assert binary_conv2d(ones, torch.ones(1, 1, 3, 3), padding=1).unique().tolist() == [4]


@given(st.integers(1, 30), st.integers(1, 300), st.integers(1, 40), st.integers(1, 2))
@settings(max_examples=30, deadline=None)
def test_dense_layers(n, features, out, threads):
    generator = torch.Generator().manual_seed(features)
    x = torch.randn(n, features, generator=generator)
    weight = torch.randn(out, features, generator=generator)
    expected = signs(x) @ signs(weight).t()
    assert torch.equal(binary_linear(x, weight, threads=threads), expected)
    assert torch.equal(binary_linear(x, weight, backend="torch"), expected)


def test_flattened_maps_are_read_in_their_order():
    torch.manual_seed(0)
    x, weight = torch.randn(5, 70, 3, 2), torch.randn(9, 70 * 6)
    bits = pack(x, torch.zeros(70)).flattened()
    got = convolve_values(bits, pack_weight(weight, 70))[0, :, :, 0].t()
    assert torch.equal(got, signs(x).flatten(1) @ signs(weight).t())
    with pytest.raises(ValueError, match="border: expected none"):
        pack(x, torch.zeros(70), border=(1, 1)).flattened()


def test_a_window_as_large_as_the_image():
    torch.manual_seed(0)
    x, weight = torch.randn(11, 65, 4, 3), torch.randn(20, 65, 4, 3)
    bits, packed = pack(x, torch.zeros(65)), pack_weight(weight)
    expected = F.conv2d(signs(x), signs(weight))
    assert torch.equal(convolve_values(bits, packed), expected)
    got = convolve_bits(bits, packed, (1, 1), Thresholds(np.zeros(20, np.int64)))
    assert torch.equal(got.signs(), signs(expected))
    assert (got.height, got.width) == (1, 1)


def test_sums_larger_than_float_keeps_apart_do_not_come_up():
    weight = torch.ones(1, 64, 3, 3)
    assert binary_conv2d(torch.ones(1, 64, 3, 3), weight).item() == 576


def test_an_empty_batch():
    w = torch.ones(4, 8, 3, 3)
    for form in (torch.contiguous_format, torch.channels_last):
        x = torch.empty(0, 8, 5, 5).contiguous(memory_format=form)
        assert binary_conv2d(x, w).shape == (0, 4, 3, 3)


def test_the_backends_agree():
    torch.manual_seed(0)
    x, w, alpha = torch.randn(2, 70, 6, 5), torch.randn(3, 70, 3, 3), torch.rand(3)
    got = [binary_conv2d(x, w, 2, 1, scale=alpha, backend=name) for name in ("numba", "torch")]
    assert torch.equal(*got)


def test_torchs_threads_are_left_alone():
    before = torch.get_num_threads()
    x, w = torch.randn(4, 64, 8, 8), torch.randn(16, 64, 3, 3)
    first = binary_conv2d(x, w, threads=1)
    assert torch.equal(binary_conv2d(x, w, threads=3), first)
    assert torch.get_num_threads() == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": torch.ones(1, 3, 4, 4, dtype=torch.double)}, "expected float32 on the CPU"),
        ({"x": torch.ones(1, 2, 4, 4)}, r"expected maps \(N, 3, H, W\), got \(1, 2, 4, 4\)"),
        ({"x": torch.ones(3, 4, 4)}, "expected maps"),
        ({"x": torch.ones(1, 3, 4, 4, requires_grad=True)}, "compute no gradients"),
        ({"x": torch.ones(1, 3, 1, 4)}, "at least 2x2 for kernels of 2x2"),
        ({"stride": 0}, "stride: expected one or two numbers of at least 1, got 0"),
        ({"padding": (1, -1)}, "padding: expected"),
        ({"threads": 0}, "threads: expected at least 1"),
        ({"backend": "cuda"}, "backend: expected 'numba' or 'torch'"),
        ({"weight": pack_weight(torch.ones(1, 3, 2, 2)), "backend": "torch"}, "got a PackedW"),
        ({"weight": torch.ones(1, 3, 2)}, "weight: expected 2 or 4 axes"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    arguments = {"x": torch.ones(1, 3, 4, 4), "weight": torch.ones(1, 3, 2, 2), **change}
    with pytest.raises(ValueError, match=message):
        binary_conv2d(**arguments)


def test_maps_that_do_not_fit_the_kernels_are_refused():
    bits = BitMaps.empty(1, 64, 4, 4, (0, 0))
    with pytest.raises(ValueError, match="expected 65 channels in 2 words, got 64 in 1"):
        convolve_values(bits, pack_weight(torch.ones(1, 65, 2, 2)))
    with pytest.raises(ValueError, match="expected vectors"):
        binary_linear(torch.ones(1, 2, 3), torch.ones(1, 3))


@pytest.mark.slow
@pytest.mark.parametrize("processor", ["haswell", "x86-64"])
def test_processors_without_vector_popcount(processor, tmp_path):
    """The same source, compiled for another processor of this family, by another process."""
    if "x86" not in os.uname().machine:
        pytest.skip("not an x86 processor")
    program = (
        "import torch; from cnnhistory.kernels import binary_conv2d, compiled_kernels;"
        "torch.manual_seed(0); x, w = torch.randn(2, 70, 9, 8), torch.randn(33, 70, 3, 3);"
        "assert compiled_kernels().PIXELS == 2;"
        "s = lambda t: torch.where(t >= 0, 1.0, -1.0);"
        "y = torch.nn.functional.conv2d(s(x), s(w), padding=1);"
        "assert torch.equal(binary_conv2d(x, w, padding=1), y)"
    )
    features = "+avx2,+popcnt" if processor == "haswell" else "+sse2"
    environment = {
        **os.environ,
        "NUMBA_CPU_NAME": processor,
        "NUMBA_CPU_FEATURES": features,
        "NUMBA_CACHE_DIR": str(tmp_path),
    }
    subprocess.run([sys.executable, "-c", program], check=True, env=environment, timeout=200)


def negated(x):
    """A view that is negative in name only: memory holds the opposite signs."""
    view = torch.complex(torch.zeros_like(x), -x).conj().imag
    assert view.is_neg()
    assert torch.equal(view, x)
    return view


@pytest.mark.parametrize("form", [torch.contiguous_format, torch.channels_last])
def test_a_view_that_is_negative_in_name_only(form):
    torch.manual_seed(0)
    x = torch.randn(2, 70, 6, 5).contiguous(memory_format=form)
    w, alpha = torch.randn(20, 70, 3, 3), torch.rand(20) - 0.5
    expected = F.conv2d(signs(x), signs(w), padding=1) * alpha.view(1, -1, 1, 1)
    got = binary_conv2d(negated(x), negated(w), 1, 1, scale=negated(alpha))
    assert torch.equal(got, expected)
    assert torch.equal(
        pack(negated(x), negated(x[0, :, 0, 0])).signs(), pack(x, x[0, :, 0, 0]).signs()
    )
    v = torch.randn(4, 70)
    assert torch.equal(binary_linear(negated(v), w[:, :, 0, 0]), binary_linear(v, w[:, :, 0, 0]))


def test_sparse_maps_are_refused():
    with pytest.raises(ValueError, match=r"expected float32 on the CPU, got .*sparse_coo"):
        binary_conv2d(torch.ones(1, 3, 4, 4).to_sparse(), torch.ones(1, 3, 2, 2))
