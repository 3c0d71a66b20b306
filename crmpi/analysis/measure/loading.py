"""What leaves through surfaces, planes on both sides of a disc or spheres, and its ratio to what
supernovae give."""

import math
from typing import NamedTuple

import numpy as np

from crmpi.analysis.measure.base import Observable
from crmpi.analysis.read.cells import AXIS_NUMBERS
from crmpi.analysis.read.fluxes import along_axis, flux_densities, flux_names, has_relative, outward
from crmpi.params import par


class Surface(NamedTuple):
    """A sphere (`radius`), or planes normal to `axis` at `places` [(position, sign of the outward
    normal)]; `label`, 'r10kpc'."""

    label: str
    axis: int
    places: list
    radius: float | None = None


class Loading(Observable):
    """Rates through surfaces, outward positive, and loading factors: mass over star formation,
    energy over that of supernovae.

    On planes the flux density of cell centres is interpolated linearly between the two layers
    beside the plane, whatever their levels. On a sphere of radius R it is averaged over a shell
    with the weight W = max(0, 1 - |r - R|/thickness); the rate is 4 pi sum(F W dV)/sum(W/r^2 dV),
    exact for a flux ~ 1/r^2 on any cells.
    """

    name = "loading"
    doc = "rates of mass, energy and cosmic rays through planes or spheres, and loading factors"
    reference = "e.g. Kim & Ostriker 2018; Girichidis et al. 2018"
    needs = ("dens", "press", "vel1", "vel2", "vel3")

    class Params:
        heights: tuple[float, ...] = par(
            (),
            unit="length",
            gt=0,
            doc="distances of planes from the midplane, on each side that has room",
        )
        radii: tuple[float, ...] = par((), unit="length", gt=0, doc="of spheres about the origin")
        axis: str | None = par(
            None,
            choices=["x1", "x2", "x3"],
            doc="normal of the planes; none: x3, or the last axis there is",
        )
        midplane: float = par(0.0, unit="length", doc="position along this axis")
        thickness: float | None = par(
            None, unit="length", gt=0, doc="half width of the shells of spheres; none: two cells"
        )

    def setup(self):
        facts, p = self.facts, self.params
        self.surfaces = [*self._planes(facts, p), *self._spheres(facts, p)]
        if not self.surfaces:
            self.refuse("needs surfaces: loading.heights=[1, 2], or loading.radii=[10, 50]")
        self.fluxes = flux_names(self)

    def _planes(self, facts, p):
        if not p.heights:
            return []
        axis = AXIS_NUMBERS[p.axis] if p.axis else facts.axes[-1]
        if axis not in facts.axes:
            self.refuse(f"cannot cut x{axis + 1}, which has one cell; set loading.axis")
        low, high = facts.lower[axis], facts.upper[axis]
        inside = {
            h: [(p.midplane + s * h, s) for s in (-1.0, 1.0) if low < p.midplane + s * h < high]
            for h in p.heights
        }
        outside = [h for h, places in inside.items() if not places]
        if outside:
            reach = f"x{axis + 1} goes from {self._length(low)} to {self._length(high)}"
            self.refuse(
                f"has {len(outside)} of {len(inside)} heights outside of the box: "
                f"{self._lengths(outside)}; {reach}"
            )
        return [Surface(f"h{self._length(h)}", axis, places) for h, places in inside.items()]

    def _spheres(self, facts, p):
        if not p.radii:
            return []
        if facts.geometry == "spherical":
            reach, inner = facts.upper[0], facts.lower[0]
        elif facts.is_tube:
            self.refuse("has no spheres on this tube; use loading.heights")
        else:
            self.thickness = p.thickness or 2.0 * facts.widest_cell()
            reach = facts.nearest_face() - self.thickness
            inner = self.thickness
        outside = [r for r in p.radii if not inner < r < reach]
        if outside:
            fit = (
                f"fit from {self._length(inner)} to {self._length(reach)}"
                if reach > inner
                else "do not fit about the origin"
            )
            self.refuse(
                f"has {len(outside)} of {len(p.radii)} radii outside of the box: "
                f"{self._lengths(outside)}; whole shells {fit}"
            )
        spherical = facts.geometry == "spherical"
        return [
            Surface(
                f"r{self._length(r)}", 0, [(r, 1.0)] if spherical else [], None if spherical else r
            )
            for r in p.radii
        ]

    def _length(self, value):
        return f"{self.shown(value, 'kpc'):g}" + ("" if self.facts.units.dimensionless else "kpc")

    def _lengths(self, values):
        return ", ".join(map(self._length, values))

    # ------------------------------------------------------------------ sums

    def partial(self, cells):
        sums = [self.drive.partial(cells)]
        for surface in self.surfaces:
            sums += (
                self._through_sphere(cells, surface)
                if surface.radius
                else self._through_planes(cells, surface)
            )
        return np.array(sums)

    def _through_planes(self, cells, surface):
        """Return [rate of each flux, outflow of mass alone, 0]."""
        total = np.zeros(len(self.fluxes) + 2)
        for position, sign in surface.places:
            weight = interpolation(cells, surface.axis, position)
            if not weight.any():
                continue
            area = cells.area(surface.axis)
            window = cells.along(surface.axis, weight * 0.5 * (area[1:] + area[:-1]))
            total += self._add_up(cells, along_axis(surface.axis, sign), window) + [0.0]
        return list(total)

    def _through_sphere(self, cells, surface):
        """Return [sum(F W dV) of each flux, of the outflow of mass alone, sum(W/r^(d-1) dV)]."""
        nearest, farthest = cells.distances()
        apart = max(nearest - surface.radius, surface.radius - farthest)
        if 1.0 - apart / self.thickness <= 0.0:
            return [0.0] * (len(self.fluxes) + 2)
        r = cells.r
        window = np.maximum(0.0, 1.0 - np.abs(r - surface.radius) / self.thickness) * cells.volume
        if not window.any():
            return [0.0] * (len(self.fluxes) + 2)
        area = np.maximum(r, 1e-300) ** (len(cells.facts.axes) - 1)
        return self._add_up(cells, outward(cells), window) + [
            float(np.sum(np.broadcast_to(window / area, cells.shape)))
        ]

    def _add_up(self, cells, normal, window):
        densities = flux_densities(cells, normal, self.fluxes)
        out = np.maximum(densities["mass"], 0.0)
        return [float(np.sum(density * window)) for density in [*densities.values(), out]]

    # ------------------------------------------------------------------ numbers

    def finish(self, sums):
        columns = {}
        for surface, part in zip(
            self.surfaces, np.split(sums[1:], len(self.surfaces)), strict=True
        ):
            rates = part[:-1]
            if surface.radius:
                rates = rates * (_unit_sphere(self.facts) / part[-1])
            columns |= self._columns(
                surface.label, dict(zip([*self.fluxes, "mass_out"], rates, strict=True)), sums[0]
            )
        return columns

    def _columns(self, place, rates, followed):
        columns = {
            self.label(f"{name}_{place}", "Msun/yr"): self.shown(rates[name], "Msun/yr")
            for name in ("mass", "mass_out")
        }
        energies = {name: rate for name, rate in rates.items() if not name.startswith("mass")}
        if "cr_advected" in rates and has_relative(self):
            energies["cr"] = rates["cr_advected"] + rates["cr_relative"]
        columns |= {
            self.label(f"{name}_{place}", "erg/s"): self.shown(rate, "erg/s")
            for name, rate in energies.items()
        }
        return columns | self._factors(place, rates["mass"], energies, followed)

    def _factors(self, place, mass, energies, followed):
        """Return the loading factors, those whose reference is known and not zero."""
        drive, factors = self.drive, {}
        if drive.forms_stars and not self.facts.units.dimensionless:
            factors[f"mass_loading_{place} [1]"] = _ratio(mass, drive.star_formation(followed))
        if drive.source is not None:
            gas = energies["gas_energy"] + energies.get("poynting", 0.0)
            factors[f"energy_loading_{place} [1]"] = _ratio(gas, drive.power(followed))
        if drive.makes_cosmic_rays and "cr" in energies:
            factors[f"cr_loading_{place} [1]"] = _ratio(energies["cr"], drive.cr_power(followed))
        return factors


def interpolation(cells, axis, position):
    """Return the weights (n,) with which layers of cells interpolate linearly to `position`; beyond
    the last centre it alone counts."""
    centres = cells.centres(axis, beyond=1)
    first, last = (
        cells.first[axis] == 0,
        cells.first[axis] + cells.facts.block[axis] == cells.mesh[axis],
    )
    below, here, above = centres[:-2], centres[1:-1], centres[2:]
    weight = np.where(
        position < here, (position - below) / (here - below), (above - position) / (above - here)
    )
    if first and position < here[0]:
        weight[0] = 1.0
    if last and position >= here[-1]:
        weight[-1] = 1.0
    return np.maximum(weight, 0.0)


def _unit_sphere(facts):
    """Return the area of the unit sphere in the dimensions of the mesh, times the widths of those
    it does not have."""
    across = math.prod(facts.upper[a] - facts.lower[a] for a in range(3) if a not in facts.axes)
    return {1: 2.0, 2: 2.0 * math.pi, 3: 4.0 * math.pi}[len(facts.axes)] * across


def _ratio(a, b):
    return float(a / b) if b != 0.0 else float("nan")
