"""How many multiply-adds a processor can do when nothing leaves its registers."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

BINARY, FLOAT = "binary", "float"
CHAINS = 14  # enough independent ones to hide how long an instruction takes


def _loop(builder, times, kind, start, step):
    """Emit a loop in which each chain steps on, and return the sum of all chains' lanes."""
    slots = [cgutils.alloca_once_value(builder, start(chain)) for chain in range(CHAINS)]
    with cgutils.for_range(builder, times):
        for slot in slots:
            builder.store(step(builder.load(slot)), slot)
    lanes = [
        builder.extract_element(builder.load(slot), ir.IntType(32)(lane))
        for slot in slots
        for lane in range(kind.count)
    ]
    return lanes


@intrinsic
def _binary_chains(typingctx, times):
    """Step `times` times: value + popcount(value xor constant), on vectors of 512 bits."""

    def codegen(context, builder, signature, args):
        word = ir.IntType(64)
        kind = ir.VectorType(word, 8)
        popcount = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(kind, [kind]), "llvm.ctpop.v8i64"
        )
        mask = ir.Constant(kind, [0x5DEECE66D5DEECE6 + 7 * lane for lane in range(8)])

        def start(chain):
            return ir.Constant(kind, [chain * 8 + lane for lane in range(8)])

        def step(value):
            return builder.add(value, builder.call(popcount, [builder.xor(value, mask)]))

        total = word(0)
        for lane in _loop(builder, args[0], kind, start, step):
            total = builder.add(total, lane)
        return total

    return types.int64(types.int64), codegen


@intrinsic
def _float_chains(typingctx, times):
    """Step `times` times: value * constant + constant, on vectors of 16 floats."""

    def codegen(context, builder, signature, args):
        number = ir.FloatType()
        kind = ir.VectorType(number, 16)
        fused = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(kind, [kind] * 3), "llvm.fma.v16f32"
        )
        factor, summand = (ir.Constant(kind, [value] * 16) for value in (0.5, 1.0))

        def start(chain):
            return ir.Constant(kind, [float(chain)] * 16)

        def step(value):
            return builder.call(fused, [value, factor, summand])

        total = number(0.0)
        for lane in _loop(builder, args[0], kind, start, step):
            total = builder.fadd(total, lane)
        return total

    return types.float32(types.int64), codegen


@numba.njit(nogil=True)
def _binary(times):
    return _binary_chains(times)


@numba.njit(nogil=True)
def _float(times):
    return _float_chains(times)


def in_registers(kind: str, count: int, threads: int = 1) -> Callable[[], object]:
    """Return a function that does `count` multiply-adds, shared among threads."""
    function, lanes = {BINARY: (_binary, 512), FLOAT: (_float, 16)}[kind]
    times = count // (lanes * CHAINS * threads)
    if threads == 1:
        return lambda: function(times)
    pool = ThreadPoolExecutor(threads)
    return lambda: list(pool.map(function, [times] * threads))
