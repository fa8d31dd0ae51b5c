"""The papers' compression rates as arithmetic: what follows from densities and bits alone.

S. Han, J. Pool, J. Tran, W. Dally (2015) [han2015learning], Tables 2 to 5; S. Han, H. Mao, W. Dally
(2016) [han2016deep], Tables 1 to 5.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cnnhistory._util.lookup import check_one_of
from cnnhistory.compression.weights import compressible
from cnnhistory.registry import on_meta

# Part of each layer's weights that is left, in the order of the network, as reported by
# han2015learning, Tables 2 to 5, in whole percent.
PUBLISHED_DENSITIES: Mapping[str, tuple[float, ...]] = {
    "lenet300_100": (0.08, 0.09, 0.26),
    "lenet5_caffe": (0.66, 0.12, 0.08, 0.19),
    "alexnet": (0.84, 0.38, 0.35, 0.37, 0.37, 0.09, 0.09, 0.25),
    "vgg16": (
        0.58, 0.22, 0.34, 0.36, 0.53, 0.24, 0.42, 0.32, 0.27, 0.34, 0.35, 0.29, 0.36,
        0.04, 0.04, 0.23,
    ),
}  # fmt: skip

# What the papers report of the whole: parameters left and how many times fewer (han2015learning,
# Table 1); bytes before and after all three steps, and how many times fewer after pruning and
# quantization and after Huffman coding too (han2016deep, Table 1). KB and MB as printed there.
PUBLISHED_KEPT = {
    "lenet300_100": (22_000, 12),
    "lenet5_caffe": (36_000, 12),
    "alexnet": (6_700_000, 9),
    "vgg16": (10_300_000, 13),
}
PUBLISHED_SIZES = {
    "lenet300_100": (1_070e3, 27e3, 32, 40),
    "lenet5_caffe": (1_720e3, 44e3, 33, 39),
    "alexnet": (240e6, 6.9e6, 27, 35),
    "vgg16": (552e6, 11.3e6, 31, 49),
}


@dataclass(frozen=True)
class PrunedLayer:
    """One row of a table of densities.

    Units: `weights` counts the layer's weights without biases, `density` is a fraction.
    """

    name: str
    weights: int
    density: float

    @property
    def kept(self) -> float:
        """Weights that are left."""
        return self.weights * self.density


@dataclass(frozen=True)
class Reduction:
    """What is left of a whole network, biases included, which are not pruned."""

    layers: tuple[PrunedLayer, ...]
    parameters: int

    @property
    def kept(self) -> float:
        """Parameters that are left."""
        biases = self.parameters - sum(layer.weights for layer in self.layers)
        return sum(layer.kept for layer in self.layers) + biases

    @property
    def ratio(self) -> float:
        """How many times fewer parameters."""
        return self.parameters / self.kept


def published_reduction(model: str) -> Reduction:
    """Return what the paper's densities leave of our network of that name.

    The densities are reported, the sizes of the layers are counted here, without allocating them.

    Raises:
        ValueError: no densities were published for that model.

    Source: han2015learning, Tables 2 to 5.

    >>> f"{published_reduction('alexnet').ratio:.1f}"
    '9.0'
    """
    check_one_of("model", model, PUBLISHED_DENSITIES)
    network = on_meta(model)
    layers = tuple(
        PrunedLayer(name, layer.get_parameter("weight").numel(), density)
        for (name, layer), density in zip(
            compressible(network).items(), PUBLISHED_DENSITIES[model], strict=True
        )
    )
    return Reduction(layers, sum(p.numel() for p in network.parameters()))


def entries_per_weight(density: float, index_bits: int) -> float:
    """Return how many entries a weight costs when gaps have few bits, 1 or a little more.

    Weights at random places leave gaps of g zeros with probability d (1 - d)^g. A gap of 2^b zeros
    or more needs a filling zero for each 2^b of them: on average 1 / (1 - (1 - d)^(2^b)) entries.

    Units: `density` is a fraction; the result counts entries for each weight that is left.

    Raises:
        ValueError: the density is not above 0 and at most 1.

    >>> round(entries_per_weight(0.08, 5), 3)
    1.075
    """
    if not 0 < density <= 1:
        raise ValueError(f"density: expected a fraction above 0 and at most 1, got {density}")
    return 1 / (1 - (1 - density) ** (1 << index_bits))


def expected_ratio(density: float, weight_bits: float, index_bits: int) -> float:
    """Return how many times smaller a layer gets by pruning and sharing, before Huffman coding.

    32 bits for every weight against `weight_bits + index_bits` for every entry; the list of shared
    values is left out, for in a large layer it is nothing.

    Source: han2016deep, Section 5, with gaps at random places.

    >>> round(expected_ratio(0.08, 6, 5), 1)
    33.8
    """
    entries = density * entries_per_weight(density, index_bits)
    return 32 / (entries * (weight_bits + index_bits))
