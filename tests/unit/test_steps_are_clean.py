"""What a step must not do: compile kernels after the first steps, or allocate arrays."""

import gc
import tracemalloc

import pytest

from crmpi.jit import made
from tests.selection import mostly_full
from tests.stepping import SOLVERS, begin, step

# steps: one more than what the second half of a step and the look at the model's validity need
WARM_UP = 3


@pytest.mark.parametrize("solver", SOLVERS)
def test_nothing_is_compiled_after_the_first_steps(solver):
    sim = begin("cr_box", "mesh.cells=[8,8,8]", "mesh.block=[4,8,8]", *SOLVERS[solver])
    step(sim, WARM_UP)
    sim.history_row()
    before = len(made)
    step(sim, 4)
    sim.history_row()
    assert [kernel.name for kernel in made[before:]] == []


def test_supernovae_compile_nothing_when_they_come():
    """The kernel of an explosion is there before the first one."""
    quiet = "injection.rate_per_area=1e-9 1/Myr/kpc^2"
    sim = begin("galactic_wind", "mesh.cells=[8,8,16]", "mesh.block=[8,8,16]", quiet)
    assert any(kernel.name.endswith("inject_footprint") for kernel in made)
    injection = next(source for source in sim.sources if source.name == "injection")
    before = len(made)
    injection.apply(0.0, 1e10)  # so long that some come
    assert len(made) == before and injection.account.array.any()


@pytest.mark.parametrize(
    "solver", mostly_full(SOLVERS, ["none", "two_moment", "anisotropic_diffusion"])
)
def test_steps_allocate_no_arrays(solver):
    """All arrays are made at the start: steps need for themselves, and leave behind, less than half
    a component of a block (219 kB)."""
    sim = begin("cr_box", "mesh.cells=[32,32,32]", "mesh.block=[32,32,32]", *SOLVERS[solver])
    step(sim, WARM_UP)
    component = sim.pack.w0[0, 0].nbytes
    tracemalloc.start()
    try:
        step(sim, 2)  # small objects that Python keeps are replaced, and seen for the first time
        gc.collect()
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        step(sim, 3)
        gc.collect()
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - before < 0.5 * component
    assert after - before < 0.5 * component
