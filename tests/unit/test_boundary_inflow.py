"""What flows in: the field of ghost zones, uniform winds that stay uniform, waves that enter with
the order of the scheme.
"""

from pathlib import Path

import numpy as np
import pytest
import yaml

from crmpi.errors import ConfigError, CrmpiError
from crmpi.run.norms import error_norms
from tests.selection import in_full
from tests.stepping import begin, step

PROBLEMS = Path(__file__).parents[1] / "problems"
MESHES = {1: "mesh.cells=[1,1,8]", 2: "mesh.cells=[6,1,6]", 3: "mesh.cells=[4,4,4]"}
TUBE = ("shock_tube", "mesh.cells=[8,1,1]", "mesh.block=[8,1,1]", "units.system=none")
OPEN = "mesh.boundaries={ix1: inflow, ox1: outflow}"
SCHEMES = [
    [],
    *in_full(
        ["fluid.reconstruction=ppm"],
        ["fluid.integrator=rk3"],
        ["fluid.reconstruction=donor"],
        ["fluid.riemann=llf"],
        ["fluid.riemann=hlle"],
    ),
]


def boundaries(sides, below, above="outflow"):
    """Return the override of the boundaries of a mesh with `sides` along x1 and x2."""
    transverse = ", ".join(f"{end}x{axis}: {sides}" for axis in (1, 2) for end in "io")
    return f"mesh.boundaries={{{transverse}, ix3: {below}, ox3: {above}}}"


def wind(*overrides):
    """Return the `Simulation` of a uniform wind after 8 crossings of the box at 3 times the sound
    speed.
    """
    sim = begin(str(PROBLEMS / "uniform_wind"), *overrides)
    while sim.time < 8.0:
        step(sim)
    return sim


def deviation(sim):
    """Return the mean square of the change of the field, which is 0.25 to 0.3."""
    field, p = sim.pack.active(sim.pack.bcc), sim.config.problem
    return sum(np.mean((field[:, a] - getattr(p, f"b{a + 1}")) ** 2) for a in range(3))


def field_of(b1, b2, b3):
    return [f"problem.b1={b1}", f"problem.b2={b2}", f"problem.b3={b3}"]


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme[0] if scheme else "default")
def test_a_uniform_wind_stays_uniform_with_every_scheme(scheme):
    sim = wind(MESHES[2], boundaries("periodic", "user"), *scheme)
    assert deviation(sim) < 1e-28
    assert np.abs(sim.pack.active(sim.pack.u0)[:, 0] - 1.0).max() < 1e-13


@pytest.mark.parametrize(
    "dimensions, field, sides",
    [
        (1, (0.3, -0.4, 0.2), "periodic"),
        (2, (0.0, 0.5, 0.0), "outflow"),
        (2, (0.0, 0.0, 0.5), "periodic"),
        (2, (0.3, -0.4, 0.2), "outflow"),
        (3, (0.5, 0.0, 0.0), "periodic"),
        (3, (0.3, -0.4, 0.2), "outflow"),
    ],
)
def test_a_uniform_wind_stays_uniform_with_any_field(dimensions, field, sides):
    sim = wind(MESHES[dimensions], boundaries(sides, "user"), *field_of(*field))
    assert deviation(sim) < 1e-28


@pytest.mark.parametrize("axis", [1, 2])
def test_a_uniform_wind_along_other_axes(axis):
    kinds = {f"{end}x{a}": "periodic" for a in (1, 2, 3) for end in "io"}
    kinds |= {f"ix{axis}": "user", f"ox{axis}": "outflow"}
    words = ", ".join(f"{name}: {kind}" for name, kind in kinds.items())
    more = f"problem.along={axis}", *field_of(0.3, -0.4, 0.2)
    sim = wind("mesh.cells=[6,6,1]", f"mesh.boundaries={{{words}}}", *more)
    assert deviation(sim) < 1e-28


def test_numbers_arrays_and_the_built_in_condition_are_the_same():
    """Bit for bit: numbers or arrays in the hook, a method inflow_ix3, and the YAML; on one block
    and on four.
    """
    states = []
    four_blocks = "mesh.block=[3,1,3]"
    for kind, *more in (
        ("user",),
        ("user", "problem.arrays=true"),
        ("inflow",),
        ("inflow", four_blocks),
    ):
        words = MESHES[2], boundaries("periodic", kind), *field_of(0.3, -0.4, 0.2), *more
        sim = begin(str(PROBLEMS / "uniform_wind"), *words)
        step(sim, 20)
        u, whole = sim.pack.active(sim.pack.u0), np.empty((8, 6, 1, 6))
        for b, (i, _, k) in enumerate(sim.pack.origins):
            whole[:5, k : k + u.shape[2], :, i : i + u.shape[4]] = u[b]
            whole[5:, k : k + u.shape[2], :, i : i + u.shape[4]] = sim.pack.active(sim.pack.bcc)[b]
        states.append(whole)
    assert all(np.array_equal(states[0], other) for other in states[1:])


def test_inflow_of_the_yaml_alone():
    given = "mesh.inflow.ix1={dens: 2, vel1: 3, press: 0.5, b2: 0.25, ecr: 0.125}"
    sim = begin(*TUBE, OPEN, given)
    ghosts = sim.pack.w0[0, :, 0, 0, : sim.pack.grid.ng1]
    expected = [2.0, 3.0, 0.0, 0.0, 0.5, 0.125]
    assert np.allclose(ghosts, np.array(expected[: len(ghosts)])[:, None], rtol=1e-14)
    if sim.pack.magnetic:
        assert np.all(sim.pack.bcc[0, 1, 0, 0, : sim.pack.grid.ng1] == 0.25)


def wave_error(n, *overrides):
    """Return the L1 error of the field of a wave driven through all faces for 0.7 periods, and div
    B.
    """
    words = f"mesh.cells=[{n},{n},1]", f"problem.angle={np.arctan(0.5)}"
    sim = begin(str(PROBLEMS / "driven_wave"), *words, *overrides)
    while sim.time < 0.7:
        step(sim)
    b1, b2, g = sim.pack.b0[0, 0, 0], sim.pack.b0[0, 1, 0], sim.pack.grid
    rows, columns = slice(g.ng2, g.ng2 + n), slice(g.ng1, g.ng1 + n)
    divergence = np.diff(b1[rows, g.ng1 : g.ng1 + n + 1], axis=1)
    divergence += np.diff(b2[g.ng2 : g.ng2 + n + 1, columns], axis=0)
    return sum(norms["L1"] for norms in error_norms(sim).values()), np.abs(divergence).max()


@pytest.mark.parametrize(
    "scheme, order",
    [
        ([], 1.9),
        (["fluid.reconstruction=ppm", "fluid.cosmic_rays=true"], 1.9),  # as in other tests
        *in_full((["fluid.integrator=rk3"], 1.6)),
    ],
)
def test_a_wave_enters_with_the_order_of_the_scheme(scheme, order):
    (coarse, _), (fine, divergence) = wave_error(12, *scheme), wave_error(24, *scheme)
    assert np.log2(coarse / fine) > order
    assert fine < 0.003
    assert divergence < 1e-14


def test_the_ghost_field_has_no_divergence():
    sim = begin(
        str(PROBLEMS / "driven_wave"), "mesh.cells=[8,8,1]", f"problem.angle={np.arctan(0.5)}"
    )
    step(sim, 3)
    b1, b2, g = sim.pack.b0[0, 0, 0], sim.pack.b0[0, 1, 0], sim.pack.grid
    rows = slice(g.ng2, g.ng2 + g.n2)
    divergence = np.diff(b1[rows, : 2 * g.ng1 + g.n1 + 1], axis=1)
    divergence += np.diff(b2[g.ng2 : g.ng2 + g.n2 + 1, : 2 * g.ng1 + g.n1], axis=0)
    assert np.abs(divergence).max() < 1e-14


@pytest.mark.parametrize(
    "overrides, error, words",
    [
        ([OPEN], CrmpiError, "neither 'mesh.inflow.ix1' nor a method inflow_ix1"),
        ([OPEN, "mesh.inflow.ix1={dens: 1}"], CrmpiError, "has no 'press'"),
        (["mesh.inflow.ix1={dens: 1, press: 1}"], ConfigError, "set it to inflow"),
        (["mesh.inflow.ix1={dens: -1, press: 1}"], ConfigError, "must be > 0"),
    ],
)
def test_impossible_inflow_is_refused(overrides, error, words):
    with pytest.raises(error, match=words):
        begin(*TUBE, *overrides)


def test_the_example_of_the_page_is_valid():
    page = (Path(__file__).parents[2] / "docs" / "boundaries.md").read_text(encoding="utf-8")
    mesh = yaml.safe_load(page.split("```yaml\n")[1].split("```")[0])["mesh"]
    words = [f"mesh.{name}={value}".replace("'", "") for name, value in mesh.items()]
    sim = begin(
        "galactic_wind", "mesh.cells=[8,1,1]", "mesh.block=[8,1,1]", *words, "mesh.lower=[0,0,0]"
    )
    assert sim.pack.w0[0, 1, 0, 0, 0] == pytest.approx(100.0)  # km/s is the code unit
