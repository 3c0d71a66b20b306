"""P1-P3: bitwise identical on any number of ranks, for any shape of blocks, and after a restart on
another number of ranks."""

import os

import numpy as np
import pytest

from crmpi.parallel.comm import SerialComm
from crmpi.run import driver
from crmpi.run.configuration import configure

# each case walks through other rooms: fluid in 2-D and 3-D, sub-cycled transport, sources with
# random events, every kind of boundary
_STEEP = "criteria: [{name: gradient, variable: press, refine: 0.2, derefine: 0.1}]"
ADAPTIVE = f"mesh.refinement={{max_level: 2, interval: 2, min_age: 4, {_STEEP}}}"
_BOX = (
    "{name: moving_box, lower: [-0.4, -0.2, -0.2], upper: [-0.1, 0.1, 0.1], velocity: [60, 20, 0]}"
)
BOXED = f"mesh.refinement={{max_level: 1, interval: 2, min_age: 0, criteria: [{_BOX}]}}"
REGIONS = (
    "mesh.refinement={regions: [{level: 2, lower: [-0.1,-0.1,0], upper: [0.1,0.1,0]}, "
    "{level: 1, shape: sphere, radius: 0.3}]}"
)
_MIDDLE = "{level: 1, lower: [0.3, 0.3, 0.3], upper: [0.7, 0.7, 0.7]}"
_CORNER = "{name: moving_box, lower: [0, 0, 0], upper: [0.4, 0.3, 0.3], velocity: [300, 200, 0]}"
_DENSE = [
    "mesh.cells=[8,8,8]",
    "mesh.block=[4,4,4]",
    "time.max_steps=4",
    "problem.dens=20",
    "fluid.frozen=false",
    "cooling.enabled=true",
    "star_formation={enabled: true, efficiency: 0.05}",
    "scalars=[metals]",
]
LOADING = "observables={compute: [loading], loading: {heights: [0.1], radii: [0.2], axis: x1}}"
_TROUBLED = [
    "mesh.cells=[32,32,1]",
    "time.max_steps=8",
    "transport.solver=none",
    "problem.beta=1e-4",  # cells are redone with first-order fluxes, at edges of blocks, too
]
CASES = {
    "blast static": [
        "mesh.cells=[32,32,1]",
        "mesh.block=[8,8,1]",
        "time.max_steps=8",
        "transport.solver=none",
        REGIONS,
        LOADING,
    ],
    "blast troubled": [*_TROUBLED, "mesh.block=[8,8,1]"],
    "blast troubled rk3": [*_TROUBLED, "mesh.block=[8,16,1]", "fluid.integrator=rk3"],
    "blast troubled static": [*_TROUBLED, "mesh.block=[8,8,1]", REGIONS],
    "blast adaptive": [
        "mesh.cells=[32,32,1]",
        "mesh.block=[8,8,1]",
        "time.max_steps=16",
        "transport.solver=none",
        ADAPTIVE,
    ],
    "blast boxed": [
        "mesh.cells=[24,16,16]",
        "mesh.block=[8,8,8]",
        "time.max_steps=8",
        "transport.solver=none",
        BOXED,
    ],
    "blast troubled apart": [
        *_TROUBLED,
        "mesh.block=[8,8,1]",
        REGIONS.replace("{regions", "{fluid_levels: 2, regions"),
    ],
    "blast boxed apart": [
        "mesh.cells=[24,16,16]",
        "mesh.block=[8,8,8]",
        "time.max_steps=8",
        "transport.solver=none",
        "fluid.integrator=rk3",
        BOXED.replace("{max_level", "{fluid_levels: 1, max_level"),
    ],
    "calorimeter stars": [*_DENSE, f"mesh.refinement={{regions: [{_MIDDLE}]}}"],
    "calorimeter stars boxed": [
        *_DENSE,
        f"mesh.refinement={{max_level: 1, interval: 1, min_age: 0, criteria: [{_CORNER}]}}",
    ],
    "orszag_tang": ["mesh.cells=[32,32,1]", "mesh.block=[8,16,1]", "time.max_steps=6"],
    "orszag_tang rk3": [
        "mesh.cells=[32,32,1]",
        "mesh.block=[8,16,1]",
        "time.max_steps=4",
        "fluid.integrator=rk3",
    ],
    "cr_box": [
        "mesh.cells=[16,16,16]",
        "mesh.block=[8,8,8]",
        "time.max_steps=4",
        "transport.tracer_rigidities=[3,10]",
    ],
    "cr_box alfven": [
        "mesh.cells=[16,16,16]",
        "mesh.block=[8,8,8]",
        "time.max_steps=4",
        (
            "transport={solver: alfven_regulated, vmax: 30, light_speed: 1000, gyro_rate: 1e8, "
            "wave_floor: 1e-3}"
        ),
    ],
    "cr_box streaming": [
        "mesh.cells=[16,16,16]",
        "mesh.block=[8,8,8]",
        "time.max_steps=4",
        "transport={solver: streaming_diffusion, tracer_rigidities: [3]}",
    ],
    "cr_ring": ["mesh.cells=[32,32,1]", "mesh.block=[16,8,1]", "time.max_steps=3"],
    "galactic_wind": ["mesh.cells=[8,8,64]", "mesh.block=[8,8,16]", "time.max_steps=5"],
    "cr_wind": [
        "mesh.cells=[64,1,1]",
        "mesh.block=[16,1,1]",
        "time.max_steps=6",
        "transport={solver: two_moment, vmax: 100, tracer_rigidities: [3]}",
    ],
    "cloud_wind": ["mesh.cells=[32,16,16]", "mesh.block=[8,8,8]", "time.max_steps=3"],
    "cgm_halo": ["mesh.cells=[16,16,16]", "mesh.block=[8,8,8]", "time.max_steps=3"],
    "isolated_galaxy": [
        "mesh.cells=[16,16,16]",
        "mesh.block=[8,8,8]",
        "mesh.lower=[-16,-16,-6.4]",
        "mesh.upper=[16,16,6.4]",
        "mesh.refinement={regions: [{level: 1, lower: [-8,-8,-3], upper: [0,8,3]}]}",
        "time.max_steps=2",
        "observables.compute=[]",
    ],
    "isolated_galaxy apart": [
        "mesh.cells=[16,16,16]",
        "mesh.block=[8,8,8]",
        "mesh.lower=[-16,-16,-6.4]",
        "mesh.upper=[16,16,6.4]",
        "mesh.refinement={fluid_levels: 1, regions: [{level: 1, lower: [-8,-8,-3], "
        "upper: [0,8,3]}]}",
        "time.max_steps=4",
        "observables.compute=[]",
    ],
}


_INNER = "regions: [{level: 2, shape: sphere, center: [0.4, 0.5, 0.5], radius: 0.15}]"
_SQUARE = "{name: moving_box, lower: [0, 0, 0], upper: [0.4, 0.3, 0.3], velocity: [30, 20, 0]}"
_CHANGES = f"max_level: 2, interval: 2, min_age: 0, {_INNER}, criteria: [{_SQUARE}]"
_COARSE = ["mesh.cells=[32,32,1]", "mesh.block=[8,8,1]"]
FINER = [*_COARSE, "time.max_steps=3", f"mesh.refinement={{{_INNER}}}"]
MOVING = [*_COARSE, "time.max_steps=6", f"mesh.refinement={{{_CHANGES}}}"]
ON_LEVELS = {
    "cr_box finer": [*FINER, "transport.tracer_rigidities=[3]", "scattering.kappa_perp=0.01"],
    "cr_box finer by level": [
        *_COARSE,
        "time.max_steps=3",
        f"mesh.refinement={{{_INNER}, subcycle: level}}",
    ],
    "cr_box finer apart": [
        *_COARSE,
        "time.max_steps=3",
        f"mesh.refinement={{{_INNER}, subcycle: level, fluid_levels: 1}}",
    ],
    "cr_box finer 3d": [
        "mesh.cells=[8,8,8]",
        "mesh.block=[4,4,4]",
        "time.max_steps=2",
        f"mesh.refinement={{{_INNER}}}",
    ],
    "cr_box finer alfven": [
        *FINER,
        (
            "transport={solver: alfven_regulated, vmax: 30, light_speed: 1000, gyro_rate: 1e8, "
            "wave_floor: 1e-3}"
        ),
    ],
    "cr_box finer isotropic": [
        *FINER,
        "transport={solver: isotropic_diffusion, tracer_rigidities: [3]}",
    ],
    "cr_box finer anisotropic": [
        *FINER,
        "transport={solver: anisotropic_diffusion, alfven_losses: 1}",
        "scattering.kappa_par=1",
    ],
    "cr_box finer streaming": [
        *FINER,
        "transport={solver: streaming_diffusion, regularisation_length: 0.3}",
    ],
    "cr_box moving": MOVING,
    "cr_box moving by level": [
        *_COARSE,
        "time.max_steps=6",
        f"mesh.refinement={{{_CHANGES}, subcycle: level}}",
    ],
    "cr_box moving anisotropic": [*MOVING, "transport={solver: anisotropic_diffusion}"],
}
"""Transport across levels, on a mesh that stays and on one that changes."""


def run(comm, folder, case, overrides=(), restart=None):
    """Run a case and return its Simulation; all chatter is dropped."""
    words = [
        *(CASES | ON_LEVELS)[case],
        f"output.dir={folder}",
        "output.history_interval=none",
        *overrides,
    ]
    config, problem_class = configure(case.split()[0], words)
    with open(os.devnull, "w") as quiet:
        return driver.run(config, problem_class, comm, restart=restart, stream=quiet)


def whole_mesh(sim, array):
    """Return the active cells of all blocks of a serial run on one global array (ncomp, k, j,
    i)."""
    whole = np.full((array.shape[1], *sim.tree.cells[::-1]), np.nan)
    for b, view in enumerate(sim.pack.active(array)):
        i, j, k = sim.pack.origins[b]
        n3, n2, n1 = view.shape[1:]
        whole[:, k : k + n3, j : j + n2, i : i + n1] = view
    return whole


def same_blocks(sim, reference):
    """Return whether this rank's blocks have the bits of the same blocks of a serial run."""
    pairs = [(sim.pack.u0, reference.pack.u0), (sim.pack.b0, reference.pack.b0)]
    place = {int(gid): b for b, gid in enumerate(reference.pack.gids)}
    rows = [place[int(gid)] for gid in sim.pack.gids]
    return all(
        np.array_equal(sim.pack.active(mine), reference.pack.active(theirs)[rows])
        for mine, theirs in pairs
    )


@pytest.fixture
def shared_folder(comm, tmp_path_factory):
    """A folder that all ranks see under one name."""
    return comm.bcast(tmp_path_factory.mktemp("run") if comm.rank == 0 else None)


@pytest.fixture(scope="module")
def serial_run(tmp_path_factory):
    """A function that returns the serial run of a case from its start to its end, made once."""
    made = {}

    def end(case):
        if case not in made:
            made[case] = run(SerialComm(), tmp_path_factory.mktemp("serial"), case)
        return made[case]

    return end


@pytest.mark.mpi(min_size=2)
@pytest.mark.parametrize("case", CASES)
def test_ranks_do_not_change_a_bit(comm, serial_run, shared_folder, case):
    parallel = run(comm, shared_folder, case)
    serial = serial_run(case)
    assert same_blocks(parallel.sim, serial.sim)
    if "troubled" in case:
        assert serial.sim.fluid.ledger.counts["first_order"].sum() > 0
    if comm.rank == 0:
        for name, column in serial.history.items():
            assert np.array_equal(column, parallel.history[name]), name


@pytest.mark.mpi(min_size=2)
@pytest.mark.parametrize(
    "case",
    [
        "blast static",
        "calorimeter stars",
        "calorimeter stars boxed",
        "cr_box",
        "cr_box alfven",
        "cr_box streaming",
        "galactic_wind",
        "isolated_galaxy",
        "isolated_galaxy apart",
        "cr_wind",
    ],
)
def test_restart_on_other_ranks_does_not_change_a_bit(comm, serial_run, shared_folder, case):
    """A serial run, stopped half-way and restarted on all ranks, ends like the run that never
    stopped."""
    straight = serial_run(case)
    half = straight.sim.clock.step // 2
    if comm.rank == 0:
        run(SerialComm(), shared_folder, case, [f"time.max_steps={half}"])
    comm.barrier()
    (checkpoint,) = sorted((shared_folder / "checkpoints").glob("checkpoint_*.h5"))
    resumed = run(comm, shared_folder, case, restart=checkpoint)
    assert resumed.sim.clock.step == straight.sim.clock.step
    assert resumed.sim.time == straight.sim.time
    assert same_blocks(resumed.sim, straight.sim)
    if comm.rank == 0:
        for name, column in straight.history.items():
            assert np.array_equal(column, resumed.history[name]), name


@pytest.mark.mpi(min_size=2)
@pytest.mark.parametrize("case", ["blast adaptive", "blast boxed", "blast boxed apart"])
def test_no_partition_of_a_changing_mesh_changes_a_bit(
    comm, serial_run, shared_folder, monkeypatch, case
):
    serial = serial_run(case)
    deal_at_random(monkeypatch)
    parallel = run(comm, shared_folder, case)
    assert parallel.sim.tree.nblock == serial.sim.tree.nblock
    assert same_blocks(parallel.sim, serial.sim)
    if comm.rank == 0:
        assert len(set(serial.history["blocks"])) > 1  # the mesh did change
        for name, column in serial.history.items():
            assert np.array_equal(column, parallel.history[name]), name


@pytest.mark.mpi(min_size=2)
@pytest.mark.parametrize("case", ON_LEVELS)
def test_no_partition_changes_a_bit_of_transport_across_levels(
    comm, tmp_path, shared_folder, monkeypatch, case
):
    serial = run(SerialComm(), tmp_path / "serial", case)
    deal_at_random(monkeypatch)
    parallel = run(comm, shared_folder, case)
    assert same_blocks(parallel.sim, serial.sim)
    if comm.rank == 0:
        assert serial.history["levels"].max() == 3
        for name, column in serial.history.items():
            assert np.array_equal(column, parallel.history[name]), name


def deal_at_random(monkeypatch):
    """Let blocks be dealt out at random, anew with every mesh."""

    def deal(tree, nranks, cost=None):
        rng = np.random.default_rng(tree.nblock)
        owner = rng.integers(nranks, size=tree.nblock)
        # nobody goes away empty-handed
        owner[rng.permutation(tree.nblock)[:nranks]] = np.arange(nranks)
        return owner

    for module in ("run.simulation", "run.remesh"):
        monkeypatch.setattr(f"crmpi.{module}.partition", deal)
