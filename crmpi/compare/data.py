"""Published numbers that models are held against; each says where it is from.

Columns: COS-Halos, one sight line per galaxy (`crmpi.constraints.cos_halos`), of galaxies whose
halo mass is near that of the model.
Gamma rays: `GAMMA`, the relation of star-forming galaxies. kappa: the bound of the same sight lines
(`crmpi.constraints.cgm`).
"""

import math

import numpy as np

from crmpi.compare.tension import Data
from crmpi.constraints import cos_halos
from crmpi.constraints.cgm import Assumptions, in_cgs
from crmpi.constraints.haloes import HaloParams

IONS = {
    "HI": "H I", "MgII": "Mg II", "SiII": "Si II", "SiIII": "Si III", "SiIV": "Si IV",
    "CII": "C II", "CIII": "C III", "NV": "N V", "OVI": "O VI",
}  # fmt: skip
"""Ions of the table of COS-Halos, column name to spectroscopic name."""

# flags of the table: 0 not observed, 1 good, 2 saturated, 3 not detected
_KINDS = np.array(["none", "measured", "lower", "upper"])
COLUMN_ERROR = 0.1
"""Error of measured columns in dex; the table gives none, those of the survey are mostly 0.03 to
0.15 (recalled)."""

HYDROGEN = 19.0
"""Logarithm of the column of hydrogen (1/cm^2) that bounds on kappa are given for."""

GAMMA = {
    "log_ratio": -4.3,
    "statistical": 0.1,
    "dispersion": 0.2,
    "model": 0.3,
    "index": 2.2,
    "lowest_gev": 0.1,
    "highest_gev": 100.0,
    "reference": (
        "log L(0.1-100 GeV)/L(8-1000 um): Ackermann et al. 2012, ApJ 755, 164; index: "
        "Ajello et al. 2020, ApJ 894, 88"
    ),
}
CALORIMETRIC = 2e-4
"""L_gamma/L_SF (> 1 GeV) of a galaxy that keeps all its cosmic rays, 10% of the supernova energy
(Thompson et al. 2007; recalled)."""


def near(rows, log_mass, window):
    """Return the rows of COS-Halos whose halo mass is within `window` dex of `log_mass` (Msun)."""
    return rows[abs(rows["log_mhalo_msun"] - log_mass) <= window]


def columns(rows):
    """Return {ion: Data} of the column densities (1/cm^2)."""
    found = {}
    for key, ion in IONS.items():
        value, flag = (
            ("log_nhi_cm2", "nhi_flag") if key == "HI" else (f"log_n_{key}", f"flag_{key}")
        )
        seen = rows[(rows[flag] > 0) & np.isfinite(rows[value])]
        kind = _KINDS[seen[flag]]
        found[ion] = Data(
            seen["impact_kpc"],
            seen[value],
            np.where(kind == "measured", COLUMN_ERROR, 0.0),
            kind,
            seen["system"],
        )
    return found


def kappa_bounds(rows):
    """Return the Data of kappa_min (cm^2/s) for a column of hydrogen of 1e19 cm^-2: lower limits,
    where star formation is measured.

    The columns of COS-Halos count cool gas; in a run all hydrogen weighs, and `verdicts` puts its
    column in the place of 1e19. The bounds give no constraint on a kappa with which cosmic rays
    have not come so far in the age of the universe.
    """
    rows = rows.copy()
    for name in ("low", "best", "high"):
        rows[f"log_nh_{name}_cm2"] = HYDROGEN
    found = cos_halos.bounds(rows, in_cgs(Assumptions), in_cgs(HaloParams))
    firm = found.is_bound & np.isfinite(found.kappa)
    at, value, uncertain = (
        found.impact[firm],
        np.log10(found.kappa[firm]),
        np.log10(found.arrival[firm]),
    )
    none, kind = np.zeros(firm.sum()), np.full(firm.sum(), "lower")
    return Data(at, value, none, kind, found.system[firm], uncertain, hydrogen=HYDROGEN)


def gamma_ratio():
    """Return the Data of L_gamma(> 1 GeV)/L_SF: an upper limit, because a halo without its galaxy
    may be fainter but not brighter.

    The published ratio is that of 0.1 to 100 GeV; its share above 1 GeV is that of a power law of
    the photon index. Its scatter is the dispersion of galaxies and a factor of two of the model:
    the energy of supernovae in cosmic rays, and the rate of pion losses.
    """
    value = GAMMA["log_ratio"] + math.log10(share_above_gev())
    columns = (
        np.array([entry]) for entry in (0.0, value, GAMMA["statistical"], "upper", "galaxies")
    )
    return Data(*columns, scatter=math.hypot(GAMMA["dispersion"], GAMMA["model"]))


def share_above_gev():
    """Return the share of the energy above 1 GeV in a power law of photons dN/dE ~ E^-index."""
    power = 2.0 - GAMMA["index"]
    low, high = GAMMA["lowest_gev"] ** power, GAMMA["highest_gev"] ** power
    return (high - 1.0) / (high - low)
