"""Fitting Gabor functions to kernels: how much a learned filter is like a simple cell."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
import torch
from scipy.optimize import least_squares
from torch import Tensor

from cnnhistory._util.lookup import expected

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class GaborFit:
    """The Gabor function that is nearest to a kernel.

    Units: `frequency` in cycles per pixel; `angle` of the wave's direction in degrees from 0 to
    180, counterclockwise from the right; `sigma` along and `across` the wave in pixels; `phase` in
    degrees, 0 for a bright stripe in the middle, 90 or -90 for an edge; `explained` is the share
    of the kernel's energy that the fit accounts for, from 0 to 1.

    Shape: `fitted` as the kernel, (h, w).
    """

    frequency: float
    angle: float
    sigma: float
    across: float
    phase: float
    explained: float
    fitted: Tensor


def fit_gabor(kernel: Tensor) -> GaborFit:
    """Fit a Gabor function to a kernel, by least squares from several starts.

    g(u) = A exp(-(a^2 / sigma^2 + b^2 / across^2) / 2) cos(2 pi f a + phase), with a the part of
    u - m along the wave and b the part across it. Starts are the strongest waves of the kernel's
    Fourier transform, with envelopes of two sizes in the middle of the kernel.

    Shape: (h, w), of 4 x 4 at least, for there are eight numbers to fit.

    Raises:
        ValueError: another shape, or a kernel without energy or not finite.

    Source: jones1987evaluation; here without a constant term.
    """
    if kernel.dim() != 2 or min(kernel.shape) < 4:
        raise expected("kernel", "(h, w) of 4x4 at least", tuple(kernel.shape))
    k = kernel.detach().double().numpy()
    energy = float((k**2).sum())
    if not 0 < energy < math.inf:
        raise expected("kernel", "finite numbers, not all 0", f"an energy of {energy}")
    k = k / math.sqrt(energy)
    height, width = k.shape
    down, right = np.mgrid[:height, :width] - np.array([[[height - 1]], [[width - 1]]]) / 2
    limit = (height + width) / 2
    low = [-limit, -limit, 0.4, 0.4, 0.0, -20.0, -np.inf, -np.inf]
    high = [limit, limit, 2 * limit, 2 * limit, 0.71, 20.0, np.inf, np.inf]

    def wave(p: Array) -> Array:
        x, y, sigma, across, f, angle, cosine, sine = p
        a = (right - x) * math.cos(angle) - (down - y) * math.sin(angle)
        b = (right - x) * math.sin(angle) + (down - y) * math.cos(angle)
        envelope = np.exp(-((a / sigma) ** 2 + (b / across) ** 2) / 2)
        turn = 2 * math.pi * f * a
        return envelope * (cosine * np.cos(turn) + sine * np.sin(turn))

    starts = product(_strongest_waves(k), (limit / 6, limit / 3))
    found = [
        least_squares(
            lambda p: (wave(p) - k).ravel(),
            [0.0, 0.0, size, size, min(f, 0.7), angle, cosine, sine],
            bounds=(low, high),
            max_nfev=60,
        )
        for (f, angle, cosine, sine), size in starts
    ]
    best = min(found, key=lambda one: one.cost)
    _, _, sigma, across, f, angle, cosine, sine = best.x
    return GaborFit(
        frequency=float(f),
        angle=math.degrees(angle) % 180,
        sigma=float(sigma),
        across=float(across),
        phase=math.degrees(math.atan2(-sine, cosine)),
        explained=1 - 2 * float(best.cost),
        fitted=torch.from_numpy(wave(best.x) * math.sqrt(energy)),
    )


def _strongest_waves(k: Array, count: int = 2, size: int = 32) -> list[tuple[float, ...]]:
    """Return frequency, angle and the parts of cosine and sine of the waves a kernel has most of.

    Of a group of neighbors in the table of frequencies only the strongest counts.
    """
    spectrum = np.fft.fftshift(np.fft.fft2(k, (size, size)))[size // 2 :]  # half says all
    strength = np.abs(spectrum)
    waves: list[tuple[float, ...]] = []
    height, width = k.shape
    for _ in range(count):
        row, column = np.unravel_index(strength.argmax(), strength.shape)
        down, right = row / size, column / size - 0.5
        # the phase at the middle of the kernel instead of its corner
        turn = 2 * math.pi * (down * (height - 1) + right * (width - 1)) / 2
        value = spectrum[row, column] * np.exp(1j * turn) * 4 / (height * width)
        waves.append((math.hypot(down, right), math.atan2(-down, right), value.real, -value.imag))
        strength[max(row - 4, 0) : row + 5, max(column - 4, 0) : column + 5] = 0
    return waves


def main_pattern(filters: Tensor) -> Tensor:
    """Return of each filter for colors the one pattern that comes nearest to it, and its sign.

    A filter of C channels is a matrix of C x (h w); its best approximation by one pattern times
    one color is the first pair of singular vectors. The color's largest part is positive.

    Shape: (K, C, h, w), result (K, h, w).

    Raises:
        ValueError: another number of dimensions.
    """
    if filters.dim() != 4:
        raise expected("filters", "(K, C, h, w)", tuple(filters.shape))
    color, size, pattern = torch.linalg.svd(filters.double().flatten(2), full_matrices=False)
    first = color[:, :, 0]
    sign = first.gather(1, first.abs().argmax(1, keepdim=True)).sign()
    return (pattern[:, 0] * size[:, :1] * sign).view(-1, *filters.shape[2:])
