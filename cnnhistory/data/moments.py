"""What can be measured in a picture of one shape: where its ink is, and how it leans."""

from __future__ import annotations

import torch
from torch import Tensor


def slant(images: Tensor) -> Tensor:
    """Return how far shapes lean to the right.

    With the ink as weights, a = atan(-c_xy / c_yy), c the covariances of the places of the ink, y
    counted downward: the angle by which rows would have to be shifted back for x and y to have no
    covariance. An upright stroke has 0, one from lower left to upper right a positive angle.

    Shape: images (N, 1, H, W) or (N, H, W) with ink > 0 on 0; the result (N,).

    Units: degrees.

    Raises:
        ValueError: another shape, negative ink, or a shape of no height.

    >>> stroke = torch.eye(3).flip(1)[None]  # from lower left to upper right
    >>> slant(stroke).tolist()
    [45.0]
    """
    ink = images.squeeze(1) if images.dim() == 4 else images
    if ink.dim() != 3 or not (ink >= 0).all():
        raise ValueError(f"images: expected ink of shape (N, H, W), got {tuple(images.shape)}")
    x, y = (torch.arange(size, dtype=ink.dtype, device=ink.device) for size in ink.shape[:0:-1])
    total = ink.sum((1, 2))
    x = x - (ink.sum(1) @ x / total)[:, None]  # (N, W), from the center
    y = y - (ink.sum(2) @ y / total)[:, None]  # (N, H)
    height = (ink.sum(2) * y.square()).sum(1) / total
    if not (height > 0).all():
        raise ValueError("images: expected shapes with ink in more than one row")
    across = torch.einsum("nyx,nx,ny->n", ink, x, y) / total
    return torch.rad2deg(torch.atan(-across / height))
