"""Which frequencies the filters of a first layer let through, and what a stride does to them."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def aliased_share(filters: Tensor, images: Tensor, stride: int) -> Tensor:
    """Return the share of each filter's answer that a stride cannot represent.

    The answers are computed at every pixel. Of their energy, without the mean, the share is
    returned that lies at frequencies above 1 / (2 stride) along either axis. Taking every
    stride-th answer folds these back onto lower frequencies: the samples are those of another,
    coarser pattern (aliasing).

    Shape: filters (K, C, h, w), images (N, C, H, W), result (K,).

    Units: `stride` in pixels, the result a fraction; 0 for a filter that answers to nothing.

    Raises:
        ValueError: `stride` is below 1, or the images are smaller than the filters.

    Source: zeiler2014visualizing, Section 4.1, which shows such artifacts in pictures; the
    measure is ours.
    """
    if stride < 1:
        raise ValueError(f"stride: expected at least 1, got {stride}")
    if images.shape[2] < filters.shape[2] or images.shape[3] < filters.shape[3]:
        raise ValueError(
            f"images: expected at least {filters.shape[2]}x{filters.shape[3]} pixels, "
            f"got {images.shape[2]}x{images.shape[3]}"
        )
    answers = F.conv2d(images, filters)
    answers = answers - answers.mean(dim=(2, 3), keepdim=True)
    height, width = answers.shape[2:]
    # Without a window the edges of the image would count as high frequencies.
    window = torch.hann_window(height + 2)[1:-1, None] * torch.hann_window(width + 2)[1:-1]
    power = torch.fft.fft2(answers * window).abs().square().mean(dim=0)
    limit = 1 / (2 * stride)
    rows = torch.fft.fftfreq(height).abs() > limit + 1e-6
    columns = torch.fft.fftfreq(width).abs() > limit + 1e-6
    total = power.sum(dim=(1, 2))
    above = (power * (rows[:, None] | columns)).sum(dim=(1, 2))
    return torch.where(total > 0, above / total, torch.zeros_like(total))


def mean_frequency(filters: Tensor, size: int = 64) -> Tensor:
    """Return the mean frequency that each filter lets through, weighted by its energy there.

    Shape: filters (K, C, h, w), result (K,).

    Units: cycles per pixel, 0 for a filter of one color, at most 0.71, on the diagonal. `size` is
    the side of the grid of frequencies.
    """
    power = torch.fft.fft2(filters, s=(size, size)).abs().square().sum(dim=1)
    frequency = torch.fft.fftfreq(size)
    radius = (frequency[:, None].square() + frequency.square()).sqrt()
    return (power * radius).sum(dim=(1, 2)) / power.sum(dim=(1, 2)).clamp(min=1e-12)
