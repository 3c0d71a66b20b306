"""The empirical diffusion coefficient of galactic cosmic rays: a power law of rigidity."""

from crmpi.params import par
from crmpi.scattering.base import KAPPA_PAR, KAPPA_PERP, ScatteringModel

_PROTON = 0.938272  # rest energy in GeV


class PowerLawRigidity(ScatteringModel):
    """kappa_par grows with the speed and a power of the rigidity of the particles; the same
    everywhere."""

    name = "power_law_rigidity"
    doc = "what fits secondary-to-primary ratios: a power law of rigidity, the same everywhere"
    equation = "kappa_par = kappa_gv beta (R/GV)^delta, beta = R/sqrt(R^2 + m_p^2) of protons"
    reference = (
        "Hopkins et al. 2022, MNRAS 516, 3470: delta 0.5-0.6, scattering rate near "
        "1e-9 "
        "beta (R/GV)^-0.6 /s (recalled)"
    )

    class Params:
        kappa_gv: float = par(
            3e29, unit="cm^2/s", gt=0, doc="kappa_par of particles of 1 GV with the speed of light"
        )
        delta: float = par(0.55, ge=-10, le=10, doc="exponent of the rigidity")
        perpendicular: float = par(0.0, ge=0, le=1, doc="kappa_perp/kappa_par")

    def has_perpendicular(self):
        return self.params.perpendicular > 0.0

    def kappa(self, pack, out, rigidity):
        p = self.params
        beta = rigidity / (rigidity**2 + _PROTON**2) ** 0.5
        out[:, KAPPA_PAR] = p.kappa_gv * beta * rigidity**p.delta
        out[:, KAPPA_PERP] = p.perpendicular * out[:, KAPPA_PAR]
