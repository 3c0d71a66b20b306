"""Strong shocks along an axis of the mesh: no odd-even decoupling, no carbuncle."""

import numpy as np
import pytest

from crmpi.constants import DENS, MOM1, PRES, VEL1
from tests.fluid_case import Case
from tests.selection import in_full
from tests.unit.test_fluid_step import relabel, turbulence

GAMMA = 1.4
EPS = 1e-6


class Duct(Case):
    """A box with a fixed state below its lower x1-end and outflow above; periodic across."""

    inflow = None  # conserved variables

    def scatter(self, a, values):
        super().scatter(a, values)
        grid = self.pack.grid
        if self.inflow is not None and len(values) == len(self.inflow):
            a[..., : grid.ng1] = self.inflow[:, None, None, None]
            last = grid.ng1 + grid.n1
            a[..., last : last + grid.ng1] = a[..., last - 1 : last]


def behind_shock(mach):
    """Return density, velocity and pressure behind a shock into gas at rest with rho = c = 1."""
    dens = (GAMMA + 1.0) * mach**2 / ((GAMMA - 1.0) * mach**2 + 2.0)
    press = (2.0 * GAMMA * mach**2 - (GAMMA - 1.0)) / (GAMMA + 1.0) / GAMMA
    return dens, mach * (1.0 - 1.0 / dens), press


def odd_even(mach, cells, eps=EPS, frame=0.0, time=7.0, **params):
    """Send a shock through gas disturbed in odd and even cells (Quirk 1994); return the duct.

    ``frame``: velocity added to everything; the shock stands in the mesh for -mach. Cosmic rays
    that `params` ask for have no energy.
    """
    params = {"cosmic_rays": False, "gamma": GAMMA} | params
    case = Duct(cells, widths=tuple(0.1 * n for n in cells), **params)
    dens, velocity, press = behind_shock(mach)
    behind = (np.arange(cells[0]) + 0.5) * 0.1 < 2.0
    x3, x2, _ = np.indices(cells[::-1])
    w = np.zeros((case.pack.nvar, *cells[::-1]))
    w[DENS] = np.where(behind, dens, 1.0) * (1.0 + eps * (-1.0) ** (x2 + x3))
    w[VEL1] = np.where(behind, velocity, 0.0) + frame
    w[PRES] = np.where(behind, press, 1.0 / GAMMA)
    speed = velocity + frame
    energy = press / (GAMMA - 1.0) + 0.5 * dens * speed**2
    case.inflow = np.array([dens, dens * speed, 0.0, 0.0, energy, 0.0][: case.pack.nvar])
    case.start(w)
    case.run(time / mach)
    return case


def variation(case):
    """Return the largest variation of density across the duct."""
    dens = case.primitives()[DENS]
    return (dens.max(axis=(0, 1)) - dens.min(axis=(0, 1))).max()


@pytest.mark.parametrize("riemann", ["hllc", "hlld"])
@pytest.mark.parametrize("mach", [6.0, 20.0])
@pytest.mark.parametrize("cells", [(100, 6, 1), (100, 6, 6)])
def test_odd_and_even_cells_stay_together(riemann, mach, cells):
    """The disturbance is compressed and does not grow; without dissipation it does."""
    params = {"riemann": riemann, "magnetic": riemann == "hlld"}
    compressed = 2.0 * EPS * behind_shock(mach)[0]
    assert variation(odd_even(mach, cells, **params)) < 4.0 * compressed
    assert variation(odd_even(mach, cells, shock_dissipation=False, **params)) > 1000.0 * compressed


@pytest.mark.parametrize(
    "params",
    [{"reconstruction": "ppm"}, *in_full({"integrator": "rk3"}, {"reconstruction": "donor"})],
)
def test_odd_and_even_cells_with_every_scheme(params):
    """With cosmic rays, for which other tests compile these schemes too."""
    case = odd_even(6.0, (140, 6, 1), magnetic=False, cosmic_rays=True, time=10.0, **params)
    assert variation(case) < 8.0 * EPS * behind_shock(6.0)[0]


@pytest.mark.parametrize("mach", [3.0, 6.0])
def test_a_standing_shock_grows_no_carbuncle(mach):
    """Disturbances leave with the flow, or stay no larger than compressed ones."""
    eps = 1e-3
    found = {
        on: variation(
            odd_even(
                mach,
                (40, 12, 1),
                eps=eps,
                frame=-mach,
                time=40.0,
                magnetic=False,
                shock_dissipation=on,
            )
        )
        for on in (True, False)
    }
    assert found[True] < 4.0 * eps * behind_shock(mach)[0]
    assert found[False] > 0.1


def test_a_planar_shock_is_as_sharp_as_along_a_line():
    """Faces that the shock moves through keep the flux of the scheme."""
    plane = odd_even(6.0, (100, 4, 1), eps=0.0, magnetic=False).primitives()
    line = odd_even(6.0, (100, 1, 1), eps=0.0, magnetic=False).primitives()
    assert (
        np.abs(plane / np.where(line == 0.0, 1.0, line) - np.where(line == 0.0, 0.0, 1.0)).max()
        < 1e-11
    )


def blast(cells, press=300.0, block=None, **params):
    """Return the `Case` of a blast in noisy gas with cosmic rays and a scalar, after ten steps."""
    case = Case(cells, block, scalars=1, **params)
    w, b = turbulence(cells, nvar=7, size=0.1)
    x3, x2, x1 = np.indices(cells[::-1])
    inside = (x1 - 0.4 * cells[0]) ** 2 + (x2 - 0.5 * cells[1]) ** 2 + (
        x3 - 0.5 * cells[2]
    ) ** 2 < 9.0
    w[PRES] = np.where(inside, press, w[PRES])
    case.start(w, b)
    for _ in range(10):
        case.step(case.fluid.max_dt(0.3))
    return case


@pytest.mark.parametrize("cells", [(16, 16, 16), (24, 16, 1)])
def test_blocks_do_not_matter(cells):
    block = (8, 4, max(cells[2] // 2, 1))
    whole, parts = blast(cells), blast(cells, block=block)
    without = blast(cells, shock_dissipation=False)
    assert not np.array_equal(whole.primitives(), without.primitives())  # there are strong shocks
    for name in ("u0", "b0"):
        assert np.array_equal(*(case.gather(getattr(case.pack, name)) for case in (whole, parts)))


@pytest.mark.parametrize("turn", [1, 2])
def test_planes_agree_bit_for_bit(turn):
    cells = (20, 16, 1)
    w, b = turbulence(cells)
    _, x2, x1 = np.indices(cells[::-1])
    w[PRES] = np.where((x1 - 8) ** 2 + (x2 - 8) ** 2 < 9, 300.0, w[PRES])
    flat = Case(cells)
    flat.start(w, b)
    turned = Case(tuple(cells[(a - turn) % 3] for a in range(3)))
    turned.scatter(turned.pack.u0, relabel(flat.gather(flat.pack.u0), turn, MOM1))
    turned.scatter(turned.pack.b0, relabel(flat.gather(flat.pack.b0), turn))
    turned.refresh(turned.pack.u0, turned.pack.b0)
    for case in (flat, turned):
        for _ in range(10):
            case.step(case.fluid.max_dt(0.3))
    assert np.array_equal(turned.primitives(), relabel(flat.primitives(), turn, VEL1))


def shear(mach):
    """Return primitives and field of a dense stream in pressure balance, with waves across."""
    n = 24
    _, x2, x1 = np.indices((1, n, n)) / n
    w = np.ones((6, 1, n, n))
    stream = (x2 > 0.25) & (x2 < 0.75)
    w[DENS] = np.where(stream, 10.0, 1.0)
    w[VEL1] = np.where(stream, mach, -mach)
    w[VEL1 + 1] = 0.2 * np.sin(2.0 * np.pi * x1)
    w[VEL1 + 2] = 0.0
    return w, np.ones((3, 1, n, n)) * np.array([0.1, 0.2, 0.3])[:, None, None, None]


@pytest.mark.parametrize(
    "flow",
    [turbulence((24, 24, 1)), shear(0.5), shear(5.0)],
    ids=["turbulence", "shear", "fast shear"],
)
def test_flow_without_strong_shocks_is_bitwise_the_same(flow):
    found = []
    for on in (True, False):
        case = Case((24, 24, 1), shock_dissipation=on)
        case.start(*flow)
        for _ in range(20):
            case.step(case.fluid.max_dt(0.3))
        found.append(case.primitives())
    assert np.array_equal(*found)


@pytest.mark.parametrize("flow", ["shock", "expansion"])
def test_weak_shocks_and_expansions_are_left_alone(flow):
    """A shock of Mach 1.3 (pressures 3 and 1), and gas that is torn apart at Mach 3, with noise."""
    n = 48
    w = np.zeros((5, 1, 6, n))
    w[DENS] = 1.0 + 1e-3 * np.random.default_rng(2).random((1, 6, n))
    x = np.arange(n) - (n - 1) / 2
    w[VEL1] = np.sign(x) * (n / 2 - np.abs(x)) * 4.0 / (n / 2) if flow == "expansion" else 0.0
    w[PRES] = np.where(np.abs(x) < n / 4, 3.0, 1.0) if flow == "shock" else 1.0
    found = []
    for on in (True, False):
        case = Case((n, 6, 1), magnetic=False, cosmic_rays=False, shock_dissipation=on)
        case.start(w)
        for _ in range(15):
            case.step(case.fluid.max_dt(0.3))
        found.append(case.primitives())
    assert np.array_equal(*found)
