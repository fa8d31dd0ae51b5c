"""Maps of bits: packing real maps, pooling, and how many threads do it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cnnhistory.kernels.jobs import new_job
from cnnhistory.kernels.threads import do
from cnnhistory.kernels.words import Pair, Words, word_count


@dataclass(frozen=True, eq=False)
class BitMaps:
    """Feature maps of signs, a bit each, with a border of zero bits.

    Shape: `words` (N, height + 2 border rows, width + 2 border columns, words of a pixel).
    """

    words: Words
    channels: int
    height: int
    width: int
    border: Pair = (0, 0)

    @staticmethod
    def empty(n: int, channels: int, height: int, width: int, border: Pair) -> BitMaps:
        """Return maps whose bits are all 0."""
        shape = (n, height + 2 * border[0], width + 2 * border[1], word_count(channels))
        return BitMaps(np.zeros(shape, np.uint64), channels, height, width, border)

    def numbers(self) -> dict[str, int]:
        """Return what a job needs to know about the maps."""
        n, rows, columns, _ = self.words.shape
        return {
            "packed": self.words.ctypes.data,
            "packed_rows": rows,
            "packed_columns": columns,
            "images": n,
            "channels": self.channels,
            "height": self.height,
            "columns": self.width,
            "top": self.border[0],
            "left": self.border[1],
        }

    def flattened(self) -> BitMaps:
        """Return the maps of an image as the channels of one pixel, images as rows.

        Raises:
            ValueError: the maps have a border.
        """
        if self.border != (0, 0):
            raise ValueError(f"border: expected none, got {self.border}")
        n = len(self.words)
        channels = self.channels * self.height * self.width
        return BitMaps(self.words.reshape(1, n, 1, -1), channels, n, 1)

    def signs(self) -> Tensor:
        """Return the signs as float32, (N, channels, height, width)."""
        (top, left), h, w = self.border, self.height, self.width
        inner = np.ascontiguousarray(self.words[:, top : top + h, left : left + w])
        bits = np.unpackbits(inner.astype("<u8").view(np.uint8), axis=-1, bitorder="little")
        signs = 2 * torch.from_numpy(bits[..., : self.channels]).float() - 1
        return signs.permute(0, 3, 1, 2)


def pack(
    x: Tensor,
    limits: Tensor,
    flips: npt.NDArray[np.bool_] | None = None,
    border: Pair = (0, 0),
    threads: int | None = None,
) -> BitMaps:
    """Compare real maps with a limit for each channel: bit = (x >= limit) xor flip.

    Shape: x (N, C, H, W), float32, limits (C,), flips (C,).
    """
    check_maps(x, len(limits))
    n, channels, height, width = x.shape
    maps = BitMaps.empty(n, channels, height, width, border)
    x = x.detach().resolve_neg()  # the kernel reads memory, and knows of no sign bit of a view
    is_first = x.is_contiguous() and not x.is_contiguous(memory_format=torch.channels_last)
    values = x if is_first else channels_last(x)
    limits = (
        limits.detach().cpu().float().resolve_neg().contiguous()
    )  # the kernel gets an address, and no type
    flip_words = _flip_words(flips, channels)
    numbers = {
        "x": values.data_ptr(),
        "limits": limits.data_ptr(),
        "flips": flip_words.ctypes.data,
        **maps.numbers(),
    }
    job = new_job("pack_first" if is_first else "pack_last", numbers)
    do(job, thread_count(threads), values, limits, flip_words, maps)
    return maps


def pool(
    bits: BitMaps,
    size: int,
    stride: int,
    flips: npt.NDArray[np.bool_] | None = None,
    border: Pair = (0, 0),
    threads: int | None = None,
) -> BitMaps:
    """Take the maximum of bits, which is their or; then flip the channels told to."""
    height, width = ((side - size) // stride + 1 for side in (bits.height, bits.width))
    out = BitMaps.empty(len(bits.words), bits.channels, height, width, border)
    flip_words = _flip_words(flips, bits.channels)
    numbers = {
        **bits.numbers(),
        "size": size,
        "stride": stride,
        "flips": flip_words.ctypes.data,
        "out": out.words.ctypes.data,
        "out_rows": out.words.shape[1],
        "out_columns": out.words.shape[2],
        "height": height,
        "columns": width,
        "top": border[0],
        "left": border[1],
    }
    do(new_job("pool", numbers), thread_count(threads), bits, flip_words, out)
    return out


def channels_last(x: Tensor) -> Tensor:
    """Return maps (N, C, H, W) that lie in memory as (N, H, W, C), copied only if need be.

    A view that is negative in name only (`Tensor.is_neg`) is copied too.
    """
    if x.is_contiguous(memory_format=torch.channels_last) and not x.is_neg():
        return x
    return x.detach().resolve_neg().contiguous(memory_format=torch.channels_last)


def _flip_words(flips: npt.NDArray[np.bool_] | None, channels: int) -> Words:
    if flips is None:
        return np.zeros(word_count(channels), np.uint64)
    bits = np.zeros(64 * word_count(channels), np.bool_)
    bits[:channels] = flips
    return np.packbits(bits, bitorder="little").view("<u8").astype(np.uint64)


def thread_count(threads: int | None) -> int:
    """Return how many threads to use: as told, else as many as torch.

    Raises:
        ValueError: fewer than one.
    """
    if threads is not None and threads < 1:
        raise ValueError(f"threads: expected at least 1, got {threads}")
    return torch.get_num_threads() if threads is None else threads


def check_maps(x: Tensor, channels: int) -> None:
    """Refuse what the kernels cannot take.

    Raises:
        ValueError: not maps of so many channels, not float32 on the CPU, or in need of gradients.
    """
    if x.dim() != 4 or x.shape[1] != channels:
        raise ValueError(f"x: expected maps (N, {channels}, H, W), got {tuple(x.shape)}")
    if x.dtype != torch.float32 or x.device.type != "cpu" or x.layout != torch.strided:
        raise ValueError(f"x: expected float32 on the CPU, got {x.dtype} on {x.device}, {x.layout}")
    if x.requires_grad and torch.is_grad_enabled():
        raise ValueError("x: the kernels compute no gradients; use torch.no_grad()")
