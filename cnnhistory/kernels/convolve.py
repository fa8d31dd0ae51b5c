"""Convolutions and dense layers of signs, on packed words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cnnhistory.kernels import reference
from cnnhistory.kernels.bitmaps import (
    BitMaps,
    channels_last,
    check_maps,
    pack,
    thread_count,
)
from cnnhistory.kernels.compiler import compiled_kernels
from cnnhistory.kernels.jobs import AT, new_job
from cnnhistory.kernels.threads import do
from cnnhistory.kernels.words import (
    Ints,
    PackedWeight,
    Pair,
    Plan,
    Words,
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
    n = len(bits.words)
    return _values("values_of_bits", n, bits.words, None, weight, layout, scale, threads)


@dataclass(frozen=True, eq=False)
class Thresholds:
    """Where the sums of a layer turn from one bit to the other: bit = (sum >= value) xor flip.

    Must not be changed: what the kernel needs is computed once for each layer and size of image.

    Shape: `values` and `flips` (O,).
    """

    values: Ints
    flips: npt.NDArray[np.bool_] | None = None
    _jobs: dict[tuple[PackedWeight, Plan, Pair], tuple[Any, ...]] = field(
        default_factory=dict, repr=False
    )

    def __getstate__(self) -> dict[str, Any]:
        # A copy has arrays of its own, at other addresses.
        return {**self.__dict__, "_jobs": {}}

    def job(self, weight: PackedWeight, layout: Plan, border: Pair, out: BitMaps) -> Ints:
        """Return the job of comparing a layer's sums, without images, to be copied."""
        key = weight, layout, border
        known = self._jobs.get(key)
        if known is None:
            prepared, channels = weight.prepare(layout), weight.out_channels
            # sum = full - 2 differing >= value  <=>  differing <= (full - value) / 2
            limits = np.full(prepared.sums.shape, -1, np.int32)
            limits[:, :channels] = (prepared.sums[:, :channels] - self.values) // 2
            rows, columns = np.divmod(layout.pixels, layout.width)
            _, height, across, words = out.words.shape
            places = 8 * words * ((rows + border[0]) * across + columns + border[1])
            flips = np.zeros(2 * weight.blocks, np.uint8)
            if self.flips is not None:
                packed = np.packbits(self.flips, bitorder="little")
                flips[: len(packed)] = packed
            numbers = {
                **prepared.numbers,
                "table": limits.ctypes.data,
                "flips": flips.ctypes.data,
                "places": places.ctypes.data,
                "out_image": 8 * height * across * words,
            }
            # The arrays are kept beside the job that has their addresses. Several threads may get
            # here at once; the first one's stay, for others may have read their addresses.
            made = new_job("bits_of_bits", numbers), limits, places, flips
            known = self._jobs.setdefault(key, made)
        job: Ints = known[0]
        return job


def convolve_bits(
    bits: BitMaps,
    weight: PackedWeight,
    stride: Pair,
    thresholds: Thresholds,
    border: Pair = (0, 0),
    threads: int | None = None,
) -> BitMaps:
    """Convolve packed maps and compare the sums: bit = (sum >= threshold) xor flip."""
    if _covers(bits, weight) and border == (0, 0):
        flat = bits.flattened(), weight.flattened()
        row = convolve_bits(*flat, (1, 1), thresholds, (0, 0), threads)
        return BitMaps(row.words.reshape(len(bits.words), 1, 1, -1), row.channels, 1, 1)
    layout = _layout(bits, weight, stride)
    n, channels = len(bits.words), weight.out_channels
    out = BitMaps.empty(n, channels, layout.height, layout.width, border)
    job = thresholds.job(weight, layout, border, out).copy()
    job[AT["images"]] = n
    job[AT["packed"]] = bits.words.ctypes.data
    job[AT["out"]] = out.words.ctypes.data
    do(job, thread_count(threads), bits, weight, thresholds, layout, out)
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
    return _values("values_of_floats", n, packed, values, weight, layout, scale, threads)


def _values(
    kind: str,
    n: int,
    packed: Words,
    x: Tensor | None,
    weight: PackedWeight,
    layout: Plan,
    scale: Tensor | None,
    threads: int | None,
) -> Tensor:
    prepared = weight.prepare(layout)
    job = prepared.job(kind)
    room, channels = len(prepared.ones), weight.out_channels
    factors = prepared.ones
    if scale is not None:
        factors = factors.copy()
        factors[:channels] = scale.detach().cpu().resolve_neg().numpy()
        job[AT["scale"]] = factors.ctypes.data
    shape = (n, room, layout.height, layout.width)
    out = torch.empty(shape, memory_format=torch.channels_last)
    job[AT["images"]] = n
    job[AT["packed"]] = packed.ctypes.data
    job[AT["x"]] = 0 if x is None else x.data_ptr()
    job[AT["out"]] = out.data_ptr()
    do(job, thread_count(threads), packed, x, prepared, weight, layout, factors, out)
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
