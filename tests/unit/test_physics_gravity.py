"""Static gravity against gradients of the potential, closed forms and published numbers."""

import numpy as np
import pytest

from crmpi.errors import ConfigError
from crmpi.mesh.pack import Pack, make_grid
from crmpi.params import make
from crmpi.physics.gravity import Gravity
from crmpi.units import Units

GALACTIC = Units("galactic")

CASES = {
    "uniform": {"g1": 1.0, "g3": -2.0},
    "tanh_disc": {"surface_density": "40 Msun/pc^2", "height": "200 pc", "midplane": 0.1},
    "nfw": {"mass": "1e12 Msun", "center": [0.1, 0.0, -0.2]},
    "hernquist": {"mass": "1e10 Msun", "scale_radius": "1 kpc"},
    "miyamoto_nagai": {"mass": "5e10 Msun", "scale_radius": "3 kpc", "scale_height": "300 pc"},
}
PLANE = {
    name: CASES[name] | {"plane_radius": "8 kpc"} for name in ("nfw", "hernquist", "miyamoto_nagai")
}


def gravity(units=GALACTIC, **components):
    return Gravity(make(Gravity.Params, units, **components), units)


@pytest.mark.parametrize(
    "components",
    [{n: c} for n, c in CASES.items()]
    + [{n: c} for n, c in PLANE.items()]
    + [{n: CASES[n] | {"softening": 0.7}} for n in PLANE]
    + [CASES],
    ids=str,
)
def test_acceleration_is_minus_gradient_of_potential(components):
    field = gravity(**components)
    x = np.random.default_rng(1).uniform(-5, 5, (3, 50))
    step = 1e-4
    for axis, g in enumerate(field.accelerations(*x)):
        shift = np.zeros((3, 1))
        shift[axis] = step
        gradient = (field.potential(*(x + shift)) - field.potential(*(x - shift))) / (2 * step)
        # truncation step^2/6 phi''' and cancellation 1e-16 phi/step
        assert np.allclose(
            g, -gradient, rtol=1e-5, atol=1e-9 * np.abs(field.potential(*x)).max() / step * 1e-2
        )


def test_nfw_radius_and_circular_velocity():
    halo = gravity(nfw={"mass": "1e12 Msun"}).components["nfw"]
    # kpc, (G M/(100 H0^2))^(1/3) with H0 = 70 km/s/Mpc
    assert halo.r200 == pytest.approx(206.3, rel=2e-3)
    assert halo.circular_velocity(halo.r200) == pytest.approx(
        np.sqrt(GALACTIC.G * GALACTIC.factor("1e12 Msun") / halo.r200), rel=1e-12
    )
    peak = 2.16258 * halo.r_s  # maximum of ln(1+x)/x - 1/(1+x)
    v = [halo.circular_velocity(r) for r in (0.99 * peak, peak, 1.01 * peak)]
    assert v[1] > v[0] and v[1] > v[2]


def test_softening_of_plummer():
    """A Hernquist sphere that is all but a point, softened, is that of Plummer (1911):
    phi = -G M/sqrt(r^2 + eps^2); far away softening does not matter, and a disc is thickened."""
    point = {"mass": "1e10 Msun", "scale_radius": "1e-9 kpc", "softening": 2.0}
    gm = GALACTIC.G * GALACTIC.factor("1e10 Msun")
    field = gravity(hernquist=point)
    assert field.potential(3.0, 0.0, 4.0) == pytest.approx(-gm / 29.0**0.5, rel=1e-9)
    assert field.accelerations(3.0, 0.0, 4.0)[2] == pytest.approx(-4.0 * gm / 29.0**1.5, rel=1e-9)
    sharp, soft = ({"mass": "1e10 Msun", "scale_radius": 3.0, "scale_height": b, "softening": e}
                   for b, e in ((0.5, 0.0), (0.3, 0.4)))  # fmt: skip
    place = 1.0, 2.0, 0.3
    assert gravity(miyamoto_nagai=sharp).potential(*place) == pytest.approx(
        gravity(miyamoto_nagai=soft).potential(*place), rel=1e-12
    )


def test_nfw_series_joins_the_closed_form():
    halo = gravity(nfw={"mass": "1e12 Msun"}).components["nfw"]
    below, above = (halo.pull(1e-3 * halo.r_s * factor) for factor in (1 - 1e-9, 1 + 1e-9))
    assert below == pytest.approx(above, rel=1e-8)
    assert np.isfinite(gravity(nfw={"mass": "1e12 Msun"}).accelerations(0.0, 0.0, 0.0)).all()


def test_sheet_far_field_and_dimensionless_units():
    disc = gravity(Units("none"), tanh_disc={"surface_density": 3.0, "height": 0.5})
    assert disc.accelerations(0.0, 0.0, 50.0)[2] == pytest.approx(-2 * np.pi * 3.0, rel=1e-12)
    uniform = gravity(Units("none"), tanh_disc={"strength": 2.0, "height": 0.5})
    assert uniform.accelerations(0.0, 0.0, -50.0)[2] == pytest.approx(2.0, rel=1e-12)


@pytest.mark.parametrize(
    "disc", [{"height": 1.0}, {"height": 1.0, "strength": 1.0, "surface_density": 1.0}]
)
def test_strength_of_the_sheet_is_given_once(disc):
    with pytest.raises(ConfigError, match="surface_density"):
        gravity(Units("none"), tanh_disc=disc)


def test_fill_covers_ghosts_and_does_not_depend_on_blocks():
    cells, lower, upper = (8, 1, 12), (-4.0, -1.0, -6.0), (4.0, 1.0, 6.0)
    field = gravity(**CASES)
    whole = Pack(make_grid(cells, cells, lower, upper, 2), [0], [[0, 0, 0]], lower, gravity=True)
    block = (4, 1, 6)
    origins = [[0, 0, 0], [4, 0, 0], [0, 0, 6], [4, 0, 6]]
    cut = Pack(make_grid(block, cells, lower, upper, 2), range(4), origins, lower, gravity=True)
    field.fill(whole)
    field.fill(cut)
    for b, (i, _, k) in enumerate(origins):
        with_ghosts = cut.grav[b, :, :10, :, :8]
        assert np.array_equal(with_ghosts, whole.grav[0, :, k : k + 10, :, i : i + 8])
    x1, x3 = -4.0 + 0.5 - 2.0, -6.0 + 0.5 - 2.0
    assert whole.grav[0, :, 0, 0, 0] == pytest.approx(
        np.array(field.accelerations(x1, 0.0, x3)), rel=1e-14
    )
