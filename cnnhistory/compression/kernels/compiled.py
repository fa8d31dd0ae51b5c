"""The compiled kernels: tiles of pixels by 16 channels, eight popcounts in one instruction.

The innermost loop is written in LLVM's own language, because only there can a vector of eight
64-bit popcounts be asked for. LLVM makes one VPOPCNTQ of it where the processor has AVX-512, and
a few instructions of AVX2 or NEON elsewhere. A tile holds its counts in registers: 7 pixels by 16
channels are 14 of the 32 that AVX-512 has.

Everything that numba compiles stands in this one file: numba keeps compiled functions on disk by
processor and by the time of the file that defines them, and looks at no file that is imported.
"""

# mypy: disallow-untyped-defs=False, disallow-incomplete-defs=False, check-untyped-defs=False
# No "from __future__ import annotations" here: numba reads the signatures itself.
import llvmlite.binding
import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils, config
from numba.extending import intrinsic

_features = getattr(config, "CPU_FEATURES", None) or str(
    llvmlite.binding.get_host_cpu_features().flatten()
)
PIXELS = 7 if "+avx512f" in _features else 2
CHANNELS = 16
_LANES = 8
_HALVES = CHANNELS // _LANES
_I8, _I32, _I64, _F32 = ir.IntType(8), ir.IntType(32), ir.IntType(64), ir.FloatType()
_WORDS, _INTS, _FLOATS = (ir.VectorType(kind, _LANES) for kind in (_I64, _I32, _F32))


def _at(builder, base, index, size, kind):
    """Return a pointer to `kind` at the address base + index * size."""
    address = builder.add(base, builder.mul(index, _I64(size)))
    return builder.inttoptr(address, kind.as_pointer())


def _load(builder, base, index, size, kind, align=4):
    return builder.load(_at(builder, base, index, size, kind), align=align)


def _splat(builder, value):
    """Return a vector with the value in all eight lanes."""
    lanes = ir.VectorType(value.type, _LANES)
    nothing = ir.Constant(lanes, ir.Undefined)
    one = builder.insert_element(nothing, value, _I32(0))
    return builder.shuffle_vector(one, nothing, ir.Constant(_INTS, [0] * _LANES))


def _differing_bits(builder, x, windows, w, rows, words, stride):
    """Emit the loops over a window; return counts[pixel][half], eight channels each."""
    popcount = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(_WORDS, [_WORDS]), "llvm.ctpop.v8i64"
    )
    zero = ir.Constant(_WORDS, [0] * _LANES)
    # Memory in name only: LLVM turns each into a register.
    slots = [
        [cgutils.alloca_once_value(builder, zero) for _ in range(_HALVES)] for _ in range(PIXELS)
    ]
    starts = [
        builder.add(x, builder.mul(_load(builder, windows, _I64(p), 8, _I64, 8), _I64(8)))
        for p in range(PIXELS)
    ]
    with cgutils.for_range(builder, rows) as row:
        shift = builder.mul(row.index, builder.mul(stride, _I64(8)))
        bases = [builder.add(start, shift) for start in starts]
        kernel = builder.add(w, builder.mul(builder.mul(row.index, words), _I64(8 * CHANNELS)))
        with cgutils.for_range(builder, words) as word:
            halves = []
            for half in range(_HALVES):
                at = builder.add(kernel, _I64(8 * _LANES * half))
                halves.append(_load(builder, at, word.index, 8 * CHANNELS, _WORDS, 8))
            for base, pair in zip(bases, slots, strict=True):
                pixel = _splat(builder, _load(builder, base, word.index, 8, _I64, 8))
                for half, slot in zip(halves, pair, strict=True):
                    differ = builder.call(popcount, [builder.xor(pixel, half)])
                    builder.store(builder.add(builder.load(slot), differ), slot)
    return [[builder.load(slot) for slot in pair] for pair in slots]


@intrinsic
def _tile_values(typingctx, x, windows, w, rows, words, stride, table, classes, scale, out, places):
    """Write scale * (table - 2 count), float32, for one tile; every argument is an int64.

    `x`, `windows`, `w`, `table`, `classes`, `scale`, `out`, `places` are addresses; `windows`,
    `classes` and `places` have one entry a pixel: where its window starts (in words), its row of
    the table and its place in `out` (in entries).
    """

    def codegen(context, builder, signature, args):
        x, windows, w, rows, words, stride, table, classes, scale, out, places = args
        counts = _differing_bits(builder, x, windows, w, rows, words, stride)
        for p, pair in enumerate(counts):
            row = _load(builder, classes, _I64(p), 8, _I64, 8)
            place = _load(builder, places, _I64(p), 8, _I64, 8)
            for half, count in enumerate(pair):
                lane = _I64(_LANES * half)
                full = _load(builder, table, builder.add(row, lane), 4, _INTS)
                twice = builder.shl(builder.trunc(count, _INTS), ir.Constant(_INTS, [1] * _LANES))
                dot = builder.sitofp(builder.sub(full, twice), _FLOATS)
                dot = builder.fmul(dot, _load(builder, scale, lane, 4, _FLOATS))
                pointer = _at(builder, out, builder.add(place, lane), 4, _FLOATS)
                builder.store(dot, pointer, align=4)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 11), codegen


@intrinsic
def _tile_bits(typingctx, x, windows, w, rows, words, stride, table, classes, flips, out, places):
    """Write the bits (count <= table) xor flips for one tile, 16 channels in two bytes.

    The arguments are those of `_tile_values`, but for `flips`, the address of two bytes, and
    `places`, which are in bytes.
    """

    def codegen(context, builder, signature, args):
        x, windows, w, rows, words, stride, table, classes, flips, out, places = args
        counts = _differing_bits(builder, x, windows, w, rows, words, stride)
        for p, pair in enumerate(counts):
            row = _load(builder, classes, _I64(p), 8, _I64, 8)
            place = _load(builder, places, _I64(p), 8, _I64, 8)
            for half, count in enumerate(pair):
                limit = _load(builder, table, builder.add(row, _I64(_LANES * half)), 4, _INTS)
                small = builder.icmp_signed("<=", builder.trunc(count, _INTS), limit)
                byte = builder.bitcast(small, _I8)
                byte = builder.xor(byte, _load(builder, flips, _I64(half), 1, _I8, 1))
                pointer = _at(builder, out, builder.add(place, _I64(half)), 1, _I8)
                builder.store(byte, pointer, align=1)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 11), codegen


@intrinsic
def _signs_of_64(typingctx, values, limits):
    """Return a word with bit i set where value i is at least limit i (addresses of float32)."""

    def codegen(context, builder, signature, args):
        floats = ir.VectorType(_F32, 64)
        left, right = (
            builder.load(builder.inttoptr(address, floats.as_pointer()), align=4)
            for address in args
        )
        return builder.bitcast(builder.fcmp_ordered(">=", left, right), _I64)

    return types.uint64(types.int64, types.int64), codegen


@intrinsic
def _signs_of_planes(typingctx, values, limits, planes, stride, out):
    """Write a word for each of eight neighboring pixels, a bit for each of `planes` channels.

    `stride` is the distance in bytes from one channel of a pixel to the next.
    """

    def codegen(context, builder, signature, args):
        values, limits, planes, stride, out = args
        zero = ir.Constant(_WORDS, [0] * _LANES)
        slot = cgutils.alloca_once_value(builder, zero)
        with cgutils.for_range(builder, planes) as plane:
            at = builder.add(values, builder.mul(plane.index, stride))
            pixels = _load(builder, at, _I64(0), 4, _FLOATS)
            limit = _splat(builder, _load(builder, limits, plane.index, 4, _F32))
            bit = _splat(builder, builder.shl(_I64(1), plane.index))
            is_set = builder.fcmp_ordered(">=", pixels, limit)
            word = builder.select(is_set, bit, zero)
            builder.store(builder.or_(builder.load(slot), word), slot)
        builder.store(builder.load(slot), _at(builder, out, _I64(0), 8, _WORDS), align=8)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 5), codegen


@numba.njit(nogil=True, cache=True)
def _pack_image(x, limits, flips, first, last, top, left, packed):
    """Pack rows first ... last - 1 of one image with the channels last."""
    columns, channels = x.shape[1], x.shape[2]
    whole = channels // 64
    for r in range(first, last):
        for c in range(columns):
            start = x.ctypes.data + 4 * channels * (r * columns + c)
            for k in range(whole):
                signs = _signs_of_64(start + 256 * k, limits.ctypes.data + 256 * k)
                packed[r + top, c + left, k] = signs ^ flips[k]
            if channels > 64 * whole:
                word = np.uint64(0)
                for b in range(channels - 64 * whole):
                    if x[r, c, 64 * whole + b] >= limits[64 * whole + b]:
                        word |= np.uint64(1) << np.uint64(b)
                packed[r + top, c + left, whole] = word ^ flips[whole]


@numba.njit(nogil=True, cache=True)
def pack_last(x, limits, flips, top, left, packed, images):
    """Pack images (N, H, W, C) into words (N, rows, columns, words)."""
    for n in range(images[0], images[1]):
        _pack_image(x[n], limits, flips, 0, x.shape[1], top, left, packed[n])


@numba.njit(nogil=True, cache=True)
def pack_first(x, limits, flips, top, left, packed, images):
    """Pack images (N, C, H, W) into words (N, rows, columns, words)."""
    channels, height, columns = x.shape[1:]
    pixels = height * columns
    eight = np.empty(8, np.uint64)
    for n in range(images[0], images[1]):
        for k in range(flips.shape[0]):
            planes = min(64, channels - 64 * k)
            start = x[n, 64 * k].ctypes.data
            limit = limits.ctypes.data + 256 * k
            for p in range(0, pixels - 7, 8):
                _signs_of_planes(start + 4 * p, limit, planes, 4 * pixels, eight.ctypes.data)
                for i in range(8):
                    r, c = divmod(p + i, columns)
                    packed[n, r + top, c + left, k] = eight[i] ^ flips[k]
            for p in range(pixels - pixels % 8, pixels):
                r, c = divmod(p, columns)
                word = np.uint64(0)
                for b in range(planes):
                    if x[n, 64 * k + b, r, c] >= limits[64 * k + b]:
                        word |= np.uint64(1) << np.uint64(b)
                packed[n, r + top, c + left, k] = word ^ flips[k]


@numba.njit(nogil=True, cache=True)
def _values_of_image(
    packed, w, windows, classes, places, table, scale, out, rows, words, stride, tiles, blocks
):
    for block in range(blocks[0], blocks[1]):
        lane = 4 * CHANNELS * block
        for tile in range(tiles[0], tiles[1]):
            p = 8 * PIXELS * tile
            _tile_values(
                packed.ctypes.data,
                windows.ctypes.data + p,
                w[block].ctypes.data,
                rows,
                words,
                stride,
                table.ctypes.data + lane,
                classes.ctypes.data + p,
                scale.ctypes.data + lane,
                out.ctypes.data + lane,
                places.ctypes.data + p,
            )


@numba.njit(nogil=True, cache=True)
def values_of_floats(
    x, limits, flips, shape, top, left, reads,
    w, windows, classes, places, table, scale, out, rows, words, stride, images, tiles, blocks,
):  # fmt: skip
    """Pack float images (N, H, W, C) and convolve them, in one go, into floats."""
    packed = np.zeros(shape, np.uint64)
    for n in range(images[0], images[1]):
        _pack_image(x[n], limits, flips, reads[0], reads[1], top, left, packed)
        _values_of_image(
            packed, w, windows, classes, places, table, scale, out[n],
            rows, words, stride, tiles, blocks,
        )  # fmt: skip


@numba.njit(nogil=True, cache=True)
def values_of_bits(
    packed, w, windows, classes, places, table, scale, out, rows, words, stride,
    images, tiles, blocks,
):  # fmt: skip
    """Convolve packed images into floats."""
    for n in range(images[0], images[1]):
        _values_of_image(
            packed[n], w, windows, classes, places, table, scale, out[n],
            rows, words, stride, tiles, blocks,
        )  # fmt: skip


@numba.njit(nogil=True, cache=True)
def bits_of_bits(
    packed, w, windows, classes, places, table, flips, out, rows, words, stride,
    images, tiles, blocks,
):  # fmt: skip
    """Convolve packed images and compare with the thresholds, into packed images."""
    for n in range(images[0], images[1]):
        for block in range(blocks[0], blocks[1]):
            for tile in range(tiles[0], tiles[1]):
                p = 8 * PIXELS * tile
                _tile_bits(
                    packed[n].ctypes.data,
                    windows.ctypes.data + p,
                    w[block].ctypes.data,
                    rows,
                    words,
                    stride,
                    table.ctypes.data + 4 * CHANNELS * block,
                    classes.ctypes.data + p,
                    flips.ctypes.data + CHANNELS // 8 * block,
                    out[n].ctypes.data + CHANNELS // 8 * block,
                    places.ctypes.data + p,
                )


@numba.njit(nogil=True, cache=True)
def pool_bits(packed, size, stride, height, width, flips, top, left, out, images):
    """Write (or over each window) xor flips, the maximum of bits, for packed images."""
    for n in range(images[0], images[1]):
        for r in range(height):
            for c in range(width):
                for k in range(flips.shape[0]):
                    word = np.uint64(0)
                    for i in range(size):
                        for j in range(size):
                            word |= packed[n, r * stride + i, c * stride + j, k]
                    out[n, r + top, c + left, k] = word ^ flips[k]
