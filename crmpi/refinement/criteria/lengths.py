"""Lengths that must be resolved: Jeans, cooling, cosmic-ray scale height."""

import numpy as np

from crmpi.params import par
from crmpi.refinement.base import Criterion


class JeansLength(Criterion):
    """Cells per Jeans length sqrt(pi c_s^2 / (G rho)): four at least, or fragments are an
    artefact."""

    name = "jeans_length"
    doc = "the Jeans length of the gas in cells"
    reference = "Truelove et al. 1997, ApJ 489, L179"

    class Params:
        cells: float = par(
            4.0, gt=0, doc="a block is refined where the Jeans length has fewer cells"
        )

    def check(self, view):
        if self.units.dimensionless:
            view.require("temp", self.name)  # physical units

    def indicator(self, view):
        length = (
            np.sqrt(np.pi * self.eos.gamma * view["press"] / self.units.factor("grav"))
            / view["dens"]
        )
        return self.params.cells * view.cell / length


class CoolingLength(Criterion):
    """Cells per sound speed times cooling time, for a power law of the cooling function at one
    temperature."""

    name = "cooling_length"
    doc = "the cooling length c_s t_cool of the gas in cells"

    class Params:
        cells: float = par(
            1.0, gt=0, doc="a block is refined where the cooling length has fewer cells"
        )
        cooling: float = par(
            1e-22,
            unit="erg cm^3/s",
            gt=0,
            doc="cooling function per n^2 that gives the cooling time, n = rho/m_p",
        )
        lowest: float = par(2e4, unit="K", ge=0, doc="cooler gas does not count")

    def check(self, view):
        view.require("temp", self.name)

    def indicator(self, view):
        dens, press = view["dens"], view["press"]
        # energy density per time, code units
        rate = self.params.cooling * (dens / self.units.m_p) ** 2
        time = press / ((self.eos.gamma - 1.0) * rate)
        length = np.sqrt(self.eos.gamma * press / dens) * time
        return np.where(
            view["temp"] > self.params.lowest, self.params.cells * view.cell / length, 0.0
        )


class CosmicRayHeight(Criterion):
    """Cells per scale height of the cosmic-ray pressure, P/|grad P|."""

    name = "cosmic_ray_height"
    doc = "the scale height of the cosmic-ray pressure in cells"

    class Params:
        cells: float = par(
            8.0, gt=0, doc="a block is refined where the scale height has fewer cells"
        )
        share: float = par(
            0.01,
            ge=0,
            doc="cells with less cosmic-ray pressure, as a share of that of the gas, do not count",
        )

    def check(self, view):
        view.require("pcr", self.name)

    def indicator(self, view):
        pressure = view["pcr"]
        steep = np.sqrt(sum(slope**2 for slope in view.gradient("pcr")))
        inverse = steep / np.maximum(pressure, 1e-300)
        return np.where(
            pressure > self.params.share * view["press"],
            self.params.cells * view.cell * inverse,
            0.0,
        )
