"""How far a made texture is from its example, and how much of it was copied."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from cnnhistory._util.lookup import check_integer
from cnnhistory.graphics.texture.checks import check_picture
from cnnhistory.graphics.texture.correlations import autocorrelation


def spectrum_distance(picture: Tensor, example: Tensor, bins: int = 24) -> float:
    """Compare the amounts of each frequency: the mean difference of the radial log spectra.

    The power of the gray picture, minus its mean, under a Hann window and divided by its sum, is
    averaged over rings of frequencies; compared are the decimal logarithms, in the rings that both
    have.

    Shape: both (3, H, W), of any two sizes of at least 16.

    Units: 1 is a factor of ten in power.

    Raises:
        ValueError: one is not a picture, or too small.
    """
    found = [_rings(name, one, bins) for name, one in (("picture", picture), ("example", example))]
    both = ~(found[0].isnan() | found[1].isnan())
    return float((found[0] - found[1])[both].abs().mean())


def _rings(name: str, picture: Tensor, bins: int) -> Tensor:
    check_picture(name, picture, 16)
    check_integer("bins", bins, 1)
    gray = picture.double().mean(0)
    height, width = gray.shape
    window = torch.hann_window(height, dtype=torch.double)[:, None]
    window = window * torch.hann_window(width, dtype=torch.double)
    power = torch.fft.fft2((gray - gray.mean()) * window).abs().square()
    power = power / power.sum().clamp(min=1e-30)
    frequency = torch.hypot(torch.fft.fftfreq(height)[:, None], torch.fft.fftfreq(width)[None])
    ring = (frequency / 0.5 * bins).long()
    inside = ring < bins
    sums = torch.zeros(bins, dtype=torch.double).index_add_(0, ring[inside], power[inside])
    counts = torch.bincount(ring[inside], minlength=bins)
    # a spectral density does not depend on the size: the mean over a ring, times the pixels
    return (sums / counts * height * width).clamp(min=1e-12).log10()


def autocorrelation_distance(picture: Tensor, example: Tensor, reach: int = 32) -> float:
    """Compare how alike pictures are to themselves, shifted: the root mean square difference.

    The autocorrelation of the gray picture minus its mean, divided by its value without shift, for
    shifts of up to `reach` pixels. A regular structure has peaks at its periods.

    Shape: both (3, H, W).

    Raises:
        ValueError: one is not a picture, or not larger than `reach`.
    """
    check_integer("reach", reach, 1)
    found = []
    for name, one in (("picture", picture), ("example", example)):
        check_picture(name, one, reach + 1)
        gray = one.double().mean(0)
        alike = autocorrelation(gray - gray.mean(), (reach, reach))
        found.append(alike / alike[reach, reach].clamp(min=1e-12))
    return float((found[0] - found[1]).square().mean().sqrt())


def regularity(picture: Tensor) -> float:
    """Return how regular a texture is: how far its autocorrelation rises again away from no shift.

    The autocorrelation is that of `autocorrelation_distance`, for shifts of up to 5/12 of the
    shorter side. For each of its peaks p, on the straight way there from no shift it first falls to
    some least value l; the peak counts R(p) - max(l, 0), and the largest of all is returned. So a
    slow change of brightness, which never falls, is not regular, nor are stripes along themselves.

    Shape: picture (3, H, W) with sides of at least 16.

    Units: 1 for a pattern that repeats exactly, 0 if it never does.

    Raises:
        ValueError: it is not a picture, or too small.
    """
    from scipy.ndimage import map_coordinates, maximum_filter

    check_picture("picture", picture, 16)
    reach = min(picture.shape[1:]) * 5 // 12
    gray = picture.double().mean(0)
    found = autocorrelation(gray - gray.mean(), (reach, reach))
    alike = (found / found[reach, reach].clamp(min=1e-12)).numpy()
    peaks = maximum_filter(alike, 3) == alike
    peaks[[0, -1]] = peaks[:, [0, -1]] = False  # these may rise further outside
    peaks[: reach + 1, : reach + 1] = peaks[:reach] = False  # each shift has its opposite
    way, best = torch.linspace(0, 1, 2 * reach).numpy(), 0.0
    for i, j in zip(*peaks.nonzero(), strict=True):
        line = [reach + (i - reach) * way, reach + (j - reach) * way]
        least = map_coordinates(alike, line, order=1).min()
        best = max(best, float(alike[i, j] - max(least, 0)))
    return best


def kind_of(value: float) -> str:
    """Return the kind of a texture by its regularity: stochastic, near-regular or regular.

    The limits, 0.3 and 0.75, were set by looking at the 62 examples of sendik2017deep in the order
    of this number, before anything was made from them.

    >>> kind_of(0.1), kind_of(0.5), kind_of(0.9)
    ('stochastic', 'near-regular', 'regular')
    """
    return "stochastic" if value < 0.3 else "near-regular" if value < 0.75 else "regular"


def copied_share(
    picture: Tensor, example: Tensor, patch: int = 16, step: int = 8, level: float = 0.05
) -> float:
    """Return the share of a picture's patches that are in the example as they are.

    A patch counts as copied if one of the example's, at any place, differs from it by less than
    `level` of what two patches of the example differ by on average, in squares.

    Shape: both (3, H, W).

    Units: `patch` and `step`, from one patch to the next, in pixels.

    Raises:
        ValueError: one is not a picture, or smaller than a patch.
    """
    nearest, typical = nearest_patches(picture, example, patch, step)
    return float((nearest < level * typical).double().mean())


def nearest_patches(
    picture: Tensor, example: Tensor, patch: int = 16, step: int = 8
) -> tuple[Tensor, float]:
    """Return the squared distances of a picture's patches to their nearest ones of the example.

    And for comparison the mean squared distance of two random patches of the example.

    Shape: both (3, H, W); (patches,).

    Units: mean over the numbers of a patch.

    Raises:
        ValueError: as `copied_share`.
    """
    check_integer("patch", patch, 1)
    check_integer("step", step, 1)
    check_picture("picture", picture, patch)
    check_picture("example", example, patch)
    mine = F.unfold(picture[None], patch, stride=step)[0].T  # (patches, 3 patch^2)
    # |p - e|^2 = |p|^2 - 2 p e + |e|^2 with all places of the example as one convolution
    filters = mine.view(-1, 3, patch, patch)
    products = F.conv2d(example[None], filters)[0].flatten(1)
    ones = torch.ones(1, 3, patch, patch, dtype=example.dtype)
    squares = F.conv2d(example[None].square(), ones)[0].flatten()
    apart = mine.square().sum(1, keepdim=True) - 2 * products + squares
    numbers = mine.shape[1]
    theirs = F.unfold(example[None], patch)[0]
    # the mean squared difference of two independent draws is twice the variance
    typical = 2 * float(theirs.var(dim=1, unbiased=False).mean())
    return apart.amin(1).clamp(min=0) / numbers, typical
