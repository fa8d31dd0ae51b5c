"""How bits lie in words, and where the windows of a convolution lie among them.

A channel is one bit: 1 for +1, 0 for -1. The channels of a pixel fill 64-bit words from the lowest
bit up; the bits left over in the last word are 0 in inputs and in kernels, so they never differ.
Of n products of signs, d of them -1, the sum is n - 2 d, and d is the number of bits that differ:
popcount(x xor w).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor

from cnnhistory.kernels.jobs import Ints, new_job
from cnnhistory.nn.size import window_count

Pair = tuple[int, int]
Words = npt.NDArray[np.uint64]
CHANNELS = 16  # of a tile; `compiled` has the same
ORDER = [*range(0, CHANNELS, 2), *range(1, CHANNELS, 2)]  # how they lie side by side


def word_count(channels: int) -> int:
    """Return how many 64-bit words the channels of a pixel fill.

    >>> word_count(64), word_count(65)
    (1, 2)
    """
    return -(-channels // 64)


def pack_last_axis(is_set: npt.NDArray[np.bool_]) -> Words:
    """Put the last axis into words, entry i into bit i modulo 64 of word i // 64."""
    *rest, length = is_set.shape
    padded = np.zeros((*rest, 64 * word_count(length)), np.bool_)
    padded[..., :length] = is_set
    # The first byte of a word in this order holds its lowest bits.
    return np.packbits(padded, axis=-1, bitorder="little").view("<u8").astype(np.uint64)


@dataclass(frozen=True, eq=False)
class Prepared:
    """What a kernel needs to know about a layer and a size of image.

    Shape: `sums` (kinds, 16 blocks), what the sum would be, were no bit to differ; `rows` and
    `places`, for each pixel of a plan, where its kind begins in `sums`, and where its values go;
    `ones` (16 blocks,) is a scale of 1; `limits` and `flips` are zeros for the channels of the
    input. `numbers` are the fields of a job that tell where all this is, see `compiled`; `jobs`
    are such jobs by their kind, to be copied.
    """

    sums: npt.NDArray[np.int32]
    rows: Ints
    places: Ints
    ones: npt.NDArray[np.float32]
    limits: npt.NDArray[np.float32]
    flips: Words
    numbers: dict[str, int]
    jobs: dict[str, Ints] = field(default_factory=dict)

    def job(self, kind: str) -> Ints:
        """Return a job of that kind without images, for the caller to complete."""
        known = self.jobs.get(kind)
        if known is None:
            known = self.jobs.setdefault(kind, new_job(kind, self.numbers))
        return known.copy()


@dataclass(frozen=True, eq=False)
class PackedWeight:
    """Kernels of +1 and -1, a bit each.

    Shape: `words` (blocks, taps * words of a tap, 16): the 16 channels of a block side by side,
    the even ones first; `ones` (16 blocks, kh, kw), how many bits of a tap are 1.
    """

    out_channels: int
    channels: int
    kernel: Pair
    words: Words
    ones: Ints
    _prepared: dict[Plan, Prepared] = field(default_factory=dict, repr=False)
    _flat: dict[str, PackedWeight] = field(default_factory=dict, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        # A copy has arrays of its own, at other addresses.
        return {**self.__dict__, "_prepared": {}, "_flat": {}}

    @property
    def blocks(self) -> int:
        """How many blocks of 16 output channels there are, the last one filled up."""
        return len(self.words)

    @property
    def nbytes(self) -> int:
        """Bytes that the bits take."""
        return self.words.nbytes

    @property
    def words_per_tap(self) -> int:
        """Words that one pixel of the input has."""
        return self.words.shape[1] // (self.kernel[0] * self.kernel[1])

    def flattened(self) -> PackedWeight:
        """Return the kernels as those of a dense layer that reads all taps at once."""
        kh, kw = self.kernel
        known = self._flat.get("flat")
        if known is None:
            made = PackedWeight(
                self.out_channels,
                self.channels * kh * kw,
                (1, 1),
                self.words,
                self.ones.sum((1, 2), keepdims=True),
            )
            known = self._flat.setdefault("flat", made)
        return known

    def prepare(self, plan: Plan) -> Prepared:
        """Lay out the sums and places for images of the plan's size.

        A tap outside the image has only zero bits there, which the kernel's ones differ from;
        adding 2 for each of those takes it back, so that the tap counts nothing.

        Several threads may prepare the same at once. The first one's stays for good, for jobs have
        the addresses of its arrays.
        """
        known = self._prepared.get(plan)
        if known is None:
            sums = []
            for top, bottom, left, right in plan.inside:
                inside = np.zeros(self.kernel, np.bool_)
                inside[top:bottom, left:right] = True
                outside = (self.ones * ~inside).sum((1, 2))
                sums.append(self.channels * inside.sum() + 2 * outside)
            room = CHANNELS * self.blocks
            table = np.stack(sums).astype(np.int32)
            classes, places = plan.kinds * room, plan.pixels * room
            ones = np.ones(room, np.float32)
            limits = np.zeros(self.channels, np.float32)
            flips = np.zeros(plan.shape[2], np.uint64)
            numbers = {
                "w": self.words.ctypes.data,
                "windows": plan.windows.ctypes.data,
                "table": table.ctypes.data,
                "classes": classes.ctypes.data,
                "places": places.ctypes.data,
                "scale": ones.ctypes.data,
                "limits": limits.ctypes.data,
                "flips": flips.ctypes.data,
                "blocks": self.blocks,
                "offsets": plan.offsets.ctypes.data,
                "steps": len(plan.offsets),
                "tiles": plan.tiles,
                "channels": self.channels,
                "height": plan.image[0],
                "columns": plan.image[1],
                "packed_rows": plan.shape[0],
                "packed_columns": plan.shape[1],
                "top": plan.padding[0],
                "left": plan.padding[1],
                "out_image": 4 * room * plan.height * plan.width,
            }
            made = Prepared(table, classes, places, ones, limits, flips, numbers)
            known = self._prepared.setdefault(plan, made)
        return known


def pack_weight(weight: Tensor, maps: int | None = None) -> PackedWeight:
    """Return the signs of weights as bits; only weight >= 0 gives +1.

    Shape: weight (O, C, kh, kw) of a convolution, or (O, F) of a dense layer. `maps` says that
    the F inputs are that many maps, flattened.

    Raises:
        ValueError: the weight has neither 2 nor 4 axes, or `maps` does not divide F.
    """
    if weight.dim() not in (2, 4):
        raise ValueError(f"weight: expected 2 or 4 axes, got {weight.dim()}")
    is_set = (weight.detach().cpu() >= 0).numpy()
    out = len(is_set)
    if weight.dim() == 2:
        inputs = is_set.shape[1]
        if inputs % (maps or inputs):
            raise ValueError(f"maps: expected a divisor of {inputs}, got {maps}")
        # One tap: all pixels of all maps, in the order in which packed maps have them.
        bits = pack_last_axis(is_set.reshape(out, maps or inputs, -1).transpose(0, 2, 1))
        channels, kernel = inputs, (1, 1)
    else:
        bits = pack_last_axis(is_set.transpose(0, 2, 3, 1))
        channels, kernel = is_set.shape[1], (is_set.shape[2], is_set.shape[3])
    blocks = -(-out // CHANNELS)
    padded = np.zeros((blocks * CHANNELS, *bits.shape[1:]), np.uint64)
    padded[:out] = bits
    ones = np.bitwise_count(padded).reshape(len(padded), *kernel, -1).sum(-1, dtype=np.int64)
    words = padded.reshape(blocks, CHANNELS, -1)[:, ORDER].transpose(0, 2, 1)
    return PackedWeight(out, channels, kernel, np.ascontiguousarray(words), ones)


@dataclass(frozen=True, eq=False)
class Plan:
    """Where the windows of a convolution lie in a packed image with its border.

    Shape: `windows`, `kinds` and `pixels` have one entry for each output pixel, filled up to whole
    tiles by repeating the last; `offsets` has one for each word of a window; `inside` has for each
    kind of pixel the range of taps that lie in the image: rows from, to, columns from, to.

    Units: `windows` in words from the start of the image, `offsets` from that of the window.
    """

    height: int
    width: int
    shape: tuple[int, int, int]
    padding: Pair
    stride: Pair
    kernel: Pair
    image: Pair
    tile: int
    windows: Ints
    offsets: Ints
    kinds: Ints
    pixels: Ints
    inside: tuple[tuple[int, int, int, int], ...]

    @property
    def tiles(self) -> int:
        """How many tiles of pixels there are."""
        return len(self.windows) // self.tile


@lru_cache(maxsize=256)
def plan(image: Pair, words: int, kernel: Pair, stride: Pair, padding: Pair, tile: int) -> Plan:
    """Lay out the windows over images of a size.

    Raises:
        ValueError: no window fits into the padded image.
    """
    (h, w), (kh, kw), (sh, sw), (ph, pw) = image, kernel, stride, padding
    height, width = window_count(h, kh, sh, ph), window_count(w, kw, sw, pw)
    if height < 1 or width < 1:
        raise ValueError(
            f"x: expected images of at least {kh - 2 * ph}x{kw - 2 * pw} for kernels of {kh}x{kw} "
            f"and padding {padding}, got {h}x{w}"
        )
    columns = w + 2 * pw
    pixels = np.arange(height * width)
    pixels = np.concatenate([pixels, np.repeat(pixels[-1:], -len(pixels) % tile)])
    row, column = np.divmod(pixels, width)
    windows = (row * sh * columns + column * sw) * words
    offsets = np.arange(kh)[:, None] * columns * words + np.arange(kw * words)
    # A kind is a pair of the numbers of taps cut off at the edges.
    rows, which_row = _inside(height, h, kh, sh, ph)
    cols, which_column = _inside(width, w, kw, sw, pw)
    kinds = which_row[row] * len(cols) + which_column[column]
    return Plan(
        height=height,
        width=width,
        shape=(h + 2 * ph, columns, words),
        padding=padding,
        stride=stride,
        kernel=kernel,
        image=image,
        tile=tile,
        windows=windows.astype(np.int64),
        offsets=offsets.flatten().astype(np.int64),
        kinds=kinds.astype(np.int64),
        pixels=pixels.astype(np.int64),
        inside=tuple((*r, *c) for r in rows for c in cols),
    )


def _inside(count: int, size: int, kernel: int, stride: int, pad: int) -> tuple[list[Pair], Ints]:
    """Return the different ranges of taps inside the image along an axis, and which has which."""
    starts = [position * stride - pad for position in range(count)]
    ranges = [(min(kernel, max(0, -s)), max(0, min(kernel, size - s))) for s in starts]
    known = list(dict.fromkeys(ranges))
    return known, np.array([known.index(r) for r in ranges])
