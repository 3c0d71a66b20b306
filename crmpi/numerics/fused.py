"""a b + c rounded once, on request.

LLVM may not fuse products and sums by itself (no contraction, `crmpi.jit`): it would do so in some
loops and not in others, and answers would depend on the shape of blocks. `fused` says where: what
it returns is correctly rounded, so that vector loops, their remainders, scalar code and all
processors agree to the last bit.

Use it in loops that arithmetic or its latency holds up, and keep symmetry: where a b and c d have
equal standing (two axes, two sides of a face) fusing one of them would tell them apart.
"""

from numba.core import types
from numba.extending import intrinsic

from crmpi.jit import device


@intrinsic
def _fma(typingctx, a, b, c):
    """Implement `fused`."""
    if not all(isinstance(x, types.Float) for x in (a, b, c)):
        return None
    kind = types.float64 if types.float64 in (a, b, c) else types.float32

    def codegen(context, builder, signature, args):
        return builder.fma(*args)

    return kind(kind, kind, kind), codegen


@device
def fused(a, b, c):
    """Return a b + c, rounded once; in double precision if one of them is a double, else in single.

    A processor without the operation calls the C library's ``fma``: the same number, slowly.
    """
    return _fma(a, b, c)
