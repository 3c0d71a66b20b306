"""Star formation in whole runs: the energy ledger, meshes that change, what is refused."""

import numpy as np
import pytest

from crmpi.diagnostics import energy_ledger
from crmpi.errors import CrmpiError
from crmpi.parallel.comm import SerialComm
from crmpi.run.configuration import configure
from crmpi.run.driver import initial_notes
from crmpi.run.simulation import Simulation
from tests.stepping import begin, step

DENSE = [
    "problem.dens=20",
    "fluid.frozen=false",
    "cooling.enabled=true",
    "star_formation={enabled: true, efficiency: 0.05}",
    "mesh.cells=[8,8,8]",
    "mesh.block=[4,4,4]",
    "time.dt_max=1 Myr",
]
"""Of the problem calorimeter: dense gas at 1e4 K that keeps its mass but for stars."""
REGION = "{level: 1, lower: [0.3, 0.3, 0.3], upper: [0.7, 0.7, 0.7]}"
BOX = "{name: moving_box, lower: [0, 0, 0], upper: [0.4, 0.3, 0.3], velocity: [300, 200, 0]}"
MESHES = {
    "uniform": "{}",
    "levels": f"{{regions: [{REGION}]}}",
    "moving": f"{{max_level: 1, interval: 1, min_age: 0, criteria: [{BOX}]}}",
}


@pytest.mark.parametrize("mesh", MESHES)
@pytest.mark.parametrize("solver", ["anisotropic_diffusion", "two_moment, vmax: 3000 km/s"])
def test_energy_and_mass_balance(mesh, solver):
    """The energy of the box changes by the terms of the ledger, its mass by what stars hold."""
    words = [
        *DENSE,
        "scalars=[metals]",
        f"transport={{solver: {solver}}}",
        f"mesh.refinement={MESHES[mesh]}",
    ]
    sim = begin("calorimeter", *words)
    before, first = energy_ledger.balance(sim).box, sim.history_row()
    meshes = {sim.tree.nblock}
    for _ in range(4):
        step(sim)
        sim.adapt()
        meshes.add(sim.tree.nblock)
    (after, terms), last = energy_ledger.balance(sim), sim.history_row()
    assert all(terms[f"star_formation_{name}"] for name in ("locked", "kinetic", "cosmic"))
    sizes = before + sum(map(abs, terms.values()))
    assert after - before == pytest.approx(sum(terms.values()), abs=1e-13 * sizes)
    stars = last["star_formation_formed [Msun]"] - last["star_formation_returned [Msun]"]
    mass = first["mass [Msun]"]
    assert mass - last["mass [Msun]"] == pytest.approx(stars, abs=1e-13 * mass)
    assert last["star_formation_supernovae [1]"] > 100
    made = last["star_formation_supernovae [1]"] * 2.63
    assert last["star_formation_metals [Msun]"] == pytest.approx(made, rel=1e-12)
    assert 0.99 * made < last["mass_metals [Msun]"] <= made  # stars lock some of them
    assert (len(meshes) > 1) == (mesh == "moving")


def test_tracers_get_what_cosmic_rays_get():
    sim = begin("calorimeter", *DENSE, "transport.tracer_rigidities=[3]")
    step(sim, 2)
    u = sim.pack.active(sim.pack.u0)
    ecr, tracer = u[:, sim.pack.index["ecr"]], u[:, sim.pack.index["ecr_1"]]
    assert tracer.sum() == pytest.approx(ecr.sum(), rel=1e-3)


REFUSED = {
    "needs cooling": ["cooling.enabled=false"],
    "needs gas that changes": ["fluid.frozen=true"],
    "with cooling.temp_floor .* is below 10000 K; raise it": ["star_formation.temp_max=1e4 K"],
    "with cooling.dense_temp .* is below 100000 K; raise it": [
        "cooling.dense_temp=1e5 K",
        "cooling.dense_above=0.5 m_p/cm^3",
        "star_formation.temp_max=9e4 K",
    ],
    "needs cosmic rays": [
        "fluid.cosmic_rays=false",
        "losses.enabled=false",
        "transport.solver=none",
    ],
    "to the key scalars": ["star_formation.metals=2 Msun"],
    "must not be more than mass_per_supernova": ["star_formation.ejecta=120 Msun"],
    "nor less than metals": ["scalars=[metals]", "star_formation={ejecta: 1 Msun, metals: 2 Msun}"],
    "does not run on a tube": [
        "mesh={cells: [8,1,1], block: [4,1,1], lower: [1,0,0], upper: [2,1,1]}",
        "mesh={geometry: spherical, boundaries: outflow}",
    ],
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_impossible_star_formation_is_refused(sentence):
    with pytest.raises(CrmpiError, match=sentence) as error:
        config, problem_class = configure("calorimeter", [*DENSE, *REFUSED[sentence]])
        Simulation(config, problem_class, SerialComm())
    assert "star_formation" in str(error.value)
    assert "\n" not in str(error.value).strip()


def test_gas_that_is_nowhere_dense_enough_is_named():
    thin = begin("calorimeter", *DENSE, "problem.dens=2")
    (note,) = initial_notes(thin)
    assert "densest cell has 2 m_p/cm^3" in note and "'star_formation.threshold' is 10" in note
    assert initial_notes(begin("calorimeter", *DENSE)) == []


def test_seeds_differ():
    states = []
    for seed in (1, 1, 2):
        sim = begin("calorimeter", *DENSE, f"star_formation.seed={seed}")
        step(sim)
        states.append(sim.pack.u0.copy())
    assert np.array_equal(states[0], states[1]) and not np.array_equal(states[0], states[2])
