"""The cloud in a wind: what the problem says of itself agrees with the formulas of Klein, McKee &
Colella (1994)."""

import numpy as np
import pytest

from tests.stepping import begin, step

SMALL = ["mesh.cells=[32,16,1]", "mesh.block=[8,8,1]"]
FORMS = {
    "default": [],
    "adiabatic": ["cooling.enabled=false"],
    "gas alone": ["fluid={magnetic: false, cosmic_rays: false}"],
    "two_moment": ["transport={solver: two_moment, vmax: 3000 km/s}"],
    "refined": [
        "mesh.refinement={regions: [{level: 1, lower: [-0.2,-0.2,-1], upper: [0.4,0.2,1]}]}"
    ],
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_runs_and_keeps_its_colour(form):
    sim = begin("cloud_wind", *SMALL, *FORMS[form])
    before = sim.history_row()
    step(sim, 6)
    after = sim.history_row()
    # it is far from the outflow
    assert after["mass_colour [Msun]"] == pytest.approx(before["mass_colour [Msun]"], rel=1e-12)
    colour = sim.pack.active(sim.pack.w0)[:, sim.pack.index["colour"]]
    assert colour.min() > -1e-14
    assert colour.max() <= 1.0 + 1e-12
    assert 0.0 < after["cloud_velocity [km/s]"] < 20.0


def test_numbers_of_the_wind():
    """Wind of 1e6 K, mu = 0.6, Mach 1.5; t_cc = sqrt(chi) R/v (eq. 2.3)."""
    sim = begin("cloud_wind", *SMALL)
    k_b, m_p, kms, myr, pc = 1.380649e-16, 1.67262192e-24, 1e5, 3.15576e13, 3.0856776e18
    speed = 1.5 * np.sqrt(5 / 3 * k_b * 1e6 / (0.6 * m_p))
    assert sim.problem.speed / sim.units.factor("km/s") == pytest.approx(speed / kms, rel=1e-6)
    crushing = 10.0 * 100 * pc / speed
    assert sim.problem.crushing / sim.units.factor("Myr") == pytest.approx(crushing / myr, rel=1e-5)
    w = sim.pack.active(sim.pack.w0)
    assert np.ptp(w[:, 4]) < 1e-10 * w[:, 4].max()  # cloud and wind are in pressure balance
