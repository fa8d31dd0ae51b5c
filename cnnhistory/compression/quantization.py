"""Trained quantization: the weights of a layer share a few values, and those are trained.

S. Han, H. Mao, W. Dally (2016), "Deep Compression: Compressing Deep Neural Networks with Pruning,
Trained Quantization and Huffman Coding" [han2016deep], Section 3.

What was new: the values are found by k-means after training and then trained further, each by the
sum of the gradients of all weights that share it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from cnnhistory._util.lookup import check_one_of
from cnnhistory.compression.pruning import make_permanent
from cnnhistory.compression.weights import (
    check_finite,
    compressible,
    current_weight,
    is_convolution,
    own_weight,
)

Start = Literal["linear", "density", "random"]
STARTS: tuple[Start, ...] = ("linear", "density", "random")
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Bits:
    """How many bits a shared weight takes, by kind of layer, and for single layers.

    A weight of b bits has one of 2**b - 1 values: a code is kept for the zeros that fill gaps
    between weights (see `cnnhistory.compression.cnnz.gaps`).

    Raises:
        ValueError: a number of bits is not between 1 and 8.

    Source: han2016deep, Section 5 (8 bits for convolutions, 5 for dense layers in AlexNet).
    """

    convolution: int = 8
    dense: int = 5
    layers: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for bits in (self.convolution, self.dense, *self.layers.values()):
            if not 1 <= bits <= 8:
                raise ValueError(f"bits: expected between 1 and 8, got {bits}")

    def of(self, layer: str, weight: Tensor) -> int:
        """Return the bits of one layer's weights."""
        kind = self.convolution if is_convolution(weight) else self.dense
        return self.layers.get(layer, kind)


def start_values(
    values: Floats, count: int, start: Start = "linear", seed: int = 0
) -> npt.NDArray[np.float64]:
    """Return the values that k-means starts from, in order.

    "linear" spaces them evenly from the smallest to the largest weight, "density" puts as many
    weights between any two, "random" draws weights. Large weights are few and matter most: only
    the linear start has values near them, and the paper found it best.

    Raises:
        ValueError: no such start.

    Source: han2016deep, Section 3.2.

    >>> start_values(np.float32([0, 1, 1, 8]), 3).tolist()
    [0.0, 4.0, 8.0]
    """
    check_one_of("start", start, STARTS)
    if start == "linear":
        return np.linspace(values.min(), values.max(), count, dtype=np.float64)
    if start == "density":
        return np.quantile(values.astype(np.float64), (np.arange(count) + 0.5) / count)
    drawn = np.random.default_rng(seed).choice(values, count, replace=False)
    return np.sort(drawn.astype(np.float64))


def cluster(
    values: Floats, count: int, start: Start = "linear", seed: int = 0, iterations: int = 100
) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Put numbers into at most `count` clusters and return the means and whose each number is.

    k-means in one dimension, which minimizes the squared distance to the means. In a sorted list
    the clusters are stretches, so that one round costs a search for the borders and a difference
    of running sums, not a distance from every number to every mean. Numbers with no more than
    `count` different values are returned as they are. Clusters that nothing is in are left out.

    Shape: values (N,), means (K,) in increasing order with K <= count, codes (N,).

    Raises:
        ValueError: no number, count < 1, or a number that is not finite.

    Source: han2016deep, Section 3.1, equation (2).
    """
    if count < 1 or values.ndim != 1 or not values.size or not np.isfinite(values).all():
        raise ValueError(
            "values, count: expected a list of finite numbers, at least one, and count >= 1, got "
            f"{values.size} numbers of shape {values.shape} and count {count}"
        )
    distinct, which = np.unique(values, return_inverse=True)
    if distinct.size <= count:
        return distinct, which.astype(np.int64)
    order = np.argsort(values, kind="stable")
    ordered = values[order].astype(np.float64)
    sums = np.concatenate([[0.0], np.cumsum(ordered)])
    means = start_values(values, count, start, seed)
    borders = np.array([-1])
    for _ in range(iterations):
        old = borders
        borders = np.searchsorted(ordered, (means[:-1] + means[1:]) / 2)
        if np.array_equal(old, borders):
            break
        edges = np.concatenate([[0], borders, [values.size]])
        sizes = np.diff(edges)
        filled = sizes > 0
        means[filled] = np.diff(sums[edges])[filled] / sizes[filled]
    edges = np.concatenate([[0], borders, [values.size]])
    sizes = np.diff(edges)
    filled = sizes > 0
    codes = np.empty(values.size, dtype=np.int64)
    codes[order] = np.repeat(np.cumsum(filled) - 1, sizes)
    return means[filled].astype(np.float32), codes


class SharedWeight(nn.Module):
    """A weight made of a few values: W[positions[i]] = values[codes[i]], and zero elsewhere.

    A parametrization: its parameter is the list of values. The gradient of a value is the sum of
    the gradients of the weights that share it, dL/dc_k = sum over i with code k of dL/dW_i.

    Shape: values (K,) with K = `count`, positions and codes (N,), weight `shape`.

    Source: han2016deep, Section 3.3, equation (3).
    """

    positions: Tensor
    codes: Tensor

    def __init__(self, positions: Tensor, codes: Tensor, count: int, shape: torch.Size) -> None:
        super().__init__()
        self.register_buffer("positions", positions)
        self.register_buffer("codes", codes)
        self.count = count
        self.shape = shape

    def forward(self, values: Tensor) -> Tensor:
        """Return the weight."""
        flat = values.new_zeros(self.shape.numel())
        return flat.index_copy(0, self.positions, values.index_select(0, self.codes)).view(
            self.shape
        )

    def right_inverse(self, weight: Tensor) -> Tensor:
        """Return for each value the mean of the weights that share it."""
        sums = weight.new_zeros(2, self.count, dtype=torch.float64)
        sums[0].index_add_(0, self.codes, weight.flatten()[self.positions].double())
        sums[1].index_add_(0, self.codes, sums.new_ones(len(self.codes)))
        return (sums[0] / sums[1].clamp(min=1)).to(weight.dtype)


def share_weights(
    network: nn.Module, bits: Bits | None = None, start: Start = "linear", seed: int = 0
) -> nn.Module:
    """Quantize a network in place: each layer's weights share 2**bits - 1 values, zeros stay.

    Masks of pruning are made permanent first. Training the network afterwards moves the shared
    values; which weight has which value is settled here.

    Args:
        network: trained, and pruned if it is to be.
        bits: of each layer; default: 8 for convolutions, 5 for dense layers.
        start: where k-means starts, see `start_values`.
        seed: for the random start.

    Raises:
        ValueError: a weight is not finite or computed from something else, or a layer has no
            weight that is not zero.
    """
    bits = bits or Bits()
    make_permanent(network)
    layers = compressible(network)
    weights = {name: own_weight(name, layer) for name, layer in layers.items()}
    shared: dict[int, nn.Module] = {}  # by the parameter behind a weight, which layers can share
    for name, layer in layers.items():
        first = shared.setdefault(id(weights[name]), layer)
        if first is not layer:
            _tie(layer, first)
            continue
        weight = current_weight(layer).contiguous()
        check_finite(f"{name}.weight", weight)
        flat = weight.flatten().cpu()
        positions = flat.nonzero().flatten()
        if not len(positions):
            raise ValueError(f"network: expected a weight that is not zero in {name!r}, got none")
        values, codes = cluster(
            flat[positions].float().numpy(), 2 ** bits.of(name, weight) - 1, start, seed
        )
        _attach(layer, positions, torch.from_numpy(codes), len(values))
    return network


def attach_shared(network: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Make a fresh network ready for the state of a quantized one: `load_state_dict` then fits.

    Raises:
        ValueError: the state has shared values for a layer that the network lacks.
    """
    layers = compressible(network)
    shared: dict[int, nn.Module] = {}
    weights = {name: getattr(layer, "weight", None) for name, layer in layers.items()}
    ending = "parametrizations.weight.original"
    for key, values in state.items():
        if not key.endswith(ending):
            continue
        name = key.removesuffix(ending).removesuffix(".")
        if name not in layers:
            raise ValueError(f"state: expected layers among {', '.join(layers)}, got {name!r}")
        first = shared.setdefault(id(weights[name]), layers[name])
        if first is not layers[name]:
            _tie(layers[name], first)
            continue
        buffers = [state[f"{key.removesuffix('original')}0.{b}"] for b in ("positions", "codes")]
        positions, codes = map(torch.zeros_like, buffers)
        _attach(layers[name], positions, codes, len(values))


def make_plain(network: nn.Module) -> nn.Module:
    """Turn quantized and pruned layers into ordinary ones with the same weights.

    What was one parameter for two layers is one again, and what was frozen stays frozen.
    """
    plain: dict[int, nn.Parameter] = {}
    kept = []  # so that no id is given twice
    for layer in compressible(network).values():
        sharing = _sharing(layer)
        if sharing is None:
            continue
        values, weight = sharing.original, current_weight(layer)
        kept.append(values)
        parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)
        made = nn.Parameter(weight, requires_grad=bool(values.requires_grad))
        layer.weight = plain.setdefault(id(values), made)
    return make_permanent(network)


def _sharing(layer: nn.Module) -> parametrize.ParametrizationList | None:
    """Return where a layer has its shared values, if it has any."""
    if not parametrize.is_parametrized(layer, "weight"):
        return None
    parametrizations = layer.parametrizations
    assert isinstance(parametrizations, nn.ModuleDict)
    sharing = parametrizations["weight"]
    assert isinstance(sharing, parametrize.ParametrizationList)
    return sharing if isinstance(sharing[0], SharedWeight) else None


def _tie(layer: nn.Module, first: nn.Module) -> None:
    """Let a layer have the shared values of another, whose weight it had."""
    theirs = _sharing(first)
    assert theirs is not None
    del layer._parameters["weight"]
    layer.weight = nn.Parameter(current_weight(first))
    parametrize.register_parametrization(layer, "weight", theirs[0], unsafe=True)
    mine = _sharing(layer)
    assert mine is not None
    mine.original = theirs.original


def _attach(layer: nn.Module, positions: Tensor, codes: Tensor, count: int) -> None:
    weight = current_weight(layer)
    device = weight.device
    sharing = SharedWeight(positions.to(device), codes.to(device), count, weight.shape)
    # Unsafe: the parameter has another shape than the weight, which is the point.
    parametrize.register_parametrization(layer, "weight", sharing, unsafe=True)
