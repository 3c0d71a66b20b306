"""What small structures must be like to be what scatters cosmic rays (Butsky, Hopkins, Kempski et
al. 2024, MNRAS 528, 4245).

The closure of `crmpi.scattering.patchy`, asked the other way round: given sizes, the share of the
volume and the field inside, which mean free path follows, how does it grow with rigidity, and up to
which energy is it what cosmic rays near the Sun show? Everything is in cgs, rigidities in GV.
Structures of one phase of the gas scatter in its share of the volume only: mean free paths grow by
one over this share, which takes for granted that cosmic rays visit all phases.
"""

import math
from typing import NamedTuple

import numpy as np

from crmpi.constraints.cgm import CGS
from crmpi.params import SameAs, group, make, par
from crmpi.scattering.microstructure import STRUCTURES
from crmpi.scattering.patchy import Patchy
from crmpi.scattering.plasma import gyro_radius
from crmpi.units import UNITS

PHASES = {"any": 1.0, "hot": 0.5, "warm": 0.5, "cold": 0.01, "molecular": 1e-4}
"""Shares of the volume of the disc of the Milky Way, rounded: Draine 2011, Physics of the
Interstellar and Intergalactic Medium, table 1.3 (recalled); warm is neutral and ionised gas, cold
the cool H I."""

SHAPES = {"sphere": STRUCTURES["plasmoids"][2], "sheet": STRUCTURES["au_sheets"][2]}
"""Volume over cross-section over size."""

GRID = np.logspace(0.0, 6.0, 601)
"""Rigidities in GV where structures are judged."""

PROTON = 0.93827
"""Rest energy of a proton in GeV."""


@group
class Structure:
    """Structures that scatter."""

    size: float | None = par(
        None, unit="pc", gt=0, doc="radius of spheres, thickness of sheets; the smallest one"
    )
    size_max: float | None = par(
        SameAs("size"),
        unit="pc",
        gt=0,
        doc="the largest one; dn/dln R ~ R^-(2 + delta) between; default: size",
    )
    filling: float | None = par(
        None, gt=0, lt=1, doc="share of the volume of their phase that is inside structures"
    )
    field: float = par(1.0, unit="uG", gt=0, doc="magnetic field inside")
    delta: float = par(
        0.5,
        doc=(
            "exponent of the distribution of sizes, and of the mean free path with rigidity "
            "that it gives"
        ),
    )
    shape: str = par("sphere", choices=list(SHAPES), doc="sphere or sheet")
    phase: str = par(
        "any", choices=list(PHASES), doc="phase of the interstellar gas that contains them"
    )

    def check(self):
        """A size needs a filling factor, and sizes are in order."""
        if (self.size is None) != (self.filling is None):
            name, other = ("filling", "size") if self.size is None else ("size", "filling")
            yield name, f"needs {other} too"
        elif self.size is not None and self.size_max < self.size:
            yield "size_max", "is below size"


@group
class Target:
    """What the cosmic rays near the Sun show: kappa at 1 GV and its growth with rigidity."""

    kappa_low: float = par(1e28, unit="cm^2/s", gt=0, doc="smallest kappa allowed at 1 GV")
    kappa_high: float = par(1e30, unit="cm^2/s", gt=0, doc="largest kappa allowed at 1 GV")
    growth_low: float = par(0.3, doc="smallest exponent of kappa with rigidity")
    growth_high: float = par(0.7, doc="largest exponent of kappa with rigidity")
    field_strength: float = par(
        1.0,
        unit="uG",
        gt=0,
        doc="of the figure: the field that decides which sizes scatter 1 GV and 1 TV",
    )


class Response(NamedTuple):
    """Arrays over `rigidity` (GV): gyro radius and mean free path (cm), kappa (cm^2/s), its local
    exponent, whether all is as observed."""

    rigidity: np.ndarray
    gyro_radius: np.ndarray
    mean_free_path: np.ndarray
    kappa: np.ndarray
    growth: np.ndarray
    viable: np.ndarray


def mean_free_path(structure, rigidity):
    """Return the mean free path in cm of particles of `rigidity` in GV, over all phases of the
    gas."""
    au = UNITS["au"].value
    sizes = {"size_min": structure.size / au, "size_max": structure.size_max / au}
    model = Patchy(
        make(Patchy.Params, CGS, filling=structure.filling, delta=structure.delta, **sizes), CGS
    )
    model.geometry = SHAPES[structure.shape]
    radius = gyro_radius(np.asarray(rigidity, dtype=float), structure.field, CGS)
    return model.mean_free_path(radius) * np.ones(np.shape(rigidity)) / PHASES[structure.phase]


def respond(structure, target, rigidity=GRID):
    """Return the `Response` of cosmic rays of these rigidities to structures."""
    rigidity = np.asarray(rigidity, dtype=float)
    step = 1.02
    path, below, above = (
        mean_free_path(structure, rigidity * factor) for factor in (1.0, 1.0 / step, step)
    )
    kappa, growth = CGS.c * path / 3.0, np.log(above / below) / (2.0 * math.log(step))
    viable = (kappa >= target.kappa_low * rigidity**target.growth_low) & (
        kappa <= target.kappa_high * rigidity**target.growth_high
    )
    viable &= (growth >= target.growth_low) & (growth <= target.growth_high)
    return Response(
        rigidity, gyro_radius(rigidity, structure.field, CGS), path, kappa, growth, viable
    )


def viable_range(response):
    """Return (lowest, highest) rigidity of the longest viable stretch of a `Response`, or None."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], response.viable, [False]]).astype(int)))
    if not edges.size:
        return None
    starts, ends = edges[::2], edges[1::2] - 1
    longest = np.argmax(response.rigidity[ends] / response.rigidity[starts])
    return float(response.rigidity[starts[longest]]), float(response.rigidity[ends[longest]])


def kinetic_energy(rigidity):
    """Return the kinetic energy in GeV of protons of a rigidity in GV."""
    return np.sqrt(np.asarray(rigidity) ** 2 + PROTON**2) - PROTON
