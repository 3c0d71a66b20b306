"""The hot loops are vectorised."""

import platform
import re

import pytest
from numba import types

from crmpi.eos.gas import CosmicRays, Gas
from crmpi.jit import OPTIONS
from crmpi.jit.parts import Compiled
from crmpi.numerics.faces import riemann_rows
from crmpi.numerics.riemann import HLLD
from crmpi.numerics.rows import Axis, Rows


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the instructions looked for are those of x86_64")
@pytest.mark.parametrize("cosmic_rays", [False, True])
def test_hot_loop_is_vectorised(cosmic_rays):
    """The five-wave solver works on whole registers: packed square roots and products, with and without cosmic rays."""
    pointer = types.CPointer(types.float64)
    rows = types.NamedTuple((pointer, types.int64), Rows)
    gas = types.NamedUniTuple(types.float64, 3, Gas)
    cr = types.NamedUniTuple(types.float64, 2, CosmicRays) if cosmic_rays else types.none
    axis = types.NamedTuple((types.int64, types.float64, types.int64, types.int64, types.int64), Axis)
    signature = (types.int64, types.NamedTuple((), HLLD), gas, cr, types.UniTuple(rows, 2), pointer, axis, rows, rows)
    uncached = Compiled(riemann_rows.py_func, {"forceinline": False, **OPTIONS})  # code from the cache cannot be inspected
    uncached.compile(signature)
    code = uncached.inspect_asm(signature)
    packed = re.findall(r"\s(v?sqrtpd|v?mulpd)\s[^\n]*%[xyz]mm", code)
    assert sum("sqrt" in word for word in packed) >= 2
    assert sum("mul" in word for word in packed) >= 60
