"""Morlet wavelets and the Gaussian that completes them, as what they do to each frequency."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from cnnhistory._util.checks import check_counts, check_finite

COPIES = 2  # on each side, that a periodic filter adds up; beyond, a Gaussian has nothing left


def gabor(
    side: int, sigma: float, frequency: float = 0.0, angle: float = 0.0, slant: float = 1.0
) -> Tensor:
    """Return a Gaussian times a plane wave, on a square that repeats itself.

    g(u) = slant / (2 pi sigma^2) exp(-(a^2 + slant^2 b^2) / (2 sigma^2)) exp(i frequency a)

    with a the part of the place u along the wave, b that across it. The integral of the Gaussian
    is 1. With a frequency of 0 it is a Gaussian alone.

    Shape: complex (side, side), double precision, the origin in the first row and column.

    Units: `sigma` in pixels; `frequency` in radians per pixel; `angle` in radians, that of the
    wave's direction, counterclockwise from the right; `slant` below 1 makes the Gaussian longer
    across the wave than along it.

    Raises:
        ValueError: `side` is below 1, `sigma` or `slant` is not positive, or a number not
            finite.

    Source: bruna2013invariant, Section 2.1 (there an isotropic Gaussian).

    >>> round(gabor(16, sigma=2.0).real.sum().item(), 6)
    1.0
    """
    check_counts(side=side)
    check_finite("sigma", sigma, positive=True)
    check_finite("frequency", frequency)
    check_finite("angle", angle)
    check_finite("slant", slant, positive=True)
    place = torch.arange(-COPIES * side, (COPIES + 1) * side, dtype=torch.double)
    down, right = place[:, None], place[None, :]
    along = right * math.cos(angle) - down * math.sin(angle)
    across = right * math.sin(angle) + down * math.cos(angle)
    envelope = torch.exp(-(along**2 + (slant * across) ** 2) / (2 * sigma**2))
    wave = torch.polar(envelope * slant / (2 * math.pi * sigma**2), frequency * along)
    copies = 2 * COPIES + 1
    return wave.reshape(copies, side, copies, side).sum((0, 2))


def morlet(side: int, sigma: float, frequency: float, angle: float, slant: float) -> Tensor:
    """Return by how much a Morlet wavelet multiplies each frequency.

    psi(u) = g(u) - beta |g(u)|, g a Gabor function, beta such that the sum of psi is 0: a constant
    image gives 0. What it does to a wave is real, since psi(-u) is the conjugate of psi(u).

    Shape: (side, side), double precision, the frequencies in the order of `torch.fft.fft2`.

    Units: as `gabor`; the frequency that passes best is multiplied by nearly 1.

    Raises:
        ValueError: as `gabor`.

    Source: bruna2013invariant, Section 2.1.

    >>> wavelet = morlet(32, sigma=0.8, frequency=2.35, angle=0.0, slant=0.5)
    >>> abs(wavelet[0, 0].item()) < 1e-12, round(wavelet[0, 12].item(), 2)
    (True, 0.97)
    """
    wave = gabor(side, sigma, frequency, angle, slant)
    envelope = gabor(side, sigma, 0.0, angle, slant)
    return torch.fft.fft2(wave - wave.sum() / envelope.sum() * envelope).real


def low_pass(side: int, sigma: float) -> Tensor:
    """Return by how much a Gaussian blur multiplies each frequency: a constant by 1.

    Shape: (side, side), double precision.

    Raises:
        ValueError: as `gabor`.

    Source: bruna2013invariant, Section 2.1.

    >>> round(low_pass(32, sigma=1.6)[0, 0].item(), 6)
    1.0
    """
    return torch.fft.fft2(gabor(side, sigma)).real
