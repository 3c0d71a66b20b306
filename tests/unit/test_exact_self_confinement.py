"""The limiting flux of self-confinement against the model of the code, and the balance of the layer
against its limits."""

import numpy as np
import pytest

from crmpi.exact import self_confinement as exact

EV, KPC, MYR = 1.602176634e-12, 3.0856775814913673e21, 3.15576e13
GAS = (1e-6, 1.67262192369e-24)
ALFVEN = 1e-6 / np.sqrt(4 * np.pi * GAS[1])


def test_limiting_flux_by_hand():
    """gamma_cr (4/pi) r_L c Gamma (B^2/8 pi)/v_A at 1 GV and 1 microgauss: 0.22 au, 0.025 eV/cm^3,
    2.2 km/s."""
    expected = 4 / 3 * 4 / np.pi * 0.22 * 1.496e13 * 3e10 * 1e-10 * 0.0248 * EV / 2.18e5
    assert exact.limiting_flux(*GAS, 1e-10) == pytest.approx(expected, rel=0.03)
    assert exact.limiting_flux(*GAS, 1e-10, f_qlt=7.0) == pytest.approx(
        7 * exact.limiting_flux(*GAS, 1e-10)
    )


def test_nonlinear_damping_goes_with_the_root_of_the_gradient():
    one, four = (exact.nonlinear_damping(*GAS, 1e6, factor * EV / KPC) for factor in (1, 4))
    assert four == pytest.approx(2 * one)


def test_layer_grows_linearly_at_first_and_ends_where_streaming_takes_the_rest():
    limit, half = 1e-5, 0.1 * KPC
    e = exact.layer(
        np.array([0.0, 1e-2, 2000.0]) * MYR, 1.5 * limit, limit, 1e-3 * EV, EV / KPC, half, ALFVEN
    )
    assert (e[1] - e[0]) / (1e-2 * MYR) == pytest.approx(0.5 * limit / half, rel=0.03)
    assert e[2] == pytest.approx(0.5 * limit / (4 / 3 * ALFVEN), rel=1e-3)


def test_layer_that_empties_without_streaming_follows_the_square_root():
    """(w^2 - h^2)/2 = deficit t/slope where the layer is flat out to w."""
    limit, half, slope = 1e-5, 0.1 * KPC, EV / KPC
    times = np.linspace(0, 10, 5) * MYR
    e = exact.layer(times, 0.8 * limit, limit, EV, slope, half, 0.0)
    assert e == pytest.approx(
        EV - slope * (np.sqrt(half**2 + 2 * 0.2 * limit * times / slope) - half), rel=1e-4
    )
