"""Huffman codes: frequent symbols get short words, and no word begins another.

D. Huffman (1952), "A Method for the Construction of Minimum-Redundancy Codes"
[huffman1952method].

What was new: the best prefix code is built from the rarest symbols up, by joining the two rarest
again and again. No prefix code has a smaller mean length, and it lies less than one bit above the
entropy.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

LONGEST = 15  # bits of a word: a length fits in four bits, a table of all windows in the cache
LARGEST_ALPHABET = 256
_BLOCK = 1 << 16  # bits that are decoded at a time; a multiple of 8
_DOUBLINGS = 5  # the walk through a block takes strides of 2**5 words

Symbols = npt.NDArray[np.uint8]


class MalformedError(ValueError):
    """Bytes that no encoder of ours wrote: cut short, altered, or made to do harm."""


def entropy(counts: Sequence[int] | npt.NDArray[np.int64]) -> float:
    """Return H = -sum p log2 p of symbols that occur so often, in bits for each symbol.

    >>> entropy([2, 1, 1])
    1.5
    """
    occurring = np.asarray(counts, dtype=np.float64)
    parts = occurring[occurring > 0] / max(occurring.sum(), 1)
    return float(-(parts * np.log2(parts)).sum()) + 0.0


def word_lengths(counts: Sequence[int] | npt.NDArray[np.int64]) -> list[int]:
    """Return the length of each symbol's word in a Huffman code, in bits; 0 if it does not occur.

    The two rarest groups of symbols are joined, which makes the words of all in them one bit
    longer, until one group is left. No word is longer than `LONGEST`: where Huffman's would be,
    the lengths are the best under that limit (see `limited_lengths`). A symbol that is alone gets
    a word of one bit.

    Source: huffman1952method, with ties joined in the order of the symbols.

    >>> word_lengths([45, 13, 12, 16, 9, 5, 0])
    [1, 3, 3, 3, 4, 4, 0]
    """
    lengths = [0] * len(counts)
    heap = [(int(count), symbol, [symbol]) for symbol, count in enumerate(counts) if count > 0]
    if len(heap) == 1:
        lengths[heap[0][1]] = 1
        return lengths
    heapq.heapify(heap)
    while len(heap) > 1:
        rarest, second = heapq.heappop(heap), heapq.heappop(heap)
        group = rarest[2] + second[2]
        for symbol in group:
            lengths[symbol] += 1
        heapq.heappush(heap, (rarest[0] + second[0], min(rarest[1], second[1]), group))
    return limited_lengths(counts) if max(lengths, default=0) > LONGEST else lengths


def limited_lengths(
    counts: Sequence[int] | npt.NDArray[np.int64], limit: int = LONGEST
) -> list[int]:
    """Return the lengths of the best prefix code whose words have at most `limit` bits.

    Larmore and Hirschberg's package-merge: of n symbols, the 2n - 2 cheapest items of a list are
    chosen; the list of each level holds the symbols and the pairs of the level below, and a
    symbol's word has as many bits as it is in chosen items.

    Raises:
        ValueError: more symbols than there are words of that length.

    >>> limited_lengths([1, 1, 2, 4, 8], limit=3)
    [3, 3, 3, 3, 1]
    """
    single = sorted((int(count), [symbol]) for symbol, count in enumerate(counts) if count > 0)
    if len(single) > 2**limit:
        raise ValueError(f"limit: expected at least log2 of {len(single)} symbols, got {limit}")
    lengths = [0] * len(counts)
    level = single
    for _ in range(limit - 1):
        pairs = [
            (first[0] + second[0], first[1] + second[1])
            for first, second in zip(level[::2], level[1::2], strict=False)
        ]
        level = sorted(single + pairs)
    for _, symbols in level[: max(2 * len(single) - 2, len(single))]:
        for symbol in symbols:
            lengths[symbol] += 1
    return lengths


def canonical_words(lengths: Sequence[int]) -> list[int]:
    """Return the words of the canonical code with these lengths, as numbers.

    Words are counted up in the order of length, then symbol, with a zero appended where the
    length grows. So the lengths alone are enough to write down the code.

    >>> [f"{word:0{n}b}" for word, n in zip(canonical_words([2, 1, 3, 3]), [2, 1, 3, 3])]
    ['10', '0', '110', '111']
    """
    words = [0] * len(lengths)
    word, before = 0, 0
    for length, symbol in sorted((n, s) for s, n in enumerate(lengths) if n > 0):
        word <<= length - before
        words[symbol] = word
        word, before = word + 1, length
    return words


@dataclass(frozen=True)
class Code:
    """A canonical prefix code of the symbols 0, 1, ..., len(lengths) - 1.

    A code of one symbol needs no bits: what is encoded is known by its count.

    Units: `lengths` are bits, 0 for a symbol that has no word.

    Raises:
        MalformedError: there is no symbol, or more than 256, or a length above `LONGEST`, or the
            words leave gaps or collide: sum of 2**-length is not 1.
    """

    lengths: tuple[int, ...]

    def __post_init__(self) -> None:
        used = [length for length in self.lengths if length]
        if not used or len(self.lengths) > LARGEST_ALPHABET:
            raise MalformedError(
                f"code: expected 1 to {LARGEST_ALPHABET} symbols, got {len(self.lengths)} lengths "
                f"for {len(used)} symbols"
            )
        if min(self.lengths) < 0 or max(used) > LONGEST:
            raise MalformedError(
                f"code: expected lengths from 0 to {LONGEST}, got {min(self.lengths)} to "
                f"{max(self.lengths)}"
            )
        filled = sum(1 << (LONGEST - length) for length in used)
        if used != [1] and filled != 1 << LONGEST:
            raise MalformedError(
                "code: expected words that are a complete prefix code, sum of 2**-length = 1, got "
                f"{filled / (1 << LONGEST):.4f}"
            )

    @classmethod
    def of(cls, symbols: Symbols) -> "Code":
        """Return the best code for these symbols.

        Raises:
            MalformedError: there are none.
        """
        return cls(tuple(word_lengths(np.bincount(symbols))))

    @cached_property
    def only(self) -> int | None:
        """The symbol of a code that has one, else None."""
        used = [symbol for symbol, length in enumerate(self.lengths) if length]
        return used[0] if len(used) == 1 else None

    @cached_property
    def _table(self) -> tuple[int, Symbols, npt.NDArray[np.int64]]:
        """Window of bits -> symbol and length of the word that the window begins with."""
        width = max(self.lengths)
        symbols = np.zeros(1 << width, dtype=np.uint8)
        lengths = np.zeros(1 << width, dtype=np.int64)
        for symbol, (word, length) in enumerate(
            zip(canonical_words(self.lengths), self.lengths, strict=True)
        ):
            if length:
                first = word << (width - length)
                symbols[first : first + (1 << (width - length))] = symbol
                lengths[first : first + (1 << (width - length))] = length
        return width, symbols, lengths

    def encode(self, symbols: Symbols) -> tuple[bytes, int]:
        """Return the words of the symbols one after another, and how many bits they are.

        The first bit is the highest of the first byte; the last byte is filled with zeros.

        Raises:
            ValueError: a symbol has no word.
        """
        if not len(symbols) or int(symbols.max()) >= len(self.lengths):
            lengths = np.zeros(len(symbols), dtype=np.int64)
        else:
            lengths = np.asarray(self.lengths, dtype=np.int64)[symbols]
        if (lengths == 0).any():
            raise ValueError("symbols: expected only symbols that the code has a word for")
        if self.only is not None or not len(symbols):
            return b"", 0
        words = np.asarray(canonical_words(self.lengths), dtype=np.int64)[symbols]
        ends = np.cumsum(lengths)
        bits = np.zeros(int(ends[-1]), dtype=np.uint8)
        for place in range(int(lengths.max())):  # from the last bit of each word to the first
            has = lengths > place
            bits[ends[has] - 1 - place] = (words[has] >> place) & 1
        return np.packbits(bits).tobytes(), int(ends[-1])

    def decode(self, data: bytes, bits: int, count: int) -> Symbols:
        """Return the `count` symbols whose words `data` holds.

        Where a word begins depends on all words before it, so a loop would go from word to word.
        Here the table says for every bit of a block at once where the next word would begin if
        one began there; following these pointers twice, four times, ... as far gives pointers over
        32 words, and only with those the loop walks.

        Memory grows with `bits`, whatever `count` is. A code of one symbol gives an array that
        cannot be written to: all its places are the same byte.

        Raises:
            MalformedError: `data` is not exactly `bits` long, its words are not exactly `count`,
                or the rest of the last byte is not zero.
        """
        if len(data) != (bits + 7) // 8:
            raise MalformedError(
                f"data: expected {(bits + 7) // 8} bytes for {bits} bits, got {len(data)}"
            )
        if bits % 8 and data[-1] & (0xFF >> (bits % 8)):
            raise MalformedError("data: expected zeros after the last word")
        if self.only is not None:
            if bits:
                raise MalformedError(f"bits: expected 0 for a code of one symbol, got {bits}")
            # One byte in memory, whatever the count says.
            return np.broadcast_to(np.uint8(self.only), (count,))
        if not count <= bits <= count * LONGEST:
            raise MalformedError(f"count: {bits} bits cannot hold {count} words")
        raw = np.frombuffer(data + b"\0\0\0", dtype=np.uint8)
        pieces = []
        place = 0  # where the next word begins, counted from the start of the block
        for base in range(0, bits, _BLOCK):
            size = min(_BLOCK, bits - base)
            found, place = self._decode_block(raw[base // 8 :], size, place)
            pieces.append(found)
        symbols = np.concatenate(pieces) if pieces else np.zeros(0, dtype=np.uint8)
        if place != 0 or len(symbols) != count:
            raise MalformedError(
                f"data: expected {count} whole words in {bits} bits, got {len(symbols)}"
                + (" and a part of one" if place else "")
            )
        return symbols

    def _decode_block(
        self, raw: npt.NDArray[np.uint8], size: int, place: int
    ) -> tuple[Symbols, int]:
        """Decode the words that begin in the first `size` bits, the first one at `place`.

        Returns them and how far the last one reaches beyond the block.
        """
        width, table, lengths = self._table
        count = (size + 7) // 8
        three = raw[: count + 2].astype(np.int64)
        three = three[:-2] << 16 | three[1:-1] << 8 | three[2:]
        shifts = 24 - width - np.arange(8)
        windows = (three[:, None] >> shifts).ravel()[:size] & ((1 << width) - 1)
        # Places beyond the block point to themselves: whoever leaves the block stays where it left.
        jumps = [np.arange(size + LONGEST)]
        jumps[0][:size] += lengths[windows]
        for _ in range(_DOUBLINGS):
            jumps.append(jumps[-1][jumps[-1]])
        stride = jumps.pop()
        walk = []
        while place < size:
            walk.append(place)
            place = int(stride[place])
        places = np.asarray(walk, dtype=np.int64)
        for jump in reversed(jumps):
            places = np.stack([places, jump[places]], axis=1).ravel()
        return table[windows[places[places < size]]], place - size
