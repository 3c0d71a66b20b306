"""Every problem and variant runs on a refined mesh, by a switch: no problem file knows of
levels."""

import numpy as np
import pytest

from crmpi.diagnostics.energy_guard import EnergyGuard
from crmpi.errors import CrmpiError
from crmpi.run.inline import run_to_end
from crmpi.transport.base import transport_solvers
from tests.selection import mostly_full
from tests.stepping import begin
from tests.verification.shrunk import corners, shrink, source_of, without_nests
from tests.verification.test_every_problem import variants

BLOCK = 8

TUBES = [
    target
    for target in variants()
    if source_of(target)["mesh"].get("geometry", "cartesian") != "cartesian"
]


def small(source):
    """Return (cells, block, lower, upper) of a small mesh of small blocks."""
    less = shrink(source)
    cells = source["mesh"]["cells"]
    few = [max(2 * BLOCK, n // less // BLOCK * BLOCK) if n > 1 else 1 for n in cells]
    return few, [min(n, BLOCK) for n in few], *corners(source, few)


def overrides(target, refinement):
    """Return the overrides of a short run of a small mesh with a refined region; `refinement`:
    function of the corners."""
    source = source_of(target)
    cells, block, lower, upper = small(source)
    mesh = {"cells": cells, "block": block, "lower": lower, "upper": upper}
    solver = source.get("transport", {}).get("solver", "none")
    more = [] if transport_solvers()[solver].on_levels else ["transport.solver=none"]
    return [
        *without_nests(source),
        *(f"mesh.{name}={value}" for name, value in mesh.items()),
        f"mesh.refinement={refinement(lower, upper)}",
        *more,
    ]


def middle(lower, upper):
    """Return a region that is half a side wide at most, in the middle of the mesh."""
    ends = [
        [a + share * (b - a) for a, b in zip(lower, upper, strict=True)] for share in (0.25, 0.5)
    ]
    return f"{{regions: [{{level: 1, lower: {ends[0]}, upper: {ends[1]}}}]}}"


def run_guarded(target, refinement, steps=3):
    """Run a few steps; the energy ledger must close. Return (simulation, history)."""
    sim = begin(target, *overrides(target, refinement), f"time.max_steps={steps}")
    sim.remesher.settle()
    guard = EnergyGuard(sim)
    history = run_to_end(sim)
    guard.check()
    return sim, history


REFINED = [target for target in variants() if target not in TUBES]
# the variant that bears the name of its problem; the others differ in parameters
NAMESAKES = [target for target in REFINED if len(set(target.split("/"))) == 1]


@pytest.mark.parametrize("target", mostly_full(REFINED, NAMESAKES))
def test_problem_runs_with_a_refined_region(target):
    sim, history = run_guarded(target, middle)
    assert sim.clock.step == 3 or sim.time == sim.config.time.end
    assert history["levels"][-1] == 2.0
    assert np.isfinite(sim.pack.active(sim.pack.u0)).all()
    assert history.get("divb_max", np.zeros(1)).max() < 1e-12


@pytest.mark.parametrize("target", TUBES)
def test_a_tube_is_refused_in_one_sentence(target):
    with pytest.raises(CrmpiError, match=r"mesh\.refinement") as caught:
        begin(target, *overrides(target, middle))
    assert "\n" not in str(caught.value).strip()


ADAPTED = {  # problem: the criterion that follows what moves
    "blast/blast": "{name: gradient, variable: press, refine: 0.3, derefine: 0.1}",
    "cr_shock_tube/cr_shock_tube": "{name: gradient, variable: press, refine: 0.3, derefine: 0.1}",
    "rotor/rotor": "{name: gradient, variable: dens, refine: 0.3, derefine: 0.1}",
}


@pytest.mark.parametrize("target", ADAPTED)
def test_problem_runs_with_an_adaptive_mesh(target):
    sim, history = run_guarded(
        target,
        lambda *_: f"{{max_level: 1, interval: 2, min_age: 0, criteria: [{ADAPTED[target]}]}}",
        6,
    )
    assert sim.clock.step == 6
    assert history["levels"][-1] == 2.0
    assert np.isfinite(sim.pack.active(sim.pack.u0)).all()
    assert history.get("divb_max", np.zeros(1)).max() < 1e-12
