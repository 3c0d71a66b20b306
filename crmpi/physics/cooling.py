"""Radiative cooling from a table, integrated exactly, and heating at a constant rate per hydrogen
nucleus or by the metagalactic radiation background.

    d(eth)/dt = -n_a n_b Lambda(T) + n_H Gamma(T),    T = mu m_p p/(k_B rho)

n_a n_b is n_e n_H or n_H^2, whichever the table was made for, with n_H = X rho/m_p and n_e = (1 +
X)/2 rho/m_p (full ionisation). Density is constant during the step. The step is exact for every dt
without heating (`crmpi.physics.cooling_curve`), with it (`crmpi.physics.heated_curve`) and with a
radiation background (`crmpi.physics.photoheating`); dt is never limited.
"""

import math
from typing import NamedTuple

import numpy as np

from crmpi.constants import DENS, ENER
from crmpi.diagnostics.columns import Column
from crmpi.errors import CrmpiError
from crmpi.jit import device, kernel
from crmpi.mesh.geometry import geometry_of
from crmpi.numerics.rows.volumes import cell_volume
from crmpi.params import par
from crmpi.physics.balance import spread_over_layers
from crmpi.physics.base import Source, SourceParams, gas_const, thermal_energy
from crmpi.physics.cooling_curve import (
    TABLES,
    cooled,
    extend_to_low,
    make_curve,
    power_law_curve,
    read_table,
)
from crmpi.physics.heated_curve import UNHEATED, heated_and_cooled, heated_curve
from crmpi.physics.photoheating import BACKGROUNDS, DARK, light_of, net_curve, settled


class CoolingConst(NamedTuple):
    """Conversion of a cell to the units of the curve: kelvin, erg cm^3/s, code units of density and
    time."""

    temp: float  # T [K] of p/rho = 1
    rate: float  # dT/dt = -rate rho Lambda
    floor: float  # lowest temperature [K]
    dense_temp: float  # that of dense gas [K], see `lowest_temp`
    dense_above: float  # density above which it rises to that


class CoolingTotals(NamedTuple):
    """Energies of each block (nblock,), added to by `cool_pack`."""

    radiated: object
    heated: object
    floored: object
    supported: object


EVERYWHERE = np.zeros((0, 0, 0, 0), np.uint8)
"""Stands for a disc without bounds."""

LEAST_METALS = 0.001
"""Metallicity of the column of a table that stands for hydrogen and helium alone."""

SUPPORTED = Column("supported", "energy", term=+1, floor="effective temperature")
"""With ``cooling.dense_temp``: what held dense gas at its effective temperature."""


class Cooling(Source):
    """Cooling and heating; ledger columns ``radiated``, ``heated``, ``floored`` (energy given to
    cells found below the floor) and, with `dense_temp`, ``supported``: what held dense gas at its
    effective temperature."""

    name = "cooling"
    doc = "tabulated radiative cooling, exact in time, and heating per hydrogen nucleus"
    reference = "Townsend 2009; Gnat & Sternberg 2007; Schure et al. 2009; Koyama & Inutsuka 2002"
    changes = ("ener",)
    columns = (
        Column("radiated", "energy", term=-1),
        Column("heated", "energy", term=+1),
        Column("floored", "energy", term=+1, floor="temperature"),
    )

    class Params(SourceParams):
        table: str = par(
            "gnat_sternberg2007", choices=[*TABLES, "power_law"], doc="cooling function"
        )
        metallicity: float | None = par(
            None,
            ge=0,
            doc=(
                "in solar units; Lambda is linear between the columns of the table; none: that of "
                "composition.Z, or 1"
            ),
        )
        low_temp: str = par(
            "none",
            choices=["none", "koyama_inutsuka2002"],
            doc="below the table: no cooling, or that of the neutral medium down to 10 K",
        )
        temp_floor: float = par(
            1e4,
            unit="K",
            gt=0,
            doc="lowest temperature; colder cells are raised to it, and counted",
        )
        dense_temp: float | None = par(
            None,
            unit="K",
            gt=0,
            doc="effective temperature of dense gas, for motions that the mesh cannot resolve",
        )
        dense_above: float = par(
            0.1,
            unit="m_p/cm^3",
            gt=0,
            doc="dense_temp: from this density on it rises with it, from temp_floor to dense_temp",
        )
        dense_radius: float = par(
            float("inf"), unit="kpc", gt=0, doc="dense_temp: only within this radius about x3"
        )
        dense_height: float = par(
            float("inf"), unit="kpc", gt=0, doc="dense_temp: only within this height, |x3|"
        )
        background: str = par(
            "none",
            choices=["none", *BACKGROUNDS],
            doc="ultraviolet light that heats and ionises thin gas",
        )
        redshift: float = par(0.2, ge=0, le=1, doc="of the background")
        heating: float = par(0.0, unit="erg/s", ge=0, doc="heating rate Gamma per hydrogen nucleus")
        heating_cutoff: float = par(
            float("inf"), unit="K", gt=0, doc="Gamma falls off as exp(-T/heating_cutoff)"
        )
        power_law_lambda: float = par(
            1e-22, unit="erg cm^3/s", ge=0, doc="power_law: Lambda (per n_e n_H) at power_law_temp"
        )
        power_law_temp: float = par(1e6, unit="K", gt=0, doc="power_law: its reference temperature")
        power_law_slope: float = par(-2 / 3, ge=-10, le=10, doc="power_law: dlnLambda/dlnT")
        power_law_lowest: float = par(
            0.0,
            unit="K",
            ge=0,
            doc="power_law: Lambda ends smoothly below, as exp(-(power_law_lowest/T)^4)",
        )
        balance: str = par(
            "none",
            choices=["none", "layers"],
            doc="layers: every plane of constant x3 gets back what it radiates, evenly",
        )

        def check(self):
            """Heat comes from one place."""
            if self.balance != "none" and self.heating > 0.0:
                yield "balance", "replaces heating: set one of them"
            if self.dense_temp is not None and self.dense_temp <= self.temp_floor:
                yield "dense_temp", "must be above temp_floor, or left out"
            if self.background != "none":
                if self.heating > 0.0 or self.balance != "none":
                    yield "background", "replaces heating and balance: set one of them"
                if self.table != "gnat_sternberg2007" or self.low_temp != "none":
                    yield (
                        "background",
                        "needs to know what hydrogen and helium radiate by themselves; set "
                        "table=gnat_sternberg2007 and low_temp=none",
                    )

    def __init__(self, params, pack, eos, units, mesh):
        if params.dense_temp is not None:
            self.columns = (*self.columns, SUPPORTED)
        super().__init__(params, pack, eos, units, mesh)
        if params.balance != "none" and geometry_of(mesh).axis is not None:
            raise CrmpiError(
                "'cooling.balance' = 'layers' needs planes; a tube has none", everywhere=True
            )
        if units.dimensionless:
            raise CrmpiError(
                "cooling needs physical units; set units.system to 'galactic' or 'custom', or "
                "remove 'cooling'"
            )
        self.curve = self._make_curve()
        self.const = self._make_const()
        self.light = self._make_light()
        self.heating = self._make_heating()
        self._disc = {}
        self.gas = gas_const(pack, eos)
        self.totals = self._make_totals()

    def apply(self, time, dt):
        energy = self.pack.active(self.pack.u0)[:, ENER]
        before = energy.copy() if self.params.balance == "layers" else None
        cool_pack(
            self.pack.u0,
            self.pack.bcc,
            self.pack.grid,
            (self.gas, self.const, (self.curve, self.heating), self.light),
            self._dense_cells(),
            dt,
            self.totals,
        )
        if before is not None:
            given = spread_over_layers(
                self.pack, self.mesh, self.comm, np.maximum(before - energy, 0.0)
            )
            self.account.add("heated", given * self.pack.cell_volumes)

    def _make_totals(self):
        account = self.account
        kept = SUPPORTED.name in account  # else it is zero
        supported = account[SUPPORTED.name] if kept else self.pack.pool.numbers()
        return CoolingTotals(account["radiated"], account["heated"], account["floored"], supported)

    def _dense_cells(self):
        """Return where gas may have its effective temperature: 1 or 0 for each active cell, of no
        block if it is everywhere."""
        p, pack = self.params, self.pack
        if p.dense_temp is None or math.isinf(min(p.dense_radius, p.dense_height)):
            return EVERYWHERE
        if pack.pool.version not in self._disc:
            grid = pack.grid
            within = pack.pool.numbers(grid.n3, grid.n2, grid.n1, dtype=np.uint8)
            for b in range(pack.nblock):
                x1, x2, x3 = pack.coords(b)
                near = x1**2 + x2[:, None] ** 2 < p.dense_radius**2
                within[b] = near & (abs(x3) < p.dense_height)[:, None, None]
            self._disc = {pack.pool.version: within}
        return self._disc[pack.pool.version]

    def _make_light(self):
        """Return the `NetCurve` of the background, `DARK` without one."""
        p, units = self.params, self.units
        if p.background == "none":
            return DARK
        log10_temp, table = read_table(p.table, self._metallicity())
        _, primordial = read_table(p.table, LEAST_METALS)
        nuclei = math.log10(self.eos.hydrogen / units.factor("m_p/cm^3"))
        light = light_of(p.background, p.redshift)
        return net_curve(
            log10_temp, 10.0**table, 10.0**primordial, light, self.eos.hydrogen, nuclei
        )

    def _metallicity(self):
        given = self.params.metallicity
        return self.eos.metallicity(1.0) if given is None else given

    def _make_curve(self):
        p = self.params
        if p.table == "power_law":
            lam = self.units.from_code(p.power_law_lambda, "erg cm^3/s")
            return power_law_curve(lam, p.power_law_temp, p.power_law_slope, p.power_law_lowest)
        log10_temp, log10_lambda = read_table(p.table, self._metallicity())
        if p.low_temp != "none":
            # the low-temperature function is per n_H^2
            log10_temp, log10_lambda = extend_to_low(
                log10_temp, log10_lambda, self.eos.hydrogen**2 / self._nucleon_product()
            )
        return make_curve(log10_temp, log10_lambda)

    def _nucleon_product(self):
        """Return n_a n_b of the table's convention in units of (rho/m_p)^2."""
        x = self.eos.hydrogen
        return x * x if TABLES.get(self.params.table) == "n_H^2" else 0.5 * x * (1.0 + x)

    def _make_const(self):
        p, units = self.params, self.units
        temp = self.eos.mu * units.m_p / units.k_B
        to_kelvin = (self.eos.gamma - 1.0) * temp  # T of eth/rho = 1
        per_lambda = units.factor("erg cm^3/s") * self._nucleon_product() / units.m_p**2
        dense = p.temp_floor, np.inf
        if p.dense_temp is not None:
            dense = p.dense_temp, p.dense_above
        return CoolingConst(temp, to_kelvin * per_lambda, p.temp_floor, *dense)

    def _make_heating(self):
        """Return the `HeatedCurve`, `UNHEATED` without heating."""
        p, eos = self.params, self.eos
        if p.heating == 0.0:
            return UNHEATED
        to_kelvin = (eos.gamma - 1.0) * self.const.temp
        heat = to_kelvin * p.heating * eos.hydrogen / self.units.m_p
        return heated_curve(self.curve, heat, p.heating_cutoff, p.temp_floor)


@device
def lowest_temp(dens, disc, const):
    """Return the temperature [K] below which gas does not cool: `floor`, where there is a `disc`
    from the density `dense_above` on rising in proportion to the density until it is `dense_temp`.
    """
    if dens <= const.dense_above or not disc:
        return const.floor
    return min(const.dense_temp, const.floor * dens / const.dense_above)


@device
def advance_temp(temp, dens, floor, dt, physics):
    """Return (T after `dt`, rise of T by heating alone, both in kelvin) of a cell at constant
    density, `temp` not below the lowest one, `floor`.

    With a radiation background the rise is the net one.
    """
    _, const, curves, light = physics
    curve, heating = curves
    amount = const.rate * dens  # of Y per time
    if light.net.shape[0] > 0:
        lit = max(settled(temp, dens, amount * dt, light), floor)
        return lit, max(lit - temp, 0.0)
    if heating.temp.size > 0:
        return heated_and_cooled(temp, amount, floor, dt, heating)
    return max(cooled(temp, amount * dt, curve), floor), 0.0


@kernel
def cool_pack(u, bcc, grid, physics, disc, dt, totals):
    """Cool and heat all active cells of a pack over `dt`.

    Parameters
    ----------
    u, bcc : arrays (nblock, ncomp, m3, m2, m1)
        conserved state, changed in place; cell-centred field
    grid : Grid
    physics : tuple of GasConst, CoolingConst, (Curve, HeatedCurve), NetCurve
    disc : array (nblock, n3, n2, n1)
        where dense gas has its effective temperature; of no block: everywhere
    dt : float
        code units
    totals : CoolingTotals
        added to
    """
    gas, const, _, _ = physics
    for b in range(u.shape[0]):
        radiated, gained, floored, supported = 0.0, 0.0, 0.0, 0.0
        for k in range(grid.ng3, grid.ng3 + grid.n3):
            for j in range(grid.ng2, grid.ng2 + grid.n2):
                for i in range(grid.ng1, grid.ng1 + grid.n1):
                    dens = u[b, DENS, k, j, i]
                    heat_capacity = dens / ((gas.gamma - 1.0) * const.temp)  # eth per kelvin
                    before = thermal_energy(u, bcc, b, k, j, i) / heat_capacity
                    here = disc.shape[0] == 0 or disc[b, k - grid.ng3, j - grid.ng2, i - grid.ng1]
                    lowest = lowest_temp(dens, here, const)
                    start = max(before, lowest)
                    temp, heated = advance_temp(start, dens, lowest, dt, physics)
                    u[b, ENER, k, j, i] += heat_capacity * (temp - before)
                    content = heat_capacity * cell_volume(gas.volumes, b, k, j, i)
                    radiated += content * (start + heated - temp)
                    gained += content * heated
                    lowest = max(before, const.floor)
                    floored += content * (lowest - before)
                    supported += content * (start - lowest)
        totals.radiated[b] += radiated
        totals.heated[b] += gained
        totals.floored[b] += floored
        totals.supported[b] += supported
