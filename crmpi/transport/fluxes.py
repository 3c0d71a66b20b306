"""The energy flux of cosmic rays relative to the gas at cell centres: for histories and figures,
not for the scheme.

Arrays (nblock, 3, m3, m2, m1) from centred differences, valid in active cells.
"""

import numpy as np

from crmpi.constants import ECR
from crmpi.mesh.gradients import along_field, field_strength, slopes
from crmpi.scattering.base import KAPPA_PAR, KAPPA_PERP


def no_flux(pack):
    """Return zeros."""
    return pack.pool.numbers(3, *pack.u0.shape[2:])


def isotropic_flux(pack, scattering):
    """Return -kappa_par grad e."""
    kappa, flux = _kappa(pack, scattering), no_flux(pack)
    for axis, slope in slopes(pack, pack.u0[:, ECR]):
        flux[:, axis] = -kappa[:, KAPPA_PAR] * slope
    return flux


def anisotropic_flux(pack, scattering):
    """Return -kappa_par b b.grad e - kappa_perp (I - b b).grad e."""
    kappa = _kappa(pack, scattering)
    gradient = along_field(pack, pack.u0[:, ECR])
    flux = aligned((kappa[:, KAPPA_PERP] - kappa[:, KAPPA_PAR]) * gradient, pack)
    for axis, slope in slopes(pack, pack.u0[:, ECR]):
        flux[:, axis] -= kappa[:, KAPPA_PERP] * slope
    return flux


def aligned(along, pack):
    """Return the vector of this component (nblock, m3, m2, m1) along the field; zero where there is
    no field."""
    return pack.bcc * (along / np.maximum(field_strength(pack), 1e-300))[:, None]


def wave_share(f_stream):
    """Return the speed of the waves that take energy from streaming cosmic rays over that of
    streaming, f_stream v_A.

    Waves move at v_A, so the gas is heated with v_A abs(b.grad P) however fast cosmic rays stream,
    and with f_stream of it where they are slower: the choice of Butsky & Quinn (2018), as in the
    public Enzo.
    """
    return min(1.0, 1.0 / f_stream) if f_stream > 0.0 else 1.0


def streaming_flux(pack, speed, law):
    """Return (e + P) v_s b, v_s = -speed v_A tanh(L b.grad e/e), as the one-moment solver has
    it."""
    e = np.maximum(pack.u0[:, ECR], 1e-300, dtype=float)
    dens = pack.u0[:, 0]
    alfven = field_strength(pack) / np.sqrt(np.where(dens > 0.0, dens, 1.0))
    stretch = np.tanh(law.length * along_field(pack, pack.u0[:, ECR]) / e)
    return aligned(-speed * alfven * law.gamma * e * stretch, pack)


def _kappa(pack, scattering):
    kappa = pack.pool.scratch(2)
    scattering.evaluate(pack, kappa)
    return kappa
