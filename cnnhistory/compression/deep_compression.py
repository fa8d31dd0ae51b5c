"""Deep Compression: prune, let the weights share values, code what is left.

S. Han, H. Mao, W. Dally (2016), "Deep Compression: Compressing Deep Neural Networks with Pruning,
Trained Quantization and Huffman Coding" [han2016deep].

What was new: the three steps multiply. Pruning leaves few weights, sharing leaves few bits for
each, and Huffman coding uses that neither the values nor the gaps between them are evenly spread.
"""

from collections.abc import Callable, Mapping

import numpy as np
from torch import Tensor, nn

from cnnhistory.compression.cnnz.parts import SHARED_TYPES
from cnnhistory.compression.cnnz.tensors import Parts, SharedTensor
from cnnhistory.compression.pruning import Densities, prune_to, round_densities
from cnnhistory.compression.quantization import (
    Bits,
    Start,
    cluster,
    make_plain,
    share_weights,
)
from cnnhistory.compression.weights import check_finite, compressible


def deep_compress(
    network: nn.Module,
    final: Densities,
    rounds: int,
    retrain: Callable[[nn.Module, str], object],
    bits: Bits | None = None,
    start: Start = "linear",
) -> nn.Module:
    """Prune a trained network in rounds, let its weights share values, and train after each step.

    Args:
        network: trained; changed in place and returned, an ordinary network again.
        final: the densities after the last round, see `prune_to`.
        rounds: how often to prune.
        retrain: called with the network and the stage: "prune" after each round, then "retrain",
            then, once the weights are shared, "share".
        bits: of the shared weights; default: 8 for convolutions, 5 for dense layers.
        start: where k-means starts.

    Source: han2016deep, Figure 1.
    """
    for part in round_densities(final, rounds):
        prune_to(network, part)
        retrain(network, "prune")
    retrain(network, "retrain")
    share_weights(network, bits, start)
    retrain(network, "share")
    return make_plain(network)


def compress_state(
    state: Mapping[str, Tensor],
    bits: Bits | None = None,
    index_bits: Bits | None = None,
    start: Start = "linear",
) -> Parts:
    """Turn the weights of a state into shared tensors; all else stays as it is.

    A weight that already has no more than 2**bits - 1 values besides zero keeps them exactly.

    Args:
        state: of an ordinary network, see `make_plain`.
        bits: of the shared weights; default: 8 for convolutions, 5 for dense layers.
        index_bits: of the gaps between weights; default: likewise, as in the paper. With Huffman
            words, which cost a common gap no more for being able to write a rare one, 8 bits give
            the smallest files at every density.
        start: where k-means starts.

    Weights of float16, bfloat16 and float64 get their type back when they are read; of float64
    as many digits are kept as float32 has.

    Raises:
        ValueError: the state is that of a pruned or quantized network before `make_plain`, or a
            weight is not finite in float32.
    """
    bits, index_bits = bits or Bits(), index_bits or Bits()
    parts: Parts = {}
    for key, value in state.items():
        layer, _, leaf = key.rpartition(".")
        if leaf in ("weight_orig", "weight_mask") or "parametrizations." in key:
            raise ValueError(
                f"state: expected the state of an ordinary network, got {key!r}; call "
                "cnnhistory.compression.quantization.make_plain on the network first"
            )
        if leaf == "weight" and value.dim() >= 2 and value.dtype in SHARED_TYPES:
            numbers = value.detach().cpu().float().resolve_neg().contiguous().flatten()
            check_finite(key, numbers)
            flat = numbers.numpy()
            places = np.flatnonzero(flat)
            values, codes = (
                cluster(flat[places], 2 ** bits.of(layer, value) - 1, start)
                if len(places)
                else (flat[:0], places)
            )
            parts[key] = SharedTensor(
                tuple(value.shape),
                index_bits.of(layer, value),
                places,
                codes.astype(np.uint8),
                values,
                value.dtype,
            )
        else:
            parts[key] = value.detach().cpu()
    return parts


def float_bytes(network: nn.Module) -> int:
    """Return the size of all parameters and stored buffers as they are, in bytes."""
    return sum(value.numel() * value.element_size() for value in network.state_dict().values())


def weights_left(network: nn.Module) -> int:
    """Return how many weights of the compressible layers are not zero."""
    return sum(
        int(layer.get_parameter("weight").count_nonzero())
        for layer in compressible(network).values()
    )
