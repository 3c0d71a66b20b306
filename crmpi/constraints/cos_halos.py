"""The bound of `cgm` for the 44 sight lines of COS-Halos, with limits and error bars.

The star formation rate of every third galaxy is an upper limit; then kappa_min is one as well, an
upper limit of a lower bound, and says nothing about kappa. The range of N_H gives the error bar,
the highest N_H the lowest kappa_min. Solutions of quality 1 leave N_H open.
"""

from typing import NamedTuple

import numpy as np

from crmpi.constraints import haloes
from crmpi.constraints.cgm import KPC, MSUN, YEAR, arrival_kappa, kappa_min, streaming_speed
from crmpi.constraints.tables import read_table
from crmpi.errors import CrmpiError
from crmpi.params import group, par

SFR_SOURCES = ("measured", "average")
WEAK_SOLUTION = 1
"""Quality of a photo-ionisation solution whose N_H spans decades."""

_FLAGS = ("sfr_is_upper_limit", "nhi_flag", "nh_solution_flag")


@group
class Choices:
    """How to read the table."""

    sfr_from: str = par(
        "measured",
        choices=SFR_SOURCES,
        doc="star formation: of today, or stellar mass over age of the universe",
    )


class Bounds(NamedTuple):
    """The bounds of all sight lines, arrays in the order of the rows; cgs but for `impact` (kpc)
    and `sfr` (Msun/yr).

    ``low`` and ``high`` are kappa_min for the largest and the smallest N_H; ``is_bound`` is False
    where the star formation rate is only an upper limit, ``weak`` True where N_H is hardly
    constrained; below ``arrival`` cosmic rays of this age of the universe are not yet there.
    """

    system: np.ndarray
    impact: np.ndarray
    sfr: np.ndarray
    nh: np.ndarray
    vc: np.ndarray
    low: np.ndarray
    kappa: np.ndarray
    high: np.ndarray
    stream: np.ndarray
    arrival: np.ndarray
    is_bound: np.ndarray
    weak: np.ndarray

    @property
    def firm(self):
        """Sight lines that bound kappa: the star formation is measured and N_H constrained."""
        return self.is_bound & ~self.weak


def read_cos_halos(path=None):
    """Return the table of sight lines as a structured array, one field per column; NaN where a
    number is not available.

    Parameters
    ----------
    path : path, optional
        a table with the same columns (crmpi/constraints/data/README.md); default: COS-Halos

    Raises
    ------
    CrmpiError
        the file or one of its columns is missing, or a value is not a number
    """
    lines = read_table("cos_halos.csv", path)
    names = list(lines[0])
    kinds = [
        (name, "U64" if name == "system" else int if _is_flag(name) else float) for name in names
    ]
    rows = np.zeros(len(lines), dtype=kinds)
    for number, line in enumerate(lines):
        try:
            rows[number] = tuple(_value(line[name], kind) for name, kind in kinds)
        except ValueError as problem:
            raise CrmpiError(
                f"{path} line {number + 2}: {problem}; leave a field empty where there is no value"
            ) from None
    return rows


def bounds(rows, assumptions, halo, sfr_from="measured"):
    """Return the `Bounds` of sight lines.

    Parameters
    ----------
    rows : structured array
        of `read_cos_halos`
    assumptions, halo : cgm.Assumptions, haloes.HaloParams
        in cgs
    sfr_from : str
        'measured': today's rate, or its upper limit; 'average': stellar mass over the age of the
        universe at the redshift of the galaxy, which is what cosmic rays that take gigayears to
        arrive remember
    """
    z, r = rows["z"], rows["impact_kpc"] * KPC
    age, vc = haloes.age(z, halo), haloes.circular_velocities(rows, halo)
    average = 10.0 ** rows["log_mstar_msun"] / (age / YEAR)
    sfr = rows["sfr_msun_yr"] if sfr_from == "measured" else average
    low, kappa, high = (
        kappa_min(sfr * MSUN / YEAR, 10.0 ** rows[f"log_nh_{name}_cm2"], vc, assumptions)
        for name in ("high", "best", "low")
    )
    is_bound = (rows["sfr_is_upper_limit"] == 0) | (sfr_from == "average")
    weak = rows["nh_solution_flag"] <= WEAK_SOLUTION
    nh = 10.0 ** rows["log_nh_best_cm2"]
    stream = streaming_speed(kappa, r)
    return Bounds(
        rows["system"],
        rows["impact_kpc"],
        sfr,
        nh,
        vc,
        low,
        kappa,
        high,
        stream,
        arrival_kappa(r, age),
        is_bound,
        weak,
    )


def missing(result):
    """Return the names of the sight lines for which something needed is not available."""
    return list(result.system[~np.isfinite(result.kappa)])


def beyond(result, impact):
    """Return numbers of the firm sight lines farther out than `impact` (kpc).

    Returns
    -------
    dict
        `count`; `median`, `lowest`, `highest` of kappa_min; how many are `above_1e30` and, with the
        highest N_H, `surely_above_1e30`; `stream`, the median streaming speed in km/s
    """
    chosen = result.firm & (result.impact > impact) & np.isfinite(result.kappa)
    kappa = result.kappa[chosen]
    if not kappa.size:
        return {"count": 0}
    return {
        "count": int(kappa.size),
        "median": float(np.median(kappa)),
        "lowest": float(kappa.min()),
        "highest": float(kappa.max()),
        "above_1e30": int((kappa > 1e30).sum()),
        "surely_above_1e30": int((result.low[chosen] > 1e30).sum()),
        "stream": float(np.median(result.stream[chosen])) / 1e5,
    }


def _is_flag(name):
    return name.startswith("flag_") or name in _FLAGS


def _value(text, kind):
    if kind is float:
        return float(text) if text else np.nan
    return int(text or 0) if kind is int else text
