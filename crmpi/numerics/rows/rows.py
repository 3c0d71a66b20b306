"""Rows: how kernels walk through memory.

A row is a run of cells along x1, contiguous in memory, of one variable. ``Rows`` is the same row of
several variables: a pointer to the first variable and the distance from one variable to the next.
Neighbours along any axis are reached by `shift` with the stride of the axis, so one kernel body
serves all axes.

`load` and `store` tell LLVM what numba cannot express: within one kernel, memory written by `store`
is not read by `load` at another cell, and stores with different `stream` numbers do not overlap.
Loops then vectorise without run-time overlap checks. The promise is local to a kernel because
kernels that make it call `separate`, which forbids inlining them into their callers.
"""

from typing import NamedTuple

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.core.errors import RequireLiteralValue
from numba.extending import intrinsic
from numba.np.numpy_support import from_dtype

from crmpi.jit import choice, device, use_half_registers
from crmpi.precision import LANES, LINE, REAL

_REAL = from_dtype(np.dtype(REAL))
POINTER = types.CPointer(_REAL)
_STREAMS = 13  # largest number of streams one kernel may store to
BYTES = np.dtype(REAL).itemsize
TOGETHER = LANES // 2 if use_half_registers() else LANES
"""Numbers that loops end on."""


class Rows(NamedTuple):
    """One row of several variables: pointer to its first element, and distance between variables in
    elements."""

    start: object
    step: int


class Register(NamedTuple):
    """An array (nblock, ncomp, m3, m2, m1) as `registers` hands it to what a kernel calls: all that
    rows of it need, a quarter of what numba makes of an array."""

    start: object  # pointer
    nblock: int
    ncomp: int
    step: int  # numbers from a component to the next


def _scopes(module):
    """Return alias-scope metadata: the scope of loads, and one scope per stream of stores."""
    domain = module.add_metadata(["crmpi.rows"])
    loads = module.add_metadata(["crmpi.load", domain])
    return loads, [module.add_metadata([f"crmpi.store{s}", domain]) for s in range(_STREAMS)]


@intrinsic
def pointer(typingctx, array, offset):
    """Return a pointer to element `offset` of a C-contiguous array of the precision of the process
    (of any rank)."""
    if not (isinstance(array, types.Array) and array.layout == "C" and array.dtype == _REAL):
        return None

    def codegen(context, builder, signature, args):
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        return builder.gep(data, [args[1]])

    return POINTER(array, types.intp), codegen


@intrinsic
def moved(typingctx, start, distance):
    """Return the pointer `distance` elements further on."""

    def codegen(context, builder, signature, args):
        return builder.gep(args[0], [args[1]])

    return POINTER(POINTER, types.intp), codegen


@intrinsic
def load(typingctx, start, i):
    """Return element `i` of a row."""

    def codegen(context, builder, signature, args):
        value = builder.load(builder.gep(args[0], [args[1]], inbounds=True))
        value.align = BYTES
        loads, stores = _scopes(builder.module)
        value.set_metadata("alias.scope", builder.module.add_metadata([loads]))
        value.set_metadata("noalias", builder.module.add_metadata(stores))
        return value

    return _REAL(POINTER, types.intp), codegen


@intrinsic
def store(typingctx, start, i, value, stream):
    """Set element `i` of a row; rows stored with different literal `stream` numbers must not
    overlap."""
    if not isinstance(stream, types.IntegerLiteral):
        raise RequireLiteralValue("stream")
    own = stream.literal_value

    def codegen(context, builder, signature, args):
        instruction = builder.store(args[2], builder.gep(args[0], [args[1]], inbounds=True))
        instruction.align = BYTES
        loads, stores = _scopes(builder.module)
        others = [scope for s, scope in enumerate(stores) if s != own]
        instruction.set_metadata("alias.scope", builder.module.add_metadata([stores[own]]))
        instruction.set_metadata("noalias", builder.module.add_metadata([loads, *others]))
        return context.get_dummy_value()

    return types.void(POINTER, types.intp, _REAL, stream), codegen


@intrinsic
def written(typingctx, start):
    """Return `start`, a row that a loop reads and writes, as a pointer that LLVM takes for another
    one: the one to `store` to.

    With one pointer for both, LLVM forgets what `load` and `store` promise: the loop checks for
    overlap when it runs, and remains scalar in rows that are too short to be worth it. What is
    stored at a cell must depend on what was loaded there.
    """

    def codegen(context, builder, signature, args):
        kind = ir.FunctionType(args[0].type, [args[0].type])
        return builder.asm(kind, "", "=r,0", args, side_effect=False)

    return POINTER(POINTER), codegen


@intrinsic
def put(typingctx, source, target, i):
    """Copy the `LANES` numbers from element `i` on to memory past the cache; source and target are
    aligned to cache lines there.

    An ordinary store to a line that is not in the cache reads it first: in loops that only write, a
    third of the traffic.
    """

    def codegen(context, builder, signature, args):
        vector = ir.VectorType(context.get_value_type(_REAL), LANES).as_pointer()
        start, end = (
            builder.bitcast(builder.gep(p, [args[2]], inbounds=True), vector) for p in args[:2]
        )
        value = builder.load(start)
        value.align = LINE
        instruction = builder.store(value, end)
        instruction.align = LINE
        instruction.set_metadata(
            "nontemporal", builder.module.add_metadata([ir.Constant(ir.IntType(32), 1)])
        )
        return context.get_dummy_value()

    return types.void(POINTER, POINTER, types.intp), codegen


@intrinsic
def separate(typingctx):
    """Keep the calling kernel a function of its own: never inlined, with a stack that begins on a
    cache line.

    Loops with more numbers at hand than registers keep the rest on the stack, which by itself
    begins on any 16 bytes, others in every process: registers then lie across two lines.
    """

    def codegen(context, builder, signature, args):
        builder.function.attributes.add("noinline")
        builder.function.attributes.alignstack = LINE
        return context.get_dummy_value()

    return types.void(), codegen


@intrinsic
def bits_of(typingctx, x):
    """Return the 64 bits of a double as an integer."""
    return types.int64(types.float64), lambda context, builder, signature, args: builder.bitcast(
        args[0], ir.IntType(64)
    )


@intrinsic
def double_of(typingctx, bits):
    """Return the double made of these 64 bits."""
    return types.float64(types.int64), lambda context, builder, signature, args: builder.bitcast(
        args[0], ir.DoubleType()
    )


@device
def whole(n):
    """Return `n` rounded up to whole registers, or half ones where there are any: loops of this
    length have no scalar remainder."""
    return (n + TOGETHER - 1) // TOGETHER * TOGETHER


@device
def in_order(axes):
    """Return the three axes in the order in which sums over vector components are formed.

    Cyclic, beginning after the missing axes, so that a run in one or two dimensions is bitwise
    identical along any axes.
    """
    if axes[0].stride and (axes[1].stride or not axes[2].stride):
        return axes[0], axes[1], axes[2]
    if axes[1].stride:
        return axes[1], axes[2], axes[0]
    return axes[2], axes[0], axes[1]


@intrinsic
def registers(typingctx, bundle):
    """Return a named tuple with the `Register` of every array (nblock, ncomp, m3, m2, m1) in it, of
    the precision of the process, as far down as there are named tuples; other members as they are.

    Kernels with dozens of arrays begin with it: what they call is compiled sooner.
    """

    def codegen(context, builder, signature, args):
        return _lean_value(context, builder, signature.args[0], args[0])

    return _lean_type(bundle)(bundle), codegen


def _is_register(kind):
    """Return whether values of a type are arrays of which `registers` makes a `Register`."""
    is_array = isinstance(kind, types.Array) and kind.layout == "C"
    return is_array and kind.ndim == 5 and kind.dtype == _REAL


def _lean_type(kind):
    """Return the type of what `registers` makes of a value of a type."""
    if _is_register(kind):
        members = [POINTER, types.intp, types.intp, types.intp]
        return types.BaseTuple.from_types(members, Register)
    if isinstance(kind, types.BaseNamedTuple):
        return types.BaseTuple.from_types(map(_lean_type, kind.types), kind.instance_class)
    return kind


def _lean_value(context, builder, kind, value):
    """Return what `registers` makes of a value of a type."""
    if _is_register(kind):
        array = context.make_array(kind)(context, builder, value)
        nblock, ncomp, *extents = (builder.extract_value(array.shape, a) for a in range(5))
        step = builder.mul(builder.mul(extents[0], extents[1]), extents[2])
        members = [array.data, nblock, ncomp, step]
    elif isinstance(kind, types.BaseNamedTuple):
        members = [
            _lean_value(context, builder, member, builder.extract_value(value, place))
            for place, member in enumerate(kind.types)
        ]
    else:
        return value
    return context.make_tuple(builder, _lean_type(kind), members)


@choice
def rows(array, block, offset):
    """Return the `Rows` at element `offset` of block `block` of an array (nblock, ncomp, m3, m2,
    m1) or its `Register`."""


@rows.option(Register)
def _rows_of_register(array, block, offset):
    start = moved(array.start, block * array.ncomp * array.step + offset)
    return Rows(start, array.step)


@rows.option(np.ndarray)
def _rows_of_array(array, block, offset):
    step = array.shape[2] * array.shape[3] * array.shape[4]
    return Rows(pointer(array, block * array.shape[1] * step + offset), step)


@device
def shift(r, distance):
    """Return the rows `distance` elements further on."""
    return Rows(moved(r.start, distance), r.step)


@device
def row(r, variable):
    """Return the pointer to one variable's row."""
    return moved(r.start, variable * r.step)
