"""What a ReLU destroys of points that a matrix has embedded in more, or as many, dimensions."""

from __future__ import annotations

from math import comb

import torch
from torch import Tensor

from cnnhistory._util.checks import check_counts
from cnnhistory._util.lookup import expected


def recovered(x: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Return what y = relu(T x) still tells about each x, and how many equations it gives.

    A unit with y_i > 0 gives the equation t_i x = y_i, the others only t_i x <= 0. The shortest
    solution of the equations is x itself where d of them are independent. Where fewer are, the part
    of x at right angles to them is gone: points that differ in it alone become one point.

    Shape: x (N, d), T `weights` (n, d); returns (N, d), and (N,) whole numbers from 0 to d.

    Raises:
        ValueError: `x` and `weights` are not two matrices with as many columns.

    Source: sandler2018mobilenetv2, Section 3.2, Figure 1.

    Deviations: the paper multiplies y by the inverse of T, which takes the zeros of silent units
    for values; here they are left out.
    """
    if x.dim() != 2 or weights.dim() != 2 or x.shape[1] != weights.shape[1]:
        got = f"shapes {tuple(x.shape)} and {tuple(weights.shape)}"
        raise expected("x, weights", "two matrices with as many columns", got)
    y = (x @ weights.T).relu()  # (N, n)
    patterns, pattern = torch.unique(y > 0, dim=0, return_inverse=True)
    equations = patterns[:, :, None] * weights  # (patterns, n, d)
    inverses = torch.linalg.pinv(equations)  # (patterns, d, n)
    found = torch.einsum("kdn,kn->kd", inverses[pattern], y)
    return found, torch.linalg.matrix_rank(equations)[pattern]


def chance_of_loss(dimensions: int, units: int) -> float:
    """Return how often fewer units than dimensions are active, if each is so half of the time.

    sum over k < d of C(n, k) / 2^n. That is the share of points that `recovered` cannot find again
    if T is random with directions that are as likely as their opposites.

    Raises:
        ValueError: a number is not whole or below 1.

    >>> chance_of_loss(2, 2), chance_of_loss(2, 5)
    (0.75, 0.1875)
    """
    check_counts(dimensions=dimensions, units=units)
    return sum(comb(units, k) for k in range(min(dimensions, units + 1))) / 2**units
