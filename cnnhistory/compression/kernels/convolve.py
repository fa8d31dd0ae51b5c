"""Convolutions and dense layers of signs, on packed words."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cnnhistory.compression.kernels import reference
from cnnhistory.compression.kernels.bitmaps import (
    BitMaps,
    channels_last,
    check_maps,
    pack,
    thread_count,
)
from cnnhistory.compression.kernels.compiler import compiled_kernels
from cnnhistory.compression.kernels.threads import do
from cnnhistory.compression.kernels.words import (
    Ints,
    PackedWeight,
    Pair,
    Plan,
    pack_weight,
    plan,
    word_count,
)

Backend = Literal["numba", "torch"]


def binary_conv2d(
    x: Tensor,
    weight: Tensor | PackedWeight,
    stride: int | Pair = 1,
    padding: int | Pair = 0,
    *,
    scale: Tensor | None = None,
    backend: Backend = "numba",
    threads: int | None = None,
) -> Tensor:
    """Convolve the signs of maps with the signs of kernels, by xor and popcount.

    y_o = scale_o * sum over the taps inside the image of sign(x) sign(w). The result is exactly
    that of a float convolution of +1 and -1 padded with zeros. XNOR-Net's and BNN's programs pad
    so too: their border is a third value beside +1 and -1. A kernel that has no third value
    would count a tap outside as -1; here a table of corrections takes those counts back.

    Packing the input is part of the work. Maps with the channels last are packed row by row by
    the threads that then convolve them; others are packed first, which costs a quarter more.

    Shape: x (N, C, H, W), weight (O, C, kh, kw), real or packed, scale (O,), result
    (N, O, H', W'), float32, laid out with the channels last.

    Args:
        x: the maps, float32; values of at least 0 count as +1, others as -1.
        weight: kernels; give them packed (`pack_weight`) if they serve more than once.
        stride: of the windows, one number or rows and columns.
        padding: zeros around the image, one number or rows and columns.
        scale: factor of each output channel; default 1.
        backend: "numba" for the compiled kernels, "torch" for the reference.
        threads: how many work at it; default: as many as torch uses.

    Raises:
        ValueError: types, shapes or numbers do not fit.
        ImportError: numba is not installed.

    Source: rastegari2016xnor, Section 3.2; courbariaux2016binarized, Section 4.
    """
    stride, padding = _pair("stride", stride, 1), _pair("padding", padding, 0)
    if backend not in ("numba", "torch"):
        raise ValueError(f"backend: expected 'numba' or 'torch', got {backend!r}")
    if backend == "torch":
        if isinstance(weight, PackedWeight):
            raise ValueError("weight: the torch backend expects a tensor, got a PackedWeight")
        check_maps(x, weight.shape[1] if weight.dim() == 4 else -1)
        whole = reference.convolve(x, weight, stride, padding).float()
        return whole if scale is None else whole * scale.view(1, -1, 1, 1)
    packed = weight if isinstance(weight, PackedWeight) else pack_weight(weight)
    check_maps(x, packed.channels)
    if x.is_contiguous(memory_format=torch.channels_last) or not x.is_contiguous():
        return _values_of_floats(x, packed, stride, padding, scale, threads)
    limits = torch.zeros(x.shape[1])
    bits = pack(x, limits, None, padding, threads)
    return convolve_values(bits, packed, stride, scale, threads)


def binary_linear(
    x: Tensor,
    weight: Tensor | PackedWeight,
    *,
    scale: Tensor | None = None,
    backend: Backend = "numba",
    threads: int | None = None,
) -> Tensor:
    """Multiply the signs of vectors by a matrix of signs: a convolution of one pixel.

    Shape: x (N, F), weight (O, F), real or packed, scale (O,), result (N, O), float32.

    Raises:
        ValueError, ImportError: see `binary_conv2d`.
    """
    if x.dim() != 2:
        raise ValueError(f"x: expected vectors of shape (N, F), got {tuple(x.shape)}")
    if backend == "torch" and not isinstance(weight, PackedWeight):
        weight = weight[:, :, None, None]
    column = x.t()[None, :, :, None]  # (1, F, N, 1): vectors are the pixels of one image
    y = binary_conv2d(column, weight, scale=scale, backend=backend, threads=threads)
    return y[0, :, :, 0].t()


def convolve_values(
    bits: BitMaps,
    weight: PackedWeight,
    stride: Pair = (1, 1),
    scale: Tensor | None = None,
    threads: int | None = None,
) -> Tensor:
    """Convolve packed maps, whose border is the padding, into real ones."""
    if _covers(bits, weight):
        y = convolve_values(bits.flattened(), weight.flattened(), (1, 1), scale, threads)
        return y.permute(2, 1, 0, 3)
    layout = _layout(bits, weight, stride)
    numbers = {"images": len(bits.words), "packed": bits.words.ctypes.data}
    return _values("values_of_bits", numbers, weight, layout, scale, threads)


def convolve_bits(
    bits: BitMaps,
    weight: PackedWeight,
    stride: Pair,
    thresholds: Ints,
    flips: npt.NDArray[np.bool_] | None = None,
    border: Pair = (0, 0),
    threads: int | None = None,
) -> BitMaps:
    """Convolve packed maps and compare the sums: bit = (sum >= threshold) xor flip.

    Shape: thresholds and flips (O,).
    """
    if _covers(bits, weight) and border == (0, 0):
        flat = bits.flattened(), weight.flattened()
        row = convolve_bits(*flat, (1, 1), thresholds, flips, (0, 0), threads)
        return BitMaps(row.words.reshape(len(bits.words), 1, 1, -1), row.channels, 1, 1)
    layout = _layout(bits, weight, stride)
    n, channels = len(bits.words), weight.out_channels
    out = BitMaps.empty(n, channels, layout.height, layout.width, border)
    # sum = full - 2 differing bits >= threshold  <=>  differing bits <= (full - threshold) / 2
    prepared = weight.prepare(layout)
    limits = np.full(prepared.sums.shape, -1, np.int32)
    limits[:, :channels] = (prepared.sums[:, :channels] - thresholds) // 2
    rows, columns = np.divmod(layout.pixels, layout.width)
    _, _, across, words = out.words.shape
    places = 8 * words * ((rows + border[0]) * across + columns + border[1])
    flip_bytes = np.zeros(2 * weight.blocks, np.uint8)
    if flips is not None:
        packed = np.packbits(flips, bitorder="little")
        flip_bytes[: len(packed)] = packed
    numbers = {
        **prepared.numbers,
        "images": n,
        "packed": bits.words.ctypes.data,
        "table": limits.ctypes.data,
        "flips": flip_bytes.ctypes.data,
        "places": places.ctypes.data,
        "out": out.words.ctypes.data,
        "out_image": out.words.nbytes // n if n else 0,
    }
    do("bits_of_bits", numbers, thread_count(threads))
    return out


def _values_of_floats(
    x: Tensor,
    weight: PackedWeight,
    stride: Pair,
    padding: Pair,
    scale: Tensor | None,
    threads: int | None,
) -> Tensor:
    n, channels, height, width = x.shape
    tile = compiled_kernels().PIXELS
    layout = plan((height, width), word_count(channels), weight.kernel, stride, padding, tile)
    values, packed = channels_last(x), np.zeros((n, *layout.shape), np.uint64)
    numbers = {"images": n, "x": values.data_ptr(), "packed": packed.ctypes.data}
    return _values("values_of_floats", numbers, weight, layout, scale, threads)


def _values(
    kind: str,
    numbers: dict[str, int],
    weight: PackedWeight,
    layout: Plan,
    scale: Tensor | None,
    threads: int | None,
) -> Tensor:
    prepared = weight.prepare(layout)
    numbers = {**prepared.numbers, **numbers}
    room, channels = len(prepared.ones), weight.out_channels
    if scale is not None:
        factors = prepared.ones.copy()
        factors[:channels] = scale.detach().numpy()
        numbers["scale"] = factors.ctypes.data
    shape = (numbers["images"], room, layout.height, layout.width)
    out = torch.empty(shape, memory_format=torch.channels_last)
    numbers["out"] = out.data_ptr()
    do(kind, numbers, thread_count(threads))
    return out if room == channels else out[:, :channels]


def _covers(bits: BitMaps, weight: PackedWeight) -> bool:
    """Whether each image has one window, so that images can be the pixels of a tile."""
    single = bits.border == (0, 0) and weight.kernel == (bits.height, bits.width)
    return single and len(bits.words) > 1


def _layout(bits: BitMaps, weight: PackedWeight, stride: Pair) -> Plan:
    words = bits.words.shape[-1]
    if bits.channels != weight.channels or words != weight.words_per_tap:
        raise ValueError(
            f"bits: expected {weight.channels} channels in {weight.words_per_tap} words, "
            f"got {bits.channels} in {words}"
        )
    tile = compiled_kernels().PIXELS
    return plan((bits.height, bits.width), words, weight.kernel, stride, bits.border, tile)


def _pair(name: str, value: int | Pair, least: int) -> Pair:
    pair = (value, value) if isinstance(value, int) else tuple(value)
    if len(pair) != 2 or min(pair) < least:
        raise ValueError(f"{name}: expected one or two numbers of at least {least}, got {value}")
    return pair[0], pair[1]
