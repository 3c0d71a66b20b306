"""The galaxy in its halo on meshes: it stays what it is, its start converges, and it restarts."""

import numpy as np
import pytest

from crmpi.run.inline import run_to_end
from tests.stepping import begin
from tests.verification.runs import max_divergence, order

SOFT = [f"gravity.{name}.softening=8" for name in ("nfw", "miyamoto_nagai", "hernquist")]


def halo_speed(n):
    """Return the rms speed [km/s] within 25 kpc of a halo without a disc after 10 Myr on n^3
    cells."""
    sim = begin(
        "isolated_galaxy/balance",
        *SOFT,
        "problem.disc_mass=0",
        "fluid.magnetic=false",
        "time.end=10 Myr",
        f"mesh.cells=[{n},{n},{n}]",
        f"mesh.block=[{n},{n},{n}]",
        "mesh.lower=[-41,-41,-41]",
        "mesh.upper=[41,41,41]",
        "mesh.refinement={regions: []}",
    )
    run_to_end(sim)
    w, inside = sim.pack.active(sim.pack.w0)[0], sim.positions[0].r < 25.0
    return float(np.sqrt((w[1:4] ** 2).sum(axis=0)[inside].mean()))


def test_halo_at_rest_converges_at_second_order():
    coarse, fine = halo_speed(32), halo_speed(64)
    assert fine < 0.2  # of a speed of sound of 200 km/s
    assert order(coarse, fine) > 1.8


@pytest.fixture(scope="module")
def settled():
    """The tiny galaxy after 15 Myr: its history and the simulation."""
    sim = begin("isolated_galaxy/tiny", "time.end=15 Myr")
    assert max_divergence(sim) < 1e-15
    before = [sim.pack.active(sim.pack.w0)[b, 4].copy() for b in range(sim.pack.nblock)]
    return sim, run_to_end(sim), before


def test_rotation_stays(settled):
    _, history, _ = settled
    for radius in (4, 6, 8, 10):
        curve = history[f"vrot_{radius}kpc"]
        assert curve[-1] == pytest.approx(curve[0], rel=0.01)
    assert 110 < history["vrot_4kpc"][0] < history["vrot_10kpc"][0] < 175


def test_nothing_is_lost_and_no_floor_acts(settled):
    _, history, _ = settled
    assert history["floor_press"][-1] == history["floor_dens"][-1] == 0
    lost = -history["boundary_mass"][-1]
    assert history["mass"][-1] + lost == pytest.approx(history["mass"][0], rel=1e-13)
    disc = history["disc_mass"]
    assert disc[-1] == pytest.approx(disc[0], rel=2e-3)
    assert disc[0] == pytest.approx(8.75e9, rel=0.01)  # 8.6e9 and the halo in between


def test_field_stays_solenoidal(settled):
    _, history, _ = settled
    assert history["divb_max"].max() < 1e-13


def test_halo_stays_without_an_imprint_of_the_nests(settled):
    """Where levels meet the pressure changes by no more than in the layers around; beside the
    disc it is the sound of its settling that changes it."""
    sim, _, before = settled
    change, depth = [], []
    for b, x in enumerate(sim.positions):
        now = sim.pack.active(sim.pack.w0)[b, 4]
        far = np.maximum(np.maximum(abs(x.x1) / 20.48, abs(x.x2) / 20.48), abs(x.x3) / 10.24)
        outside = np.broadcast_to((abs(x.z) > 6.0) | (x.R > 17.0), now.shape)
        change.append((now / before[b] - 1.0)[outside])
        depth.append(np.broadcast_to(far, now.shape)[outside])
    change, depth = np.concatenate(change), np.concatenate(depth)
    assert np.abs(change).max() < 0.1

    def rms(low, high):
        return np.sqrt((change[(depth > low) & (depth < high)] ** 2).mean())

    beside = rms(0.9, 1.25)  # the last two layers of one level and the first of the other
    assert beside < 1.2 * max(rms(0.68, 0.9), rms(1.25, 1.6))
