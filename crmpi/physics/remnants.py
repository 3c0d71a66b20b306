"""Supernova remnants on the mesh: what an explosion gives to the 3 x 3 x 3 cells around it.

The radius R of this region (that of the sphere of its volume) against the radius of shell
formation,

    r_sf = 22.6 pc E51^0.29 n_H^-0.42,

decides how, with n_H of the mean density of the region and E51 the energy that the gas gets (Kim &
Ostriker 2015, ApJ 802, 99; division into regimes as in Kim & Ostriker 2017, ApJ 846, 133):

    R < 0.3 r_sf        thermal energy
    R < r_sf            the Sedov-Taylor phase: 28% kinetic, 72% thermal
    R >= r_sf           terminal momentum, 2.8e5 Msun km/s E51^0.93 n_H^-0.17, and no heat: the rest
    has been radiated

The cells are those of `crmpi.physics.stencil`.

Explosions act one after another, in the order of their places, on a table of all cells that they
reach. Every rank evaluates the whole table and keeps the cells of its own blocks: results do not
depend on blocks or ranks.
"""

import math
from typing import NamedTuple

import numpy as np

from crmpi.constants import DENS, ECR, ENER, MOM1, MOM3
from crmpi.jit import kernel
from crmpi.parallel.halo import places
from crmpi.physics.stencil import cell_volume_at, reach

SHELL_RADIUS, SHELL_ENERGY_POWER, SHELL_DENSITY_POWER = 22.6, 0.29, -0.42  # pc; in a uniform medium
MOMENTUM_ENERGY_POWER, MOMENTUM_DENSITY_POWER = 0.93, -0.17
THERMAL_BELOW = 0.3  # R/r_sf
KINETIC_SHARE = 0.28  # of the Sedov-Taylor phase

VOLUME, THERMAL, KINETIC, CARRIED, COSMIC, RETURNED, METALS = range(MOM3 + 1, MOM3 + 8)
PUSH1 = METALS + 1
COLUMNS = PUSH1 + 3
"""Columns of the table: density, momentum density, volume, what a cell was given, and its push."""


class Given(NamedTuple):
    """What the blocks of this rank got (nblock,): energies, of which `carried` is the motion of the
    ejecta; masses."""

    thermal: object
    kinetic: object
    carried: object
    cosmic: object
    returned: object
    metals: object


class Remnant(NamedTuple):
    """What one supernova gives, code units."""

    gas: float  # energy
    cosmic: float  # energy
    ejecta: float  # mass, metals included
    metals: float  # mass
    momentum: float  # terminal, at n_H = 1/cm^3
    shell: float  # radius of shell formation, at n_H = 1/cm^3
    nuclei: float  # n_H in 1/cm^3 of unit density


def read_table(pack, tree, comm, reached):
    """Return the table of cells reached (ntarget, COLUMNS), the same on all ranks; collective."""
    table = np.zeros((len(reached.gid), COLUMNS))
    mine, at = own_cells(pack, tree, reached)
    values = np.stack([pack.u0[at(v)] for v in range(MOM3 + 1)], axis=1)
    table[comm.gather_rows(mine), : MOM3 + 1] = comm.gather_rows(values)
    table[:, VOLUME] = cell_volume_at(tree, tree.levels[reached.gid])
    return table


def write_table(pack, tree, reached, table, metals):
    """Put the table into the state; return what is `Given` to the blocks of this rank.

    ``metals``: (name of the scalar, mass of metals per unit of it) or None. Ejecta have the
    concentrations of the gas that they join, and metals come on top.
    """
    mine, at = own_cells(pack, tree, reached)
    new = table[mine]
    growth = new[:, DENS] / pack.u0[at(DENS)]
    per_volume = 1.0 / new[:, VOLUME]
    for name in pack.scalars:
        pack.u0[at(pack.index[name])] *= growth
    if metals is not None:
        name, mass = metals
        pack.u0[at(pack.index[name])] += new[:, METALS] * per_volume / mass
    for v in range(DENS, MOM3 + 1):
        pack.u0[at(v)] = new[:, v]
    pack.u0[at(ENER)] += (new[:, THERMAL] + new[:, KINETIC] + new[:, CARRIED]) * per_volume
    if pack.has_cr:
        pack.u0[at(ECR)] += new[:, COSMIC] * per_volume
    given = Given(*(pack.pool.numbers() for _ in Given._fields))
    for amounts, column in zip(given, range(THERMAL, METALS + 1), strict=True):
        np.add.at(amounts, at(DENS)[0], new[:, column])
    return given


def own_cells(pack, tree, reached):
    """Return the numbers of the targets on this rank, and a function of a variable.

    The function gives the places of the variable in ``u0``.
    """
    block = places(pack.gids, tree.nblock)[reached.gid]
    mine = np.flatnonzero(block >= 0)
    g = pack.grid
    i, j, k = (reached.cell[mine] + np.array([g.ng1, g.ng2, g.ng3])).T
    return mine, lambda variable: (block[mine], np.full(len(mine), variable), k, j, i)


def explode(pack, tree, comm, events, numbers, stencil, remnant, metals):
    """Inject supernovae into cells; collective, all arguments the same on all ranks.

    Parameters
    ----------
    events : int array (nevent, 4)
        see `reach`; in the order of `cell_numbers`
    numbers : array (nevent,)
        of supernovae in each cell
    stencil, remnant : Stencil, Remnant
    metals
        see `write_table`

    Returns
    -------
    Given
    array (nblock,)
        energy that the explosions in these blocks had and the gas does not get
    """
    reached = reach(tree, events, stencil)
    table = read_table(pack, tree, comm, reached)
    unresolved = play_all(table, reached, numbers, stencil, remnant)
    lost = pack.pool.numbers()
    block = places(pack.gids, tree.nblock)[reached.centre]
    np.add.at(lost, block[block >= 0], unresolved[block >= 0])
    return write_table(pack, tree, reached, table, metals), lost


def play_all(table, reached, numbers, stencil, remnant):
    """Do what `play` does, and return the energies that are not given to the gas (nevent,)."""
    unresolved, masses = np.zeros(len(numbers)), np.zeros(len(stencil.push))
    play(
        table,
        tuple(reached[:5]),
        np.asarray(numbers, float),
        (stencil.push, stencil.opposite),
        remnant,
        masses,
        unresolved,
    )
    return unresolved


@kernel
def play(table, reached, numbers, stencil, remnant, masses, unresolved):
    """Apply explosions to the table of cells, one after another.

    Parameters
    ----------
    table : array (ntarget, COLUMNS)
        changed in place
    reached : tuple
        the first five members of `Reached`
    numbers : array (nevent,)
        of supernovae
    stencil : tuple
        push (n, 3) and opposite (n,) of `Stencil`
    remnant : Remnant
    masses : array (n,)
        scratch
    unresolved : array (nevent,)
        energy that was there and is not given to the gas, set
    """
    first = reached[0]
    for event in range(numbers.size):
        rows = (first[event], first[event + 1])
        mass, volume, present, centre = weigh(table, reached, rows, masses)
        return_mass(table, reached, rows, centre, numbers[event] / present, remnant)
        aim(table, reached, rows, stencil, masses)
        hydrogen = mass / volume * remnant.nuclei
        radius = (0.75 * volume / math.pi) ** (1.0 / 3.0) / (
            remnant.shell * hydrogen**SHELL_DENSITY_POWER
        )
        energy = numbers[event] * remnant.gas
        kinetic = (
            energy if radius >= 1.0 else KINETIC_SHARE * energy if radius >= THERMAL_BELOW else 0.0
        )
        momentum = numbers[event] * remnant.momentum * hydrogen**MOMENTUM_DENSITY_POWER
        gained = kick(
            table, reached, rows, min(momentum, affordable(table, reached, rows, kinetic))
        )
        heat = energy - gained if radius < 1.0 else 0.0
        unresolved[event] = energy - gained - heat
        share(table, reached, rows, heat / present, numbers[event] * remnant.cosmic / present)


@kernel
def weigh(table, reached, rows, masses):
    """Return mass and volume of the region, how many of its cells are in the mesh, and its centre.

    ``masses`` become those of the cells, 0 outside of the mesh. The centre is a row of the table.
    """
    masses[:] = 0.0
    mass, volume, present, centre = 0.0, 0.0, 0.0, 0
    for row in range(rows[0], rows[1]):
        inside = table[reached[2][row], DENS] * reached[3][row]
        masses[reached[1][row]] += inside
        mass += inside
        volume += reached[3][row]
        present += reached[4][row]
        if reached[1][row] == masses.size // 2:
            centre = reached[2][row]
    return mass, volume, present, centre


@kernel
def return_mass(table, reached, rows, centre, number, remnant):
    """Give the region ejecta and metals of supernovae, `number` for a whole cell of it.

    Ejecta have the velocity of the gas in the cell `centre`, of which the stars have just formed.
    """
    v1 = table[centre, MOM1] / table[centre, DENS]
    v2 = table[centre, MOM1 + 1] / table[centre, DENS]
    v3 = table[centre, MOM3] / table[centre, DENS]
    for row in range(rows[0], rows[1]):
        c = reached[2][row]
        mass = number * reached[4][row] * remnant.ejecta
        dens = mass / table[c, VOLUME]
        table[c, DENS] += dens
        table[c, MOM1] += dens * v1
        table[c, MOM1 + 1] += dens * v2
        table[c, MOM3] += dens * v3
        table[c, CARRIED] += 0.5 * mass * (v1 * v1 + v2 * v2 + v3 * v3)
        table[c, RETURNED] += mass
        table[c, METALS] += number * reached[4][row] * remnant.metals


@kernel
def aim(table, reached, rows, stencil, masses):
    """Set the push of each cell for unit radial momentum.

    Opposite cells get opposite momenta, in proportion to their reduced mass: the sum vanishes, in
    uniform gas it is the stencil's, and thin gas beside dense gas is not accelerated to extreme
    velocities.
    """
    push, opposite = stencil
    total = 0.0
    for s in range(masses.size):
        total += math.sqrt(push[s, 0] ** 2 + push[s, 1] ** 2 + push[s, 2] ** 2) * reduced(
            masses[s], masses[opposite[s]]
        )
    for row in range(rows[0], rows[1]):
        for axis in range(3):
            table[reached[2][row], PUSH1 + axis] = 0.0
    for row in range(rows[0], rows[1]):
        s = reached[1][row]
        if total > 0.0:
            weight = reduced(masses[s], masses[opposite[s]]) / total * reached[4][row]
            for axis in range(3):
                table[reached[2][row], PUSH1 + axis] += weight * push[s, axis]


@kernel
def reduced(one, other):
    """Return the reduced mass of two, 0 if there is none."""
    return one * other / (one + other) if one > 0.0 and other > 0.0 else 0.0


@kernel
def affordable(table, reached, rows, kinetic):
    """Return the radial momentum that takes the energy `kinetic` in the present motion of gas."""
    if kinetic <= 0.0:
        return 0.0
    linear, square = 0.0, 0.0
    for row in range(rows[0], rows[1]):
        c = reached[2][row]
        if first_visit(reached[2], rows[0], row):
            for axis in range(3):
                push = table[c, PUSH1 + axis]
                linear += push * table[c, MOM1 + axis] / table[c, DENS]
                square += push * push / (2.0 * table[c, DENS] * table[c, VOLUME])
    if square == 0.0:
        return 0.0
    return 2.0 * kinetic / (linear + math.sqrt(linear * linear + 4.0 * square * kinetic))


@kernel
def kick(table, reached, rows, momentum):
    """Add this radial momentum to the cells; return the kinetic energy that they gain."""
    total = 0.0
    for row in range(rows[0], rows[1]):
        c = reached[2][row]
        if first_visit(reached[2], rows[0], row):
            gained = 0.0
            for axis in range(3):
                push = momentum * table[c, PUSH1 + axis]
                gained += (
                    push * (table[c, MOM1 + axis] + 0.5 * push / table[c, VOLUME]) / table[c, DENS]
                )
                table[c, MOM1 + axis] += push / table[c, VOLUME]
            table[c, KINETIC] += gained
            total += gained
    return total


@kernel
def first_visit(target, start, row):
    """Return whether this is the first row from `start` on with its target: a cell may have
    more."""
    for before in range(start, row):
        if target[before] == target[row]:
            return False
    return True


@kernel
def share(table, reached, rows, heat, cosmic):
    """Give heat and cosmic-ray energy to each cell of the region."""
    for row in range(rows[0], rows[1]):
        c = reached[2][row]
        table[c, THERMAL] += heat * reached[4][row]
        table[c, COSMIC] += cosmic * reached[4][row]
