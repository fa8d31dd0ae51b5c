"""What the features of a layer are worth: a linear classifier on them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnhistory.visualize.activations import activations


def layer_features(
    network: nn.Module, images: Tensor, layers: Sequence[str], side: int = 3, batch_size: int = 200
) -> dict[str, Tensor]:
    """Return what layers put out, one vector for each image.

    Maps larger than `side` by `side` are reduced to that by the mean over equal parts, so that
    layers early and late have features of comparable number.

    Shape: images (N, C, H, W), results (N, features).

    Raises:
        KeyError, RuntimeError: see `activations`.
    """
    parts: dict[str, list[Tensor]] = {name: [] for name in layers}
    for batch in images.split(batch_size):
        for name, value in activations(network, batch, layers).items():
            if value.dim() == 4 and value.shape[2] > side:
                value = F.adaptive_avg_pool2d(value, side)
            parts[name].append(value.flatten(1))
    return {name: torch.cat(values) for name, values in parts.items()}


def linear_probe(
    train: Tensor, labels: Tensor, test: Tensor, classes: int, penalty: float = 1.0
) -> Tensor:
    """Fit a linear classifier on features and return its scores for other features.

    Ridge regression onto +1 for the right class and -1 for the others: with features X of mean 0
    and standard deviation 1, W minimizes |X W - Y|^2 + penalty N |W|^2 / d, where d is the number
    of features. Solved at once, so that nothing depends on a rate or a number of steps.

    Shape: train (N, d), labels (N,), test (M, d), result (M, classes).

    Raises:
        ValueError: not one label for each example, or a penalty that is not positive.

    Source: zeiler2014visualizing, Section 5.3.

    Deviations: ridge regression, where the paper trains a linear support vector machine, or a
    softmax.
    """
    if labels.shape != train.shape[:1]:
        raise ValueError(f"labels: expected shape ({len(train)},), got {tuple(labels.shape)}")
    if not penalty > 0:
        raise ValueError(f"penalty: expected a positive number, got {penalty}")
    mean, std = train.double().mean(0), train.double().std(0)
    # A unit that is silent for all examples carries nothing; let it not divide by zero.
    std = torch.where(std > 1e-6 * std.max(), std, torch.inf)
    x, z = ((part.double() - mean) / std for part in (train, test))
    y = 2 * F.one_hot(labels, classes).double() - 1
    n, d = x.shape
    weight = penalty * n / d
    if d <= n:
        system = x.T @ x + weight * torch.eye(d, dtype=x.dtype)
        solution = torch.linalg.solve(system, x.T @ (y - y.mean(0)))
    else:  # the same solution from the smaller of the two systems
        system = x @ x.T + weight * torch.eye(n, dtype=x.dtype)
        solution = x.T @ torch.linalg.solve(system, y - y.mean(0))
    return (z @ solution + y.mean(0)).to(train.dtype)
