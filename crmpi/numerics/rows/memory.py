"""Rows that are moved as they are, past the cache or as short runs inside arrays, and rows that are
asked for before they are needed."""

from llvmlite import ir
from numba.core import types
from numba.core.errors import RequireLiteralValue
from numba.extending import intrinsic

from crmpi.jit import device, kernel
from crmpi.numerics.rows.rows import BYTES, POINTER, load, moved, put, row, separate, store
from crmpi.precision import LANES


@kernel
def put_rows(n, nvar, source, target):
    """Copy rows of whole cache lines to memory past the cache."""
    separate()
    for v in range(nvar):
        for i in range(0, n, LANES):
            put(row(source, v), row(target, v), i)


@kernel
def copy_rows(n, nvar, source, target):
    """Copy rows of whole registers."""
    separate()
    for v in range(nvar):
        for i in range(n):
            store(row(target, v), i, load(row(source, v), i), 0)


@intrinsic
def ask(typingctx, start, i):
    """Ask for the cache line of element `i`, which may lie outside of all arrays.

    It is wanted in the second-level cache, which processors take for a hint: work goes on, and
    where too many lines are on their way the request is dropped. One for the first level waits for
    its turn (Zen 4), and what follows it waits too.
    """

    def codegen(context, builder, signature, args):
        place = builder.bitcast(builder.gep(args[0], [args[1]]), ir.IntType(8).as_pointer())
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [place.type, number, number, number])
        prefetch = builder.module.declare_intrinsic("llvm.prefetch", [place.type], kind)
        read, second_level, data = number(0), number(1), number(1)
        builder.call(prefetch, [place, read, second_level, data])
        return context.get_dummy_value()

    return types.void(POINTER, types.intp), codegen


@kernel
def ask_rows(n, nvar, source):
    """Ask for rows of `n` numbers."""
    separate()
    for v in range(nvar):
        for i in range(0, n, LANES):
            ask(row(source, v), i)


@device
def ask_rows_if(n, nvar, source):
    """Do as `ask_rows` if there are such rows."""
    if source is not None:
        ask_rows(n, nvar, source)


@intrinsic
def read(typingctx, start, i):
    """Read element `i` and do nothing with it: its cache line is there then."""

    def codegen(context, builder, signature, args):
        number = ir.IntType(8 * BYTES)
        place = builder.bitcast(builder.gep(args[0], [args[1]]), number.as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [number])
        builder.asm(kind, "", "r", [builder.load(place)], side_effect=True)
        return context.get_dummy_value()

    return types.void(POINTER, types.intp), codegen


@kernel
def read_through(n, source):
    """Read one number of each cache line of a long row."""
    separate()
    for i in range(0, n, LANES):
        read(source, i)


@intrinsic
def copy_numbers(typingctx, source, target, count):
    """Copy a literal `count` of numbers, read together before they are written."""
    if not isinstance(count, types.IntegerLiteral):
        raise RequireLiteralValue("count")

    def codegen(context, builder, signature, args):
        vector = ir.VectorType(
            context.get_value_type(POINTER.dtype), count.literal_value
        ).as_pointer()
        start, end = (builder.bitcast(p, vector) for p in args[:2])
        value = builder.load(start)
        value.align = BYTES
        builder.store(value, end).align = BYTES
        return context.get_dummy_value()

    return types.void(POINTER, POINTER, count), codegen


@device
def copy_run(source, target, n):
    """Copy a short run of `n` numbers."""
    i = 0
    while n - i >= 8:
        copy_numbers(moved(source, i), moved(target, i), 8)
        i += 8
    if n - i >= 4:
        copy_numbers(moved(source, i), moved(target, i), 4)
        i += 4
    if n - i >= 2:
        copy_numbers(moved(source, i), moved(target, i), 2)
        i += 2
    if n > i:
        copy_numbers(moved(source, i), moved(target, i), 1)


@device
def copy_box(source, source_steps, target, target_steps, extents):
    """Copy a box of numbers between two arrays, or an array and a message.

    Parameters
    ----------
    source, target : pointers to the first number
    source_steps, target_steps : (int, int)
        numbers from a row to the next, from a plane to the next
    extents : (int, int, int)
        planes, rows, numbers in a row
    """
    nk, nj, ni = extents
    for k in range(nk):
        a, b = moved(source, k * source_steps[1]), moved(target, k * target_steps[1])
        if ni == 2:  # two ghost layers
            for j in range(nj):
                copy_numbers(moved(a, j * source_steps[0]), moved(b, j * target_steps[0]), 2)
        else:
            for j in range(nj):
                copy_run(moved(a, j * source_steps[0]), moved(b, j * target_steps[0]), ni)
