"""Commands that compress weights into a `.cnnz` file and back."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor


# Where a .safetensors file keeps what is no tensor.
_RESERVED = "__metadata__"


def compress(options: argparse.Namespace) -> None:
    """Write the weights of a recorded run, or of a file, as a `.cnnz` file.

    The weights are compressed as they are: zeros stay zeros, and values that are already shared
    stay exactly. Only `--density` prunes, without retraining. The ratio that is printed is taken
    against the weights as they were given, in their own types.

    A network with the channels last is written for `--weights` with
    `save_file(plain_state(network), path)`, see `cnnhistory.compression.weights.plain_state`.

    Raises:
        ValueError: the weights are not the model's or not finite, or the output is no regular file.
    """
    from torch import Tensor

    from cnnhistory import create_model
    from cnnhistory._util.html import printable
    from cnnhistory.compression.cnnz import LIMIT, check_state, load, save
    from cnnhistory.compression.deep_compression import compress_state
    from cnnhistory.compression.pruning import make_permanent, prune_to
    from cnnhistory.compression.quantization import Bits
    from cnnhistory.registry import on_meta

    bits = Bits(options.conv_bits, options.dense_bits)
    index_bits = Bits(options.conv_index_bits, options.dense_index_bits)
    model, settings, state = _weights(options)
    check_state(on_meta(model, **settings).state_dict(), state)
    before = sum(value.numel() * value.element_size() for value in state.values())
    if options.density is not None:
        types = {key: value.dtype for key, value in state.items()}
        network = create_model(model, **settings)
        network.load_state_dict(state)
        prune_to(network, options.density)
        state = make_permanent(network).state_dict()
        state = {key: value.to(types[key]) for key, value in state.items()}
    parts = compress_state(state, bits, index_bits)
    size = save(options.output, model, settings, parts)
    whole = [key for key, part in parts.items() if len(part.shape) > 1 and isinstance(part, Tensor)]
    if whole:
        print(f"stored as they are: {', '.join(map(printable, whole))}")
    print(f"{options.output}: {size:,} bytes, {before / size:.1f} times smaller than {before:,}")
    totals = load(options.output, max(LIMIT, before)).totals()
    print(", ".join(f"{name} {count:,}" for name, count in totals.items()))


def decompress(options: argparse.Namespace) -> None:
    """Write the tensors of a `.cnnz` file as a `.safetensors` file.

    Raises:
        ValueError: the file is damaged, a tensor has a name that a `.safetensors` file cannot hold,
            or the output is no regular file.
    """
    from safetensors.torch import save

    from cnnhistory._util.files import replace_file
    from cnnhistory._util.html import printable
    from cnnhistory._util.lookup import expected
    from cnnhistory.compression.cnnz import load

    contents = load(options.file)
    if _RESERVED in contents.parts:
        raise expected("tensors", "names that a .safetensors file can hold", _RESERVED)
    header = {"model": contents.model, "settings": json.dumps(contents.settings)}
    content = save(contents.state(), metadata=header)
    replace_file(Path(options.output), content)
    arguments = "".join(f", {key}={value!r}" for key, value in contents.settings.items())
    call = printable(f"create_model({contents.model!r}{arguments})")
    print(f"{options.output}: {len(content):,} bytes, {call}")


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
        found = zoo.training_recipe(options.model)
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
