"""Where the weights of a pruned layer stand: gaps of a few bits, and zeros that fill wide gaps.

S. Han, H. Mao, W. Dally (2016), "Deep Compression" [han2016deep], Section 2, Figure 2.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from cnnhistory.compression.cnnz.huffman import MalformedError, Symbols

Places = npt.NDArray[np.signedinteger[Any]]


def to_gaps(places: Places, bits: int) -> tuple[Symbols, npt.NDArray[np.bool_]]:
    """Turn places into gaps and say which entries are weights rather than filling zeros.

    A gap is the number of zeros between an entry and the one before it (or the beginning), at
    most 2**bits - 1. Where more zeros lie between two weights, one of them after every 2**bits - 1
    becomes an entry itself.

    Shape: places (N,), increasing; gaps and marks (M,) with M >= N.

    Raises:
        ValueError: bits is not between 1 and 8, or the places do not increase from 0 or above.

    Source: han2016deep, Figure 2. There the first place counts from 0 and a difference of 8 is
    written with 3 bits; here the number of zeros is written, which is one less.

    >>> gaps, is_weight = to_gaps(np.array([1, 4, 15]), bits=3)
    >>> gaps.tolist(), is_weight.tolist()
    ([1, 2, 7, 2], [True, True, False, True])
    """
    _check_bits(bits)
    before = np.concatenate([np.array([-1]), places])
    zeros = np.diff(before) - 1
    if (zeros < 0).any():
        raise ValueError("places: expected increasing places from 0 or above")
    span = 1 << bits
    fillers, rest = np.divmod(zeros, span)
    ends = np.cumsum(fillers + 1)
    size = int(ends[-1]) if len(ends) else 0
    gaps = np.full(size, span - 1, dtype=np.uint8)
    gaps[ends - 1] = rest
    is_weight = np.zeros(size, dtype=np.bool_)
    is_weight[ends - 1] = True
    return gaps, is_weight


def to_places(gaps: Symbols, size: int) -> Places:
    """Return the place of every entry in a tensor of `size` numbers.

    Raises:
        MalformedError: the entries go beyond the end.

    >>> to_places(np.array([1, 2, 7, 2], dtype=np.uint8), size=16).tolist()
    [1, 4, 12, 15]
    """
    same = len(gaps) > 0 and not gaps.strides[0]  # one gap for all, see `Code.decode`
    end = len(gaps) * (int(gaps[0]) + 1) if same else int(gaps.sum(dtype=np.int64)) + len(gaps)
    if end > size:
        raise MalformedError(f"gaps: expected places below {size}, got {end - 1}")
    # In half the bytes where they suffice, and in place: there can be as many as weights.
    kind = np.int32 if size < 1 << 31 else np.int64
    if same:
        return np.arange(int(gaps[0]), end, int(gaps[0]) + 1, dtype=kind)
    places = gaps.astype(kind)
    places += 1
    np.cumsum(places, out=places)
    places -= 1
    return places


def _check_bits(bits: int) -> None:
    if not 1 <= bits <= 8:
        raise ValueError(f"bits: expected between 1 and 8, got {bits}")
