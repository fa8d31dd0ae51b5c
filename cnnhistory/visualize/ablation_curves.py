"""How the error of a trained network grows with the damage done to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import nn

from cnnhistory.visualize.ablation import kendall_tau, parts, reordered, swapped, without

ErrorOf = Callable[[nn.Module], float]


def delete_each(network: nn.Module, error_of: ErrorOf) -> dict[str, float]:
    """Return the error after deleting each part alone, by name, from input to output.

    Source: veit2016residual, Section 4.1.
    """
    errors = {}
    for name in parts(network):
        with without(network, [name]):
            errors[name] = error_of(network)
    return errors


def delete_several(
    network: nn.Module,
    error_of: ErrorOf,
    counts: Iterable[int],
    draws: int,
    generator: torch.Generator,
) -> dict[int, list[float]]:
    """Return the errors after deleting random parts, by their number; `draws` choices of each.

    Raises:
        ValueError: a count is larger than the number of parts.

    Source: veit2016residual, Section 4.2.
    """
    names = parts(network)
    found: dict[int, list[float]] = {}
    for count in counts:
        if not 0 <= count <= len(names):
            raise ValueError(f"counts: expected 0 to {len(names)}, got {count}")
        found[count] = []
        for _ in range(draws):
            chosen = torch.randperm(len(names), generator=generator)[:count].tolist()
            with without(network, [names[place] for place in chosen]):
                found[count].append(error_of(network))
    return found


def reorder(
    network: nn.Module,
    error_of: ErrorOf,
    swaps: Iterable[int],
    draws: int,
    generator: torch.Generator,
) -> list[tuple[float, float]]:
    """Return (Kendall's tau, error) of random orders of the blocks; `draws` a number of swaps.

    Source: veit2016residual, Section 4.3.
    """
    blocks = network.get_submodule("blocks")
    assert isinstance(blocks, nn.Sequential)
    found = []
    for count in swaps:
        for _ in range(draws):
            order = swapped(blocks, count, generator)
            with reordered(blocks, order):
                found.append((kendall_tau(order), error_of(network)))
    return found
