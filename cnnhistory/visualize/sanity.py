"""Does a picture of what a network answers to depend on what the network has learned?

J. Adebayo and others (2018), "Sanity Checks for Saliency Maps" [adebayo2018sanity].
"""

from __future__ import annotations

import copy
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Network = TypeVar("Network", bound=nn.Module)


def shuffled(network: Network, count: int, seed: int = 0) -> Network:
    """Return a copy in which the weights of the last layers are shuffled, each within its layer.

    Only convolutions and dense layers have weights that count. The copy keeps the distribution
    of each layer's weights, and nothing that was learned in it; biases stay.

    Raises:
        ValueError: `count` is negative or larger than the number of layers.

    Source: adebayo2018sanity, Section 3.1.

    Deviations: the paper draws new weights; shuffling keeps their distribution as it is.
    """
    made = copy.deepcopy(network)
    layers = [m for m in made.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    if not 0 <= count <= len(layers):
        raise ValueError(f"count: expected 0 to {len(layers)}, got {count}")
    random = torch.Generator().manual_seed(seed)
    for layer in reversed(layers[len(layers) - count :]):
        order = torch.randperm(layer.weight.numel(), generator=random)
        flat = layer.weight.detach().flatten()[order.to(layer.weight.device)]
        layer.weight.data = flat.view_as(layer.weight)
    return made


def correlation(a: Tensor, b: Tensor) -> float:
    """Return the correlation of two pictures over their pixels, averaged over the examples.

    Shape: a and b (N, ...), the same.

    Units: 1 for pictures that are equal but for brightness and contrast; 0 where one is flat.

    Raises:
        ValueError: the shapes differ.
    """
    if a.shape != b.shape:
        raise ValueError(f"b: expected shape {tuple(a.shape)}, got {tuple(b.shape)}")
    x, y = (part.flatten(1) - part.flatten(1).mean(1, keepdim=True) for part in (a, b))
    return F.cosine_similarity(x, y).mean().item()
