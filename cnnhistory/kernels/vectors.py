"""What the kernels say in LLVM's own language: tiles of pixels by 16 channels, and packing.

Only there can a vector of eight 64-bit popcounts be asked for. LLVM makes one VPOPCNTQ of it where
the processor has AVX-512, and a few instructions of AVX2 or NEON elsewhere. A tile holds its counts
in registers: 7 pixels by 16 channels are 14 of the 32 that AVX-512 has.
"""

# mypy: disallow-untyped-defs=False, disallow-incomplete-defs=False, check-untyped-defs=False
# No "from __future__ import annotations" here: numba reads the signatures itself.
import llvmlite.binding
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
def tile_values(typingctx, x, windows, w, offsets, steps, table, classes, scale, out, places):
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
def tile_bits(typingctx, x, windows, w, offsets, steps, table, classes, flips, out, places):
    """Write the bits (count <= table) xor flips for one tile, 16 channels in two bytes.

    The arguments are those of `tile_values`, but for `flips`, the address of two bytes, and
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
def signs_of_64(typingctx, values, limits):
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
def signs_of_planes(typingctx, values, limits, planes, stride, out):
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
