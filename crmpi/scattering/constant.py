"""Diffusion coefficients that are constant, or follow power laws of the gas."""

import numpy as np

from crmpi.constants import DENS
from crmpi.errors import CrmpiError
from crmpi.params import par
from crmpi.scattering.base import KAPPA_PAR, KAPPA_PERP, IonisationParams, ScatteringModel
from crmpi.scattering.plasma import Plasma


class ConstantScattering(ScatteringModel):
    """kappa_par along the field and kappa_perp across it; power laws and the decoupling from cold
    gas multiply both."""

    name = "constant"
    doc = (
        "kappa_par and kappa_perp are given; on request power laws of the gas, and faster "
        "transport in neutral gas"
    )
    equation = (
        "kappa = kappa_0 (rho/rho_0)^a (T/T_0)^b (B/B_0)^c (R/GV)^d (1 + (decoupling - 1) x), x "
        "= n(H I)/n(H) of the ionisation balance,"
        " or 1 where T < decoupling_temperature and 0 elsewhere"
    )
    reference = (
        "Salem & Bryan 2014, MNRAS 437, 3312; Chan et al. 2019, MNRAS 488, 3716; Farber et al. "
        "2018, ApJ 856, 112 (decoupling, a step in"
        " temperature; with the neutral share as in the public GIZMO)"
    )

    class Params(IonisationParams):
        kappa_par: float = par(
            0.0, unit="cm^2/s", ge=0, doc="diffusion coefficient along the magnetic field"
        )
        kappa_perp: float = par(
            0.0, unit="cm^2/s", ge=0, doc="diffusion coefficient across the magnetic field"
        )
        density_slope: float = par(0.0, ge=-10, le=10, doc="exponent a of the density")
        density_0: float = par(
            1.0, unit="density", gt=0, doc="density rho_0 where kappa is as given"
        )
        temperature_slope: float = par(0.0, ge=-10, le=10, doc="exponent b of the temperature")
        temperature_0: float = par(
            1e4, unit="K", gt=0, doc="temperature T_0 where kappa is as given"
        )
        field_slope: float = par(0.0, ge=-10, le=10, doc="exponent c of the field strength")
        field_0: float = par(
            1.0, unit="magnetic_field", gt=0, doc="field strength B_0 where kappa is as given"
        )
        rigidity_slope: float = par(
            0.0, ge=-10, le=10, doc="exponent d of the rigidity, for tracers beside the bulk"
        )
        decoupling: float = par(
            1.0, gt=0, doc="factor on kappa in neutral gas; 30 in Farber et al. 2018"
        )
        decoupling_temperature: float | None = par(
            None,
            unit="K",
            gt=0,
            doc=(
                "gas below it counts as neutral, a step, 1e4 K in Farber et al. 2018; none: "
                "the "
                "ionisation balance"
            ),
        )

    def __init__(self, params, units=None, eos=None, mesh=None):
        super().__init__(params, units, eos, mesh)
        thermal = params.temperature_slope != 0.0 or params.decoupling != 1.0
        if thermal and (units is None or units.dimensionless):
            raise CrmpiError(
                (
                    "scattering.temperature_slope and scattering.decoupling need temperatures, but "
                    "units.system is none; choose galactic"
                ),
                everywhere=True,
            )

    def check(self, pack):
        super().check(pack)
        if self.params.field_slope and not pack.magnetic:
            raise CrmpiError(
                "scattering.field_slope needs the magnetic field, but fluid.magnetic is false",
                everywhere=True,
            )

    def has_perpendicular(self):
        return self.params.kappa_perp > 0.0

    def kappa(self, pack, out, rigidity):
        p = self.params
        out[:, KAPPA_PAR] = p.kappa_par
        out[:, KAPPA_PERP] = p.kappa_perp
        if p.rigidity_slope:
            out *= (rigidity / self.rigidity) ** p.rigidity_slope
        if p.density_slope:
            dens = pack.w0[:, DENS]
            out *= (np.where(dens > 0.0, dens, p.density_0) / p.density_0)[
                :, None
            ] ** p.density_slope
        plasma = Plasma(pack, self.units, self.eos)
        if p.field_slope:
            out *= (plasma.field() / p.field_0)[:, None] ** p.field_slope
        if p.temperature_slope:
            out *= (np.maximum(plasma.temperature(), 1e-3) / p.temperature_0)[
                :, None
            ] ** p.temperature_slope
        if p.decoupling != 1.0:
            out *= (1.0 + (p.decoupling - 1.0) * self.neutral(plasma))[:, None]

    def neutral(self, plasma):
        """Return the neutral share of hydrogen, or 1 below the temperature of decoupling and 0
        above."""
        p = self.params
        if p.decoupling_temperature is None:
            return plasma.neutral_hydrogen(p)
        return np.where(plasma.temperature() < p.decoupling_temperature, 1.0, 0.0)
