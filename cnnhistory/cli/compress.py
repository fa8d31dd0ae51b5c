"""Commands that compress weights into a `.cnnz` file and back."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor


def compress(options: argparse.Namespace) -> None:
    """Write the weights of a recorded run, or of a file, as a `.cnnz` file.

    The weights are compressed as they are: zeros stay zeros, and values that are already shared
    stay exactly. Only `--density` prunes, without retraining.
    """
    import torch

    from cnnhistory import create_model
    from cnnhistory.compression.cnnz import check_state, load, save
    from cnnhistory.compression.deep_compression import compress_state
    from cnnhistory.compression.pruning import make_permanent, prune_to
    from cnnhistory.compression.quantization import Bits

    bits = Bits(options.conv_bits, options.dense_bits)
    index_bits = Bits(options.conv_index_bits, options.dense_index_bits)
    model, settings, state = _weights(options)
    with torch.device("meta"):
        check_state(create_model(model, **settings).state_dict(), state)
    if options.density is not None:
        network = create_model(model, **settings)
        network.load_state_dict(state)
        prune_to(network, options.density)
        state = make_permanent(network).state_dict()
    size = save(options.output, model, settings, compress_state(state, bits, index_bits))
    before = sum(value.numel() * value.element_size() for value in state.values())
    print(f"{options.output}: {size:,} bytes, {before / size:.1f} times smaller than {before:,}")
    totals = load(options.output).totals()
    print(", ".join(f"{name} {count:,}" for name, count in totals.items()))


def decompress(options: argparse.Namespace) -> None:
    """Write the tensors of a `.cnnz` file as a `.safetensors` file."""
    from safetensors.torch import save

    from cnnhistory.compression.cnnz import load
    from cnnhistory.zoo.store import replace_file

    contents = load(options.file)
    header = {"model": contents.model, "settings": json.dumps(contents.settings)}
    content = save(contents.state(), metadata=header)
    replace_file(Path(options.output), content)
    arguments = "".join(f", {key}={value!r}" for key, value in contents.settings.items())
    print(f"{options.output}: {len(content):,} bytes, create_model({contents.model!r}{arguments})")


def _weights(options: argparse.Namespace) -> tuple[str, dict[str, Any], dict[str, Tensor]]:
    """Return model, settings of its builder, and weights, as the arguments name them.

    Raises:
        ValueError: the arguments contradict each other, or the file holds no tensors.
        LookupError: no such run or model.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load as load_safetensors

    from cnnhistory import zoo
    from cnnhistory.registry import system_of

    if options.weights is None:
        found = zoo.recipe(options.model)
        return found.model, dict(found.network_args), zoo.load_weights(found.id)
    system_of(options.model)
    try:
        settings = json.loads(options.settings)
    except ValueError:
        settings = None
    if not isinstance(settings, dict):
        raise ValueError(f"settings: expected a JSON object, got {options.settings!r}")
    try:
        state = load_safetensors(Path(options.weights).read_bytes())
    except SafetensorError as error:
        raise ValueError(
            f"weights: {options.weights} is not a .safetensors file: {error}"
        ) from None
    return options.model, settings, state
