"""Stars and their supernovae without particles: gas becomes a mass that is only recorded, and
explodes at once.

    d(rho)/dt = -efficiency rho/t_ff,    t_ff = sqrt(3 pi/(32 G rho))

in cells denser than `threshold`, not hotter than `temp_max` and, on request, where the gas
converges (Schmidt 1959; Krumholz & Tan 2007, ApJ 654, 304: about 1% per free-fall time at all
densities). The step is the exact solution of this equation; it ends at the threshold. What leaves a
cell takes its share of momentum, energy, cosmic rays and scalars along, so that velocity,
temperature and all concentrations stay what they are; the magnetic field stays.

A cell that forms the mass dm has a Poisson number of supernovae with the mean
dm/mass_per_supernova. It is a function of the seed, the place of the cell and the time alone
(`crmpi.numerics.counter_random`). Supernovae explode when their stars form: a
delay of some Myr would need stars that move, and stars that are left behind in their cell would
explode far from them (10 Myr at 200 km/s are 2 kpc). What an explosion does is in
`crmpi.physics.remnants`.
"""

import math
from typing import NamedTuple

import numpy as np

from crmpi.constants import DENS, ENER, SOLAR_METALS, SUPERNOVA_ENERGY
from crmpi.diagnostics.box_ledger import is_energy_of_rays
from crmpi.diagnostics.columns import Column
from crmpi.errors import CrmpiError
from crmpi.jit import device, kernel
from crmpi.mesh.geometry import geometry_of
from crmpi.mesh.pack import component_names
from crmpi.numerics.counter_random import philox4x32, poisson, to_unit
from crmpi.numerics.rows.volumes import cell_volume
from crmpi.params import par
from crmpi.physics import remnants
from crmpi.physics.base import Source, SourceParams, gas_const, kinetic_energy, thermal_energy
from crmpi.physics.stencil import cell_numbers, make_stencil, reach

LARGEST_MEAN = 50.0
"""Of one draw: larger means are drawn in pieces."""

METALS_OF_SUPERNOVA = 2.63
"""Msun; as the 14.8 Msun of ejecta that of the AGORA discs (Kim et al. 2016, ApJ 833, 202)."""

_IGNORED = np.uint64(20)  # last bits of a time
_HALF = np.uint64(1) << np.uint64(19)
_STREAM = 0x5F0B  # keeps these numbers apart from other uses of the seed
_LOW, _32 = np.uint64(0xFFFFFFFF), np.uint64(32)


class Recipe(NamedTuple):
    """When stars form, code units."""

    rate: float  # d(rho)/dt = -rate rho^(3/2)
    threshold: float
    temp: float  # T [K] of eth/rho = 1
    temp_max: float
    converging: bool


class FormationTotals(NamedTuple):
    """Sums over each block (nblock,) that `form_stars` adds to: mass of new stars, its rate, and
    the energy that left with the gas."""

    formed: object
    rate: object
    locked: object


class StarFormation(Source):
    """Gas to stars, and supernovae of these stars.

    Ledger columns: ``formed`` mass of stars, of which ``returned`` came back as ejecta; ``rate``,
    the present one; ``metals`` made; ``supernovae``, their number. Energies: ``locked`` with the
    gas in stars; ``thermal``, ``kinetic``, ``cosmic`` given by supernovae, with ``unresolved``,
    what shells radiate that the mesh cannot resolve, the energy of all supernovae; ``carried``:
    motion of the ejecta, which is that of the gas they join.
    """

    name = "star_formation"
    doc = "stars at a rate per free-fall time, and their supernovae; no particles"
    reference = "Krumholz & Tan 2007; Kim & Ostriker 2015, 2017"
    columns = (
        Column("formed", "mass"),
        Column("rate", "mass_rate"),
        Column("locked", "energy", term=-1),
        Column("supernovae", "none"),
        Column("unresolved", "energy"),
        Column("thermal", "energy", term=+1),
        Column("kinetic", "energy", term=+1),
        Column("carried", "energy", term=+1),
        Column("cosmic", "energy", term=+1),
        Column("returned", "mass"),
        Column("metals", "mass"),
    )

    class Params(SourceParams):
        efficiency: float = par(
            0.01, ge=0, doc="share of the gas that becomes stars in a free-fall time"
        )
        threshold: float = par(10.0, unit="m_p/cm^3", ge=0, doc="stars form in denser gas")
        temp_max: float = par(2e4, unit="K", gt=0, doc="stars form in gas that is not hotter")
        converging: bool = par(False, doc="stars form only where the velocity of the gas converges")
        mass_per_supernova: float = par(
            100.0, unit="Msun", gt=0, doc="mass of stars formed per supernova"
        )
        energy: float = par(SUPERNOVA_ENERGY, unit="erg", ge=0, doc="energy of a supernova")
        cr_fraction: float = par(0.1, ge=0, le=1, doc="share of the energy in cosmic rays")
        ejecta: float = par(
            14.8, unit="Msun", ge=0, doc="mass that a supernova returns to the gas, metals included"
        )
        metals: float | None = par(
            None,
            unit="Msun",
            ge=0,
            doc="metals made by a supernova; none: 2.63 Msun where there is a scalar for them",
        )
        terminal_momentum: float = par(
            2.8e5,
            unit="Msun km/s",
            ge=0,
            doc="radial momentum of a shell of 1e51 erg at n_H = 1/cm^3",
        )
        seed: int = par(1, ge=0, doc="of the random numbers of supernovae")

    def __init__(self, params, pack, eos, units, mesh):
        super().__init__(params, pack, eos, units, mesh)
        self._refuse()
        self.gas = gas_const(pack, eos)
        self.recipe = self._make_recipe()
        self.metals = _metals_scalar(pack.scalars)
        self.remnant = self._make_remnant()
        self.stencil = make_stencil(mesh.missing)
        self._leaving = self._variables()
        self._formed = pack.allocate(1)
        nothing = np.zeros(
            (0, 4), np.int64
        )  # compiled now, on all ranks at once, and not when the first star explodes
        remnants.play_all(
            np.zeros((0, remnants.COLUMNS)),
            reach(mesh, nothing, self.stencil),
            [],
            self.stencil,
            self.remnant,
        )

    def apply(self, time, dt):
        """Form stars over `dt` and inject their supernovae; collective."""
        pack = self.pack
        self.account["rate"] = 0.0  # the other columns are sums since the start
        totals = self.account.of(FormationTotals)
        for part in pack.parts:
            arrays = part.of((pack.u0, pack.w0, pack.bcc, self._formed, totals))
            form_stars(arrays, part.grid, (part.of(self.gas), self.recipe), self._leaving, dt)
        events, numbers = self._events(time, np.flatnonzero(totals.rate))
        self.account.add("supernovae", np.bincount(events[:, 0], numbers, pack.nblock))
        where = np.concatenate([pack.levels[events[:, 0], None], events[:, 1:]], axis=1)
        # most steps have no supernova anywhere: one number then, not an answer of every rank
        if not self.comm.any(len(where) > 0):
            return
        where, numbers = map(self.comm.gather_rows, (where, numbers))
        order = np.argsort(cell_numbers(self.mesh, where[:, 0], where[:, 1:]))
        given, lost = remnants.explode(
            pack,
            self.mesh,
            self.comm,
            where[order],
            numbers[order],
            self.stencil,
            self.remnant,
            self.metals,
        )
        self.record(given, lost)

    def record(self, given, lost):
        """Add to the account what `crmpi.physics.remnants.explode` returned."""
        self.account.add("unresolved", lost)
        for name, amounts in given._asdict().items():
            self.account.add(name, amounts)

    def notes(self):
        """Note that stars cannot form yet, where that follows from the state; collective."""
        densest = self.comm.max(float(self.pack.active(self.pack.u0)[:, DENS].max(initial=0.0)))
        if densest > self.params.threshold:
            return []
        unit = self.units.factor("m_p/cm^3")
        now, threshold = densest / unit, self.params.threshold / unit
        return [
            f"no stars form yet: the densest cell has {now:.3g} m_p/cm^3, "
            f"'star_formation.threshold' is {threshold:.3g}"
        ]

    @classmethod
    def check_run(cls, configuration):
        """Refuse star formation without cooling, and below the lowest temperature of the gas."""
        cooling, given = configuration.cooling, configuration.star_formation
        if not cooling.enabled:
            raise CrmpiError(
                "star_formation needs cooling; set cooling.enabled to true, or remove it",
                everywhere=True,
            )
        if configuration.fluid.frozen:
            raise CrmpiError(
                "star_formation needs gas that changes; set fluid.frozen to false, or remove it",
                everywhere=True,
            )
        name, coldest = "temp_floor", cooling.temp_floor
        if cooling.dense_temp is not None and given.threshold > cooling.dense_above:
            rise = given.threshold / cooling.dense_above  # of the gas at the threshold
            name, coldest = "dense_temp", min(cooling.dense_temp, coldest * rise)
        if given.temp_max <= coldest:
            raise CrmpiError(
                f"'star_formation.temp_max' = {given.temp_max:g} K lets no stars form, because "
                f"with cooling.{name} no gas above the threshold is below {coldest:g} K; raise it",
                everywhere=True,
            )

    def _refuse(self):
        """Refuse what cannot be done."""
        p, pack = self.params, self.pack
        if self.units.dimensionless:
            raise CrmpiError(
                "star_formation needs physical units; set units.system to 'galactic' or 'custom', "
                "or remove it"
            )
        if not (p.metals or 0.0) <= p.ejecta <= p.mass_per_supernova:
            raise CrmpiError(
                "'star_formation.ejecta' must not be more than mass_per_supernova, "
                "nor less than metals",
                everywhere=True,
            )
        if geometry_of(self.mesh).axis is not None:
            raise CrmpiError(
                "'star_formation' does not run on a tube; leave out mesh.geometry, or it",
                everywhere=True,
            )
        if p.cr_fraction > 0.0 and not pack.has_cr:
            raise CrmpiError(
                f"'star_formation.cr_fraction' = {p.cr_fraction:g} needs cosmic rays; "
                "set fluid.cosmic_rays to true, or the fraction to 0",
                everywhere=True,
            )
        if p.metals and _metals_scalar(pack.scalars) is None:
            raise CrmpiError(
                "'star_formation.metals' needs a scalar to hold them; "
                "add 'metals' or 'metallicity' to the key scalars",
                everywhere=True,
            )

    def _make_recipe(self):
        p, units = self.params, self.units
        rate = p.efficiency * math.sqrt(32.0 * units.G / (3.0 * math.pi))
        temp = (self.eos.gamma - 1.0) * self.eos.mu * units.m_p / units.k_B
        return Recipe(rate, p.threshold, temp, p.temp_max, p.converging)

    def _make_remnant(self):
        p, units = self.params, self.units
        cosmic = p.cr_fraction * p.energy
        gas = p.energy - cosmic
        strength = gas / units.sn_energy
        metals = p.metals
        if metals is None:
            metals = min(METALS_OF_SUPERNOVA * units.Msun, p.ejecta)
        return remnants.Remnant(
            gas=gas,
            cosmic=cosmic,
            ejecta=p.ejecta,
            metals=metals if self.metals is not None else 0.0,
            momentum=p.terminal_momentum * strength**remnants.MOMENTUM_ENERGY_POWER,
            shell=remnants.SHELL_RADIUS * units.pc * strength**remnants.SHELL_ENERGY_POWER,
            nuclei=self.eos.hydrogen / units.m_p / units.factor("1/cm^3"),
        )

    def _variables(self):
        """Return the places of variables that leave with the gas, and of energies among them.

        Tracers are not among them: they follow `ecr`.
        """
        names = component_names(self.pack.fields)
        kinds = {name: field for field in self.pack.fields for name in component_names([field])}
        leaving = [v for v, name in enumerate(names) if v != ENER and not kinds[name].population]
        energies = [v for v in leaving if is_energy_of_rays(kinds[names[v]])]
        return np.array(leaving, np.int64), np.array(energies, np.int64)

    def _events(self, time, blocks):
        """Return (block, i, j, k) of the cells in `blocks` with supernovae, and their numbers."""
        pack = self.pack
        formed = pack.active(self._formed)[blocks, 0]
        b, k, j, i = np.nonzero(formed)
        mean = formed[b, k, j, i].astype(float) / self.params.mass_per_supernova
        b = blocks[b]
        cells = np.stack([i, j, k], axis=1) + pack.origins[b]
        numbers = self._draw(cell_numbers(self.mesh, pack.levels[b], cells), time, mean)
        some = numbers > 0
        return np.concatenate([b[:, None], cells], axis=1)[some], numbers[some]

    def _draw(self, cells, time, mean):
        """Return a Poisson number for each cell, an array of ints.

        Parameters
        ----------
        cells : int64 array (n,)
            their `cell_numbers`
        time : float
            at which the interval begins; no two intervals of a run begin together
        mean : array (n,)
        """
        numbers, piece = np.zeros(len(cells), np.int64), 0
        pieces = np.maximum(np.ceil(mean / LARGEST_MEAN), 1.0)
        while (left := np.flatnonzero(pieces > piece)).size:
            part = mean[left] / pieces[left]
            uniform = draw_uniform(self.params.seed, cells[left], time, piece)
            some = uniform >= 1.0 - part  # below exp(-mean), which is larger, there is none
            numbers[left[some]] += poisson(part[some], uniform[some])
            piece += 1
        return numbers


def formation_rate(params, units, dens, temp):
    """Return the mass of stars formed per time and volume, code units.

    Parameters
    ----------
    params : StarFormation.Params
        of which `converging` is not used
    units : Units
    dens, temp : arrays
        code units, K
    """
    rate = params.efficiency * math.sqrt(32.0 * units.G / (3.0 * math.pi)) * dens**1.5
    return np.where((dens > params.threshold) & (temp <= params.temp_max), rate, 0.0)


def draw_uniform(seed, cells, time, piece=0):
    """Return a uniform number in [0, 1) for each of `cells`, their `cell_numbers`, at a time.

    ``piece`` distinguishes the draws of one cell. Times that differ by round-off, as those of one
    run on two kinds of processor do, have the same numbers: 32 bits of the mantissa count.
    """
    cells = cells.astype(np.uint64)
    moment = (np.float64(time).view(np.uint64) + _HALF) >> _IGNORED
    key = (seed & 0xFFFFFFFF, ((seed >> 32) ^ (_STREAM + piece)) & 0xFFFFFFFF)
    words = philox4x32((cells & _LOW, cells >> _32, moment & _LOW, moment >> _32), key)
    return to_unit(words[0], words[1])


def _metals_scalar(scalars):
    """Return (name, mass of metals per unit of it) of the scalar that holds metals, or None."""
    known = {"metals": 1.0, "metallicity": SOLAR_METALS}
    return next(((name, mass) for name, mass in known.items() if name in scalars), None)


@device
def converges(w, b, k, j, i, grid):
    """Return whether the velocity of the gas converges on a cell."""
    divergence = 0.0
    if grid.ng1:
        divergence += (w[b, 1, k, j, i + 1] - w[b, 1, k, j, i - 1]) / grid.dx1
    if grid.ng2:
        divergence += (w[b, 2, k, j + 1, i] - w[b, 2, k, j - 1, i]) / grid.dx2
    if grid.ng3:
        divergence += (w[b, 3, k + 1, j, i] - w[b, 3, k - 1, j, i]) / grid.dx3
    return divergence < 0.0


@kernel
def form_stars(arrays, grid, physics, leaving, dt):
    """Turn gas into stars on the active cells of a level.

    Parameters
    ----------
    arrays : tuple
        conserved state, changed in place; primitives with one layer of ghosts; field; mass of new
        stars by cell, set; FormationTotals, added to
    grid : Grid
        of the level
    physics : tuple of GasConst, Recipe
    leaving : tuple of int arrays
        variables that leave with the gas, ENER aside; those of them that are energies of cosmic
        rays
    dt : float
    """
    u, w, bcc, formed, totals = arrays
    gas, recipe = physics
    scaled, energies = leaving
    for b in range(u.shape[0]):
        for k in range(grid.ng3, grid.ng3 + grid.n3):
            for j in range(grid.ng2, grid.ng2 + grid.n2):
                for i in range(grid.ng1, grid.ng1 + grid.n1):
                    formed[b, 0, k, j, i] = 0.0
                    dens = u[b, DENS, k, j, i]
                    if not dens > recipe.threshold:
                        continue
                    thermal = thermal_energy(u, bcc, b, k, j, i)
                    if thermal * recipe.temp > recipe.temp_max * dens:
                        continue
                    if recipe.converging and not converges(w, b, k, j, i, grid):
                        continue
                    volume = cell_volume(gas.volumes, b, k, j, i)
                    rate = recipe.rate * math.sqrt(dens)
                    half = 0.5 * rate * dt
                    taken = min(
                        half * (2.0 + half) / ((1.0 + half) * (1.0 + half)),
                        1.0 - recipe.threshold / dens,
                    )
                    energy = thermal + kinetic_energy(u, b, k, j, i)
                    u[b, ENER, k, j, i] -= taken * energy
                    for n in range(energies.size):
                        energy += u[b, energies[n], k, j, i]
                    for n in range(scaled.size):
                        u[b, scaled[n], k, j, i] *= 1.0 - taken
                    formed[b, 0, k, j, i] = taken * dens * volume
                    totals.formed[b] += taken * dens * volume
                    totals.rate[b] += rate * dens * volume
                    totals.locked[b] += taken * energy * volume
