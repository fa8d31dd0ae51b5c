"""The parts of a `.cnnz` file: numbers, texts, tensors; writing and careful reading."""

import math

import numpy as np
import torch
from torch import Tensor

from cnnhistory.compression.cnnz.gaps import to_gaps, to_places
from cnnhistory.compression.cnnz.huffman import LARGEST_ALPHABET, Code, MalformedError, Symbols
from cnnhistory.compression.cnnz.tensors import SharedTensor

# Kind of number -> its place in this list; new ones go to the end.
TYPES = (
    torch.float32, torch.float64, torch.float16, torch.bfloat16,
    torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool,
)  # fmt: skip


# Of these a shared weight can be; its values are float32 in the file.
SHARED_TYPES = TYPES[:4]


class Reader:
    """Takes bytes off the front of `data`, from `at` on, and never more than there are."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data = memoryview(data)
        self.at = at

    def take(self, count: int) -> memoryview:
        """Return the next `count` bytes, without a copy.

        Raises:
            MalformedError: there are fewer.
        """
        if count > len(self.data) - self.at:
            raise MalformedError(f"expected {count} more bytes, got {len(self.data) - self.at}")
        self.at += count
        return self.data[self.at - count : self.at]

    def varint(self, most: int, what: str) -> int:
        """Return the next number.

        Raises:
            MalformedError: it is above `most`, or longer than need be.
        """
        value = 0
        for place in range(5):
            (byte,) = self.take(1)
            value |= (byte & 0x7F) << (7 * place)
            if byte < 0x80:
                if value > most or (place and not byte):
                    break
                return value
        raise MalformedError(f"{what}: expected a number of at most {most}, got {value} or more")

    def text(self, longest: int, what: str) -> str:
        """Return the next text.

        Raises:
            MalformedError: it has more than `longest` bytes or is not UTF-8.
        """
        try:
            return bytes(self.take(self.varint(longest, f"length of {what}"))).decode()
        except UnicodeDecodeError as error:
            raise MalformedError(f"{what}: not UTF-8 ({error.reason})") from None


def varint(value: int) -> bytes:
    """Return a number as bytes of seven bits, the lowest first; the highest bit says "more".

    Raises:
        ValueError: the number is 2**35 or more.

    >>> varint(300).hex()
    'ac02'
    """
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    if len(out) > 5:
        raise ValueError(f"expected numbers below 2**35, got {value}")
    return bytes(out)


def text(text: str, longest: int, what: str) -> bytes:
    """Return a text as its length in bytes and its bytes.

    Raises:
        ValueError: it is longer than `longest` bytes.
    """
    encoded = text.encode()
    if len(encoded) > longest:
        raise ValueError(f"{what}: expected at most {longest} bytes, got {len(encoded)}")
    return varint(len(encoded)) + encoded


def dump_raw(name: str, value: Tensor) -> bytes:
    """Return the kind of number and the numbers, little-endian.

    Raises:
        ValueError: there is no such kind of number in a file.
    """
    if value.dtype not in TYPES:
        raise ValueError(f"{name}: expected one of {len(TYPES)} kinds of number, got {value.dtype}")
    flat = value.resolve_neg().contiguous().flatten()
    if flat.dtype == torch.bfloat16:
        flat = flat.view(torch.int16)
    array = flat.numpy()
    return bytes([TYPES.index(value.dtype)]) + array.astype(array.dtype.newbyteorder("<")).tobytes()


def load_raw(reader: Reader, shape: tuple[int, ...], numbers: int, left: int) -> Tensor:
    """Return a tensor of `numbers` numbers that takes at most `left` bytes.

    Raises:
        MalformedError: it takes more, or is not all there.
    """
    (kind,) = reader.take(1)
    if kind >= len(TYPES):
        raise MalformedError(f"type: expected a number below {len(TYPES)}, got {kind}")
    stored = torch.int16 if TYPES[kind] == torch.bfloat16 else TYPES[kind]
    native = torch.empty(0, dtype=stored).numpy().dtype
    if numbers * native.itemsize > left:
        raise MalformedError(f"{numbers} numbers of {native.itemsize} bytes exceed the limit")
    array = np.frombuffer(reader.take(numbers * native.itemsize), native.newbyteorder("<"))
    if TYPES[kind] == torch.bool and (array.view(np.uint8) > 1).any():
        raise MalformedError("truth values: expected bytes 0 and 1")
    return torch.from_numpy(array.astype(native)).view(TYPES[kind]).view(shape)


def load_type(reader: Reader) -> torch.dtype:
    """Return the type of a shared weight that is not float32.

    Raises:
        MalformedError: it is no such type.
    """
    (kind,) = reader.take(1)
    if not 1 <= kind < len(SHARED_TYPES):
        raise MalformedError(f"type: expected a number from 1 to 3 for shared values, got {kind}")
    return SHARED_TYPES[kind]


def dump_shared(part: SharedTensor) -> bytes:
    """Return gaps, codes and shared values, the first two as Huffman words."""
    gaps, is_weight = to_gaps(part.places, part.index_bits)
    symbols = np.zeros(len(gaps), dtype=np.uint8)  # 0 fills a gap, k + 1 is the value k
    symbols[is_weight] = part.codes + 1
    out = bytes([part.index_bits]) + varint(len(gaps))
    if not len(gaps):
        return out
    out += bytes([len(part.values)]) + part.values.astype("<f4").tobytes()
    return out + _dump_stream(gaps) + _dump_stream(symbols)


def load_shared(
    reader: Reader,
    shape: tuple[int, ...],
    dtype: torch.dtype,
    spent: dict[str, int],
) -> SharedTensor:
    """Return a weight, and enter into `spent` how many bytes each section has.

    Raises:
        MalformedError: it is not all there, or is not consistent.
    """
    numbers = math.prod(shape)
    (index_bits,) = reader.take(1)
    if not 1 <= index_bits <= 8:
        raise MalformedError(f"bits of a gap: expected between 1 and 8, got {index_bits}")
    entries = reader.varint(numbers, "entries")
    none = np.zeros(0, dtype=np.uint8)
    if not entries:
        places, values = none.astype(np.int64), none.astype(np.float32)
        return SharedTensor(shape, index_bits, places, none, values, dtype)
    (count,) = reader.take(1)
    spent["codebooks"] = 1 + 4 * count
    values = np.frombuffer(reader.take(4 * count), "<f4").astype(np.float32)
    places = to_places(_load_stream(reader, entries, 1 << index_bits, "indices", spent), numbers)
    codes = _load_stream(reader, entries, count + 1, "weights", spent)
    if not (codes.all() if codes.flags.writeable else codes[0]):
        is_weight = codes > 0
        places, codes = places[is_weight], codes[is_weight]
    if codes.flags.writeable:
        codes -= np.uint8(1)
    else:  # one symbol for all, once in memory
        codes = np.broadcast_to(codes[0] - np.uint8(1), codes.shape)
    return SharedTensor(shape, index_bits, places, codes, values, dtype)


def _dump_stream(symbols: Symbols) -> bytes:
    code = Code.of(symbols)
    data, bits = code.encode(symbols)
    halves = [*code.lengths, 0][: len(code.lengths) + len(code.lengths) % 2]
    table = bytes(high << 4 | low for high, low in zip(halves[::2], halves[1::2], strict=True))
    return bytes([len(code.lengths) - 1]) + table + varint(bits) + data


def _load_stream(
    reader: Reader, entries: int, alphabet: int, section: str, spent: dict[str, int]
) -> Symbols:
    start = reader.at
    used = reader.take(1)[0] + 1
    if used > min(alphabet, LARGEST_ALPHABET):
        raise MalformedError(f"{section}: expected at most {alphabet} symbols, got {used}")
    halves = [half for byte in reader.take((used + 1) // 2) for half in (byte >> 4, byte & 15)]
    if not halves[used - 1] or any(halves[used:]):
        raise MalformedError(f"{section}: expected {used} lengths, the last one not 0")
    code = Code(tuple(halves[:used]))
    spent["tables"] += reader.at - start
    start = reader.at
    bits = reader.varint(8 * (len(reader.data) - reader.at), "bits")
    symbols = code.decode(bytes(reader.take((bits + 7) // 8)), bits, entries)
    spent[section] += reader.at - start
    return symbols
