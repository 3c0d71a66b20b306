"""Every preset runs on the three showcase problems: two steps on coarse meshes, nothing lost,
nothing that is not a number."""

import numpy as np
import pytest

from crmpi.transport.presets import PRESETS
from tests.selection import in_full
from tests.verification.runs import run_problem

COARSE = {
    "galactic_wind": (
        "mesh.lower=[-0.375,-0.375,-1.5]",
        "mesh.upper=[0.375,0.375,1.5]",
        "time.dt_max=2e-3",
    ),
    "cgm_halo": ("problem.radii=[50]", "time.dt_max=0.1"),
    "isolated_galaxy": (
        "mesh.lower=[-20.48,-20.48,-5.12]",
        "mesh.upper=[20.48,20.48,5.12]",
        "mesh.refinement={regions: []}",
        "observables.compute=[]",
        "time.dt_max=2e-3",
    ),
}
CELLS = {
    "galactic_wind": (8, 8, 32),
    "cgm_halo": (16, 16, 16),
    "isolated_galaxy": (16, 16, 16),
}


@pytest.mark.parametrize("problem", ["isolated_galaxy", *in_full("galactic_wind", "cgm_halo")])
@pytest.mark.parametrize("name", sorted(PRESETS))
def test_preset_runs(name, problem):
    outcome = run_problem(
        problem,
        f"transport.preset={name}",
        "time.max_steps=2",
        *COARSE[problem],
        cells=CELLS[problem],
        every=1,
    )
    sim = outcome.sim
    assert sim.clock.step == 2
    assert np.isfinite(sim.pack.active(sim.pack.u0)).all()
    assert outcome.history["floor_dens"][-1] == outcome.history["floor_press"][-1] == 0
    assert outcome.history["ecr"][-1] > 0.9 * outcome.history["ecr"][0]
