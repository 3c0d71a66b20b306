"""Collisional losses of GeV cosmic rays: hadronic (pion production) and Coulomb (with ionisation),
and the heat they leave.

    d(ecr)/dt = -(Gamma_h + Gamma_C) ecr,   d(fcr)/dt = -(Gamma_h + Gamma_C) fcr,   d(eth)/dt =
                                            (Gamma_C + Gamma_h/6) ecr

Rates are proportional to the density, which is constant during the step, so the step is the exact
exponential. The remaining 5/6 of the hadronic losses leave as gamma rays and neutrinos; neutral
pions take 1/3 of the hadronic losses, and about 70% of the energy of their photons lies above 1
GeV.
"""

import math
from typing import NamedTuple

from crmpi.constants import DENS, ECR, ENER
from crmpi.diagnostics.columns import Column
from crmpi.errors import CrmpiError
from crmpi.jit import device, kernel
from crmpi.numerics.rows.volumes import cell_volume
from crmpi.params import par
from crmpi.physics.base import Source, SourceParams, gas_const
from crmpi.scattering.base import IonisationParams
from crmpi.scattering.plasma import Plasma

# fraction of hadronic losses that heats the gas: secondary electrons (Guo & Oh 2008)
HADRONIC_HEAT = 1.0 / 6.0


class Rates(NamedTuple):
    """Rates of loss in cm^3/s, to be multiplied by rho/m_p; every set names the density its paper
    counts."""

    hadronic: float
    coulomb: float  # of ionised gas
    neutral: float  # ionisation in neutral gas, in place of Coulomb losses

    def coulomb_at(self, neutral):
        """Return the rate of Coulomb losses and ionisation at a neutral share of the gas."""
        return self.coulomb + (self.neutral - self.coulomb) * neutral


class LossConst(NamedTuple):
    """Rates of a cell per density, code units."""

    hadronic: float  # Gamma_h/rho
    # Gamma_C/rho of ionised gas, or of the gas where its neutral share is not followed
    coulomb: float
    neutral: float  # Gamma_C/rho of neutral gas
    fcr: int  # first component of the CR flux in u0, or -1
    fcr_end: int  # one past its last component


def electrons_per_nucleon(x_h):
    """Return n_e/(rho/m_p) of fully ionised hydrogen and helium: X from hydrogen, (1 - X)/2 from
    helium."""
    return 0.5 * (1.0 + x_h)


def guo_oh(x_h):
    """Return the `Rates` of Guo & Oh (2008, MNRAS 384, 251), coefficients recalled: all per
    electron of ionised gas."""
    electrons = electrons_per_nucleon(x_h)
    return Rates(5.86e-16 * electrons, 1.65e-16 * electrons, 1.65e-16 * electrons)


def pfrommer(x_h):
    """Return the `Rates` of Pfrommer et al. (2017, MNRAS 465, 4500), as in public code: all per
    electron of ionised gas."""
    electrons = electrons_per_nucleon(x_h)
    return Rates(7.44e-16 * electrons, 2.78e-16 * electrons, 2.78e-16 * electrons)


def gizmo(x_h):
    """Return the `Rates` of the public GIZMO code (Chan et al. 2019; Hopkins et al. 2020).

    Hadronic losses are per nucleon, rho/m_p; Coulomb losses per free electron, n_e = (1 + X)/2
    rho/m_p of ionised gas; ionisation per neutral hydrogen atom, X rho/m_p, 0.57 times as much. For
    a universal spectrum a share of 0.87 is above the threshold of hadronic collisions, and 0.53
    averages 1/(E/GeV).
    """
    return Rates(
        0.87 * 6.37e-16, 0.53 * 3.09e-16 * electrons_per_nucleon(x_h), 0.53 * 3.09e-16 * 0.57 * x_h
    )


RATES = {"guo_oh2008": guo_oh, "pfrommer2017": pfrommer, "gizmo": gizmo}


class LossTotals(NamedTuple):
    """Energies of each block (nblock,), added to by `lose`, and the present luminosity in gamma
    rays, replaced."""

    lost: object
    heated: object
    escaped: object
    gamma: object
    gamma_luminosity: object


class Losses(Source):
    """Collisional losses; ledger columns ``lost`` = ``heated`` + ``escaped``, ``gamma`` (photons
    above 1 GeV, part of ``escaped``)."""

    name = "losses"
    doc = "hadronic and Coulomb losses of cosmic rays, and the heat they leave"
    reference = "Guo & Oh 2008; Pfrommer et al. 2017; Chan et al. 2019"
    changes = ("ener", "ecr", "fcr")
    columns = (
        Column("lost", "energy"),
        Column("heated", "energy"),
        Column("escaped", "energy", term=-1),
        Column("gamma", "energy"),
        Column("gamma_luminosity", "power"),
    )

    class Params(SourceParams, IonisationParams):
        rates: str = par("guo_oh2008", choices=list(RATES), doc="set of coefficients")
        hadronic: float = par(1.0, ge=0, doc="factor on the hadronic rate")
        coulomb: float = par(1.0, ge=0, doc="factor on the Coulomb rate")
        heating: bool = par(True, doc="give Coulomb and 1/6 of hadronic losses to the gas")
        ionised: float | None = par(
            None,
            ge=0,
            le=1,
            doc="ionised share of the gas, for rates = gizmo; none: the ionisation balance",
        )
        gamma_fraction: float = par(
            0.7, ge=0, le=1, doc="fraction of the photons from neutral pions above 1 GeV"
        )

    def __init__(self, params, pack, eos, units, mesh):
        super().__init__(params, pack, eos, units, mesh)
        if units.dimensionless:
            raise CrmpiError(
                "losses need physical units; set units.system to 'galactic' or 'custom', or "
                "remove 'losses'"
            )
        if not pack.has_cr:
            raise CrmpiError(
                "losses need cosmic rays; set fluid.cosmic_rays to true, or remove 'losses'"
            )
        self.const = self._make_const()
        self.gas = gas_const(pack, eos)

    def apply(self, time, dt):
        gamma = self.params.gamma_fraction / 3.0
        lose(
            self.pack.u0,
            self.pack.grid,
            (self.gas, self.const),
            self.neutral(),
            dt,
            self.params.heating,
            gamma,
            self.account.of(LossTotals),
        )

    def neutral(self):
        """Return the neutral share of hydrogen, of the gas before the sources, or None if the rates
        do not depend on it."""
        if self.const.neutral == self.const.coulomb:
            return None
        return Plasma(self.pack, self.units, self.eos).neutral_hydrogen(self.params)

    def _make_const(self):
        p, units = self.params, self.units
        rates = RATES[p.rates](self.eos.hydrogen)
        if p.ionised is not None:
            fixed = rates.coulomb_at(1.0 - p.ionised)
            rates = rates._replace(coulomb=fixed, neutral=fixed)
        per_density = units.factor("cm^3/s") / units.m_p
        first = self.pack.index.get("fcr", -1)
        ncomp = sum(field.ncomp for field in self.pack.fields if field.name == "fcr")
        coulomb, neutral = (
            p.coulomb * rate * per_density for rate in (rates.coulomb, rates.neutral)
        )
        return LossConst(
            p.hadronic * rates.hadronic * per_density, coulomb, neutral, first, first + ncomp
        )


@device
def shares(hadronic, coulomb, heating):
    """Return the rate of all losses, the share of hadronic ones, and the share that heats the
    gas."""
    total = hadronic + coulomb
    if total <= 0.0:
        return 0.0, 0.0, 0.0
    return total, hadronic / total, (coulomb + HADRONIC_HEAT * hadronic) / total if heating else 0.0


@kernel
def lose(u, grid, physics, neutral, dt, heating, gamma, totals):
    """Take the losses of `dt` from all active cells of a pack and heat the gas.

    Parameters
    ----------
    u : array (nblock, nvar, m3, m2, m1)
        conserved state, changed in place
    grid : Grid
    physics : tuple of GasConst, LossConst
    neutral : array (nblock, m3, m2, m1) or None
        neutral share of the gas; None: the rates are the same everywhere
    dt : float
        code units
    heating : bool
        whether the gas is heated; otherwise its share escapes
    gamma : float
        photons above 1 GeV per hadronic loss
    totals : LossTotals
        added to
    """
    gas, const = physics
    total, hadronic, to_gas = shares(const.hadronic, const.coulomb, heating)
    for b in range(u.shape[0]):
        lost, heated, made, luminosity = 0.0, 0.0, 0.0, 0.0
        for k in range(grid.ng3, grid.ng3 + grid.n3):
            for j in range(grid.ng2, grid.ng2 + grid.n2):
                for i in range(grid.ng1, grid.ng1 + grid.n1):
                    if neutral is not None:
                        coulomb = (
                            const.coulomb + (const.neutral - const.coulomb) * neutral[b, k, j, i]
                        )
                        total, hadronic, to_gas = shares(const.hadronic, coulomb, heating)
                    rate = total * u[b, DENS, k, j, i]
                    loss = -math.expm1(-rate * dt) * u[b, ECR, k, j, i]
                    u[b, ECR, k, j, i] -= loss
                    u[b, ENER, k, j, i] += to_gas * loss
                    for v in range(const.fcr, const.fcr_end):
                        u[b, v, k, j, i] *= math.exp(-rate * dt)
                    volume = cell_volume(gas.volumes, b, k, j, i)
                    lost += loss * volume
                    if neutral is not None:
                        heated += to_gas * loss * volume
                        made += hadronic * loss * volume
                    luminosity += hadronic * rate * u[b, ECR, k, j, i] * volume
        if neutral is None:
            heated, made = to_gas * lost, hadronic * lost
        totals.lost[b] += lost
        totals.heated[b] += heated
        totals.escaped[b] += lost - heated
        totals.gamma[b] += gamma * made
        totals.gamma_luminosity[b] = gamma * luminosity
