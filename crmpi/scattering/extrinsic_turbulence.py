"""Scattering by the turbulence of the gas, three theories of its small scales."""

import numpy as np

from crmpi.params import par
from crmpi.scattering.base import KAPPA_PAR, KAPPA_PERP, ClosureParams, ScatteringModel
from crmpi.scattering.plasma import Plasma

_KAPPA_KPC = 1e32  # cm^2/s at L_turb = 1 kpc, M_A = 1, f = 1


class ExtrinsicTurbulence(ScatteringModel):
    """kappa from a cascade that reaches the gyroscale; `variant` says what becomes of it there."""

    name = "extrinsic_turbulence"
    doc = "a turbulent cascade from L_turb scatters; variants alfven, gs95 and fast"
    equation = (
        "kappa = 1e32 cm^2/s (L_turb/kpc) M_A^-2 f;"
        " alfven: f = 0.007 c/v_A; gs95: f = 1; fast: f = 0.0009 (R_GV L_kpc^2/B_uG)^(1/3)/M_A^2"
    )
    reference = "Hopkins et al. 2021, MNRAS 501, 4184; Chandran 2000, PRL 85, 4656 (alfven); Yan & Lazarian 2004, ApJ 614, 757 (fast)"
    needs_field = True
    needs_units = True

    class Params(ClosureParams):
        variant: str = par("alfven", choices=["alfven", "gs95", "fast"], doc="theory of the cascade at the gyroscale")
        turbulence_length: float = par(1.0, unit="kpc", gt=0, doc="driving scale L_turb")
        turbulence_speed: float = par(10.0, unit="km/s", gt=0, doc="turbulent speed at the driving scale; M_A is this over v_A")
        mach_alfven: float = par(0.0, ge=0, doc="Alfven Mach number M_A, the same everywhere; 0: from turbulence_speed")

    def has_perpendicular(self):
        return False

    def kappa(self, pack, out, rigidity):
        p, plasma = self.params, Plasma(pack, self.units, self.eos)
        length = self.units.from_code(p.turbulence_length, "kpc")
        alfven = plasma.alfven_speed()
        mach = p.mach_alfven if p.mach_alfven > 0.0 else p.turbulence_speed / alfven
        if p.variant == "alfven":
            factor = 0.007 * self.units.c / alfven
        elif p.variant == "gs95":
            factor = 1.0
        else:
            field = plasma.field() / self.units.factor("uG")
            factor = 0.0009 * np.cbrt(rigidity * length**2 / field) / mach**2
        out[:, KAPPA_PAR] = _KAPPA_KPC * self.units.factor("cm^2/s") * length * factor / mach**2
        out[:, KAPPA_PERP] = 0.0
