"""Magnitude pruning: drop the small weights, train the others again, repeat.

S. Han, J. Pool, J. Tran, W. Dally (2015), "Learning both Weights and Connections for Efficient
Neural Networks" [han2015learning].

What was new: pruning alternates with retraining, layer by layer thresholds come from how much
each layer stands, and networks of the size of AlexNet lose nine tenths of their weights without
losing accuracy.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.utils import prune

from cnnhistory.compression.weights import (
    check_finite,
    compressible,
    current_weight,
    own_weight,
)

Densities = float | Mapping[str, float]


@dataclass(frozen=True)
class LayerDensity:
    """How much of a layer's weight is left.

    Units: `total` and `kept` count weights; `kept` counts those that are not zero.
    """

    name: str
    total: int
    kept: int

    @property
    def density(self) -> float:
        """The part that is left, a fraction."""
        return self.kept / self.total


def densities(network: nn.Module) -> tuple[LayerDensity, ...]:
    """Return how many weights of each layer are not zero, in the order of the network."""
    report = []
    for name, layer in compressible(network).items():
        weight = current_weight(layer)
        report.append(LayerDensity(name, weight.numel(), int(weight.count_nonzero())))
    return tuple(report)


def total_density(report: Sequence[LayerDensity]) -> float:
    """Return the part of all weights together that is left.

    >>> total_density([LayerDensity("a", 10, 1), LayerDensity("b", 30, 9)])
    0.25
    """
    return sum(layer.kept for layer in report) / sum(layer.total for layer in report)


def magnitude_mask(weight: Tensor, density: float) -> Tensor:
    """Mark the largest weights by magnitude: round(density · n) of the n, and at least one.

    Raises:
        ValueError: the density is not above 0 and at most 1.

    >>> magnitude_mask(torch.tensor([[0.1, -3.0], [2.0, -0.5]]), 0.5).tolist()
    [[False, True], [True, False]]
    """
    if not 0 < density <= 1:
        raise ValueError(f"density: expected a fraction above 0 and at most 1, got {density}")
    magnitude = weight.detach().abs().flatten()
    kept = magnitude.topk(max(1, round(density * magnitude.numel()))).indices
    mask = torch.zeros_like(magnitude, dtype=torch.bool)
    mask[kept] = True
    return mask.view(weight.shape)


def quality_mask(weight: Tensor, quality: float) -> Tensor:
    """Mark the weights above the paper's threshold, |w| > quality · standard deviation.

    The standard deviation is that of the weights that are left, those that are not zero.

    Source: han2015learning, Section 3.

    >>> quality_mask(torch.tensor([1.0, -1.0, 0.0, 3.0]), 0.62).tolist()
    [False, False, False, True]
    """
    left = weight.detach()[weight.detach() != 0]
    return weight.detach().abs() > quality * left.std(correction=0)


def apply_masks(network: nn.Module, masks: Mapping[str, Tensor]) -> None:
    """Prune: hold the weights that a mask leaves out at zero, through all later training.

    `torch.nn.utils.prune` does the work: the weight becomes `weight_orig` times the buffer
    `weight_mask`. Masks of earlier rounds stay in force.

    Raises:
        ValueError: the network has no such layer to prune, a mask has another shape, or a layer
            computes its weight from something else.
    """
    layers = compressible(network)
    for name, mask in masks.items():  # all are looked at before the first is changed
        layer = _layer(layers, name)
        own_weight(name, layer)
        shape = current_weight(layer).shape
        if mask.shape != shape:
            raise ValueError(
                f"masks: expected shape {tuple(shape)} for {name!r}, got {tuple(mask.shape)}"
            )
    for name, mask in masks.items():
        layer = layers[name]
        if prune.is_pruned(layer):
            _mask(layer).mul_(mask)
        else:
            prune.custom_from_mask(layer, "weight", mask)
        layer.weight = current_weight(layer)


def prune_to(network: nn.Module, density: Densities) -> tuple[LayerDensity, ...]:
    """Prune layers to the given densities by magnitude and report what is left everywhere.

    Args:
        network: pruned in place.
        density: the part to keep, for all layers, or for each of those that are named.

    Raises:
        ValueError: a density is out of range, a weight is not finite or computed from something
            else, or the network has no such layer to prune.
    """
    layers = compressible(network)
    wanted = density if isinstance(density, Mapping) else dict.fromkeys(layers, density)
    masks = {}
    for name, part in wanted.items():
        weight = current_weight(_layer(layers, name))
        check_finite(f"{name}.weight", weight)
        masks[name] = magnitude_mask(weight, part)
    apply_masks(network, masks)
    return densities(network)


def round_densities(final: Densities, rounds: int) -> list[Densities]:
    """Return the densities of each round: every round keeps the same part of what is left.

    >>> round_densities(0.125, 3)
    [0.5, 0.25, 0.125]

    Raises:
        ValueError: rounds < 1.
    """
    if rounds < 1:
        raise ValueError(f"rounds: expected at least 1, got {rounds}")
    steps: list[Densities] = []
    for number in range(1, rounds + 1):
        part = number / rounds
        if isinstance(final, Mapping):
            steps.append({name: value**part for name, value in final.items()})
        else:
            steps.append(final**part)
    return steps


def prune_iteratively(
    network: nn.Module,
    final: Densities,
    rounds: int,
    retrain: Callable[[nn.Module, int], object],
) -> list[tuple[LayerDensity, ...]]:
    """Prune in rounds, training again after each, and report the densities of every round.

    Args:
        network: trained; pruned in place.
        final: the densities after the last round.
        rounds: how often to prune.
        retrain: called with the network and the number of the round, from 0.

    Source: han2015learning, Section 3.
    """
    reports = []
    for number, density in enumerate(round_densities(final, rounds)):
        reports.append(prune_to(network, density))
        retrain(network, number)
    return reports


def attach_masks(network: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Make a fresh network ready for the state of a pruned one: `load_state_dict` then fits.

    Raises:
        ValueError: the state has a mask for a layer that the network lacks.
    """
    layers = compressible(network)
    for key, mask in state.items():
        if key == "weight_mask" or key.endswith(".weight_mask"):
            layer = _layer(layers, key.removesuffix("weight_mask").removesuffix("."))
            if not prune.is_pruned(layer):
                own_weight(key, layer)
                prune.custom_from_mask(layer, "weight", torch.ones_like(mask))


def make_permanent(network: nn.Module) -> nn.Module:
    """Turn pruned layers into ordinary ones with zeros in their weights; return the network."""
    for layer in compressible(network).values():
        if isinstance(getattr(layer, "weight_mask", None), Tensor):
            layer.weight = current_weight(layer)
            prune.remove(layer, "weight")
    return network


def sensitivity(
    network: nn.Module,
    measure: Callable[[nn.Module], float],
    grid: Sequence[float],
) -> dict[str, list[float]]:
    """Measure what pruning one layer at a time costs, without retraining.

    Args:
        network: left as it was.
        measure: what to plot, such as the error on a validation split.
        grid: densities to try.

    Returns:
        For each layer `measure` at each density of the grid.

    Source: han2015learning, Figure 6.
    """
    scan: dict[str, list[float]] = {}
    for name, layer in compressible(network).items():
        original = own_weight(name, layer)
        kept, weight = original.detach().clone(), current_weight(layer).clone()
        scan[name] = []
        try:
            for density in grid:
                with torch.no_grad():
                    original.copy_(kept * magnitude_mask(weight, density))
                scan[name].append(measure(network))
        finally:
            with torch.no_grad():
                original.copy_(kept)
    return scan


def choose_densities(
    scan: Mapping[str, Sequence[float]], grid: Sequence[float], worst: float
) -> dict[str, float]:
    """Return for each layer the smallest density of the grid at which `measure` is at most `worst`.

    A layer that stays above it everywhere keeps the largest density of the grid.

    >>> choose_densities({"a": [0.5, 0.1, 0.1], "b": [0.9, 0.9, 0.9]}, [0.1, 0.2, 0.5], 0.2)
    {'a': 0.2, 'b': 0.5}
    """
    return {
        name: min(
            (d for d, value in zip(grid, values, strict=True) if value <= worst),
            default=max(grid),
        )
        for name, values in scan.items()
    }


def _layer(layers: Mapping[str, nn.Module], name: str) -> nn.Module:
    if name not in layers:
        raise ValueError(f"density: expected layers among {', '.join(layers)}, got {name!r}")
    return layers[name]


def _mask(layer: nn.Module) -> Tensor:
    return layer.get_buffer("weight_mask")
