"""A whole `.cnnz` file: header, tensors, checksum.

The page "The file format .cnnz" of the book's appendix has the layout, byte by byte; the functions
here follow it in its order.
"""

import json
import math
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from cnnhistory._util.files import replace_file
from cnnhistory._util.html import printable
from cnnhistory.compression.cnnz.building import build_network
from cnnhistory.compression.cnnz.huffman import MalformedError
from cnnhistory.compression.cnnz.parts import (
    TYPES,
    Reader,
    dump_raw,
    dump_shared,
    load_raw,
    load_shared,
    load_type,
    text,
    varint,
)
from cnnhistory.compression.cnnz.tensors import Parts, SharedTensor, expand_state

MAGIC = b"CNNZ"
VERSION = 1
RAW, SHARED, SHARED_AS = 0, 1, 2  # the last: shared values of another type than float32
LIMIT = 1 << 30  # bytes, of all tensors of a file decoded; VGG-19 has 575 million
MOST_TENSORS = 1 << 16
LONGEST_NAME = 1 << 10
LONGEST_HEADER = 1 << 16
MOST_DIMENSIONS = 8
SECTIONS = ("indices", "weights", "codebooks", "tables", "rest")


@dataclass(frozen=True)
class Contents:
    """What a file holds, and what its bytes are spent on.

    `sizes` has for each tensor the bytes of each of `SECTIONS`: the gaps between weights, the
    codes of the weights, the shared values, the lengths of the Huffman words, and all else (names,
    shapes, tensors stored as they are). The entry "" is what belongs to no tensor: header,
    checksum. All together are the bytes of the file.
    """

    model: str
    settings: dict[str, Any]
    parts: Parts
    sizes: dict[str, dict[str, int]]

    def state(self) -> dict[str, Tensor]:
        """Return all tensors, dense, for `load_state_dict`."""
        return expand_state(self.parts)

    def totals(self) -> dict[str, int]:
        """Return the bytes of each section over all tensors."""
        return {name: sum(size[name] for size in self.sizes.values()) for name in SECTIONS}

    def network(self) -> nn.Module:
        """Build the network with these weights, in evaluation mode.

        Raises:
            MalformedError: there is no such model, or the tensors are not its own.
        """
        network = build_network(self.model, self.settings, self.parts)
        network.load_state_dict(self.state())
        return network.eval()


def save(
    path: str | Path,
    model: str,
    settings: Mapping[str, Any],
    parts: Mapping[str, SharedTensor | Tensor],
) -> int:
    """Write a file and return its size in bytes; a file of that name is replaced at once or not.

    Raises:
        ValueError: something does not fit the format, such as a name that is too long, or the
            path leads to something that is no regular file.
        OSError: the file cannot be written.
    """
    content = dumps(model, settings, parts)
    replace_file(path, content)
    return len(content)


def load(path: str | Path, limit: int = LIMIT) -> Contents:
    """Read a file, see `loads`.

    Raises:
        MalformedError: the file is not a whole `.cnnz` file.
        OSError: the file cannot be read.
    """
    with open(path, "rb") as file:
        head = file.read(len(MAGIC))
        try:
            return loads(head + (file.read() if head == MAGIC else b""), limit)
        except MalformedError as error:
            raise MalformedError(f"{path}: {error}") from error


def dumps(
    model: str, settings: Mapping[str, Any], parts: Mapping[str, SharedTensor | Tensor]
) -> bytes:
    """Return the bytes of a file.

    Args:
        model: name of a model of the registry.
        settings: keywords of its builder, as far as JSON can say them.
        parts: what `compress_state` made.

    Raises:
        ValueError: something does not fit the format, such as a name that is too long.
    """
    header = json.dumps({"model": model, "settings": dict(settings)}, separators=(",", ":"))
    out = bytearray(MAGIC + bytes([VERSION]))
    out += text(header, LONGEST_HEADER, "settings") + varint(len(parts))
    for name, part in parts.items():
        out += text(name, LONGEST_NAME, "name")
        if len(part.shape) > MOST_DIMENSIONS:
            raise ValueError(f"{name}: expected at most {MOST_DIMENSIONS} dimensions")
        kind = RAW
        if isinstance(part, SharedTensor):
            kind = SHARED if part.dtype == torch.float32 else SHARED_AS
        out += bytes([kind, len(part.shape)]) + b"".join(map(varint, part.shape))
        if kind == SHARED_AS:
            out += bytes([TYPES.index(part.dtype)])
        out += dump_shared(part) if isinstance(part, SharedTensor) else dump_raw(name, part)
    return bytes(out) + struct.pack("<I", zlib.crc32(out))


def loads(data: bytes, limit: int = LIMIT) -> Contents:
    """Read the bytes of a file.

    No sizes in the file are believed: nothing is allocated before it is known to be within
    `limit` and what it is made of to be there. Reading takes no more than three times `limit`, and
    that only of a file with a bit or more for each weight.

    Args:
        data: the whole file.
        limit: largest size of all tensors together, decoded, in bytes.

    Raises:
        MalformedError: the bytes are not a whole file of this format and version, or its tensors
            are larger than `limit`.
    """
    if data[:4] != MAGIC:
        raise MalformedError(f"expected a file that begins with {MAGIC!r}, got {data[:4]!r}")
    if len(data) < 9:
        raise MalformedError(f"expected a whole file, got its first {len(data)} bytes")
    if data[4] != VERSION:
        raise MalformedError(f"expected version {VERSION}, got {data[4]}")
    if zlib.crc32(data[:-4]) != struct.unpack("<I", data[-4:])[0]:
        raise MalformedError("checksum: the file was cut short or altered")
    reader = Reader(data[:-4], 5)
    model, settings = _header(reader.text(LONGEST_HEADER, "header"))
    count = reader.varint(min(MOST_TENSORS, len(data)), "number of tensors")
    sizes = {"": dict.fromkeys(SECTIONS, 0)}
    sizes[""]["rest"] = reader.at + 4
    parts: Parts = {}
    left = limit
    for _ in range(count):
        start = reader.at
        name = reader.text(LONGEST_NAME, "name")
        if name in parts or not name:
            raise MalformedError(f"name: expected a new name of a tensor, got {name!r}")
        shown = printable(name)
        kind, dimensions = reader.take(2)
        if kind not in (RAW, SHARED, SHARED_AS) or dimensions > MOST_DIMENSIONS:
            raise MalformedError(f"{shown}: unknown kind {kind} with {dimensions} dimensions")
        shape = tuple(reader.varint(limit, "size") for _ in range(dimensions))
        # With a size of 0 there are no numbers, but torch multiplies the others all the same.
        if math.prod(max(1, size) for size in shape) > limit:
            raise MalformedError(f"{shown}: sizes {shape} exceed the limit of {limit} bytes")
        numbers = math.prod(shape)
        spent = dict.fromkeys(SECTIONS, 0)
        if kind == RAW:
            parts[name] = part = load_raw(reader, shape, numbers, left)
            left -= numbers * part.element_size()
        else:
            dtype = load_type(reader) if kind == SHARED_AS else torch.float32
            if numbers * dtype.itemsize > left:
                raise MalformedError(
                    f"{shown}: {numbers} numbers exceed the limit of {limit} bytes"
                )
            parts[name] = load_shared(reader, shape, dtype, spent)
            left -= numbers * dtype.itemsize
        spent["rest"] = reader.at - start - sum(spent.values())
        sizes[name] = spent
    if reader.at != len(reader.data):
        raise MalformedError(f"{len(reader.data) - reader.at} bytes left over")
    return Contents(model, settings, parts, sizes)


def _header(content: str) -> tuple[str, dict[str, Any]]:
    try:
        header = json.loads(content)
    except (ValueError, RecursionError):
        header = None
    if (
        not isinstance(header, dict)
        or header.keys() != {"model", "settings"}
        or not isinstance(header["model"], str)
        or not isinstance(header["settings"], dict)
    ):
        raise MalformedError("header: expected JSON with a model and its settings")
    return header["model"], header["settings"]
