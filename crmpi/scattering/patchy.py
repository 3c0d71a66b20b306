"""Patchy scattering: cosmic rays fly freely between small, intermittent structures that scatter
them strongly."""

import numpy as np

from crmpi.constants import DENS
from crmpi.errors import CrmpiError
from crmpi.params import par
from crmpi.scattering.base import KAPPA_PAR, KAPPA_PERP, ClosureParams, ScatteringModel, ordered
from crmpi.scattering.patches import PatchField, PatchStatistics
from crmpi.scattering.plasma import Plasma


class PatchyParams(ClosureParams):
    """Parameters that every patchy model shares."""

    filling: float = par(3e-6, gt=0, lt=1, doc="share of the volume inside patches")
    delta: float = par(
        0.5,
        ge=-10,
        le=10,
        doc="exponent of the mean free path with rigidity, from sizes dn/dln R ~ R^-(2 + delta)",
    )
    temp_min: float = par(0.0, unit="K", ge=0, doc="patches exist in gas at least this hot")
    temp_max: float = par(1e12, unit="K", gt=0, doc="patches exist in gas at most this hot")
    dens_min: float = par(
        0.0, unit="m_p/cm^3", ge=0, doc="patches exist in gas at least this dense"
    )


class Patchy(ScatteringModel):
    """Spheres of a range of sizes as a closure below the grid, or resolved on it.

    A sphere of radius R scatters strongly, whatever crosses it, particles with r_L <= R; with r_L >
    R it deflects by R/r_L and counts with (R/r_L)^2. Sizes then fix how the mean free path grows
    with rigidity.
    """

    name = "patchy"
    doc = (
        "strong scattering in rare small structures: closure below the grid, or random "
        "patches on the grid"
    )
    equation = (
        "closure: kappa = c l/3, 1/l = (3/4) f_V <R^2 min(1, R/r_L)^2>/<R^3>, (4/3) R/f_V for "
        "one size;"
        " resolved: kappa_strong inside patches of R >= r_L, kappa_weak outside"
    )
    reference = (
        "Butsky, Hopkins, Kempski et al. 2024, MNRAS 528, 4245; Ewart et al. 2025 "
        "(harmonic mean at late times)"
    )
    needs_field = True
    needs_units = True
    geometry = 4.0 / 3.0
    """Mean free path of one size times filling over size: volume over cross-section over size."""

    class Params(PatchyParams):
        mode: str = par(
            "closure",
            choices=["closure", "resolved"],
            doc="below the grid, or random patches on the grid",
        )
        size_min: float = par(
            0.1, unit="au", gt=0, doc="smallest radius; for resolved patches a few cells"
        )
        size_max: float = par(100.0, unit="au", gt=0, doc="largest radius")
        kappa_strong: float = par(
            1e27, unit="cm^2/s", gt=0, doc="resolved: kappa_par inside patches"
        )
        kappa_weak: float = par(1e30, unit="cm^2/s", gt=0, doc="resolved: kappa_par outside")
        seed: int = par(1, ge=0, doc="resolved: of the places of the patches")

        def check(self):
            """Refuse an empty range of sizes."""
            yield from super().check()
            yield from ordered(self, "size_min", "size_max")

    def __init__(self, params, units=None, eos=None, mesh=None):
        super().__init__(params, units, eos, mesh)
        self._radius = {}

    def check(self, pack):
        super().check(pack)
        if not self.resolved:
            return
        if pack.metric.axis is not None:
            raise CrmpiError(
                (
                    "scattering.mode = resolved places patches on plain meshes; use mesh.geometry: "
                    "cartesian or mode: closure"
                ),
                everywhere=True,
            )
        widest = max(
            width
            for width, n in zip(
                (pack.grid.dx1, pack.grid.dx2, pack.grid.dx3), self.mesh.cells, strict=True
            )
            if n > 1
        )
        if self.params.size_max < widest:
            raise CrmpiError(
                f"scattering.size_max = {self.units.from_code(self.params.size_max, 'pc'):.3g} "
                "pc is below the cell width"
                f" {self.units.from_code(widest, 'pc'):.3g} pc: resolved patches must span "
                "cells; use scattering.mode: closure",
                everywhere=True,
            )

    @property
    def sizes(self):
        """Smallest and largest radius, code units."""
        return self.params.size_min, self.params.size_max

    @property
    def resolved(self):
        """Whether patches are on the grid."""
        return getattr(self.params, "mode", "closure") == "resolved"

    def has_perpendicular(self):
        return False

    def kappa(self, pack, out, rigidity):
        p, plasma = self.params, Plasma(pack, self.units, self.eos)
        if self.resolved:
            strong = self.patches(pack) >= np.maximum(plasma.gyro_radius(rigidity), 1e-300)
            out[:, KAPPA_PAR] = np.where(
                strong & self.host(pack, plasma), p.kappa_strong, p.kappa_weak
            )
        else:
            inside = self.units.c * self.mean_free_path(plasma.gyro_radius(rigidity)) / 3.0
            out[:, KAPPA_PAR] = np.where(self.host(pack, plasma), inside, p.kappa_max)
        out[:, KAPPA_PERP] = 0.0

    def host(self, pack, plasma):
        """Return where the gas can hold patches."""
        p, temp = self.params, plasma.temperature()
        return (temp >= p.temp_min) & (temp <= p.temp_max) & (pack.w0[:, DENS] >= p.dens_min)

    def mean_free_path(self, gyro_radius):
        """Return the mean free path of particles of this Larmor radius, code units."""
        p, (low, high) = self.params, self.sizes
        if low == high:
            volume, strong, weak = (
                high,
                np.where(gyro_radius <= high, 1.0, (high / gyro_radius) ** 2),
                0.0,
            )
        else:
            edge = np.clip(gyro_radius, low, high)
            volume = power_integral(1.0 - p.delta, low, high)
            strong = power_integral(-p.delta, edge, high)
            # no round-off of 0
            weak = (
                np.where(gyro_radius > low, power_integral(2.0 - p.delta, low, edge), 0.0)
                / gyro_radius**2
            )
        return self.geometry * volume / (p.filling * (strong + weak))

    def patches(self, pack):
        """Return the radius of the largest patch over each cell of the pack; made once on
        a mesh, patches do not move."""
        p = self.params
        if pack.pool.version not in self._radius:
            dimensions = sum(n > 1 for n in self.mesh.cells)
            statistics = PatchStatistics(*self.sizes, p.delta, p.filling, dimensions)
            field = PatchField(statistics, self.mesh, p.seed)
            self._radius = {pack.pool.version: field.largest_radius(pack)}
        return self._radius[pack.pool.version]


def power_integral(exponent, low, high):
    """Return the integral of R^exponent dln R from `low` to `high`."""
    if abs(exponent) < 1e-12:
        return np.log(high / low)
    return (high**exponent - low**exponent) / exponent
