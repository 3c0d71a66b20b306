"""Scattering by the turbulence of the gas, theories of its small scales with and without
damping."""

import numpy as np

from crmpi.params import par
from crmpi.scattering.base import (
    KAPPA_PAR,
    KAPPA_PERP,
    ClosureParams,
    IonisationParams,
    ScatteringModel,
)
from crmpi.scattering.plasma import Plasma

_KAPPA_KPC = 1e32  # cm^2/s at L_turb = 1 kpc, M_A = 1, f = 1
_TINY = 1e-300


class ExtrinsicTurbulence(ScatteringModel):
    """kappa from a cascade that reaches the gyroscale; `variant` selects what becomes of it there.

    `fast` adds the scattering rates of fast modes and of Alfven modes. Fast modes are damped by the
    plasma without collisions, by the viscosity of ions and by that of neutral atoms; where sound is
    faster than Alfven waves, or with more than a trace of neutral atoms, those along the field,
    which scatter, are damped, and only Alfven modes remain.
    """

    name = "extrinsic_turbulence"
    doc = (
        "a turbulent cascade from L_turb scatters; variants alfven, gs95, fast (damped) and "
        "fast_undamped"
    )
    equation = (
        "kappa = 1e32 cm^2/s (L_turb/kpc) M_A^-2 f; alfven: f_A = 0.007 c/v_A; gs95: 1; fast: "
        "1/f = 1/f_A + s/f_F,"
        " f_F = 0.04 a + M_A^(4/3) (0.03 T_4 (B n L R T_4)^(-1/6) + 0.41 x (B n L "
        "R/T_4)^(-1/6)), a = c_s/v_A,"
        " s = exp(-a^3 - (x/x_0)^4), 0 for a > 1 or x > 2 x_0, x_0 = 0.001 T_4^(1/4) (n "
        "a^2)^(-3/4) L^(-1/2);"
        " fast_undamped: f = 0.0009 (R L^2/B)^(1/3)/M_A^2; B in microgauss, n = rho/m_p, L in "
        "kpc, R in GV, x = n(H I)/n(H)"
    )
    reference = (
        "Yan & Lazarian 2002, PRL 89, 281102 and 2004, ApJ 614, 757 (damped fast modes); "
        "Chandran 2000, PRL 85, 4656 (alfven);"
        " Jokipii 1966 (fast_undamped); closed forms of Hopkins et al. 2021, MNRAS 501, 4184, "
        "coefficients as in the public GIZMO"
    )
    needs_field = True
    needs_units = True

    class Params(ClosureParams, IonisationParams):
        variant: str = par(
            "alfven",
            choices=["alfven", "gs95", "fast", "fast_undamped"],
            doc="theory of the cascade at the gyroscale",
        )
        turbulence_length: float = par(1.0, unit="kpc", gt=0, doc="driving scale L_turb")
        turbulence_speed: float = par(
            10.0,
            unit="km/s",
            gt=0,
            doc="turbulent speed at the driving scale; M_A is this over v_A",
        )
        mach_alfven: float = par(
            0.0, ge=0, doc="Alfven Mach number M_A, the same everywhere; 0: from turbulence_speed"
        )
        kappa_max: float = par(
            1e36, unit="cm^2/s", gt=0, doc="largest kappa; what is damped hardly scatters at all"
        )

    def has_perpendicular(self):
        return False

    def kappa(self, pack, out, rigidity):
        p, plasma = self.params, Plasma(pack, self.units, self.eos)
        length, alfven = self.units.from_code(p.turbulence_length, "kpc"), plasma.alfven_speed()
        mach = p.mach_alfven if p.mach_alfven > 0.0 else p.turbulence_speed / alfven
        factor = getattr(self, p.variant)(plasma, alfven, mach, length, rigidity)
        out[:, KAPPA_PAR] = _KAPPA_KPC * self.units.factor("cm^2/s") * length * factor / mach**2
        out[:, KAPPA_PERP] = 0.0

    def alfven(self, plasma, alfven, mach, length, rigidity):
        """Return f of Alfven modes, drawn out along the field: Chandran (2000)."""
        return 0.007 * self.units.c / alfven

    def gs95(self, plasma, alfven, mach, length, rigidity):
        """Return f of a critically balanced cascade whose anisotropy is left out."""
        return 1.0

    def fast_undamped(self, plasma, alfven, mach, length, rigidity):
        """Return f of an isotropic Kolmogorov cascade that reaches the gyroscale undamped."""
        return 0.0009 * np.cbrt(rigidity * length**2 / self.microgauss(plasma)) / mach**2

    def fast(self, plasma, alfven, mach, length, rigidity):
        """Return f of damped fast modes and Alfven modes together."""
        sound = plasma.sound_speed() / alfven
        dens, temp = plasma.nucleon_density(), np.maximum(plasma.temperature(), 1.0) / 1e4
        neutral = plasma.neutral_hydrogen(self.params)
        scale = self.microgauss(plasma) * length * dens * rigidity
        collisionless = 0.04 * sound
        ionic = 0.03 * mach ** (4.0 / 3.0) * temp * (scale * temp) ** (-1.0 / 6.0)
        atomic = 0.41 * mach ** (4.0 / 3.0) * neutral * (scale / temp) ** (-1.0 / 6.0)
        critical = 0.001 * temp**0.25 / ((dens * sound**2 + _TINY) ** 0.75 * np.sqrt(length))
        share = neutral / critical
        left = np.exp(-(np.minimum(sound, 9.0) ** 3) - np.minimum(share, 5.0) ** 4)
        left = np.where((sound > 1.0) | (share > 2.0), 0.0, left)
        return 1.0 / (
            1.0 / self.alfven(plasma, alfven, mach, length, rigidity)
            + left / (collisionless + ionic + atomic + _TINY)
        )

    def microgauss(self, plasma):
        """Return the field strength in microgauss."""
        return plasma.field() / self.units.factor("uG")
