"""The compiled kernels: what a thread does to take part in a job.

The innermost steps stand in `vectors`, the numbers of a job in `jobs`.

numba keeps compiled functions on disk by processor, by their name and by the time of the file that
defines them, and looks at no file that is imported. So the names of the functions here carry a sum
of all the files that they are made of.
"""

# mypy: disallow-untyped-defs=False, disallow-incomplete-defs=False, check-untyped-defs=False
# No "from __future__ import annotations" here: numba reads the signatures itself.
import zlib
from pathlib import Path

import numba
import numpy as np

from cnnhistory.kernels import jobs as at
from cnnhistory.kernels.atomics import add, exchange_if, pause, pointer, read
from cnnhistory.kernels.vectors import (
    CHANNELS,
    PIXELS,
    signs_of_64,
    signs_of_planes,
    tile_bits,
    tile_values,
)

SOURCES = ("atomics.py", "compiled.py", "jobs.py", "vectors.py")
TILES_OF_PART = 28  # at most: some microseconds


def sum_of_sources(folder: Path) -> str:
    """Return the CRC-32 of all files that the kernels are made of, as eight digits."""
    content = b"".join((folder / name).read_bytes() for name in SOURCES)
    return f"{zlib.crc32(content):08x}"


_sum = sum_of_sources(Path(__file__).parent)


def _kernel(function):
    """Compile a function that releases Python's lock; keep the result on disk."""
    function.__qualname__ = f"{function.__name__}_{_sum}"
    return numba.njit(nogil=True, cache=True)(function)


@_kernel
def _take(job, counter, count):
    """Return a range of pieces that nobody has taken, from and to; an empty one after the last.

    Before a thread can take some, all that it wrote must have reached the cache; so it takes a
    sixteenth of its share at once, and all if it is alone.
    """
    threads = job[at.THREADS]
    size = count if threads == 1 else max(1, count // (16 * threads))
    first = min(add(job.ctypes.data + 8 * counter, size), count)
    return first, min(first + size, count)


@_kernel
def _maps(address, job, image, rows, columns):
    """Return the packed maps of an image, (rows, columns, words), as an array."""
    words = (job[at.CHANNELS] + 63) // 64
    start = address + 8 * image * rows * columns * words
    return numba.carray(pointer(start), (rows, columns, words), np.uint64)


@_kernel
def _pack_last(job):
    """Take part in packing the rows of float images (N, H, W, C)."""
    height, columns, channels = job[at.HEIGHT], job[at.COLUMNS], job[at.CHANNELS]
    whole, top, left = channels // 64, job[at.TOP], job[at.LEFT]
    limits = numba.carray(pointer(job[at.LIMITS]), channels, np.float32)
    flips = numba.carray(pointer(job[at.FLIPS]), (channels + 63) // 64, np.uint64)
    while True:
        first, end = _take(job, at.ROWS_TAKEN, job[at.IMAGES] * height)
        if first == end:
            return
        for line in range(first, end):
            n, r = divmod(line, height)
            start = job[at.X] + 4 * line * columns * channels
            x = numba.carray(pointer(start), (columns, channels), np.float32)
            packed = _maps(job[at.PACKED], job, n, job[at.PACKED_ROWS], job[at.PACKED_COLUMNS])[
                r + top
            ]
            for c in range(columns):
                for k in range(whole):
                    signs = signs_of_64(x[c].ctypes.data + 256 * k, limits.ctypes.data + 256 * k)
                    packed[c + left, k] = signs ^ flips[k]
                if channels > 64 * whole:
                    word = np.uint64(0)
                    for b in range(channels - 64 * whole):
                        if x[c, 64 * whole + b] >= limits[64 * whole + b]:
                            word |= np.uint64(1) << np.uint64(b)
                    packed[c + left, whole] = word ^ flips[whole]
        add(job.ctypes.data + 8 * at.ROWS_DONE, end - first)


@_kernel
def _pack_first(job):
    """Take part in packing float images (N, C, H, W), 64 channels of an image at a time."""
    columns, channels, top, left = (
        job[at.COLUMNS],
        job[at.CHANNELS],
        job[at.TOP],
        job[at.LEFT],
    )
    words = (channels + 63) // 64
    pixels = job[at.HEIGHT] * columns
    limits = numba.carray(pointer(job[at.LIMITS]), channels, np.float32)
    flips = numba.carray(pointer(job[at.FLIPS]), words, np.uint64)
    eight = np.empty(8, np.uint64)
    while True:
        first, end = _take(job, at.PARTS_TAKEN, job[at.IMAGES] * words)
        if first == end:
            return
        for part in range(first, end):
            n, k = divmod(part, words)
            planes = min(64, channels - 64 * k)
            start = job[at.X] + 4 * (n * channels + 64 * k) * pixels
            x = numba.carray(pointer(start), (planes, pixels), np.float32)
            packed = _maps(job[at.PACKED], job, n, job[at.PACKED_ROWS], job[at.PACKED_COLUMNS])
            limit = limits.ctypes.data + 256 * k
            for p in range(0, pixels - 7, 8):
                signs_of_planes(start + 4 * p, limit, planes, 4 * pixels, eight.ctypes.data)
                for i in range(8):
                    r, c = divmod(p + i, columns)
                    packed[r + top, c + left, k] = eight[i] ^ flips[k]
            for p in range(pixels - pixels % 8, pixels):
                r, c = divmod(p, columns)
                word = np.uint64(0)
                for b in range(planes):
                    if x[b, p] >= limits[64 * k + b]:
                        word |= np.uint64(1) << np.uint64(b)
                packed[r + top, c + left, k] = word ^ flips[k]


@_kernel
def _convolve(job):
    """Take part in a convolution of packed images.

    Images come one after the other, of each the blocks of channels, of each block groups of
    tiles: a part reads one image and one block of kernels, which stay in the nearest cache.
    """
    is_bits = job[at.KIND] == at.BITS_OF_BITS
    tiles, blocks, offsets, steps = (
        job[at.TILES],
        job[at.BLOCKS],
        job[at.OFFSETS],
        job[at.STEPS],
    )
    groups = (tiles + TILES_OF_PART - 1) // TILES_OF_PART
    image = 8 * job[at.PACKED_ROWS] * job[at.PACKED_COLUMNS] * ((job[at.CHANNELS] + 63) // 64)
    windows, classes, places = job[at.WINDOWS], job[at.CLASSES], job[at.PLACES]
    while True:
        first, end = _take(job, at.PARTS_TAKEN, job[at.IMAGES] * blocks * groups)
        if first == end:
            return
        for part in range(first, end):
            n, rest = divmod(part, blocks * groups)
            block, group = divmod(rest, groups)
            packed = job[at.PACKED] + n * image
            lanes = CHANNELS * block
            w = job[at.W] + 8 * lanes * steps
            table = job[at.TABLE] + 4 * lanes
            out = job[at.OUT] + n * job[at.OUT_IMAGE]
            for tile in range(group * tiles // groups, (group + 1) * tiles // groups):
                p = 8 * PIXELS * tile
                if is_bits:
                    tile_bits(
                        packed, windows + p, w, offsets, steps, table, classes + p,
                        job[at.FLIPS] + lanes // 8, out + lanes // 8, places + p,
                    )  # fmt: skip
                else:
                    tile_values(
                        packed, windows + p, w, offsets, steps, table, classes + p,
                        job[at.SCALE] + 4 * lanes, out + 4 * lanes, places + p,
                    )  # fmt: skip


@_kernel
def _pool(job):
    """Take part in pooling packed images: (or over each window) xor flips, the maximum of bits."""
    size, stride, top, left = job[at.SIZE], job[at.STRIDE], job[at.TOP], job[at.LEFT]
    height, width = job[at.HEIGHT], job[at.COLUMNS]
    flips = numba.carray(pointer(job[at.FLIPS]), (job[at.CHANNELS] + 63) // 64, np.uint64)
    while True:
        first, end = _take(job, at.PARTS_TAKEN, job[at.IMAGES] * height)
        if first == end:
            return
        for part in range(first, end):
            n, r = divmod(part, height)
            packed = _maps(job[at.PACKED], job, n, job[at.PACKED_ROWS], job[at.PACKED_COLUMNS])
            out = _maps(job[at.OUT], job, n, job[at.OUT_ROWS], job[at.OUT_COLUMNS])
            for c in range(width):
                for k in range(flips.shape[0]):
                    word = np.uint64(0)
                    for i in range(size):
                        for j in range(size):
                            word |= packed[r * stride + i, c * stride + j, k]
                    out[r + top, c + left, k] = word ^ flips[k]


@_kernel
def work(job):
    """Take part in a job until nothing is left to take."""
    kind = job[at.KIND]
    if kind == at.PACK_FIRST:
        _pack_first(job)
    elif kind == at.POOL:
        _pool(job)
    else:
        if kind in (at.PACK_LAST, at.VALUES_OF_FLOATS):
            _pack_last(job)
        if kind != at.PACK_LAST:
            lines = job[at.IMAGES] * job[at.HEIGHT] if kind == at.VALUES_OF_FLOATS else 0
            while read(job.ctypes.data + 8 * at.ROWS_DONE) < lines:
                pause()
            _convolve(job)


@_kernel
def serve(box, patience):
    """Do the jobs that are put in a box; return when there was none for a while, as asleep."""
    state = box.ctypes.data + 8 * at.BOX_STATE
    looks = 0
    while True:
        if read(state) == at.POSTED and exchange_if(state, at.POSTED, at.RUNNING):
            work(numba.carray(pointer(box[at.BOX_JOB]), at.JOB_LENGTH, np.int64))
            exchange_if(state, at.RUNNING, at.IDLE)
            looks = 0
        looks += 1
        # Asleep already: it was woken once too often.
        if looks > patience and (
            exchange_if(state, at.IDLE, at.ASLEEP) or read(state) == at.ASLEEP
        ):
            return
        pause()


@_kernel
def post(box, job):
    """Put a job in a box, and note there if its helper must be woken."""
    box[at.BOX_JOB] = job.ctypes.data
    state = box.ctypes.data + 8 * at.BOX_STATE
    if not exchange_if(state, at.IDLE, at.POSTED) and exchange_if(state, at.ASLEEP, at.POSTED):
        box[at.BOX_WAKE] = 1


@_kernel
def is_free(box, patience):
    """Take a job back if its helper has not begun, else wait a while; return whether it is done."""
    state = box.ctypes.data + 8 * at.BOX_STATE
    for _ in range(patience):
        if exchange_if(state, at.POSTED, at.IDLE) or read(state) != at.RUNNING:
            return True
        pause()
    return False
