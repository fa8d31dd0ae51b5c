"""The two files of an exported network: its graph as JSON, its numbers one after the other.

The JSON names the operations, their settings, and where in the other file each tensor begins, how
long it is and how it is stored:

- "bits": +1 and -1 only, eight in a byte, the first in the highest bit, 1 for +1;
- "float16": numbers that float16 holds exactly;
- "float32": all others.

Every tensor begins at a multiple of four bytes; all numbers are little-endian. The JSON has length
and CRC-32 of the other file, so that a damaged one is noticed.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from cnnhistory._util.files import replace_file
from cnnhistory._util.lookup import expected
from cnnhistory.export.trace import Graph, trace_shape

FORMAT, VERSION = "cnnhistory network", 1
ALIGNMENT = 4  # bytes
FEWEST_BITS = 32  # of a tensor that is packed


@dataclass(frozen=True)
class Exported:
    """A network as the two files have it: `graph` as plain values, `numbers` as bytes."""

    graph: dict[str, Any]
    numbers: bytes

    def json(self) -> bytes:
        """Return the first file."""
        text = json.dumps(self.graph, separators=(",", ":"), allow_nan=False)
        return (text + "\n").encode()


def packed(name: str, tensor: Tensor) -> tuple[str, bytes]:
    r"""Return how a tensor is stored, and its bytes.

    >>> kind, content = packed("w", torch.tensor([0.5, -2.0]))
    >>> kind, content.hex()
    ('float16', '003800c0')

    Raises:
        ValueError: a value is not finite.
    """
    values = tensor.detach().to("cpu", torch.float32).contiguous()
    if not bool(values.isfinite().all()):
        raise expected(name, "finite numbers", "others")
    array = values.numpy().ravel()
    if array.size >= FEWEST_BITS and bool((np.abs(array) == 1).all()):
        return "bits", np.packbits(array > 0).tobytes()
    with np.errstate(over="ignore"):
        half = array.astype("<f2")
    if bool((half.astype(np.float32) == array).all()):
        return "float16", half.tobytes()
    return "float32", array.astype("<f4").tobytes()


def export_network(
    network: nn.Module, shape: tuple[int, ...], about: Mapping[str, Any] | None = None
) -> Exported:
    """Return a network as a graph and its numbers.

    Args:
        network: left as it was, mode and hooks included.
        shape: of one input, without the batch.
        about: plain values that stand in the JSON, such as which weights these are.

    Raises:
        ValueError: the runtime lacks an operation, the network refuses the shape, a weight is not
            finite, or `about` is not plain.
    """
    return written(trace_shape(network, shape), about)


def written(graph: Graph, about: Mapping[str, Any] | None = None) -> Exported:
    """Return a traced network as a graph of plain values and its numbers; see `export_network`."""
    numbers, nodes = bytearray(), []
    for node in graph.nodes:
        tensors = {}
        for key, tensor in node.operation.tensors.items():
            kind, data = packed(f"{node.name}.{key}", tensor)
            numbers += bytes(-len(numbers) % ALIGNMENT)
            place = {"type": kind, "shape": list(tensor.shape), "offset": len(numbers)}
            tensors[key] = {**place, "bytes": len(data)}
            numbers += data
        entry: dict[str, Any] = {"name": node.name, "op": node.operation.name}
        entry |= {"inputs": list(node.inputs), "shape": list(node.shape)}
        if node.operation.settings:
            entry["settings"] = node.operation.settings
        if tensors:
            entry["tensors"] = tensors
        nodes.append(entry)
    plain = {
        "format": FORMAT,
        "version": VERSION,
        "about": dict(about or {}),
        "input": list(graph.shape),
        "output": graph.output,
        "nodes": nodes,
        "bytes": len(numbers),
        "crc32": zlib.crc32(numbers),
    }
    try:
        json.dumps(plain, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise expected("about", "plain values", str(error)) from None
    return Exported(plain, bytes(numbers))


def write_network(exported: Exported, folder: Path, name: str) -> tuple[Path, Path]:
    """Write NAME.json and NAME.bin into a folder, which is made; return both paths.

    Raises:
        ValueError: the name is no plain file name.
        OSError: the folder cannot be written.
    """
    if not name or name.startswith(".") or not all(c.isalnum() or c in "_-." for c in name):
        raise expected("name", "letters, digits, _ and -", name)
    folder.mkdir(parents=True, exist_ok=True)
    paths = folder / f"{name}.json", folder / f"{name}.bin"
    replace_file(paths[1], exported.numbers)
    replace_file(paths[0], exported.json())
    return paths
