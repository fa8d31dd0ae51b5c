"""The compiled kernels: tiles of pixels by 16 channels, eight popcounts in one instruction.

The innermost loop is written in LLVM's own language, because only there can a vector of eight
64-bit popcounts be asked for. LLVM makes one VPOPCNTQ of it where the processor has AVX-512, and
a few instructions of AVX2 or NEON elsewhere. A tile holds its counts in registers: 7 pixels by 16
channels are 14 of the 32 that AVX-512 has.

A job is a row of numbers: what to do, sizes and addresses. Any thread can take parts of it until
none is left, without Python, so that threads start and end within a microsecond of each other.

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
_TILES_OF_PART = 28  # at most: some microseconds
_I16, _I32, _I64, _F32 = ir.IntType(16), ir.IntType(32), ir.IntType(64), ir.FloatType()
_WORDS = ir.VectorType(_I64, _LANES)
_INTS, _FLOATS = (ir.VectorType(kind, CHANNELS) for kind in (_I32, _F32))


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
    first = ir.Constant(ir.VectorType(_I32, _LANES), [0] * _LANES)
    return builder.shuffle_vector(one, nothing, first)


def _differing_bits(builder, x, windows, w, offsets, steps):
    """Emit the loop over a window; return the counts of each pixel, 16 channels, 32 bits each.

    One loop goes over all words of a window, and a list says how far each lies from the window's
    start: the end of a loop within a loop would be guessed wrong by the processor, at the price
    of two or three steps. Popcounts come in lanes of 64 bits. Of a block's channels the even ones
    are counted in one vector and the odd ones in another, so that a shift and an or bring them
    into order.
    """
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
    with cgutils.for_range(builder, steps) as step:
        offset = _load(builder, offsets, step.index, 8, _I64, 8)
        halves = []
        for half in range(_HALVES):
            at = builder.add(w, _I64(8 * _LANES * half))
            halves.append(_load(builder, at, step.index, 8 * CHANNELS, _WORDS, 8))
        for start, pair in zip(starts, slots, strict=True):
            pixel = _splat(builder, _load(builder, start, offset, 8, _I64, 8))
            for half, slot in zip(halves, pair, strict=True):
                differ = builder.call(popcount, [builder.xor(pixel, half)])
                builder.store(builder.add(builder.load(slot), differ), slot)
    high = ir.Constant(_WORDS, [32] * _LANES)
    counts = []
    for even, odd in slots:
        both = builder.or_(builder.load(even), builder.shl(builder.load(odd), high))
        counts.append(builder.bitcast(both, _INTS))
    return counts


@intrinsic
def _tile_values(typingctx, x, windows, w, offsets, steps, table, classes, scale, out, places):
    """Write scale * (table - 2 count), float32, for one tile; every argument is an int64.

    All but `steps` are addresses. `windows`, `classes` and `places` have one entry a pixel: where
    its window starts (in words), its row of the table and its place in `out` (in entries);
    `offsets` has one for each of the `steps` words of a window: how far from its start it lies.
    """

    def codegen(context, builder, signature, args):
        x, windows, w, offsets, steps, table, classes, scale, out, places = args
        counts = _differing_bits(builder, x, windows, w, offsets, steps)
        factors = _load(builder, scale, _I64(0), 4, _FLOATS)
        for p, count in enumerate(counts):
            row = _load(builder, classes, _I64(p), 8, _I64, 8)
            place = _load(builder, places, _I64(p), 8, _I64, 8)
            full = _load(builder, table, row, 4, _INTS)
            dot = builder.sub(full, builder.add(count, count))
            dot = builder.fmul(builder.sitofp(dot, _FLOATS), factors)
            builder.store(dot, _at(builder, out, place, 4, _FLOATS), align=4)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 10), codegen


@intrinsic
def _tile_bits(typingctx, x, windows, w, offsets, steps, table, classes, flips, out, places):
    """Write the bits (count <= table) xor flips for one tile, 16 channels in two bytes.

    The arguments are those of `_tile_values`, but for `flips`, the address of two bytes, and
    `places`, which are in bytes.
    """

    def codegen(context, builder, signature, args):
        x, windows, w, offsets, steps, table, classes, flips, out, places = args
        counts = _differing_bits(builder, x, windows, w, offsets, steps)
        flip = _load(builder, flips, _I64(0), 2, _I16, 1)
        for p, count in enumerate(counts):
            row = _load(builder, classes, _I64(p), 8, _I64, 8)
            place = _load(builder, places, _I64(p), 8, _I64, 8)
            small = builder.icmp_signed("<=", count, _load(builder, table, row, 4, _INTS))
            bits = builder.xor(builder.bitcast(small, _I16), flip)
            builder.store(bits, _at(builder, out, place, 1, _I16), align=1)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 10), codegen


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
            pixels = _load(builder, at, _I64(0), 4, ir.VectorType(_F32, _LANES))
            limit = _splat(builder, _load(builder, limits, plane.index, 4, _F32))
            bit = _splat(builder, builder.shl(_I64(1), plane.index))
            is_set = builder.fcmp_ordered(">=", pixels, limit)
            word = builder.select(is_set, bit, zero)
            builder.store(builder.or_(builder.load(slot), word), slot)
        builder.store(builder.load(slot), _at(builder, out, _I64(0), 8, _WORDS), align=8)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 5), codegen


@intrinsic
def _add(typingctx, address, value):
    """Add to the integer at an address, seen by all threads at once; return what it was."""

    def codegen(context, builder, signature, args):
        pointer = builder.inttoptr(args[0], _I64.as_pointer())
        return builder.atomic_rmw("add", pointer, args[1], "seq_cst")

    return types.int64(types.int64, types.int64), codegen


@intrinsic
def _read(typingctx, address):
    """Return the integer at an address, as all threads see it."""

    def codegen(context, builder, signature, args):
        pointer = builder.inttoptr(args[0], _I64.as_pointer())
        return builder.load_atomic(pointer, "seq_cst", 8)

    return types.int64(types.int64), codegen


@intrinsic
def _pause(typingctx):
    """Tell the processor that this thread waits for another, where there is a word for it."""

    def codegen(context, builder, signature, args):
        if "x86" in builder.module.triple:
            kind = ir.FunctionType(ir.VoidType(), [])
            name = "llvm.x86.sse2.pause"
            builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [])
        return context.get_dummy_value()

    return types.void(), codegen


@intrinsic
def _exchange_if(typingctx, address, expected, value):
    """Put a value in place of an expected one, if that stands there; return whether it did."""

    def codegen(context, builder, signature, args):
        address, expected, value = args
        pointer = builder.inttoptr(address, _I64.as_pointer())
        result = builder.cmpxchg(pointer, expected, value, "seq_cst", "seq_cst")
        return builder.extract_value(result, 1)

    return types.boolean(types.int64, types.int64, types.int64), codegen


@intrinsic
def _pointer(typingctx, address):
    """Return an address as a pointer, for `numba.carray`."""

    def codegen(context, builder, signature, args):
        return builder.inttoptr(args[0], cgutils.voidptr_t)

    return types.voidptr(types.int64), codegen


KINDS = ("values_of_floats", "values_of_bits", "bits_of_bits", "pack_first", "pack_last", "pool")
(
    _VALUES_OF_FLOATS, _VALUES_OF_BITS, _BITS_OF_BITS, _PACK_FIRST, _PACK_LAST, _POOL,
) = range(len(KINDS))  # fmt: skip
FIELDS = (
    "kind", "threads", "images", "channels", "height", "columns", "top", "left",
    "x", "limits", "flips",
    "packed", "packed_rows", "packed_columns",
    "w", "blocks", "offsets", "steps", "windows", "tiles",
    "table", "classes", "scale",
    "out", "out_image", "places",
    "size", "stride", "out_rows", "out_columns",
)  # fmt: skip
(
    _KIND, _THREADS, _IMAGES, _CHANNELS, _HEIGHT, _COLUMNS, _TOP, _LEFT,
    _X, _LIMITS, _FLIPS,
    _PACKED, _PACKED_ROWS, _PACKED_COLUMNS,
    _W, _BLOCKS, _OFFSETS, _STEPS, _WINDOWS, _TILES,
    _TABLE, _CLASSES, _SCALE,
    _OUT, _OUT_IMAGE, _PLACES,
    _SIZE, _STRIDE, _OUT_ROWS, _OUT_COLUMNS,
) = range(len(FIELDS))  # fmt: skip
AT = {name: place for place, name in enumerate(FIELDS)}
# Counters of a job, each in a cache line of its own.
_ROWS_TAKEN, _ROWS_DONE, _PARTS_TAKEN = 32, 40, 48
JOB_LENGTH = 56
# A helper's box: its state, and in the next cache line the address of a job.
_STATE, _JOB = 0, 8
BOX_LENGTH = 16
_IDLE, _POSTED, _RUNNING, _ASLEEP = range(4)


@numba.njit(nogil=True, cache=True)
def _take(job, counter, count):
    """Return a range of pieces that nobody has taken, from and to; an empty one after the last.

    Before a thread can take some, all that it wrote must have reached the cache; so it takes a
    sixteenth of its share at once, and all if it is alone.
    """
    threads = job[_THREADS]
    size = count if threads == 1 else max(1, count // (16 * threads))
    first = min(_add(job.ctypes.data + 8 * counter, size), count)
    return first, min(first + size, count)


@numba.njit(nogil=True, cache=True)
def _maps(address, job, image, rows, columns):
    """Return the packed maps of an image, (rows, columns, words), as an array."""
    words = (job[_CHANNELS] + 63) // 64
    start = address + 8 * image * rows * columns * words
    return numba.carray(_pointer(start), (rows, columns, words), np.uint64)


@numba.njit(nogil=True, cache=True)
def _pack_last(job):
    """Take part in packing the rows of float images (N, H, W, C)."""
    height, columns, channels = job[_HEIGHT], job[_COLUMNS], job[_CHANNELS]
    whole, top, left = channels // 64, job[_TOP], job[_LEFT]
    limits = numba.carray(_pointer(job[_LIMITS]), channels, np.float32)
    flips = numba.carray(_pointer(job[_FLIPS]), (channels + 63) // 64, np.uint64)
    while True:
        first, end = _take(job, _ROWS_TAKEN, job[_IMAGES] * height)
        if first == end:
            return
        for line in range(first, end):
            n, r = divmod(line, height)
            start = job[_X] + 4 * line * columns * channels
            x = numba.carray(_pointer(start), (columns, channels), np.float32)
            packed = _maps(job[_PACKED], job, n, job[_PACKED_ROWS], job[_PACKED_COLUMNS])[r + top]
            for c in range(columns):
                for k in range(whole):
                    signs = _signs_of_64(x[c].ctypes.data + 256 * k, limits.ctypes.data + 256 * k)
                    packed[c + left, k] = signs ^ flips[k]
                if channels > 64 * whole:
                    word = np.uint64(0)
                    for b in range(channels - 64 * whole):
                        if x[c, 64 * whole + b] >= limits[64 * whole + b]:
                            word |= np.uint64(1) << np.uint64(b)
                    packed[c + left, whole] = word ^ flips[whole]
        _add(job.ctypes.data + 8 * _ROWS_DONE, end - first)


@numba.njit(nogil=True, cache=True)
def _pack_first(job):
    """Take part in packing float images (N, C, H, W), 64 channels of an image at a time."""
    columns, channels, top, left = job[_COLUMNS], job[_CHANNELS], job[_TOP], job[_LEFT]
    words = (channels + 63) // 64
    pixels = job[_HEIGHT] * columns
    limits = numba.carray(_pointer(job[_LIMITS]), channels, np.float32)
    flips = numba.carray(_pointer(job[_FLIPS]), words, np.uint64)
    eight = np.empty(8, np.uint64)
    while True:
        first, end = _take(job, _PARTS_TAKEN, job[_IMAGES] * words)
        if first == end:
            return
        for part in range(first, end):
            n, k = divmod(part, words)
            planes = min(64, channels - 64 * k)
            start = job[_X] + 4 * (n * channels + 64 * k) * pixels
            x = numba.carray(_pointer(start), (planes, pixels), np.float32)
            packed = _maps(job[_PACKED], job, n, job[_PACKED_ROWS], job[_PACKED_COLUMNS])
            limit = limits.ctypes.data + 256 * k
            for p in range(0, pixels - 7, 8):
                _signs_of_planes(start + 4 * p, limit, planes, 4 * pixels, eight.ctypes.data)
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


@numba.njit(nogil=True, cache=True)
def _convolve(job):
    """Take part in a convolution of packed images.

    Images come one after the other, of each the blocks of channels, of each block groups of
    tiles: a part reads one image and one block of kernels, which stay in the nearest cache.
    """
    is_bits = job[_KIND] == _BITS_OF_BITS
    tiles, blocks, offsets, steps = job[_TILES], job[_BLOCKS], job[_OFFSETS], job[_STEPS]
    groups = (tiles + _TILES_OF_PART - 1) // _TILES_OF_PART
    image = 8 * job[_PACKED_ROWS] * job[_PACKED_COLUMNS] * ((job[_CHANNELS] + 63) // 64)
    windows, classes, places = job[_WINDOWS], job[_CLASSES], job[_PLACES]
    while True:
        first, end = _take(job, _PARTS_TAKEN, job[_IMAGES] * blocks * groups)
        if first == end:
            return
        for part in range(first, end):
            n, rest = divmod(part, blocks * groups)
            block, group = divmod(rest, groups)
            packed = job[_PACKED] + n * image
            lanes = CHANNELS * block
            w = job[_W] + 8 * lanes * steps
            table = job[_TABLE] + 4 * lanes
            out = job[_OUT] + n * job[_OUT_IMAGE]
            for tile in range(group * tiles // groups, (group + 1) * tiles // groups):
                p = 8 * PIXELS * tile
                if is_bits:
                    _tile_bits(
                        packed, windows + p, w, offsets, steps, table, classes + p,
                        job[_FLIPS] + lanes // 8, out + lanes // 8, places + p,
                    )  # fmt: skip
                else:
                    _tile_values(
                        packed, windows + p, w, offsets, steps, table, classes + p,
                        job[_SCALE] + 4 * lanes, out + 4 * lanes, places + p,
                    )  # fmt: skip


@numba.njit(nogil=True, cache=True)
def _pool(job):
    """Take part in pooling packed images: (or over each window) xor flips, the maximum of bits."""
    size, stride, top, left = job[_SIZE], job[_STRIDE], job[_TOP], job[_LEFT]
    height, width = job[_HEIGHT], job[_COLUMNS]
    flips = numba.carray(_pointer(job[_FLIPS]), (job[_CHANNELS] + 63) // 64, np.uint64)
    while True:
        first, end = _take(job, _PARTS_TAKEN, job[_IMAGES] * height)
        if first == end:
            return
        for part in range(first, end):
            n, r = divmod(part, height)
            packed = _maps(job[_PACKED], job, n, job[_PACKED_ROWS], job[_PACKED_COLUMNS])
            out = _maps(job[_OUT], job, n, job[_OUT_ROWS], job[_OUT_COLUMNS])
            for c in range(width):
                for k in range(flips.shape[0]):
                    word = np.uint64(0)
                    for i in range(size):
                        for j in range(size):
                            word |= packed[r * stride + i, c * stride + j, k]
                    out[r + top, c + left, k] = word ^ flips[k]


@numba.njit(nogil=True, cache=True)
def work(job):
    """Take part in a job until nothing is left to take."""
    kind = job[_KIND]
    if kind == _PACK_FIRST:
        _pack_first(job)
    elif kind == _POOL:
        _pool(job)
    else:
        if kind in (_PACK_LAST, _VALUES_OF_FLOATS):
            _pack_last(job)
        if kind != _PACK_LAST:
            lines = job[_IMAGES] * job[_HEIGHT] if kind == _VALUES_OF_FLOATS else 0
            while _read(job.ctypes.data + 8 * _ROWS_DONE) < lines:
                _pause()
            _convolve(job)


@numba.njit(nogil=True, cache=True)
def serve(box, patience):
    """Do the jobs that are put in a box; return when there was none for a while, as asleep."""
    state = box.ctypes.data + 8 * _STATE
    looks = 0
    while True:
        if _read(state) == _POSTED and _exchange_if(state, _POSTED, _RUNNING):
            work(numba.carray(_pointer(box[_JOB]), JOB_LENGTH, np.int64))
            _exchange_if(state, _RUNNING, _IDLE)
            looks = 0
        looks += 1
        if looks > patience and _exchange_if(state, _IDLE, _ASLEEP):
            return
        _pause()


@numba.njit(nogil=True, cache=True)
def post(box, job):
    """Put a job in a box; return whether its helper must be woken."""
    box[_JOB] = job.ctypes.data
    state = box.ctypes.data + 8 * _STATE
    return not _exchange_if(state, _IDLE, _POSTED) and _exchange_if(state, _ASLEEP, _POSTED)


@numba.njit(nogil=True, cache=True)
def is_free(box, patience):
    """Take a job back if its helper has not begun, else wait a while; return whether it is done."""
    state = box.ctypes.data + 8 * _STATE
    for _ in range(patience):
        if _exchange_if(state, _POSTED, _IDLE) or _read(state) != _RUNNING:
            return True
        _pause()
    return False
