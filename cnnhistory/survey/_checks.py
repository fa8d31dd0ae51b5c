"""Computations that several statements share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from cnnhistory.system import Finding

if TYPE_CHECKING:
    from torch import nn

    from cnnhistory.models.googlenet import GoogLeNet, Inception
    from cnnhistory.nn.pool import Subsample2d


def size(shape: Iterable[int]) -> str:
    """Return a shape in words.

    >>> size((6, 28, 28))
    '6×28×28'
    """
    return "×".join(map(str, shape))


_WORDS = (
    "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve",
)  # fmt: skip
_PARTS = {8: "eighth", 9: "ninth", 10: "tenth", 11: "eleventh", 12: "twelfth"}


def in_words(number: int) -> str:
    """Return a number as a sentence has it: small ones in words.

    >>> in_words(4), in_words(84)
    ('four', '84')
    """
    return _WORDS[number] if 0 <= number < len(_WORDS) else f"{number:,}"


def fraction(ratio: float) -> str:
    """Return 1 / ratio in words, rounded.

    >>> fraction(8.7)
    'a ninth'
    """
    return f"a {_PARTS.get(round(ratio), f'part in {ratio:.0f}')}"


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


def parameters(name: str, **settings: object) -> int:
    """Return the number of parameters of a model."""
    from cnnhistory.accounting import count_parameters
    from cnnhistory.registry import on_meta

    return count_parameters(on_meta(name, **settings))


def multiply_adds(name: str, **settings: object) -> int:
    """Return what a model computes for one input of the paper's size."""
    from cnnhistory.accounting import count_multiply_adds
    from cnnhistory.registry import model_card, on_meta

    return count_multiply_adds(on_meta(name, **settings), model_card(name).input_shape)


def millions(number: float) -> str:
    """Return a number in millions.

    >>> millions(25_557_032)
    '25.6 million'
    """
    return f"{number / 1e6:.1f} million"


def billions(number: float) -> str:
    """Return a number in billions.

    >>> billions(3_857_973_248)
    '3.9 billion'
    """
    return f"{number / 1e9:.1f} billion"


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


SCALED_TANH = "1.7159 tanh(2x/3)"


def tanh_or_scaled(activation: nn.Module) -> tuple[bool, bool, str]:
    """Return whether a function is tanh, whether it is `SCALED_TANH`, and that in words."""
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
        f"{'equals' if is_scaled else 'is not'} {SCALED_TANH} on [-4, 4]",
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
        first.weight.fill_(1)
        summed = round(first(torch.ones_like(x)).max().item())
    verdict = "correct" if per_map == {0} else "imprecise" if can_average else "wrong"
    return Finding(
        verdict,
        f"{' or '.join(map(str, sorted(per_map)))} trainable parameters per map, pooling has "
        f"none; 1/4 and 0 {'give' if can_average else 'do not give'} average pooling",
        (f"sum {in_words(summed)} inputs", *["the special case 1/4 and 0"] * can_average),
    )


def partial(layer: nn.Module, maps: int, every: bool) -> Finding:
    """Find out which maps each output of a convolution reads, and what that saves.

    Each input map is changed alone. With `every` the statement is about each output map, and
    about parameters; without, it is enough that one pair is not connected.
    """
    import torch
    from torch import nn

    from cnnhistory.accounting import count_parameters

    side = 12
    x = torch.zeros(maps + 1, maps, side, side)
    each = torch.arange(maps)
    x[each, each] = torch.rand(maps, side, side)
    with torch.no_grad():
        outputs = layer(x)
    reads = ((outputs[:-1] - outputs[-1]).abs().amax((2, 3)) > 1e-7).T  # (outputs, maps)
    made, possible = int(reads.sum()), reads.numel()
    some = [0 < int(row.sum()) < maps for row in reads]
    parameters = sum(p.numel() for p in layer.parameters())
    full = count_parameters(nn.Conv2d(maps, len(reads), side - outputs.shape[-1] + 1))
    if not 0 < made < possible:
        verdict = "wrong"
    else:
        verdict = "imprecise" if every and not (all(some) and parameters < full) else "correct"
    return Finding(
        verdict,
        f"{made} of {possible} links; {parameters:,} parameters, {full:,} with all links; "
        f"{sum(some)} of {len(some)} maps read only some",
        (f"{made} of the {possible} possible pairs", f"{parameters:,} parameters of {full:,}")
        if every
        else (f"{made} of the {possible} possible pairs",),
    )
