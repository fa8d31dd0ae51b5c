"""Numbers that several threads see: reading, adding, exchanging; and addresses as pointers."""

# mypy: disallow-untyped-defs=False, disallow-incomplete-defs=False, check-untyped-defs=False
# No "from __future__ import annotations" here: numba reads the signatures itself.
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_I64 = ir.IntType(64)


@intrinsic
def add(typingctx, address, value):
    """Add to the integer at an address, seen by all threads at once; return what it was."""

    def codegen(context, builder, signature, args):
        pointer = builder.inttoptr(args[0], _I64.as_pointer())
        return builder.atomic_rmw("add", pointer, args[1], "seq_cst")

    return types.int64(types.int64, types.int64), codegen


@intrinsic
def read(typingctx, address):
    """Return the integer at an address, as all threads see it."""

    def codegen(context, builder, signature, args):
        pointer = builder.inttoptr(args[0], _I64.as_pointer())
        return builder.load_atomic(pointer, "seq_cst", 8)

    return types.int64(types.int64), codegen


@intrinsic
def pause(typingctx):
    """Tell the processor that this thread waits for another, where there is a word for it."""

    def codegen(context, builder, signature, args):
        if "x86" in builder.module.triple:
            kind = ir.FunctionType(ir.VoidType(), [])
            name = "llvm.x86.sse2.pause"
            builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [])
        return context.get_dummy_value()

    return types.void(), codegen


@intrinsic
def exchange_if(typingctx, address, expected, value):
    """Put a value in place of an expected one, if that stands there; return whether it did."""

    def codegen(context, builder, signature, args):
        address, expected, value = args
        pointer = builder.inttoptr(address, _I64.as_pointer())
        result = builder.cmpxchg(pointer, expected, value, "seq_cst", "seq_cst")
        return builder.extract_value(result, 1)

    return types.boolean(types.int64, types.int64, types.int64), codegen


@intrinsic
def pointer(typingctx, address):
    """Return an address as a pointer, for `numba.carray`."""

    def codegen(context, builder, signature, args):
        return builder.inttoptr(args[0], cgutils.voidptr_t)

    return types.voidptr(types.int64), codegen
