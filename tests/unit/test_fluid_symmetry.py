"""Mirror symmetry of the values at faces, which depend continuously on cells, and of flow."""

import itertools

import numpy as np
import pytest

from crmpi.constants import DENS, ECR, PRES, VEL1
from crmpi.jit import kernel
from crmpi.numerics.fluid.reconstruct import RECONSTRUCTIONS, interfaces
from tests.fluid_case import Case
from tests.selection import mostly_full

LIPSCHITZ = {"donor": 1.0, "plm": 3.5, "ppm": 7.0}
"""Bounds from the coefficients of the limiters: change of a face value per change of a cell."""


@kernel
def at_faces(method, stencils, out):
    for i in range(stencils.shape[0]):
        s = stencils[i]
        out[i, 0], out[i, 1] = interfaces(method, s[0], s[1], s[2], s[3], s[4])


def face_values(name, stencils):
    out = np.empty((len(stencils), 2))
    at_faces(RECONSTRUCTIONS[name](), np.ascontiguousarray(stencils), out)
    return out


def stencils(n=20000, seed=5):
    """Return plateaus and steps of small integers, half of them with noise of several sizes."""
    rng = np.random.default_rng(seed)
    found = rng.integers(0, 5, size=(n, 5)).astype(float)
    found[n // 2 :] += rng.normal(size=(n - n // 2, 5)) * rng.choice(
        [1e-6, 1e-3, 1.0], size=(n - n // 2, 1)
    )
    return np.vstack([found, [[1.0, 4.0, 4.0, 1.0, 1.0], [1.0, 1.0, 4.0, 4.0, 1.0]]])


@pytest.mark.parametrize("name", RECONSTRUCTIONS)
@pytest.mark.parametrize("noise", [1e-15, 1e-9, 1e-4])
def test_faces_depend_continuously_on_cells(name, noise):
    cells = stencils()
    disturbed = cells + noise * np.random.default_rng(6).uniform(-1.0, 1.0, size=cells.shape)
    change = np.abs(face_values(name, disturbed) - face_values(name, cells)).max()
    round_off = 2e-15  # of a few operations on numbers up to 4
    assert change < LIPSCHITZ[name] * noise + round_off


@pytest.mark.parametrize("name", RECONSTRUCTIONS)
def test_faces_of_mirrored_cells_are_mirrored(name):
    cells = stencils()
    assert np.array_equal(face_values(name, cells[:, ::-1])[:, ::-1], face_values(name, cells))


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_limits_have_no_scale(scale):
    power = 2.0 ** np.round(np.log2(scale))  # exact in binary
    assert np.array_equal(
        face_values("ppm", power * stencils()), power * face_values("ppm", stencils())
    )


def test_parabolas_keep_smooth_extrema():
    """Averages of a parabola give its exact values at faces, wherever its minimum lies."""
    centres = np.linspace(-0.5, 0.5, 41)[:, None] + np.arange(-2, 3)
    exact = (centres[:, 2:3] + [-0.5, 0.5]) ** 2
    assert np.allclose(face_values("ppm", centres**2 + 1.0 / 12.0), exact, rtol=0.0, atol=1e-14)


def test_parabolas_stay_between_monotone_cells():
    cells = np.sort(np.random.default_rng(7).random((20000, 5)) ** 4, axis=1)
    lower, upper = face_values("ppm", cells).T
    round_off = 1e-15
    assert (lower >= cells[:, 1] - round_off).all() and (lower <= cells[:, 2] + round_off).all()
    assert (upper <= cells[:, 3] + round_off).all() and (upper >= cells[:, 2] - round_off).all()


QUICK = [("donor", "llf"), ("plm", "hllc"), ("ppm", "hlld")]
"""Each scheme once, with cosmic rays, and with the field that other tests have."""


@pytest.mark.parametrize(
    "reconstruction, riemann",
    mostly_full(itertools.product(RECONSTRUCTIONS, ["hllc", "hlld", "hlle", "llf"]), QUICK),
)
def test_a_blast_stays_symmetric(reconstruction, riemann):
    """Mirror images in x1, in x2 and in the diagonal differ by round-off, which grows slowly."""
    n, steps = 32, 24
    magnetic = riemann in ("hlld", "llf")
    case = Case(
        (n, n, 1),
        widths=(1.0, 1.0, 1.0),
        magnetic=magnetic,
        riemann=riemann,
        reconstruction=reconstruction,
    )
    x = (np.arange(n) + 0.5) / n - 0.5
    w = np.zeros((6, 1, n, n))
    w[DENS] = 1.0
    w[PRES] = np.where(x[:, None] ** 2 + x**2 < 0.12**2, 10.0, 0.1)
    w[ECR] = 0.5 * w[PRES]
    field = np.zeros((3, 1, n, n))
    field[2] = 0.3 if magnetic else 0.0
    case.start(w, field)
    for _ in range(steps):
        case.step(case.fluid.max_dt(0.3))
    found = case.primitives()[:, 0]
    assert found[DENS].max() > 1.3  # a shell has formed
    signs = np.array([1.0, -1.0, 1.0, 1.0, 1.0, 1.0])[:, None, None]
    along_1, along_2 = [DENS, VEL1, PRES, ECR], [DENS, VEL1 + 1, PRES, ECR]
    size = np.abs(found[along_1]).max(axis=(1, 2))
    differences = [
        (found - signs * found[:, :, ::-1])[along_1],
        (found - signs[[0, 2, 1, 3, 4, 5]] * found[:, ::-1])[along_2],
        found[along_1] - np.swapaxes(found[along_2], 1, 2),
    ]
    for difference in differences:
        assert (np.abs(difference).max(axis=(1, 2)) < 1e-12 * size).all()
