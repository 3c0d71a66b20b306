"""Verification cases V25: shares of ions against published ones and against limits in closed form;
columns through a sphere."""

import tempfile
from pathlib import Path

import numpy as np

from crmpi.analysis.ions.background import Background
from crmpi.analysis.ions.equilibrium import Gas, ladder
from crmpi.analysis.ions.names import ELEMENTS, parse_ion
from crmpi.analysis.ions.rates import collisional, recombination
from crmpi.analysis.measure.columns import columns
from crmpi.analysis.measure.rays import axis_lines
from crmpi.analysis.read.readers import open_snapshot
from crmpi.units import UNITS
from tests.columns_case import cube, write_gas
from tests.verification.table import Check, case

PEAKS = {  # highest share and its log10 T: file chianti.ioneq of CHIANTI 10.1
    "He II": (0.986, 4.70),
    "C II": (0.971, 4.40),
    "C III": (0.864, 4.85),
    "C IV": (0.284, 5.05),
    "N V": (0.245, 5.30),
    "O VI": (0.230, 5.50),
    "O VII": (0.991, 5.95),
    "Ne VIII": (0.243, 5.80),
    "Mg II": (0.806, 4.15),
    "Si II": (0.956, 4.20),
    "Si III": (0.930, 4.70),
    "Si IV": (0.192, 4.90),
}
# H I of the same file
HYDROGEN = {4.20: 0.4909, 4.30: 8.425e-2, 4.50: 2.683e-3, 5.00: 1.880e-5, 6.00: 2.652e-7}
HELIUM = 0.08


def shares(ion, nh, temp, light, **options):
    """Return the share of an ion."""
    nh, temp = np.broadcast_arrays(np.asarray(nh, float), np.asarray(temp, float))
    ion = parse_ion(ion)
    return Gas(nh.copy(), temp.copy(), light, HELIUM, **options).fractions(ion.element)[ion.charge]


def without_exchange(ion, temp):
    """Return the share of an ion that electrons alone make, as CHIANTI has it."""
    ion = parse_ion(ion)
    numbers = range(ELEMENTS[ion.element].number, 0, -1)
    up, down = (
        [collisional(ion.element, n, temp) for n in numbers],
        [recombination(ion.element, n - 1, temp) for n in numbers],
    )
    return ladder(up, down)[ion.charge]


@case("V25", "collisions alone", "crmpi columns FILE 'O VI' --background none")
def collisions_alone(full):
    """CHIANTI has the same rates from its own files, and excitation before ionisation, at most 3%
    of the rate: shares to 5%.

    Its temperatures are 0.05 dex apart. With exchange, which CHIANTI leaves out, O VI is still O
    VI.
    """
    log_temp = np.arange(4.0, 7.0, 0.01)
    for ion, (height, place) in PEAKS.items():
        found = without_exchange(ion, 10**log_temp)
        at_place = found[np.argmin(abs(log_temp - place))]
        yield Check(
            f"{ion} at log T = {place:.2f}: {height:.3f}, relative difference",
            abs(at_place / height - 1),
            "<",
            0.05,
        )
        yield Check(
            f"{ion}: log T of the highest share, difference",
            abs(log_temp[found.argmax()] - place),
            "<",
            0.05,
        )
    for place, share in HYDROGEN.items():
        found = shares("H I", 1e-4, 10**place, Background("none", 0.0))
        yield Check(
            f"H I at log T = {place:.1f}: {share:.2e}, relative difference",
            abs(found / share - 1),
            "<",
            0.05,
        )
    found = shares("O VI", 1e-4, 10**log_temp, Background("none", 0.0))
    yield Check(
        "O VI with exchange: highest share, relative difference",
        abs(found.max() / PEAKS["O VI"][0] - 1),
        "<",
        0.05,
    )


@case("V25", "thin gas in light", "crmpi columns FILE 'H I'")
def thin_gas(full):
    """n(H I)/n(H II) = alpha n_e/Gamma; what is missing at 1e4 K is n_e C/Gamma, C/alpha = 2e-3,
    and n(H I)/n(H) itself."""
    light = Background("hm12", 0.2)
    for nh in (1e-6, 1e-5):
        thin = recombination("H", 0, np.array(1e4)) * nh * (1 + 2 * HELIUM) / light.rate("H", 1)
        found = shares("H I", nh, 1e4, light, shielded=False)
        yield Check(
            f"alpha n_e/Gamma at n_H = {nh:g} cm^-3, relative difference",
            abs(found / thin - 1),
            "<",
            0.01,
        )
    published = {0.0: 0.228e-13, 0.4: 0.102e-12}
    for redshift, rate in published.items():
        found = Background("hm12", redshift).rate("H", 1)
        yield Check(
            f"rate of H I at z = {redshift:g} against table 3 of Haardt & Madau 2012",
            abs(found / rate - 1),
            "<",
            0.02,
        )
    dense = shares("H I", 1.0, 1e4, light)
    yield Check("share of H I that is left at n_H = 1 cm^-3, shielded", float(dense), ">", 0.9)


@case("V25", "columns through a sphere", "crmpi columns FILE H")
def sphere(full):
    """Uniform sphere in boxes of N^3: 2 rho sqrt(R^2 - b^2), mean over lines around all axes; the
    edge is sharp, the order is 1."""
    impacts, radius = (0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65), 0.8
    errors = {}
    for n in (16, 32, 64) if full else (16, 32):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "sphere.athdf"
            write_gas(
                path,
                cube(n, 16),
                lambda x1, x2, x3: np.where(x1**2 + x2**2 + x3**2 < radius**2, 1.0, 1e-9),
            )
            with open_snapshot(path) as snapshot:
                lines = [line for axis in range(3) for line in axis_lines(impacts, axis, 32)]
                found = columns(snapshot, ["H"], lines)
        exact = 2.0 * 0.76 * np.sqrt(radius**2 - found.impacts**2) * UNITS["kpc"].value
        errors[n] = np.sqrt(np.mean((found.values["H"] / exact - 1.0) ** 2))
        yield Check(f"root mean square of the relative error, N = {n}", errors[n], "<", 2.0 / n)
    last, first = max(errors), min(errors)
    yield Check(
        "order of convergence",
        np.log(errors[first] / errors[last]) / np.log(last / first),
        ">",
        0.8,
    )
