"""The fluid step on a tube: balance, conservation, equality of axes and blocks, order, and what is
refused."""

import numpy as np
import pytest

from crmpi.constants import ECR, ENER, MOM1
from crmpi.errors import CrmpiError
from crmpi.run import stepper
from tests.tube_case import advance, line, tube_run, whole

FLUX_TUBE = {"geometry": "flux_tube", "tube_height": 0.7}
MESHES = {
    "spherical": {"geometry": "spherical"},
    "spherical log": {"geometry": "spherical", "spacing": "log"},
    "flux tube": FLUX_TUBE,
    "log": {"spacing": "log"},
}
NO_FIELD = {"magnetic": False}


def bubble(s):
    press = 1.0 + 10.0 * np.exp(-30.0 * (s - 1.2) ** 2)
    return {
        "dens": 1.0 + 0.5 * np.sin(3.0 * s),
        "press": press,
        "ecr": 2.0 + np.cos(5.0 * s),
        "b": 0.6,
    }


@pytest.mark.parametrize("mesh", MESHES.values(), ids=MESHES)
def test_uniform_pressure_at_rest_moves_nothing(mesh):
    """The push of the walls cancels the fluxes exactly, whatever the density; then only the
    rounding of the energy flux is left."""
    sim = tube_run(lambda s: {"dens": 1.0 + s, "press": 0.7, "ecr": 0.3}, mesh=mesh, fluid=NO_FIELD)
    sim.fluid.stage(sim.fluid.stages[0], sim.fluid.max_dt(0.4))
    assert not sim.pack.active(sim.pack.u1)[:, MOM1 : MOM1 + 3].any()
    advance(sim, 50)
    assert np.abs(whole(sim, "mom")).max() < 1e-14


def test_field_exerts_no_force():
    """The energy of gas and field together does not hold the pressure to the last bit; the rounding
    is all that moves."""
    sim = tube_run(lambda s: {"dens": 1.0 + s, "press": 0.7, "b": 1.6})
    assert np.abs(np.diff(whole(sim, "ener"))).max() > 0.1
    advance(sim, 10)
    assert np.abs(whole(sim, "mom")).max() < 1e-14


@pytest.mark.parametrize("mesh", MESHES.values(), ids=MESHES)
def test_mass_and_energy_are_kept_between_walls(mesh):
    sim = tube_run(bubble, mesh=mesh)
    before = sim.history_row()
    advance(sim, 50)
    after = sim.history_row()
    energies = [row["ener [code]"] + row["ecr [code]"] for row in (before, after)]
    assert after["mass [code]"] == pytest.approx(before["mass [code]"], rel=1e-14)
    assert energies[1] == pytest.approx(energies[0], rel=1e-14)
    assert after["ekin [code]"] > 1e-3 * energies[0], "nothing happened"


def test_history_sums_are_those_of_the_sphere():
    sim = tube_run(lambda s: {"dens": 1.0, "press": 1.0}, lower=0.0, fluid=NO_FIELD)
    assert sim.history_row()["mass [code]"] == pytest.approx(4.0 / 3.0 * np.pi * 2.0**3, rel=1e-14)


def test_all_axes_give_the_same_bits():
    runs = [tube_run(bubble, axis=axis, mesh=FLUX_TUBE, lower=-1.0, upper=1.5) for axis in range(3)]
    for sim in runs:
        advance(sim, 20)
    for name in ("dens", "ener", "ecr"):
        first = whole(runs[0], name)
        assert all(np.array_equal(first, whole(sim, name)) for sim in runs[1:]), name
    momenta = [
        sim.pack.active(sim.pack.u0)[0, MOM1 + axis].ravel() for axis, sim in enumerate(runs)
    ]
    assert np.array_equal(momenta[0], momenta[1]) and np.array_equal(momenta[0], momenta[2])


@pytest.mark.parametrize("mesh", MESHES.values(), ids=MESHES)
def test_blocks_do_not_change_the_state(mesh):
    runs = [tube_run(bubble, block=block, mesh=mesh, walls="outflow") for block in (32, 8)]
    for sim in runs:
        advance(sim, 20)
    for name in runs[0].pack.index:
        if name != "mom":
            assert np.array_equal(whole(runs[0], name), whole(runs[1], name)), name


def test_field_is_that_of_a_constant_flux_in_ghosts_too():
    sim = tube_run(bubble, walls="outflow", block=8)
    advance(sim, 3)
    tube, faces = sim.pack.metric.cells, sim.pack.b0[:, 0, 0, 0]
    last = sim.pack.grid.ng1 * 2 + sim.pack.grid.n1 + 1
    assert (faces * tube.area / (4 * np.pi))[:, :last] == pytest.approx(0.6, rel=1e-14)


def follow(self, w, x, t, p):
    """Set what a uniform sphere becomes that expands as 1 + t."""
    w.dens, w.vel1 = np.full(x.shape, (1.0 + t) ** -3), np.broadcast_to(x.x1 / (1.0 + t), x.shape)
    w.press = np.full(x.shape, 0.1 * (1.0 + t) ** -5)


@pytest.mark.parametrize("spacing", ["uniform", "log"])
def test_expanding_sphere_is_second_order(spacing):
    """v = s/(1 + t) dilutes uniform gas as (1 + t)^-3, and its pressure, which pushes nothing, as
    (1 + t)^-5."""
    flow, mesh = (
        {"boundary_ix1": follow, "boundary_ox1": follow},
        {"geometry": "spherical", "spacing": spacing},
    )
    errors = []
    for cells in (32, 64):
        sim = tube_run(
            lambda s: {"dens": 1.0, "vel": s, "press": 0.1},
            cells,
            mesh=mesh,
            walls="user",
            hooks=flow,
            fluid=NO_FIELD,
        )
        while sim.time < 0.2:
            dt = min(sim.fluid.max_dt(0.4), 0.2 - sim.time + 1e-15)
            stepper.advance(sim, dt)
            sim.clock.tick(dt)
        errors.append(np.abs(whole(sim, "dens") - (1.0 + sim.time) ** -3).mean())
    assert np.log2(errors[0] / errors[1]) > 1.8


def test_frozen_flow_keeps_cosmic_rays():
    """e_t + div(e v) = -P div v on v ~ 1/s^2, whose divergence vanishes: what is inside stays, and
    so does the integral."""
    sim = tube_run(
        lambda s: {
            "dens": 1.0,
            "vel": s**-2.0,
            "press": 1.0,
            "ecr": 1e-3 + np.exp(-200.0 * (s - 1.0) ** 2),
        },
        cells=128,
        walls="outflow",
        fluid={"frozen": True, "magnetic": False},
    )
    start = whole(sim, "ecr")
    before = sim.history_row()["ecr [code]"]
    advance(sim, 60)
    # the velocity at faces is a mean of two cells: the integral follows at second order
    assert sim.history_row()["ecr [code]"] == pytest.approx(before, rel=1e-3)
    assert np.argmax(whole(sim, "ecr")) > np.argmax(start) + 4


def test_floors_book_volumes():
    sim = tube_run(
        lambda s: {"dens": 1.0, "press": 1.0}, fluid={"magnetic": False, "floors": {"press": 0.1}}
    )
    u = sim.pack.u0
    u[0, ENER, 0, 0, sim.pack.grid.ng1 + 5] = 0.0  # 0.15 is the least
    sim.refresh()
    volume = sim.pack.metric.cells.volume[0, sim.pack.grid.ng1 + 5]
    assert sim.history_row()["floor_added_energy [code]"] == pytest.approx(0.15 * volume, rel=1e-12)


def test_strong_expansion_is_corrected_with_first_order_fluxes():
    start = {"dens": 1.0, "press": 1e-8}
    sim = tube_run(
        lambda s: start | {"vel": np.where(s > 1.2, 30.0, -30.0), "ecr": 1e-8},
        walls="outflow",
        fluid=NO_FIELD,
    )
    advance(sim, 20)
    row = sim.history_row()
    assert row["floor_first_order [1]"] > 0
    assert row["floor_nan [1]"] == 0
    assert sim.pack.active(sim.pack.u0)[:, ECR].min() >= 0.0


REFUSED = {
    "not 1-D": ({"cells": [8, 8, 1], "block": [8, 8, 1]}, {}, "one-dimensional mesh"),
    "periodic": ({"boundaries": "periodic"}, {}, "cannot be periodic"),
    "inside out": ({"lower": [-1, -0.5, -0.5]}, {}, "inner radius"),
    "log from zero": (
        {"lower": [0, -0.5, -0.5], "spacing": "log"},
        {},
        "must be positive along x1",
    ),
    "height": ({"geometry": "flux_tube"}, {}, "tube_height"),
    "own": ({"geometry": "own"}, {}, "no method area"),
    "across": ({}, {"vel2": 1.0}, "sets vel2"),
    "field across": ({}, {"b3": 1.0}, "sets b3"),
}


@pytest.mark.parametrize(("mesh", "extra", "words"), REFUSED.values(), ids=REFUSED)
def test_impossible_tubes_are_refused(mesh, extra, words):
    with pytest.raises(CrmpiError, match=words):
        tube_run(
            lambda s: {"dens": 1.0, "press": 1.0} | extra, mesh={"geometry": "spherical"} | mesh
        )


def test_spherical_runs_along_x1():
    with pytest.raises(CrmpiError, match="runs along x1"):
        tube_run(lambda s: {"dens": 1.0, "press": 1.0}, axis=2)


def test_own_tube_has_the_volumes_of_its_area():
    own = {"area": lambda self, s, p: 1.0 + s**4}
    sim = tube_run(
        lambda s: {"dens": 1.0, "press": 1.0}, mesh={"geometry": "own"}, hooks=own, fluid=NO_FIELD
    )
    assert sim.history_row()["mass [code]"] == pytest.approx(
        1.5 + (2.0**5 - 0.5**5) / 5.0, rel=1e-13
    )
    assert line(1, 2, 3) == [3, 2, 3]
