"""Neighbors of octants, found from those of their parents in one pass, eight siblings at once.

Source: wang2017ocnn, Section 3.2 (the neighborhood of eight siblings is found at once).

Deviations: the paper looks neighbors up in a hash table; the table of the depth above serves here.
"""

from __future__ import annotations

import functools

import torch
from torch import Tensor

MIDDLE = 13  # the column of an octant itself


@functools.cache
def places(device: torch.device) -> tuple[Tensor, Tensor]:
    """Return where the 4³ octants around eight siblings are.

    The one at place p is a child of the parent's neighbor `up[p]`, and there the one number
    `which[p]`; places count from -1 to 2 along each axis, 0 and 1 are the siblings themselves.

    Shape: two of (64,); numbers of neighbors and of children.
    """
    at = torch.cartesian_prod(*[torch.arange(-1, 3)] * 3)
    up = torch.div(at, 2, rounding_mode="floor") + 1
    which = at % 2
    ninths, eighths = torch.tensor([9, 3, 1]), torch.tensor([4, 2, 1])
    return (up * ninths).sum(-1).to(device), (which * eighths).sum(-1).to(device)


@functools.cache
def steps(device: torch.device) -> Tensor:
    """Return at which of the 64 places the 27 neighbors of each of the eight siblings are.

    Shape: (8, 27).
    """
    child = torch.cartesian_prod(*[torch.arange(2)] * 3)
    offset = torch.cartesian_prod(*[torch.arange(3)] * 3)
    return ((child[:, None] + offset) * torch.tensor([16, 4, 1])).sum(-1).to(device)


def root_neighbors(shapes: int, device: torch.device) -> Tensor:
    """Return the neighbors of the roots: each has itself only.

    Shape: (shapes, 27), int32.
    """
    table = torch.full((shapes, 27), shapes, dtype=torch.int32, device=device)
    table[:, MIDDLE] = torch.arange(shapes, dtype=torch.int32, device=device)
    return table


def blocks_of(above: Tensor, children: Tensor, divided: Tensor) -> Tensor:
    """Return the 4³ octants around each eight siblings, from the neighbors of their parents.

    Shape: `above` (n, 27) and `children` (n,) of the depth above, `divided` (m,) its octants with
    children; (m, 64), int32.
    """
    up, which = places(above.device)
    missing = 8 * len(divided)
    # the first child of each octant; of one without children, and of a missing one, far below 0
    first = torch.cat([children, children.new_tensor([-1])]).to(torch.int32)
    first = torch.where(first < 0, -8, first)
    table = first[above[divided]][:, up] + which.to(torch.int32)
    return torch.where(table < 0, missing, table)
