"""Closures of the scattering: coefficients by hand, slopes with rigidity, limits, what is
refused."""

import math

import numpy as np
import pytest

from crmpi.constants import ECR
from crmpi.diagnostics.columns import numbers
from crmpi.errors import CrmpiError
from crmpi.parallel.comm import SerialComm
from crmpi.params import make
from crmpi.scattering.base import KAPPA_PAR, find_model
from crmpi.scattering.plasma import Plasma
from crmpi.types import EOS
from crmpi.units import Units
from tests.transport_case import Stage
from tests.tube_case import tube_run

UNITS = Units("galactic")
AU, PC, KPC, C = 1.495978707e13, 3.0856775814913673e18, 3.0856775814913673e21, 2.99792458e10
EOS_WARM = EOS(5 / 3, 4 / 3, 0.6)


def uniform_gas(field=1.0, dens=1.0, temp=1e4, e=1.0, cells=(8, 8, 1), slope=0.0):
    """Return a Stage: field in microgauss along x1, m_p/cm^3, K, e in eV/cm^3 with a relative
    gradient `slope` per kpc along x1."""
    stage = Stage(cells, lower=(0, 0, 0), upper=(1, 1, 1), boundary="outflow")
    stage.pack.bcc[:, 0] = stage.pack.b0[:, 0] = field * UNITS.factor("uG")
    rho = dens * UNITS.factor("m_p/cm^3")
    w = stage.pack.w0
    w[:, 0] = rho
    w[:, 4] = rho * temp * UNITS.k_B / (0.6 * UNITS.m_p)
    x = stage.coordinates()[0]
    w[:, ECR] = e * UNITS.factor("eV/cm^3") * (1 + slope * (x - 0.5))
    return stage


def kappa_of(name, stage, rigidity=1.0, **params):
    """Return kappa_par of the active cells in cm^2/s."""
    cls = find_model(name)
    model = cls(make(cls.Params, UNITS, **params), UNITS, EOS_WARM, mesh=MESH)
    model.check(stage.pack)
    out = stage.pack.allocate(2)
    model.evaluate(stage.pack, out, rigidity)
    return UNITS.from_code(stage.pack.active(out)[0, KAPPA_PAR], "cm^2/s")


class MESH:
    """A mesh of the size of the stage."""

    cells, lower, upper, periodic = (8, 8, 1), (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (True, True, True)


def test_larmor_radius_is_a_fifth_of_an_au():
    stage = uniform_gas()
    radius = UNITS.from_code(Plasma(stage.pack, UNITS, EOS_WARM).gyro_radius(1.0)[0, 0, 4, 4], "au")
    assert radius == pytest.approx(C / 0.00898734 / AU, rel=1e-6)
    assert radius == pytest.approx(0.22, rel=0.02)


def test_rigidity_law():
    assert kappa_of(
        "power_law_rigidity", uniform_gas(), 10.0, kappa_gv="3e28 cm^2/s", delta=0.5
    ) == pytest.approx(3e28 * math.sqrt(10) * 10 / math.hypot(10, 0.938272))


def test_extrinsic_turbulence_coefficients():
    stage = uniform_gas(field=2.0, dens=0.5)
    alfven = 2e-6 / math.sqrt(4 * math.pi * 0.5 * 1.67262192369e-24)
    given = dict(turbulence_length="0.5 kpc", mach_alfven=2.0)
    assert kappa_of("extrinsic_turbulence", stage, variant="gs95", **given) == pytest.approx(
        1e32 * 0.5 / 4, rel=1e-6
    )
    chandran = 1e32 * 0.5 / 4 * 0.007 * C / alfven
    assert kappa_of("extrinsic_turbulence", stage, variant="alfven", **given) == pytest.approx(
        chandran, rel=1e-4
    )
    fast = 1e32 * 0.5 / 4 * 0.0009 * (8 * 0.25 / 2.0) ** (1 / 3) / 4
    assert kappa_of(
        "extrinsic_turbulence", stage, 8.0, variant="fast_undamped", **given
    ) == pytest.approx(fast, rel=1e-6)


# rho/m_p, field in microgauss, K; kappa with and without damping for 10 km/s on 1 kpc: public
# GIZMO, 1 GV
PHASES = {
    "warm ionised": (0.2, 3.0, 1e4, 3.07e34, 2.86e29),
    "circumgalactic": (1e-3, 0.3, 1e6, 4.34e34, 2.465e30),
    "neutral": (1.0, 5.0, 5e3, 2.29e34, 7.44e28),
}


@pytest.mark.parametrize("phase", PHASES)
def test_damping_leaves_nothing_of_the_fast_modes(phase):
    """Where sound is faster than Alfven waves, or atoms are neutral, only Alfven modes scatter:
    five orders of magnitude less."""
    dens, field, temp, damped, undamped = PHASES[phase]
    stage = uniform_gas(field, dens, temp)
    assert kappa_of("extrinsic_turbulence", stage, variant="fast") == pytest.approx(
        damped, rel=2e-3
    )
    assert kappa_of("extrinsic_turbulence", stage, variant="fast_undamped") == pytest.approx(
        undamped, rel=2e-3
    )


def test_damped_fast_modes_of_strongly_magnetised_ionised_gas_by_hand():
    """v_A = 344.8 km/s, c_s = 47.9 km/s: f_F = 0.00555 + 0.1557, f_A = 6.086, almost no atoms."""
    stage = uniform_gas(field=5.0, dens=1e-3, temp=1e5)
    found = kappa_of(
        "extrinsic_turbulence",
        stage,
        8.0,
        variant="fast",
        turbulence_length="0.5 kpc",
        mach_alfven=0.5,
    )
    ratio = 47.86 / 344.8
    ionic = 0.03 * 0.5 ** (4 / 3) * 10 * (5 * 0.5 * 1e-3 * 8 * 10) ** (-1 / 6)
    fast = (0.04 * ratio + ionic) * math.exp(ratio**3)
    assert ionic == pytest.approx(0.1557, rel=1e-3)
    assert found == pytest.approx(1e32 * 0.5 / 0.25 / (1 / fast + 1 / 6.086), rel=2e-3)


def test_atoms_damp_fast_modes():
    """Gas so thin that a neutral share of 0.99 leaves waves along the field: the viscosity of atoms
    is what damps."""
    stage = uniform_gas(field=5.0, dens=1e-4, temp=1e4)
    given = dict(mach_alfven=1.0, photo_ionisation=0.0, cosmic_ray_ionisation=0.0)
    found = kappa_of("extrinsic_turbulence", stage, variant="fast", **given)
    ratio, scale = 15.13 / 1090.5, (5 * 1e-4) ** (-1 / 6)
    fast = 0.04 * ratio + 0.03 * scale + 0.41 * 0.9979 * scale
    assert found == pytest.approx(1e32 / (1 / fast + 1 / (0.007 * 299792.458 / 1090.5)), rel=2e-3)


def test_turbulent_mach_number_from_speed():
    stage = uniform_gas()
    alfven = 1e-6 / math.sqrt(4 * math.pi * 1.67262192369e-24) / 1e5
    by_speed = kappa_of("extrinsic_turbulence", stage, variant="gs95", turbulence_speed="20 km/s")
    by_mach = kappa_of("extrinsic_turbulence", stage, variant="gs95", mach_alfven=20 / alfven)
    assert by_speed == pytest.approx(by_mach, rel=1e-6)


def test_curvature_given_and_local():
    radius = C / 0.00898734
    expected = C * radius**0.3 * (0.1 * KPC) ** 0.7 / 3
    assert kappa_of(
        "curvature", uniform_gas(), coherence_length="100 pc", kappa_min=1.0
    ) == pytest.approx(expected, rel=1e-6)
    stage = uniform_gas(cells=(32, 32, 1))
    x, y, _ = stage.coordinates()
    r = np.hypot(x + 1, y + 1)  # circles around a point outside: curvature 1/r
    strength = UNITS.factor("uG")
    stage.pack.bcc[:, 0], stage.pack.bcc[:, 1] = -strength * (y + 1) / r, strength * (x + 1) / r
    local = kappa_of(
        "curvature", stage, coherence="local", coherence_length="100 kpc", kappa_min=1.0
    )
    exact = C * radius**0.3 * (stage.pack.active(r[:, None])[0, 0] * KPC) ** 0.7 / 3
    assert np.abs(local / exact - 1).max() < (1 / 32) ** 2


def test_ten_parsec_mean_free_path():
    """One size: l = (4/3) R/f_V; 10 pc are 3.09e29 cm^2/s."""
    size = 100 * AU
    filling = 4 / 3 * size / (10 * PC)
    found = kappa_of("patchy", uniform_gas(), size_min="100 au", size_max="100 au", filling=filling)
    assert found == pytest.approx(C * 10 * PC / 3, rel=1e-6)
    assert found == pytest.approx(3.09e29, rel=3e-3)


def test_default_patches_give_ten_parsec():
    assert kappa_of("patchy", uniform_gas())[0, 0, 0] == pytest.approx(3.09e29, rel=0.2)


def test_sizes_set_the_rigidity_slope():
    stage = uniform_gas()
    given = dict(delta=0.6, size_min="1e-4 au", size_max="1e6 au", filling=1e-4)
    low, high = (kappa_of("patchy", stage, rigidity, **given)[0, 0, 0] for rigidity in (1.0, 10.0))
    # the largest size is 5e6 Larmor radii: (2e-7)^0.6 of an end effect
    assert np.log10(high / low) == pytest.approx(0.6, abs=0.01)


def test_patches_smaller_than_the_orbit_scatter_with_the_square_of_the_ratio():
    stage = uniform_gas()
    given = dict(size_min="1e-3 au", size_max="1e-3 au", filling=1e-8)
    low, high = (kappa_of("patchy", stage, rigidity, **given)[0, 0, 0] for rigidity in (1.0, 3.0))
    assert high / low == pytest.approx(9.0)


def test_host_phase():
    cold, hot = uniform_gas(temp=1e3), uniform_gas(temp=1e6)
    assert np.all(kappa_of("patchy", hot, temp_max="1e5 K", kappa_max=2e33) == pytest.approx(2e33))
    assert np.all(kappa_of("patchy", cold, temp_max="1e5 K", kappa_max=2e33) < 1e30)


def test_sheets_and_plasmoids():
    stage = uniform_gas(field=100.0)
    given = dict(filling=1e-5, kappa_min=1.0)
    sheets = kappa_of("microstructure", stage, structure="au_sheets", **given)
    spheres = kappa_of("patchy", stage, size_min="0.1 au", size_max="30 au", **given)
    assert sheets == pytest.approx(1.5 * spheres)
    assert np.all(kappa_of("microstructure", stage, structure="plasmoids", **given) > 0)


SC = dict(kappa_min=1.0, kappa_max=1e40)
OFF = dict(ion_neutral=False, nonlinear_landau=False, turbulent=False, dust=False)


def test_without_damping_cosmic_rays_stream_with_the_alfven_speed():
    stage = uniform_gas(slope=0.5)
    alfven = 1e-6 / math.sqrt(4 * math.pi * 1.67262192369e-24)
    inner = kappa_of("self_confinement", stage, drift="whole", **OFF, **SC)[0, 4, 2:-2]
    x = (np.arange(8)[2:-2] + 0.5) / 8
    scale = (1 + 0.5 * (x - 0.5)) / 0.5 * KPC
    assert inner == pytest.approx(4 / 3 * alfven * scale, rel=1e-5)
    assert np.all(kappa_of("self_confinement", stage, kappa_min=5.0, **OFF) == pytest.approx(5.0))


@pytest.mark.parametrize("channel", ["ion_neutral", "turbulent", "dust", "nonlinear_landau"])
def test_each_damping_channel_by_hand(channel):
    stage = uniform_gas(field=3.0, dens=0.3, temp=8e3, e=1.0, slope=0.5)
    rates = dict(cosmic_ray_ionisation="1e-16 1/s", photo_ionisation=0.0)
    found = kappa_of(
        "self_confinement",
        stage,
        2.0,
        **{**OFF, channel: True},
        f_qlt=10.0,
        f_dust=1e-5,
        **rates,
        **SC,
    )[0, 4, 3]
    rho, b = 0.3 * 1.67262192369e-24, 3e-6
    alfven, radius = b / math.sqrt(4 * math.pi * rho), 2.0 * C / (0.00898734 * 3.0)
    magnetic, slope = b**2 / (8 * math.pi), 0.5 * 1.602176634e-12 / KPC
    sound = math.sqrt(5 / 3 * 8e3 * 1.380649e-16 / (0.6 * 1.67262192369e-24))
    # cosmic rays against recombination, alpha = 5.0e-13 cm^3/s (Osterbrock) at 8000 K: x^2/(1 - x)
    # = 8.8e-4; the same for helium
    neutral = 0.9708
    rates = {
        "ion_neutral": 5.77e-11 * 0.3 * neutral * math.sqrt(8e3),
        "turbulent": (alfven + math.sqrt(math.pi) * sound / 4)
        * math.sqrt(1 / (0.1 * KPC * radius))
        * (10e5 / alfven) ** 1.5,
        "dust": alfven / radius * 1e-5,
        "nonlinear_landau": 0.5
        * math.sqrt(math.sqrt(math.pi) * slope / 3 * sound * alfven / (2 * magnetic * radius)),
    }
    expected = (
        4
        / 3
        * 10
        * 4
        / math.pi
        * radius
        * C
        * rates[channel]
        * magnetic
        * (1 + 2 * (alfven / C) ** 2)
        / (alfven * slope)
    )
    assert found == pytest.approx(expected, rel=1e-3 if channel == "ion_neutral" else 1e-4)


def test_kappa_is_smooth_at_the_temperature_of_the_disc():
    """At 1e4 K and 1 m_p/cm^3 hydrogen is neutral, and stays so 200 K to either side: kappa changes
    by a few per cent with sqrt(T)."""
    kappa = []
    for temp in (9.8e3, 1.0e4, 1.02e4):
        stage = uniform_gas(temp=temp, slope=0.5)
        kappa.append(
            kappa_of("self_confinement", stage, **{**OFF, "ion_neutral": True}, **SC)[0, 4, 3]
        )
    assert kappa[1] / kappa[0] == pytest.approx(1.01, abs=0.01)
    assert kappa[2] / kappa[1] == pytest.approx(1.01, abs=0.01)


def test_power_laws_and_decoupling():
    stage = uniform_gas(field=2.0, dens=4.0, temp=1e3)
    unit = UNITS.factor("m_p/cm^3")
    given = dict(
        kappa_par="1e28 cm^2/s",
        density_slope=-0.5,
        density_0=unit,
        field_slope=1.0,
        field_0=UNITS.factor("uG"),
    )
    assert kappa_of("constant", stage, **given) == pytest.approx(1e28 * 0.5 * 2.0)
    # all but 1% is neutral
    assert kappa_of("constant", stage, **given, decoupling=30.0) == pytest.approx(30e28, rel=0.01)
    hot = uniform_gas(temp=1e6)
    assert kappa_of("constant", hot, kappa_par="1e28 cm^2/s", decoupling=30.0) == pytest.approx(
        1e28, rel=1e-4
    )
    # as in Farber et al. 2018
    step = dict(kappa_par="1e28 cm^2/s", decoupling=30.0, decoupling_temperature="1e4 K")
    assert kappa_of("constant", uniform_gas(temp=9.99e3), **step) == pytest.approx(30e28)
    assert kappa_of("constant", uniform_gas(temp=1.001e4), **step) == pytest.approx(1e28)
    assert kappa_of(
        "constant", stage, kappa_par="1e28 cm^2/s", temperature_slope=2.0
    ) == pytest.approx(1e26)


def test_limits_are_kept_and_counted():
    stage = uniform_gas()
    cls = find_model("curvature")
    model = cls(make(cls.Params, UNITS, kappa_max="1e28 cm^2/s"), UNITS, EOS_WARM)

    found = numbers(model.history(stage.pack), SerialComm(), UNITS)
    row = {number.name: number.value for number in found}
    assert row["kappa_clipped"] == 1.0
    assert row["kappa_max"] == row["kappa_min"] == pytest.approx(1e28)
    assert row["kappa_mean"] == pytest.approx(row["kappa_max"])
    assert [number.unit for number in found] == ["cm^2/s", "cm^2/s", "cm^2/s", "1"]


@pytest.mark.parametrize(
    "name", ["extrinsic_turbulence", "self_confinement", "patchy", "curvature", "microstructure"]
)
def test_closures_ask_for_units_and_field(name):
    cls = find_model(name)
    with pytest.raises(CrmpiError, match="needs physical units"):
        cls(make(cls.Params, UNITS), Units("none"))
    stage = uniform_gas()
    stage.pack.magnetic = False
    with pytest.raises(CrmpiError, match="needs the magnetic field"):
        cls(make(cls.Params, UNITS), UNITS, EOS_WARM, MESH).check(stage.pack)


def test_cold_gas_laws_ask_for_temperatures():
    cls = find_model("constant")
    with pytest.raises(CrmpiError, match="temperatures"):
        cls(make(cls.Params, UNITS, decoupling=30.0), Units("none"))


@pytest.mark.parametrize("axis", [0, 2])
def test_gradients_on_a_logarithmic_tube(axis):
    """b.grad of s^-2 with cells h wide in ln s: the centred difference is cosh(h) times the
    slope."""
    for cells in (32, 64):
        mesh = {"geometry": "flux_tube", "tube_height": 1.0, "spacing": "log"}
        sim = tube_run(
            lambda s: {"dens": 1.0, "press": 1.0, "ecr": 1.0},
            cells,
            cells // 2,
            axis,
            0.5,
            8.0,
            "outflow",
            mesh=mesh,
            transport={"solver": "none"},
        )
        pack, g = sim.pack, sim.pack.grid
        pack.bcc[...] = 0.0
        pack.bcc[:, axis] = -1.0
        first = pack.origins[:, axis] - (g.ng1, g.ng2, g.ng3)[axis]
        s = np.array([pack.geometry.positions(f, (g.m1, g.m2, g.m3)[axis]) for f in first])
        s = s.reshape(pack.nblock, *(-1 if a == axis else 1 for a in (2, 1, 0))) * np.ones(
            (1, g.m3, g.m2, g.m1)
        )
        slope = Plasma(pack, UNITS, EOS_WARM).along_field(s**-2.0)
        ratio = pack.active((0.5 * slope * s**3)[:, None])
        assert ratio == pytest.approx(np.cosh(np.log(16.0) / cells), rel=1e-10)
