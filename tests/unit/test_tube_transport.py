"""Cosmic-ray transport on a tube: balance, conservation, closed forms, equality of axes and blocks,
refusals."""

import math

import numpy as np
import pytest

from crmpi.errors import CrmpiError
from crmpi.run import stepper
from tests.tube_case import tube_run, whole

FLUX_TUBE = {"geometry": "flux_tube", "tube_height": 0.7}
SOLVERS = {
    "losses": {"solver": "isotropic_diffusion", "alfven_losses": 0.5},
    "isotropic": {"solver": "isotropic_diffusion"},
    "anisotropic": {"solver": "anisotropic_diffusion"},
    "two_moment": {"solver": "two_moment", "vmax": 30},
}
HALF = {"model": "constant", "kappa_par": 0.5}


def move(sim, time, steps):
    """Take `steps` equal steps to `time`."""
    for _ in range(steps):
        stepper.advance(sim, time / steps)
        sim.clock.tick(time / steps)


def lump(s):
    return {"dens": 1.0 + s**2, "press": 1.0, "ecr": 1.0 + np.exp(-20.0 * (s - 1.2) ** 2), "b": 0.6}


@pytest.mark.parametrize("solver", SOLVERS.values(), ids=SOLVERS)
@pytest.mark.parametrize(
    "mesh",
    [{"geometry": "spherical", "spacing": "log"}, FLUX_TUBE],
    ids=["log sphere", "flux tube"],
)
def test_energy_is_kept_between_walls(solver, mesh):
    sim = tube_run(lump, mesh=mesh, transport=solver, scattering=HALF)
    before = sim.history_row()
    move(sim, 0.2, 40)
    after = sim.history_row()
    energies = [row["ener [code]"] + row["ecr [code]"] for row in (before, after)]
    assert energies[1] == pytest.approx(energies[0], rel=1e-13)
    assert np.ptp(whole(sim, "ecr")) < 0.5, "nothing moved"


@pytest.mark.parametrize("solver", SOLVERS.values(), ids=SOLVERS)
def test_uniform_cosmic_rays_stay(solver):
    sim = tube_run(
        lambda s: lump(s) | {"ecr": 0.7}, transport=solver, scattering=HALF, fluid={"frozen": True}
    )
    move(sim, 0.5, 5)
    assert whole(sim, "ecr") == pytest.approx(0.7, rel=1e-14)


@pytest.mark.parametrize("solver", SOLVERS.values(), ids=SOLVERS)
def test_all_axes_and_blocks_give_the_same_bits(solver):
    cases = [(0, 32), (1, 32), (2, 32), (0, 8), (2, 16)]
    runs = [
        tube_run(
            lump,
            axis=a,
            block=n,
            mesh=FLUX_TUBE,
            walls="outflow",
            transport=solver,
            scattering=HALF,
        )
        for a, n in cases
    ]
    for sim in runs:
        move(sim, 0.05, 10)
    for name in ("dens", "ener", "ecr"):
        first = whole(runs[0], name)
        assert all(np.array_equal(first, whole(sim, name)) for sim in runs[1:]), name


@pytest.mark.parametrize("solver", list(SOLVERS.values())[1:], ids=list(SOLVERS)[1:])
@pytest.mark.parametrize("spacing", ["uniform", "log"])
def test_spherical_mode_decays_at_second_order(solver, spacing):
    """e = 2 + exp(-s t) sin(k (r - r1))/r, e given at r1 and r1 + pi/k: s = kappa k^2, of two
    moments the slow root of the telegraph."""
    k, kappa, time = math.pi / 1.5, 0.1, 0.5
    rate = kappa * k**2
    if "vmax" in solver:
        relaxation = 3.0 * kappa / solver["vmax"] ** 2
        rate = (1.0 - math.sqrt(1.0 - 4.0 * relaxation * kappa * k**2)) / (2.0 * relaxation)

    def exact(s, t):
        return 2.0 + math.exp(-rate * t) * np.sin(k * (s - 0.5)) / s

    def hold(self, w, x, t, p):
        w.ecr = np.broadcast_to(exact(x.x1, t), x.shape)

    solver = solver | ({"streaming": False} if "vmax" in solver else {})
    errors = []
    for cells in (16, 32):
        sim = tube_run(
            lambda s: {"dens": 1.0, "press": 1.0, "ecr": exact(s, 0.0), "b": 0.6},
            cells,
            mesh={"geometry": "spherical", "spacing": spacing},
            walls="user",
            hooks={"boundary_ix1": hold, "boundary_ox1": hold},
            fluid={"frozen": True},
            transport=solver,
            scattering={"model": "constant", "kappa_par": kappa},
        )
        move(sim, time, 2 * cells)
        x = sim.pack.coords(0)[0]
        errors.append(np.abs(whole(sim, "ecr") - exact(x, time)).mean())
    assert errors[1] < 1e-2
    assert np.log2(errors[0] / errors[1]) > 1.8


def test_streaming_in_a_spherical_wind_of_waves():
    """Steady streaming through gas at rest keeps e (A v_A)^(4/3): with A B = const and dens ~ r^-2
    that is e ~ r^(-4/3)."""

    def hold(self, w, x, t, p):
        w.ecr = np.full(x.shape, 0.5 ** (4 / 3)) * x.x1 ** (-4 / 3)
        w.fcr = 4 / 3 * w.ecr / x.x1  # (e + P) v_A

    start = lambda s: {"dens": s**-2, "press": 1.0, "ecr": 0.9 * (0.5 / s) ** (4 / 3), "b": 1.0}  # noqa: E731
    sim = tube_run(
        start,
        64,
        mesh={"geometry": "spherical", "spacing": "log"},
        walls="user",
        hooks={"boundary_ix1": hold, "boundary_ox1": hold},
        fluid={"frozen": True},
        transport={"solver": "two_moment", "vmax": 50},
        scattering={"model": "constant", "kappa_par": 0.0},
    )
    move(sim, 6.0, 60)
    x = sim.pack.coords(0)[0]
    assert np.abs(whole(sim, "ecr") / (0.5 / x) ** (4 / 3) - 1.0).max() < 1e-3


def test_solver_without_tubes_says_so():
    with pytest.raises(
        CrmpiError,
        match=(
            r"does not run on a tube .* use one of anisotropic_diffusion, "
            r"isotropic_diffusion, none, two"
        ),
    ):
        tube_run(lump, transport={"solver": "alfven_regulated", "vmax": 30})


PAYING = {
    "two_moment": SOLVERS["two_moment"],
    "alfven_losses": {"solver": "anisotropic_diffusion", "alfven_losses": 1},
}


@pytest.mark.parametrize("solver", PAYING.values(), ids=PAYING)
def test_heat_of_waves_is_booked_with_volumes(solver):
    sim = tube_run(lump, transport=solver, scattering=HALF, fluid={"frozen": True}, walls="reflect")
    before = sim.history_row()
    move(sim, 0.1, 10)
    after = sim.history_row()
    assert after["cr_heat [code]"] > 1e-3
    assert before["ecr [code]"] - after["ecr [code]"] == pytest.approx(
        after["cr_heat [code]"], rel=1e-10
    )
