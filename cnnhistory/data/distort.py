"""Distortions of images: shift, rotation, size and noise, to measure what a network tolerates."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F


def shift(images: Tensor, right: float, down: float = 0.0, background: float = 0.0) -> Tensor:
    """Move the picture content; what enters is background.

    Shape: images (N, C, H, W) in and out.

    Units: `right` and `down` in pixels, fractions are interpolated bilinearly; `background` is
    the pixel level of empty paper.

    >>> shift(torch.tensor([[[[1.0, 2.0, 3.0]]]]), right=1).tolist()
    [[[[0.0, 1.0, 2.0]]]]
    """
    height, width = _size(images)
    matrix = [[1.0, 0.0, -2 * right / width], [0.0, 1.0, -2 * down / height]]
    return _resample(images, matrix, background)


def rotate(images: Tensor, degrees: float, background: float = 0.0) -> Tensor:
    """Turn the picture content counterclockwise about the center.

    Shape: images (N, C, H, W) with H = W, in and out.

    Raises:
        ValueError: the images are not square.
    """
    height, width = _size(images)
    if height != width:
        raise ValueError(f"images: expected square images, got {height}x{width}")
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return _resample(images, [[cos, -sin, 0.0], [sin, cos, 0.0]], background)


def rescale(images: Tensor, factor: float, background: float = 0.0) -> Tensor:
    """Enlarge (factor > 1) or shrink (factor < 1) the picture content about the center.

    Shape: images (N, C, H, W) in and out; what leaves the field is lost.

    Raises:
        ValueError: the factor is not positive.
    """
    if not factor > 0:
        raise ValueError(f"factor: expected a positive number, got {factor}")
    _size(images)
    return _resample(images, [[1 / factor, 0.0, 0.0], [0.0, 1 / factor, 0.0]], background)


def add_noise(images: Tensor, std: float, seed: int = 0) -> Tensor:
    """Add independent Gaussian noise to every pixel.

    Shape: images of any shape, in and out.

    Units: `std` is the standard deviation in pixel levels.

    Raises:
        ValueError: `std` is negative, or no finite number.
    """
    if not 0 <= std < math.inf:
        raise ValueError(f"std: expected a number >= 0, got {std}")
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(seed))
    return images + std * noise.to(images)


def _size(images: Tensor) -> tuple[int, int]:
    if images.dim() != 4:
        raise ValueError(f"images: expected shape (N, C, H, W), got {tuple(images.shape)}")
    return images.shape[2], images.shape[3]


def _resample(images: Tensor, matrix: list[list[float]], background: float) -> Tensor:
    theta = torch.tensor(matrix, device=images.device).expand(len(images), 2, 3)
    grid = F.affine_grid(theta, list(images.shape), align_corners=False)
    # Outside the field grid_sample reads 0: make the background 0 for the duration.
    return F.grid_sample(images - background, grid, align_corners=False) + background
