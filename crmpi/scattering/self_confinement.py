"""Cosmic rays scattered by the Alfven waves that they excite themselves, at balance of growth and
damping."""

import numpy as np

from crmpi.constants import ECR
from crmpi.errors import CrmpiError
from crmpi.params import par
from crmpi.scattering.base import (
    KAPPA_PAR,
    KAPPA_PERP,
    ClosureParams,
    IonisationParams,
    ScatteringModel,
)
from crmpi.scattering.plasma import Plasma

_TINY = 1e-300


class SelfConfinement(ScatteringModel):
    """kappa from the streaming speed at which waves grow as fast as they are damped; every damping
    channel has a switch."""

    name = "self_confinement"
    doc = (
        "waves excited by streaming cosmic rays against ion-neutral, turbulent, linear and "
        "nonlinear Landau and dust damping"
    )
    equation = (
        "kappa = gamma_cr v_d l, l = e/|b.grad e|, v_d = (4/pi) f_qlt r_L c Gamma (e_B/e)(1 + 2 "
        "v_A^2/c^2)/v_A [+ v_A with drift: whole],"
        " Gamma = (G + sqrt(G^2 + N))/2, G = G_in + G_turb + G_dust, N = sqrt(pi) |b.grad P| "
        "c_s v_A/(2 e_B r_L)"
    )
    reference = (
        "Hopkins et al. 2021, MNRAS 501, 4184 (closure; f_qlt = 1 confines too well by > 100, "
        "100 is favoured);"
        " Hopkins, Squire, Butsky & Ji 2022, MNRAS 517, 5413 (instability); coefficients as in "
        "the public GIZMO;"
        " Hui & Gnedin 1997, MNRAS 292, 27 (ionisation balance)"
    )
    needs_field = True
    needs_units = True

    class Params(ClosureParams, IonisationParams):
        f_qlt: float = par(
            100.0, gt=0, doc="factor on the quasi-linear scattering time; 1 is the plain theory"
        )
        drift: str = par(
            "excess",
            choices=["excess", "whole"],
            doc="excess: the solver streams by itself; whole: kappa holds v_A too",
        )
        ion_neutral: bool = par(
            True, doc="ion-neutral damping, 5.77e-11 rho/m_p (0.97 x_HI + 0.03 x_HeI) sqrt(T/K) /s"
        )
        nonlinear_landau: bool = par(
            True, doc="nonlinear Landau damping, proportional to the wave energy itself"
        )
        turbulent: bool = par(
            True,
            doc=(
                "turbulent and linear Landau damping, (v_A + sqrt(pi) c_s/4) sqrt(k_turb k_L) "
                "M_A^1.5 f_cas"
            ),
        )
        dust: bool = par(False, doc="dust damping, v_A k_L Z f_dust")
        turbulence_length: float = par(
            0.1, unit="kpc", gt=0, doc="driving scale of the turbulence, 1/k_turb"
        )
        turbulence_speed: float = par(
            10.0,
            unit="km/s",
            gt=0,
            doc="turbulent speed at the driving scale; M_A is this over v_A",
        )
        f_cascade: float = par(1.0, ge=0, doc="factor f_cas on turbulent damping")
        metallicity: float = par(1.0, ge=0, doc="metals over those of the Sun, for dust damping")
        f_dust: float = par(
            1e-6,
            ge=0,
            doc=(
                "factor on dust damping for the sizes of grains (recalled as small, value not "
                "re-read)"
            ),
        )

    def check(self, pack):
        super().check(pack)
        if not pack.has_cr:
            raise CrmpiError(
                (
                    "scattering.model = self_confinement needs cosmic rays, but fluid.cosmic_rays "
                    "is false"
                ),
                everywhere=True,
            )

    def has_perpendicular(self):
        return False

    def kappa(self, pack, out, rigidity):
        plasma = Plasma(pack, self.units, self.eos)
        e, alfven, radius = plasma.ecr(), plasma.alfven_speed(), plasma.gyro_radius(rigidity)
        steepness = np.abs(plasma.along_field(pack.w0[:, ECR])) + _TINY
        magnetic = 0.5 * plasma.field() ** 2
        damping = self.damping(plasma, steepness, magnetic, alfven, radius)
        relativity = 1.0 + 2.0 * (alfven / self.units.c) ** 2
        # gamma_cr v_d l with v_d ~ 1/e and l ~ e: e cancels, so vanishing cosmic rays are no
        # trouble
        excess = (
            self.params.f_qlt
            * (4.0 / np.pi)
            * radius
            * self.units.c
            * damping
            * magnetic
            * relativity
            / alfven
        )
        streaming = alfven * e if self.params.drift == "whole" else 0.0
        out[:, KAPPA_PAR] = self.eos.gamma_cr * (excess + streaming) / steepness
        out[:, KAPPA_PERP] = 0.0

    def damping(self, plasma, steepness, magnetic, alfven, radius):
        """Return the effective damping rate Gamma at balance, in code units; `steepness` is |b.grad
        e|, `magnetic` B^2/2."""
        p = self.params
        linear = np.zeros_like(alfven)
        if p.ion_neutral:
            temp = plasma.temperature()
            hydrogen = plasma.neutral_hydrogen(p)
            neutral = 0.97 * hydrogen + 0.03 * plasma.neutral_helium(p, hydrogen)
            # n of the formula is rho/m_p, all nucleons: collisions with ions are counted by the
            # neutral shares
            linear += (
                5.77e-11
                * self.units.factor("1/s")
                * plasma.nucleon_density()
                * neutral
                * np.sqrt(temp)
            )
        sound = plasma.sound_speed()
        if p.turbulent:
            mach = p.turbulence_speed / alfven
            linear += (
                (alfven + 0.25 * np.sqrt(np.pi) * sound)
                * mach**1.5
                * p.f_cascade
                / np.sqrt(p.turbulence_length * radius)
            )
        if p.dust:
            linear += alfven / radius * p.metallicity * p.f_dust
        if not p.nonlinear_landau:
            return linear
        push = (self.eos.gamma_cr - 1.0) * steepness
        nonlinear = np.sqrt(np.pi) * push * sound * alfven / (2.0 * magnetic * radius)
        return 0.5 * (linear + np.sqrt(linear**2 + nonlinear))
