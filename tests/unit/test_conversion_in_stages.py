"""Stages that make the primitives they need plane by plane, as they do in large blocks, give what
they do after a pass that makes all of them."""

import numpy as np
import pytest

from crmpi.physics import fluid_stages
from tests.stepping import begin, step

_LEVELS = "mesh.refinement={regions: [{level: 1, lower: [-0.2,-0.2,-0.2], upper: [0.2,0.2,0.2]}]}"
_FLUID = "transport.solver=none"
_CUBE = ["mesh.cells=[16,16,16]", "mesh.block=[8,8,8]", _FLUID]
_THIN = "problem.beta=1e-4"  # cells are redone with first-order fluxes
CASES = {
    "one block": ["blast", *_CUBE, "mesh.block=[16,16,16]"],
    "redone": ["blast", *_CUBE, _THIN],
    "rk3": ["blast", *_CUBE, _THIN, "fluid.integrator=rk3"],
    "ppm": ["blast", *_CUBE, "fluid.reconstruction=ppm"],
    "levels": ["cr_sedov", *_CUBE, "mesh.cells=[32,32,32]", _LEVELS],
    "plane": ["blast", "mesh.cells=[32,32,1]", "mesh.block=[8,16,1]", _FLUID, _THIN],
    "line": ["blast", "mesh.cells=[64,1,1]", "mesh.block=[16,1,1]", _FLUID],
    "odd planes": ["cr_sedov", "mesh.cells=[12,8,21]", "mesh.block=[6,4,7]", _FLUID],
    # cosmic rays that gas compresses: n/rho of cells two planes up counts
    "compression": ["cloud_wind", "mesh.cells=[32,16,16]", "mesh.block=[8,8,8]", _FLUID],
    "gravity": ["galactic_wind", "mesh.cells=[8,8,32]", "mesh.block=[8,8,8]", _FLUID],
    "frozen": ["cr_box", "mesh.cells=[16,8,8]", "mesh.block=[8,8,8]", "fluid.frozen=true", _FLUID],
}


def states(monkeypatch, words, shortest):
    """Return what a run has after some steps when rows of `shortest` cells are long enough."""
    monkeypatch.setattr(fluid_stages, "_LONG", shortest)
    monkeypatch.setattr(fluid_stages, "_LAYERS", 4)
    sim = begin(*words)
    step(sim, 5)
    counts = sim.fluid.ledger.counts
    sums = sim.fluid.ledger.amounts.array, sim.fluid.box.array
    return sim.pack.active(sim.pack.u0), sim.pack.active(sim.pack.b0), counts.array, *sums


@pytest.mark.parametrize("words", CASES.values(), ids=CASES)
def test_results_are_the_same_to_the_last_bit(monkeypatch, words):
    here, before = states(monkeypatch, words, 1), states(monkeypatch, words, 1000)
    for a, b in zip(here, before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_floors_of_half_steps_are_counted_once(monkeypatch):
    """Energy that a floor adds to the middle of a step is not in its result; the cells are
    counted."""
    counts = []
    for shortest in (1, 1000):
        monkeypatch.setattr(fluid_stages, "_LONG", shortest)
        sim = begin("blast", *_CUBE, _THIN, "fluid.floors.press=0.09")
        step(sim, 5)
        counts.append(sim.fluid.ledger.counts["press"].sum())
    assert counts[0] == counts[1] > 0
