"""Deep correlations: how alike a feature map is to itself, shifted.

O. Sendik, D. Cohen-Or (2017), "Deep Correlations for Texture Synthesis" [sendik2017deep].
What was new: besides Gram matrices, which forget where things are, the autocorrelation of each map
is matched, in which a regular structure shows as peaks at its periods.
"""

from __future__ import annotations

import torch
from torch import Tensor

from cnnhistory._util.lookup import check_integer, expected


def autocorrelation(maps: Tensor, reach: tuple[int, int]) -> Tensor:
    """Correlate each map with itself, shifted, over the places that both have.

    R_ij = 1 / ((H - |i|) (W - |j|)) * sum over q and m of f_{q, m} f_{q - i, m - j} for shifts i
    from -reach to reach along H and likewise j along W. Computed by the Fourier transform of the
    maps, with as many zeros around them that nothing comes back on the other side.

    Shape: maps (..., H, W); (..., 2 reach + 1, 2 reach + 1), no shift in the middle.

    Raises:
        ValueError: a shift is not below the side of the maps.

    Source: sendik2017deep, Section 3.

    >>> autocorrelation(torch.tensor([[1.0, 0, 1, 0]]), (0, 2)).round(decimals=4).tolist()
    [[0.5, 0.0, 0.5, 0.0, 0.5]]
    """
    height, width = maps.shape[-2:]
    check_integer("reach", reach[0], 0, height - 1)
    check_integer("reach", reach[1], 0, width - 1)
    size = (height + reach[0], width + reach[1])
    spectrum = torch.fft.rfft2(maps, s=size)
    products = torch.fft.irfft2(spectrum * spectrum.conj(), s=size)
    rows = torch.arange(-reach[0], reach[0] + 1, device=maps.device)
    columns = torch.arange(-reach[1], reach[1] + 1, device=maps.device)
    found = products[..., rows % size[0], :][..., columns % size[1]]
    overlap = (height - rows.abs())[:, None] * (width - columns.abs())
    return found / overlap


def half_reach(maps: Tensor) -> tuple[int, int]:
    """Return half of the sides of maps: the largest shifts that the paper compares."""
    return maps.shape[-2] // 2, maps.shape[-1] // 2


def structure_loss(maps: Tensor, target: Tensor) -> Tensor:
    """Compare the autocorrelations of maps with those of an example's, channel by channel.

    E = 1/4 * sum over the channels and shifts of (R_ij - A_ij)^2, divided by the sum of A_ij^2, so
    that layers have comparable values.

    Shape: maps (1, N, H, W), target (1, N, 2 a + 1, 2 b + 1), the example's, with a < H, b < W; a
    scalar.

    Raises:
        ValueError: another number of maps, or maps that are smaller than the shifts.

    Source: sendik2017deep, Section 4 (structural energy).

    Deviations: divided by the example's sum of squares; a picture may have another size than its
        example.
    """
    if maps.shape[-3] != target.shape[-3]:
        raise expected("maps", f"{target.shape[-3]} channels", maps.shape[-3])
    reach = (target.shape[-2] // 2, target.shape[-1] // 2)
    found = autocorrelation(maps, reach)
    return (found - target).square().sum() / (4 * target.square().sum()).clamp(min=1e-12)


def smoothness(picture: Tensor, sharpness: float = 100.0) -> Tensor:
    """Return how alike each pixel is to the most alike of its eight neighbors; 0 if all are equal.

    1/s * mean over the pixels of log(1/8 * sum over the neighbors of exp(-s d^2)), d the difference
    of two values: a soft minimum of the squared differences, negative, so that the energy takes it
    with a negative weight.

    Shape: picture (..., H, W) with H, W at least 3; a scalar.

    Source: sendik2017deep, Section 4 (smoothness energy).

    Deviations: the mean in place of the sum; pixels at the edge are left out.
    """
    middle = picture[..., 1:-1, 1:-1]
    height, width = middle.shape[-2:]
    differences = [
        picture[..., 1 + i : 1 + i + height, 1 + j : 1 + j + width] - middle
        for i in (-1, 0, 1)
        for j in (-1, 0, 1)
        if (i, j) != (0, 0)
    ]
    alike = torch.stack([-sharpness * d.square() for d in differences])
    return ((alike.logsumexp(0) - torch.log(torch.tensor(8.0))) / sharpness).mean()


def diversity(maps: Tensor, example: Tensor) -> Tensor:
    """Return how far the maps are from the example's, place by place, over the example's squares.

    The energy takes it with a negative weight: a copy of the example is the least diverse.

    Shape: both (1, N, H, W); a scalar.

    Raises:
        ValueError: the shapes differ.

    Source: sendik2017deep, Section 4 (diversity energy).

    Deviations: relative to the example's sum of squares.
    """
    if maps.shape != example.shape:
        raise expected("maps", str(tuple(example.shape)), tuple(maps.shape))
    return (maps - example).square().sum() / example.square().sum().clamp(min=1e-12)
