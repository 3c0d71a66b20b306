"""Constant diffusion coefficients."""

from crmpi.params import par
from crmpi.scattering.base import KAPPA_PAR, KAPPA_PERP, ScatteringModel


class ConstantScattering(ScatteringModel):
    """kappa_par along the field, kappa_perp across it, the same everywhere and always."""

    name = "constant"
    doc = "kappa_par and kappa_perp are the same everywhere"
    reference = "Salem & Bryan 2014, MNRAS 437, 3312; Chan et al. 2019, MNRAS 488, 3716"

    class Params:
        kappa_par: float = par(0.0, unit="cm^2/s", ge=0, doc="diffusion coefficient along the magnetic field")
        kappa_perp: float = par(0.0, unit="cm^2/s", ge=0, doc="diffusion coefficient across the magnetic field")

    def has_perpendicular(self):
        return self.params.kappa_perp > 0.0

    def kappa(self, pack, out, rigidity):
        out[:, KAPPA_PAR] = self.params.kappa_par
        out[:, KAPPA_PERP] = self.params.kappa_perp
