"""Computations that several statements share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from cnnhistory.system import Finding

if TYPE_CHECKING:
    from torch import nn

    from cnnhistory.models.googlenet import GoogLeNet, Inception
    from cnnhistory.nn.conv import PartialConv2d
    from cnnhistory.nn.pool import Subsample2d


def size(shape: Iterable[int]) -> str:
    """Return a shape in words.

    >>> size((6, 28, 28))
    '6×28×28'
    """
    return "×".join(map(str, shape))


def right_or_wrong(holds: bool) -> str:
    """Return the verdict about a statement that is one or the other."""
    return "correct" if holds else "wrong"


def convolutions(network: nn.Module) -> list[nn.Conv2d]:
    """Return the convolutions of a network."""
    from torch import nn

    return [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]


def dense(network: nn.Module) -> list[nn.Linear]:
    """Return the fully connected layers of a network."""
    from torch import nn

    return [layer for layer in network.modules() if isinstance(layer, nn.Linear)]


def googlenet() -> GoogLeNet:
    """Return GoogLeNet without values."""
    from cnnhistory.models.googlenet import GoogLeNet
    from cnnhistory.registry import on_meta

    return cast(GoogLeNet, on_meta("googlenet"))


def inception_modules(network: GoogLeNet) -> list[Inception]:
    """Return the nine modules of GoogLeNet."""
    from cnnhistory.models.googlenet import Inception

    return [module for module in network.inception.values() if isinstance(module, Inception)]


def branches(module: Inception) -> list[nn.Sequential]:
    """Return the four branches of a module."""
    return [module.branch1x1, module.branch3x3, module.branch5x5, module.branch_pool]


def tanh_or_scaled(activation: nn.Module) -> tuple[bool, bool, str]:
    """Return whether a function is tanh, whether it is the scaled tanh, and that in words."""
    import torch

    x = torch.linspace(-4, 4, 801)
    f = activation(x)
    is_tanh = torch.allclose(f, torch.tanh(x), atol=1e-5)
    is_scaled = torch.allclose(f, 1.7159 * torch.tanh(2 * x / 3), atol=1e-5)
    one = activation(torch.tensor(1.0)).item()
    return (
        is_tanh,
        is_scaled,
        f"f(1) = {one:.3f}, tanh(1) = {torch.tanh(torch.tensor(1.0)).item():.3f}; f "
        f"{'equals' if is_scaled else 'is not'} 1.7159 tanh(2x/3) on [-4, 4]",
    )


def trained_subsampling(*layers: Subsample2d) -> Finding:
    """Tell sub-sampling with a weight and a bias for each map from pooling, which has neither."""
    import torch
    from torch.nn import functional as F

    per_map = {sum(p.numel() for p in layer.parameters()) // layer.channels for layer in layers}
    first = layers[0]
    x = torch.rand(1, first.channels, 28, 28)
    with torch.no_grad():
        first.weight.fill_(1 / 4)
        first.bias.zero_()
        can_average = torch.allclose(first(x), F.avg_pool2d(x, 2), atol=1e-6)
    verdict = "correct" if per_map == {0} else "imprecise" if can_average else "wrong"
    return Finding(
        verdict,
        f"{' or '.join(map(str, sorted(per_map)))} trainable parameters per map, pooling has "
        f"none; 1/4 and 0 {'give' if can_average else 'do not give'} average pooling",
    )


def partial(layer: PartialConv2d) -> Finding:
    """Compare the parameters of a partly connected layer with those of a dense one."""
    made, possible = int(layer.links.sum()), layer.links.numel()
    parameters = sum(p.numel() for p in layer.parameters())
    full = possible * layer.kernel_size**2 + layer.out_channels
    return Finding(
        "correct" if 0 < made < possible else "wrong",
        f"{made} of {possible} links; {parameters:,} parameters, {full:,} with all links",
    )
