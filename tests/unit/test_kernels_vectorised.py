"""The hot loops of a step are vectorised: a list of row kernels, looked up in the code that small
runs have compiled.

Read is the optimised LLVM code. A loop that LLVM has vectorised has a block ``vector.body``; one
that chooses between a vector and a scalar loop when it runs, because LLVM cannot tell whether
arrays overlap, has a block ``vector.memcheck`` too: right for arrays given by the caller once, a
danger where the check could grow past LLVM's limit and the loop silently become scalar.

The list holds on every x86-64-v3 processor (AVX2, registers of four doubles) and beyond (AVX-512).
What LLVM does depends on the processor it compiles for: ``NUMBA_CPU_NAME=x86-64-v3
NUMBA_CPU_FEATURES= pytest`` shows what another one would get.
"""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from crmpi.numerics.fluid.convert import convert_row
from crmpi.numerics.rows.rows import whole
from tests.compiled_code import (
    FUSED,
    SPILLED_ASKEW,
    functions,
    kernels_made,
    optional_arguments,
    packed_machine_code,
    spills,
)
from tests.stepping import SOLVERS, begin, step

HOT = {
    "convert.convert_row": 1,
    "convert.scalars_row": 1,
    "signals.rate_row": 1,
    "signals.may_be_faster": 1,
    "shocks.count_jumps": 1,
    "reconstruct.reconstruct_rows": 4,
    "faces.riemann_rows": 1,
    "faces.speed_rows": 1,
    "faces.scalar_rows": 1,
    "faces.flag_faces": 1,
    "faces.replace_flagged_rows": 1,
    "shocks.count_rows": 1,
    "induction.electric_rows": 1,
    "induction.edge_rows": 1,
    "induction.induce_row": 1,
    "update.divergence_rows": 2,
    "update.gravity_rows": 1,
    "update.work_rows": 1,
    "health.inspect_row": 1,
    "passive.gauge_rows": 2,
    "passive.bound_rows": 1,
    "passive.carry_rows": 1,
    "compression.per_mass_rows": 1,
    "compression.compress_rows": 1,
    "gas_entropy.entropy_row": 1,
    "coefficients.cell_row": 1,
    "coefficients.unit_row": 1,
    "coefficients.reach_row": 1,
    "moments.coupling_rows": 1,
    "moments.signal_rows": 1,
    "moments.face_rows": 1,
    "moments.predict_rows": 1,
    "moments.correct_rows": 1,
    "accounts.raise_rows": 1,
    "alfven.wave_coupling_rows": 1,
    "alfven.wave_face_rows": 1,
    "momentum.advect_rows": 1,
    "momentum.settle_row": 1,
    "checkerboard.mixed_differences": 1,
    "checkerboard.smooth_along": 1,
    "diffusion_coefficients.aligned_corners": 1,
    "diffusion_coefficients.aligned_faces": 1,
    "diffusion.corner_fluxes": 1,
    "diffusion_coefficients.corner_terms": 1,
    "diffusion.corrections": 1,
    "diffusion_coefficients.isotropic_faces": 1,
    "diffusion.add_limited": 1,
    "diffusion.negative_divergence": 1,
    "diffusion.normal_fluxes": 1,
    "diffusion.raise_decay": 1,
    "rkl2.copy_two": 1,
    "rkl2.stage_rows": 1,
    "heated_stages.add_rows": 1,
    "streaming.add_streaming": 1,
    "streaming.alfven_speeds": 1,
    "streaming.corner_speeds": 1,
    "streaming.face_states": 1,
    "streaming.field_shares": 1,
    "heated_stages.first_rows": 1,
    "streaming.raise_crossing": 1,
    "streaming.stream_at_corners": 1,
    "heated_stages.streaming_stage_rows": 1,
    "validity.bare_in_row": 1,
    "validity.fast_in_row": 1,
}
"""Row kernels that take the time of a step, and how many vector loops each has at least in every
specialisation."""

FUSING = {"faces.riemann_rows": 20, "induction.edge_rows": 4, "moments.correct_rows": 4}
"""Fused operations of the formulas; those of `faces.riemann_rows` with HLLD."""

UNFUSED = "reconstruct.reconstruct_rows", "faces.speed_rows", "update.divergence_rows"


@pytest.fixture(scope="module")
def kernels():
    """Run two steps of every solver and of the plain fluid; return all kernels called.

    What is compiled for tubes does not count: a tube is one row, and its steps are short.
    """
    for solver in SOLVERS:
        step(begin("cr_box", "mesh.cells=[16,8,8]", "mesh.block=[16,8,8]", *SOLVERS[solver]), 2)
    step(begin("linear_wave", "mesh.cells=[16,8,8]", "mesh.block=[16,8,8]"), 2)
    ppm = "transport.solver=none", "fluid.reconstruction=ppm"
    step(begin("cr_box", "mesh.cells=[16,8,8]", "mesh.block=[16,8,8]", *ppm), 2)
    return kernels_made()


@pytest.fixture(scope="module")
def code(kernels):
    return functions(kernels)


_, PROCESSOR, FEATURES = convert_row.targetctx.codegen().magic_tuple()
"""What kernels are compiled for; no features: those that come with the name."""

EXPECTED = f"compiled for {PROCESSOR}; the list holds on x86-64-v3 (AVX2) and beyond"


@pytest.mark.parametrize("name", HOT)
def test_loops_are_vectorised(code, name):
    assert name in code, f"{name} is gone: has it another name?"
    # without field, or without reconstruction, there are fewer
    most = max(found.loops for found in code[name])
    assert most >= HOT[name], f"{name}: {most} vector loops of {HOT[name]}, {EXPECTED}"
    for found in code[name]:
        vectorised = found.loops > 0 and found.packed > 0
        assert vectorised, f"{name} has a specialisation without a vector loop, {EXPECTED}"
        assert found.checked == 0, f"{name} has begun to check for overlap when it runs"


@pytest.mark.skipif("+avx512f" not in FEATURES, reason="looks for halves of 64-byte registers")
def test_loops_end_on_half_registers(code):
    """A row of 14 cells is a register of 8 numbers, half a one, and 2 single cells, not 6."""
    assert whole.py_func(9) == 12
    for name in HOT:
        assert all(found.halves > 0 for found in code[name] if found.loops), name


def test_no_loop_asks_whether_there_is_a_field(kernels):
    """A field is there or not when a kernel is compiled. Where numba takes it for "rows or None",
    vector loops load and store under a mask."""
    assert optional_arguments(kernels) == set()


def test_a_scalar_loop_is_seen(code):
    """The eye sees the difference: Newton's method in single cells has no vector loop."""
    assert all(found.loops == 0 and found.scalar > 10 for found in code["health._settle_cells"])


@pytest.mark.skipif(
    platform.machine() != "x86_64" or (FEATURES != "" and "+avx2" not in FEATURES),
    reason="looks for instructions of x86_64 with AVX2",
)
def test_machine_code_works_on_whole_registers(kernels):
    packed = packed_machine_code(kernels)
    scalar = [name for name in HOT if not packed.get(name, 0)]
    # comparisons and copies, no arithmetic
    moves_only = {
        "convert.scalars_row",
        "faces.replace_flagged_rows",
        "faces.flag_faces",
        "rkl2.copy_two",
    }
    assert set(scalar) <= moves_only, EXPECTED
    assert packed["faces.riemann_rows"] >= 60


@pytest.mark.skipif(
    platform.machine() != "x86_64" or (FEATURES != "" and "+avx2" not in FEATURES),
    reason="looks for instructions of x86_64 with AVX2",
)
def test_registers_on_the_stack_lie_in_one_cache_line(kernels):
    """Those that lie across two make a loop slow, in some processes and not in others."""
    askew = spills(kernels, SPILLED_ASKEW)
    assert {name: askew[name] for name in HOT if askew[name]} == {}
    assert spills(kernels)["faces.riemann_rows"] > 0, "nothing is on the stack: test another loop"


@pytest.mark.skipif(
    platform.machine() != "x86_64" or (FEATURES != "" and "+fma" not in FEATURES),
    reason="looks for instructions of x86_64 with FMA",
)
def test_fused_operations_are_packed_and_nothing_else_is_fused(kernels):
    """What the compiler fused by itself would round differently where it does not."""
    packed = packed_machine_code(kernels, FUSED)
    assert all(packed[name] >= FUSING[name] for name in FUSING), EXPECTED
    assert [packed[name] for name in UNFUSED] == [0, 0, 0]


CORNERS = """
import numpy as np
from crmpi.mesh.pack import make_grid
from crmpi.numerics.cr.diffusion_coefficients import Shape, Work, make_mesh
from crmpi.numerics.cr.runs import lean
from crmpi.numerics.cr.streaming import Law, Streaming, streaming_base
from crmpi.types import EqualVolumes
from tests.compiled_code import functions, packed_machine_code
cells = (16, 8, 8)
grid = make_grid(cells, cells, (0, 0, 0), (1, 1, 1), 4)
own = lean(grid, 3)
whole = [np.full((1, n, grid.m3, grid.m2, grid.m1), value)
         for n, value in ((6, 4.0), (2, 1.0), (3, 2.0), (3, 2.0), (1, 0.0))]
whole[0][0, 0, 8] = 0.0
part = lambda n: np.zeros((1, n, own.m3, own.m2, own.m1))
faces, shares = (part(2), part(2), part(2)), (part(1), part(1), part(1))
out = Streaming(Law(4/3, 1/3, 1.0), faces, part(4), shares, part(1), whole[4])
work = Work(*map(part, (1, 3, 3, 3, 4, 2)), np.zeros(16))
shape = Shape(grid, own, make_mesh(own), EqualVolumes(1.0))
streaming_base(*whole[:4], 2.0, shape, work, out)
speed = out.speed[0, 0, 2:13, 2:13, 2:21] / (2.0 * 3.0**0.5)  # twice v_A, v_A^2 = 3 2^2/4
assert np.all(abs(speed[[0, 1, 2, 3, 4, 7, 8, 9, 10]] - 1.0) < 1e-15)
assert np.all(abs(speed[5:7] - 0.5) < 1e-15)  # half of the cells have no gas
names = "streaming.alfven_speeds", "streaming.corner_speeds"
code, packed = functions([streaming_base]), packed_machine_code([streaming_base])
print(min(code[name][0].loops for name in names), min(packed[name] for name in names))
"""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="compiles for x86_64")
@pytest.mark.parametrize("processor", ["x86-64-v3", "znver3"])
def test_mean_alfven_speed_is_vectorised_on_256_bit_registers(tmp_path, processor):
    """LLVM's decision about these loops depends on the width of registers."""
    root = str(Path(__file__).parents[2])
    env = os.environ | {"NUMBA_CPU_NAME": processor, "NUMBA_CPU_FEATURES": ""}
    env |= {"CRMPI_CACHE_DIR": str(tmp_path), "PYTHONPATH": root}
    command = [sys.executable, "-c", CORNERS]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    loops, packed = map(int, done.stdout.split())
    assert loops >= 1
    assert packed >= 2
