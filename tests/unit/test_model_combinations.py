"""Every solver with every scattering model: it runs, or says in one sentence why not."""

import numpy as np
import pytest

from crmpi.errors import CrmpiError
from crmpi.scattering.base import scattering_models
from crmpi.transport.base import transport_solvers
from tests.verification.runs import make_simulation

BOX = (
    "units.system=galactic", "mesh.cells=[16,16,1]", "mesh.block=[16,16,1]", "time.end=1e-9", "fluid.floors.dens=1e-8", "fluid.floors.press=1e-8",
)  # fmt: skip


@pytest.mark.parametrize("model", sorted(scattering_models()))
@pytest.mark.parametrize("solver", sorted(transport_solvers()))
def test_pair(solver, model):
    transport = f"transport={{solver: {solver}, vmax: 3000 km/s}}" if solver in ("two_moment", "alfven_regulated") else f"transport={{solver: {solver}}}"
    try:
        sim = make_simulation("cr_box", *BOX, transport, f"scattering={{model: {model}}}")
    except CrmpiError as error:
        assert len(str(error).splitlines()) == 1
        return
    from crmpi import stepper

    dt = sim.fluid.max_dt(0.3)
    before = sim.history_row()
    for _ in range(2):
        stepper.advance(sim, dt)
        sim.clock.tick(dt)
    after = sim.history_row()
    assert np.isfinite(sim.pack.active(sim.pack.u0)).all()
    if sim.transport.scatters and model != "constant":
        assert 0 < after["kappa_min [cm^2/s]"] <= after["kappa_mean [cm^2/s]"] <= after["kappa_max [cm^2/s]"]
        assert 0 <= after["kappa_clipped [1]"] <= 1
    assert after["mass [Msun]"] == pytest.approx(before["mass [Msun]"], rel=1e-12)
