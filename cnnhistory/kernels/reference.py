"""The same convolution on words in plain torch: slow, short, and what the kernels are held to."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def pack_signs(x: Tensor) -> Tensor:
    """Put the signs of the last axis into 64-bit words, entry i into bit i modulo 64.

    Shape: (..., C) to (..., ceil(C / 64)), int64.

    >>> pack_signs(torch.tensor([1.0, -1.0, 1.0, 1.0])).tolist()
    [13]
    """
    bits = F.pad((x >= 0).to(torch.int64), (0, -x.shape[-1] % 64))
    places = torch.arange(64, device=x.device)
    return (bits.unflatten(-1, (-1, 64)) << places).sum(-1)


def popcount(words: Tensor) -> Tensor:
    """Count the bits that are 1 in each 64-bit word: in pairs, then fours, then bytes.

    >>> popcount(torch.tensor([0, 1, 13, -1])).tolist()
    [0, 1, 3, 64]
    """
    pairs = words - ((words >> 1) & 0x5555555555555555)
    fours = (pairs & 0x3333333333333333) + ((pairs >> 2) & 0x3333333333333333)
    eights = (fours + (fours >> 4)) & 0x0F0F0F0F0F0F0F0F
    return (eights * 0x0101010101010101) >> 56


def convolve(
    x: Tensor, weight: Tensor, stride: tuple[int, int], padding: tuple[int, int]
) -> Tensor:
    """Convolve the signs of `x` with the signs of `weight`, tap by tap, on words.

    A tap outside the image adds nothing.

    Shape: x (N, C, H, W), weight (O, C, kh, kw), result (N, O, H', W'), int64.
    """
    channels, (ph, pw) = x.shape[1], padding
    image = F.pad(pack_signs(x.permute(0, 2, 3, 1)), (0, 0, pw, pw, ph, ph))
    inside = F.pad(x.new_ones(x.shape[2:], dtype=torch.int64), (pw, pw, ph, ph))
    kernels = pack_signs(weight.permute(2, 3, 0, 1))  # (kh, kw, O, words)
    kh, kw = kernels.shape[:2]
    height = (image.shape[1] - kh) // stride[0] + 1
    width = (image.shape[2] - kw) // stride[1] + 1
    total = torch.zeros(len(x), height, width, len(weight), dtype=torch.int64, device=x.device)
    for i in range(kh):
        for j in range(kw):
            rows = slice(i, i + (height - 1) * stride[0] + 1, stride[0])
            columns = slice(j, j + (width - 1) * stride[1] + 1, stride[1])
            words = image[:, rows, columns, None]  # (N, H', W', 1, words)
            differ = popcount(words ^ kernels[i, j]).sum(-1)  # (N, H', W', O)
            total += inside[rows, columns, None] * (channels - 2 * differ)
    return total.permute(0, 3, 1, 2)
