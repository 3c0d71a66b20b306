"""Sources, gravity and boundaries on a tube: energies, volumes, balance."""

import math

import numpy as np
import pytest

from crmpi.api import total
from crmpi.errors import CrmpiError
from tests.tube_case import advance, tube_run, whole

GALACTIC = {"units": {"system": "galactic"}, "time": {"end": "1 Myr"}}
GAS = {"dens": 1.0, "press": 100.0, "ecr": 50.0}
SPHERE = {"geometry": "spherical", "spacing": "log"}
FLUX_TUBE = {"geometry": "flux_tube", "tube_height": 0.7}


def energies(row):
    """Return gas and cosmic-ray energy together."""
    return sum(row[f"{name} [erg]"] for name in ("ener", "ecr"))


@pytest.mark.parametrize(
    ("mesh", "axis", "mode"),
    [
        (SPHERE, 0, {"mode": "central", "rate": 1e6, "radius": 0.9}),
        # no centre within the kernel: the innermost cell takes all
        (SPHERE, 0, {"mode": "central", "rate": 1e6, "radius": 0.01}),
        (FLUX_TUBE, 2, {"mode": "plane", "rate_per_area": 1e5, "midplane": 1.2}),
    ],
    ids=["kernel", "one cell", "plane"],
)
def test_injected_energy_arrives(mesh, axis, mode):
    sim = tube_run(
        lambda s: GAS,
        axis=axis,
        mesh=mesh,
        injection={"enabled": True, "energy": 1e51, "cr_fraction": 0.3, **mode},
        **GALACTIC,
    )
    before = energies(sim.history_row())
    dt = sim.units.to_code(1e-4, "Myr")
    for source in sim.sources:
        source.apply(0.0, dt)
    sim.refresh()
    row = sim.history_row()
    rate = mode.get("rate", mode.get("rate_per_area"))  # the section of the flux tube is 1 kpc^2
    assert row["injection_cosmic [erg]"] == pytest.approx(0.3 * 1e51 * rate * 1e-4, rel=1e-10)
    assert energies(row) - before == pytest.approx(1e51 * rate * 1e-4, rel=1e-6)


def test_losses_are_booked_with_volumes():
    sim = tube_run(
        lambda s: GAS | {"dens": 100.0 * s}, mesh=SPHERE, losses={"enabled": True}, **GALACTIC
    )
    before = sim.history_row()["ecr [erg]"]
    sim.sources[0].apply(0.0, sim.units.to_code(5.0, "Myr"))
    sim.refresh()
    row = sim.history_row()
    assert row["losses_lost [erg]"] > 0.01 * before
    assert before - row["ecr [erg]"] == pytest.approx(row["losses_lost [erg]"], rel=1e-12)


@pytest.mark.parametrize("mesh", [SPHERE, {"geometry": "spherical"}], ids=["log", "uniform"])
def test_hydrostatic_atmosphere_stays_at_second_order(mesh):
    """dens ~ s^-3 balances g = -3/s at sound speed 1; what moves is the truncation error, and the
    boundaries add no more."""

    def largest(cells):
        sim = tube_run(
            lambda s: {"dens": s**-3, "press": s**-3},
            cells,
            mesh=mesh,
            walls="hydrostatic",
            fluid={"magnetic": False},
            hooks={"gravity": lambda self, x, p: {"g1": -3.0 / x.x1}},
        )
        while sim.time < 0.5:
            advance(sim, 1)
        return np.abs(whole(sim, "mom") / whole(sim, "dens")).mean()

    assert math.log2(largest(32) / largest(64)) > 1.5


def test_plane_of_supernovae_needs_a_tube_along_x3():
    with pytest.raises(CrmpiError, match="needs one along x3"):
        tube_run(
            lambda s: GAS, mesh=SPHERE, injection={"enabled": True, "mode": "plane"}, **GALACTIC
        )


def test_fluxes_through_spheres_count_their_area():
    hooks = {
        "history": lambda self, x, w, p: {
            "out": total(x.face_integral("ox1", w.dens * w.vel1)),
            "middle": total(x.plane_integral(w.dens * w.vel1, x1=1.0)),
            "volume": total(x.integral(1.0)),
        }
    }
    sim = tube_run(
        lambda s: {"dens": s**-2, "vel": 3.0, "press": 1.0},
        block=8,
        mesh=SPHERE,
        hooks=hooks,
        walls="outflow",
    )
    row = sim.history_row()
    assert row["out [code]"] == pytest.approx(12.0 * math.pi, rel=1e-13)
    assert row["middle [code]"] == pytest.approx(12.0 * math.pi, rel=1e-13)
    assert row["volume [code]"] == pytest.approx(4.0 / 3.0 * math.pi * (8.0 - 0.125), rel=1e-13)
