"""Arithmetic on bits: 64 signs to a word, a convolution by xor and popcount.

The compiled kernels need numba (`pip install 'cnnhistory[binary]'`); with backend="torch" the same
functions run without it, slowly.
"""

from cnnhistory.kernels.bitmaps import BitMaps, pack, pool
from cnnhistory.kernels.compiler import compiled_kernels
from cnnhistory.kernels.convolve import (
    Thresholds,
    binary_conv2d,
    binary_linear,
    convolve_bits,
    convolve_values,
)
from cnnhistory.kernels.words import PackedWeight, pack_weight

__all__ = [
    "BitMaps",
    "PackedWeight",
    "Thresholds",
    "binary_conv2d",
    "binary_linear",
    "compiled_kernels",
    "convolve_bits",
    "convolve_values",
    "pack",
    "pack_weight",
    "pool",
]
