"""The bound of `cgm` for a simulated halo seen like an observed one: its columns, its star
formation, its gravity.

A bound is only good if it is below the kappa that the run really had. That is the test of Butsky,
Nakum et al. 2023 with their simulations.
"""

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import yaml

from crmpi.analysis.read.resampled import PLANES
from crmpi.constraints.cgm import M_P, MSUN, YEAR, injection_rate, kappa_min
from crmpi.errors import CrmpiError
from crmpi.params import group, make, par
from crmpi.params.fields import specs
from crmpi.physics.gravity import Gravity
from crmpi.physics.injection import Injection
from crmpi.scattering.base import find_model


@group
class SightLines:
    """The part of a snapshot that is observed."""

    impact: tuple[float, ...] = par([20.0, 50.0, 100.0], unit="kpc", gt=0, doc="impact parameters")


class HaloBounds(NamedTuple):
    """Arrays over impact parameters, cgs but for `impact` (kpc); `sfr` (Msun/yr) and `kappa_true`
    are numbers, the last NaN if unknown.

    ``nh``, ``nh_low``, ``nh_high``: mean, smallest and largest column of sight lines along x1, x2
    and x3; ``kappa`` belongs to the mean; ``arrived``: the gradient of the cosmic-ray pressure over
    that of the steady state, for a source that began at the start of the run.
    """

    impact: np.ndarray
    nh: np.ndarray
    nh_low: np.ndarray
    nh_high: np.ndarray
    vc: np.ndarray
    kappa: np.ndarray
    arrived: np.ndarray
    sfr: float
    kappa_true: float

    @property
    def pushed(self):
        """Whether cosmic rays push harder on the gas of a sight line than gravity pulls: it is not
        held, and a bound is not made for it."""
        return self.kappa * self.arrived > self.kappa_true

    @property
    def filled(self):
        """Whether more than half of the steady gradient is there."""
        return self.arrived > 0.5


def halo_bounds(snapshot, impacts, assumptions):
    """Return the `HaloBounds` of a snapshot of a halo about the origin.

    Parameters
    ----------
    snapshot : crmpi.analysis.read.readers.Snapshot
        of a three-dimensional run with supernovae and gravity, in physical units
    impacts : sequence of float
        impact parameters in cm
    assumptions : cgm.Assumptions
        in cgs; how much star formation the power of the source stands for, and the geometry of the
        path

    Raises
    ------
    CrmpiError
        something the bound needs is not in the snapshot, or a sight line is outside of the box
    """
    _require_halo(snapshot)
    units, config = snapshot.units, yaml.safe_load(snapshot.config)
    assumptions = replace(assumptions, hydrogen_fraction=snapshot.facts.hydrogen)
    cm = units.factor("cm")
    places = np.asarray(impacts, dtype=float) * cm
    _require_inside(snapshot, places)
    maps = [column_map(snapshot, axis) for axis in range(3)]
    lines = [
        np.concatenate([_on_circle(*one, snapshot, axis, b) for axis, one in enumerate(maps)])
        for b in places
    ]
    grams = units.cgs("surface_density") * assumptions.hydrogen_fraction / M_P
    nh, low, high = (
        grams * np.array([pick(line) for line in lines]) for pick in (np.mean, np.min, np.max)
    )
    vc = _circular_velocity(config, units, places) * units.cgs("velocity")
    sfr = source_power(config, units, snapshot) / injection_rate(1.0, assumptions)
    kappa = kappa_min(sfr, nh, vc, assumptions)
    true = true_kappa(config, units)
    arrived = arrived_share(places / cm, true, units.from_code(snapshot.time, "s"))
    return HaloBounds(
        units.from_code(places, "kpc"), nh, low, high, vc, kappa, arrived, sfr / (MSUN / YEAR), true
    )


def column_map(snapshot, axis):
    """Return the mass column along an axis, code units, array over the other two axes in the order
    of the mesh, and its positions.

    Blocks are read one after the other, each is added where it is; cells are those of the highest
    level.
    """
    plane = snapshot.projection("dens", axis)
    fast, slow = (0.5 * (faces[1:] + faces[:-1]) for faces in plane.faces)
    return plane.values, np.hypot(slow[:, None], fast[None, :])


def source_power(config, units, snapshot):
    """Return the power of the cosmic rays that supernovae put into a run while they go off,
    erg/s."""
    tree = config.get("injection", {})
    if not tree.get("enabled") or tree.get("mode") not in ("central", "plane"):
        raise CrmpiError(
            f"{snapshot.path} has no source of known power: the bound needs injection.mode = "
            "central or plane"
        )
    p = make(Injection.Params, units, **tree)
    area = math.prod(snapshot.upper[a] - snapshot.lower[a] for a in (0, 1))
    rate = p.rate if p.mode == "central" else p.rate_per_area * area
    power = units.from_code(rate * p.energy * p.cr_fraction, "erg/s")
    if power <= 0.0:
        raise CrmpiError(
            f"{snapshot.path} has no source of cosmic rays: injection.rate, energy and "
            "cr_fraction give no power"
        )
    return power


def true_kappa(config, units):
    """Return the radial diffusion coefficient of a run in cm^2/s, NaN if there is not one number;
    streaming comes on top of it.

    Isotropic diffusion has kappa_par; diffusion along a tangled field the mean over all directions,
    (kappa_par + 2 kappa_perp)/3.
    """
    tree = dict(config.get("scattering", {}))
    if (
        config.get("transport", {}).get("solver") in (None, "none")
        or tree.pop("model", None) != "constant"
    ):
        return math.nan
    model = find_model("constant").Params
    p = make(model, units, **{name: value for name, value in tree.items() if name in specs(model)})
    if p.density_slope or p.temperature_slope or p.field_slope or p.decoupling != 1.0:
        return math.nan
    isotropic = config["transport"]["solver"] == "isotropic_diffusion"
    kappa = p.kappa_par if isotropic else (p.kappa_par + 2.0 * p.kappa_perp) / 3.0
    return units.from_code(kappa, "cm^2/s") if kappa > 0.0 else math.nan


def arrived_share(r, kappa, time):
    """Return the pressure gradient of a source that began `time` (s) ago over that of the steady
    state, at radii `r` (cm).

    P = P_steady erfc(x) with x = r/sqrt(4 kappa t) has -dP/dr = P_steady/r (erfc(x) + 2 x
    exp(-x^2)/sqrt(pi)).
    """
    x = (
        np.asarray(r) / math.sqrt(4.0 * kappa * time)
        if time > 0.0 and kappa > 0.0
        else np.full(np.shape(r), np.nan)
    )
    return np.array([math.erfc(y) for y in x]) + 2.0 * x * np.exp(-(x**2)) / math.sqrt(math.pi)


def _require_halo(snapshot):
    if snapshot.units.dimensionless:
        raise CrmpiError(
            f"{snapshot.path} is dimensionless: it has no columns, star formation and "
            "velocities to compare"
        )
    if len(snapshot.axes) < 3 or snapshot.is_tube:
        raise CrmpiError(
            f"{snapshot.path} is not of a three-dimensional mesh: sight lines need one"
        )
    if snapshot.missing:
        raise CrmpiError(
            f"{snapshot.path} lacks {', '.join(map(str, snapshot.missing))}: sight lines would "
            "end in the gap"
        )
    if not any((yaml.safe_load(snapshot.config).get("gravity") or {}).values()):
        raise CrmpiError(
            f"{snapshot.path} is of a run without gravity: there is no circular velocity"
        )


def _require_inside(snapshot, places):
    """A circle of sight lines fits into the box for every direction of view."""
    reach = snapshot.nearest_face()
    for b in places:
        if b > reach:
            kpc = snapshot.units.factor("kpc")
            box = f"{snapshot.path}, which reaches to {reach / kpc:g} kpc"
            raise CrmpiError(f"a sight line at {b / kpc:g} kpc is outside of {box}; lower --impact")


def _on_circle(columns, radius, snapshot, axis, impact):
    """Return the columns of the map within half a cell of a circle about the centre."""
    width = max(
        (snapshot.upper[a] - snapshot.lower[a]) / n
        for a, n in zip(PLANES[axis][::-1], columns.shape, strict=True)
    )
    return columns[np.abs(radius - impact) <= 0.5 * width]


def _circular_velocity(config, units, radii):
    """Return sqrt(-r g_r), the mean of g_r over the three axes, code units."""
    gravity = Gravity(make(Gravity.Params, units, **config["gravity"]), units)
    squares = np.zeros(len(radii))
    for axis in range(3):
        place = [radii if a == axis else np.zeros(len(radii)) for a in range(3)]
        squares += -radii * gravity.accelerations(*place)[axis] / 3.0
    return np.sqrt(np.maximum(squares, 0.0))
