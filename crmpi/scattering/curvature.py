"""Scattering by sharp bends of the field lines."""

import numpy as np

from crmpi.params import par
from crmpi.scattering.base import KAPPA_PAR, KAPPA_PERP, ClosureParams, ScatteringModel
from crmpi.scattering.plasma import Plasma


class Curvature(ScatteringModel):
    """Particles are scattered where the radius of curvature of the field falls below their
    gyroradius."""

    name = "curvature"
    doc = "intermittent bends of the field scatter"
    equation = "kappa = c lambda/3, lambda = prefactor r_g^0.3 l_c^0.7"
    reference = (
        "Lemoine 2023, J. Plasma Phys. 89, 175890501; Kempski et al. 2023, MNRAS 525, "
        "4985; the prefactor is of order 1 and unknown"
    )
    needs_field = True
    needs_units = True

    class Params(ClosureParams):
        prefactor: float = par(1.0, gt=0, doc="of order one, unknown")
        slope: float = par(
            0.3,
            gt=0,
            lt=1,
            doc="exponent of the gyroradius; that of the coherence length is 1 - slope",
        )
        coherence: str = par(
            "given",
            choices=["given", "local"],
            doc="l_c given, or the local radius of curvature of the mesh field",
        )
        coherence_length: float = par(
            1.0, unit="kpc", gt=0, doc="coherence length l_c; with 'local' the largest one"
        )

    def has_perpendicular(self):
        return False

    def kappa(self, pack, out, rigidity):
        p, plasma = self.params, Plasma(pack, self.units, self.eos)
        length = p.coherence_length
        if p.coherence == "local":
            length = 1.0 / np.maximum(plasma.curvature(), 1.0 / p.coherence_length)
        path = p.prefactor * plasma.gyro_radius(rigidity) ** p.slope * length ** (1.0 - p.slope)
        out[:, KAPPA_PAR] = self.units.c * path / 3.0
        out[:, KAPPA_PERP] = 0.0
