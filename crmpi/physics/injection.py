"""Supernovae: thermal, kinetic and cosmic-ray energy, and ejecta, given to the gas.

Where (``mode``): a layer with a rate per area; everywhere in proportion to the density above a
threshold; or one centre. How (``sampling``): the mean rate, smooth in time and space, or discrete
events drawn by `crmpi.physics.events`.

The energy given to a cell is exact. Ejecta move with the gas they join. The kinetic share dk is a
radial push of momentum sqrt(2 rho dk) per volume, whatever the motion of the gas, so that an
explosion in a stream is an explosion at rest in another frame. Where the gas moves outwards
already this takes more than dk, at the cost of the thermal share, and never more than that; where
it moves inwards the rest becomes heat. The ledger counts what became motion and what became heat.
"""

import math
from typing import NamedTuple

import numpy as np

from crmpi.constants import DENS, ECR, ENER, MOM1, MOM2, MOM3, SUPERNOVA_ENERGY
from crmpi.diagnostics.columns import Column
from crmpi.errors import CrmpiError
from crmpi.jit import device, kernel
from crmpi.mesh.coordinates import level_mesh
from crmpi.mesh.geometry import geometry_of
from crmpi.mesh.pack import Part
from crmpi.numerics.rows.volumes import cell_volume
from crmpi.params import par
from crmpi.physics.base import Source, SourceParams, gas_const, kinetic_energy
from crmpi.physics.events import NOWHERE, Layer, events_between, footprint, footprints_on_blocks


class Supernova(NamedTuple):
    """What one supernova gives, code units."""

    thermal: float
    kinetic: float
    cosmic: float
    mass: float


class InjectionTotals(NamedTuple):
    """Energies, mass and number of supernovae of each block (nblock,), added to by `give`."""

    thermal: object
    kinetic: object
    cosmic: object
    mass: object
    supernovae: object


class Injection(Source):
    """Supernovae; ledger columns ``thermal``, ``kinetic``, ``cosmic``, ``mass`` (ejecta) and
    ``supernovae`` (their number)."""

    name = "injection"
    doc = "supernovae: thermal, kinetic and cosmic-ray energy"
    reference = "rates and distributions: Girichidis et al. 2016; Simpson et al. 2016"
    changes = ("dens", "mom", "ener", "ecr")
    columns = (
        Column("thermal", "energy", term=+1),
        Column("kinetic", "energy", term=+1),
        Column("cosmic", "energy", term=+1),
        Column("mass", "mass"),
        Column("supernovae", "none"),
    )

    class Params(SourceParams):
        mode: str = par(
            "plane",
            choices=["plane", "density", "central"],
            doc="a layer about x3 = midplane; in proportion to dense gas; one centre",
        )
        sampling: str = par(
            "smooth",
            choices=["smooth", "discrete"],
            doc="mean rate, or random events; mode density is smooth",
        )
        rate_per_area: float = par(
            15.0, unit="1/Myr/kpc^2", ge=0, doc="plane: supernovae per time and area"
        )
        profile: str = par(
            "sech2", choices=["sech2", "gaussian"], doc="plane: vertical distribution"
        )
        height: float = par(
            0.1, unit="kpc", gt=0, doc="plane: sech^2(x3/height), or the standard deviation"
        )
        midplane: float = par(0.0, unit="length", doc="plane: x3 of its middle")
        rate_per_mass: float = par(
            1e-6,
            unit="1/Myr/Msun",
            ge=0,
            doc="density: supernovae per time and mass of gas above the threshold",
        )
        threshold: float = par(
            1.0, unit="m_p/cm^3", ge=0, doc="density: gas below it has no supernovae"
        )
        rate: float = par(1e4, unit="1/Myr", ge=0, doc="central: supernovae per time")
        center: tuple[float, float, float] = par(
            (0.0, 0.0, 0.0), unit="length", doc="central: position"
        )
        radius: float = par(
            0.06,
            unit="kpc",
            gt=0,
            doc="radius of the kernel (1 - (r/radius)^2)^2; where cells are wider, their width",
        )
        energy: float = par(SUPERNOVA_ENERGY, unit="erg", ge=0, doc="energy of a supernova")
        cr_fraction: float = par(0.1, ge=0, le=1, doc="share of the energy in cosmic rays")
        kinetic_fraction: float = par(
            0.0, ge=0, le=1, doc="share of the energy in radial motion; the rest is thermal"
        )
        ejecta: float = par(0.0, unit="Msun", ge=0, doc="mass given to the gas by a supernova")
        start: float = par(0.0, unit="time", ge=0, doc="no supernovae before")
        stop: float = par(float("inf"), unit="time", doc="no supernovae from then on")
        seed: int = par(1, ge=0, doc="of the random events")

        def check(self):
            """Shares add up, and modes allow the choices made."""
            if self.cr_fraction + self.kinetic_fraction > 1.0:
                yield "cr_fraction", "and kinetic_fraction add up to more than 1"
            if self.mode == "density" and self.sampling == "discrete":
                yield "sampling", "is only allowed with mode = 'plane' or 'central'"
            if self.kinetic_fraction > 0.0 and self.sampling == "smooth":
                yield (
                    "kinetic_fraction",
                    "needs sampling = 'discrete': momentum belongs to single explosions",
                )

    def __init__(self, params, pack, eos, units, mesh):
        super().__init__(params, pack, eos, units, mesh)
        if params.cr_fraction > 0.0 and not pack.has_cr:
            raise CrmpiError(
                f"'injection.cr_fraction' = {params.cr_fraction:g} needs cosmic rays; set "
                "fluid.cosmic_rays to true, or the fraction to 0"
            )
        if params.mode == "central":
            _require_inside(params.center, mesh)
        self.gas = gas_const(pack, eos)
        self.totals = self.account.of(InjectionTotals)
        self.one = self._make_supernova()
        if params.mode == "plane":
            self.layer = Layer(params.profile, params.midplane, params.height)
            self.shares = {
                part.level: self._shares(level_mesh(mesh, part.level)) for part in pack.parts
            }
            self.rate = params.rate_per_area * math.prod(
                mesh.upper[a] - mesh.lower[a] for a in (0, 1)
            )
        elif params.mode == "central":
            self.rate = params.rate
        self.radius = max([params.radius, *cell_widths(mesh)])  # on the coarsest level
        if params.sampling == "discrete" or params.mode == "central":
            # the kernel is compiled now, on all ranks at once, and not when the first star explodes
            self._share(NOWHERE, 0.0)

    def apply(self, time, dt):
        start, end = self._interval(time, dt)
        if self.params.sampling == "discrete":
            events = events_between(start, end, self.rate, self.params.seed)
            self._explode([self._position(event) for event in events], 1.0)
        elif self.params.mode == "central":
            self._explode([self.params.center], self.rate * (end - start))
        elif self.params.mode == "plane":
            for part in self.pack.parts:
                number = self.rate * (end - start) * self.shares[part.level]
                arrays = part.of(self.pack.u0), part.grid, part.of(self.pack.origins)
                inject_layers(*arrays, number, (part.of(self.gas), self.one), part.of(self.totals))
        else:
            number = self.params.rate_per_mass * (end - start)
            inject_dense(
                self.pack.u0,
                self.pack.grid,
                self.params.threshold,
                number,
                (self.gas, self.one),
                self.totals,
            )

    def _make_supernova(self):
        p = self.params
        cosmic, kinetic = p.cr_fraction * p.energy, p.kinetic_fraction * p.energy
        return Supernova(p.energy - cosmic - kinetic, kinetic, cosmic, p.ejecta)

    def _interval(self, time, dt):
        """Return the part of [time, time + dt) with supernovae: of the times alone, so that a
        restart goes on bitwise the same."""
        start = max(time, self.params.start)
        return start, max(min(time + dt, self.params.stop), start)

    def _position(self, event):
        if self.params.mode == "central":
            return self.params.center
        lower, upper = self.mesh.lower, self.mesh.upper
        x1, x2 = (lower[a] + event.place[a] * (upper[a] - lower[a]) for a in (0, 1))
        return x1, x2, self.layer.draw(event.place[2], lower[2], upper[2])

    def _shares(self, mesh):
        """Return the share of all supernovae that a cell of each layer along x3 gets; `mesh`: that
        of a level."""
        return self.layer.shares(layer_faces(mesh)) / (mesh.cells[0] * mesh.cells[1])

    def _explode(self, positions, number):
        """Inject `number` supernovae at each of the `positions`, the same on all ranks."""
        if self.pack.refined:
            self._explode_on_levels(positions, number)
            return
        for position in positions:
            self._share(footprint(self.mesh, position, self.radius), number)

    def _explode_on_levels(self, positions, number):
        """The same where the kernels lie on blocks of several levels: their cells count with their
        volumes.

        The weights of an event are normalised by one sum over all blocks, so its energy is exact.
        """
        if not positions:
            return
        found = {position: list(self._footprints(position)) for position in positions}
        sums = self.pack.pool.numbers(len(found))
        for column, footprints in enumerate(found.values()):
            for block, part, cells in footprints:
                sums[block, column] = cells.weight.sum() * part.volume
        totals = dict(zip(found, self.comm.block_sums(sums), strict=True))
        for position in positions:
            for block, part, cells in found[position]:
                share = cells._replace(weight=cells.weight * (part.volume / totals[position]))
                self._share(share, number, part._replace(blocks=slice(block, block + 1)))

    def _footprints(self, position):
        """Yield (block, its part of the pack, kernel on its cells), where the kernel has a radius
        of a cell at least."""
        radius = max(
            [self.params.radius, *cell_widths(self.mesh.at_level(self._level_at(position)))]
        )
        for part in self.pack.parts:
            mesh, origins = self.mesh.at_level(part.level), part.of(self.pack.origins)
            for place, cells in footprints_on_blocks(
                mesh, origins, self.mesh.block, position, radius
            ):
                yield part.blocks.start + place, part, cells

    def _level_at(self, position):
        """Return the level of the block that holds a position."""
        tree = self.mesh
        finest = tree.at_level(tree.max_level)
        index = []
        for axis in range(3):
            fraction = (position[axis] - tree.lower[axis]) / (tree.upper[axis] - tree.lower[axis])
            inside = 0 if tree.missing[axis] else int(fraction * finest.cells[axis])
            index.append(min(inside, finest.cells[axis] - 1) // tree.block[axis])
        return int(tree.levels[tree.find(np.array([tree.max_level]), np.array([index]))[0]])

    def _share(self, cells, number, part=None):
        """Give the cells of a `Footprint` their shares of `number` supernovae, only in the blocks
        of `part` where it is given."""
        part = Part(0, slice(None), self.pack.grid) if part is None else part
        arrays = part.of(self.pack.u0), part.grid, part.of(self.pack.origins)
        physics = part.of(self.gas), self.one
        inject_footprint(*arrays, cells, number, physics, part.of(self.totals))


def layer_faces(mesh):
    """Return the positions of the faces along x3; a layer about a plane needs a mesh that has
    planes.

    Raises
    ------
    CrmpiError
        the mesh is spherical, or a tube along another axis
    """
    geometry = geometry_of(mesh)
    if geometry.axis is None:
        return np.linspace(mesh.lower[2], mesh.upper[2], mesh.cells[2] + 1)
    if geometry.axis != 2:
        raise CrmpiError(
            (
                "injection.mode = 'plane' on a tube needs one along x3; use mode = 'central' or "
                "'density'"
            ),
            everywhere=True,
        )
    return geometry.positions(0, geometry.cells + 1, 0.0)


def cell_widths(mesh):
    """Return the widths of cells along the axes present; of a tube that of its thinnest cell."""
    geometry = geometry_of(mesh)
    if geometry.axis is not None:
        return [float(np.diff(geometry.positions(0, geometry.cells + 1, 0.0)).min())]
    return [
        (hi - lo) / n for lo, hi, n in zip(mesh.lower, mesh.upper, mesh.cells, strict=True) if n > 1
    ]


@device
def give(u, cell, push, number, physics, totals):
    """Give `number` supernovae to one cell (b, k, j, i), pushing along the vector `push` if it is
    not zero; add to the `totals` of block b."""
    gas, one = physics
    b, k, j, i = cell
    volume = cell_volume(gas.volumes, b, k, j, i)
    per_volume = number / volume
    thermal, kinetic = one.thermal * per_volume, one.kinetic * per_volume
    dens = u[b, DENS, k, j, i]
    growth = one.mass * per_volume / dens
    # of ejecta that join at the velocity of the gas
    moving = growth * kinetic_energy(u, b, k, j, i)
    u[b, DENS, k, j, i] = dens * (1.0 + growth)
    for v in range(MOM1, MOM3 + 1):
        u[b, v, k, j, i] *= 1.0 + growth
    distance = math.sqrt(push[0] * push[0] + push[1] * push[1] + push[2] * push[2])
    gained = 0.0
    if distance > 0.0 and kinetic > 0.0:  # the centre itself has nowhere to go
        before = kinetic_energy(u, b, k, j, i)
        outward = (
            u[b, MOM1, k, j, i] * push[0]
            + u[b, MOM2, k, j, i] * push[1]
            + u[b, MOM3, k, j, i] * push[2]
        ) / distance
        limit = 2.0 * (kinetic + thermal) * u[b, DENS, k, j, i]
        kick = math.sqrt(2.0 * kinetic * u[b, DENS, k, j, i])
        kick = (
            min(kick, limit / (outward + math.sqrt(outward * outward + limit)))
            if outward > 0.0
            else kick
        )
        for a in range(3):
            u[b, MOM1 + a, k, j, i] += kick * push[a] / distance
        gained = kinetic_energy(u, b, k, j, i) - before
    u[b, ENER, k, j, i] += thermal + kinetic + moving
    if one.cosmic > 0.0:
        u[b, ECR, k, j, i] += one.cosmic * per_volume
    totals.thermal[b] += (thermal + kinetic - gained) * volume
    totals.kinetic[b] += (gained + moving) * volume
    totals.cosmic[b] += one.cosmic * number
    totals.mass[b] += one.mass * number
    totals.supernovae[b] += number


@kernel
def inject_footprint(u, grid, origins, cells, number, physics, totals):
    """Spread `number` supernovae over the cells of a `Footprint`; `origins` (nblock, 3) are the
    global indices of the blocks."""
    for b in range(u.shape[0]):
        for kk in range(cells.index3.size):
            k = cells.index3[kk] - origins[b, 2]
            if k < 0 or k >= grid.n3:
                continue
            for jj in range(cells.index2.size):
                j = cells.index2[jj] - origins[b, 1]
                if j < 0 or j >= grid.n2:
                    continue
                for ii in range(cells.index1.size):
                    i = cells.index1[ii] - origins[b, 0]
                    if i < 0 or i >= grid.n1 or cells.weight[kk, jj, ii] == 0.0:
                        continue
                    push = (cells.offset1[ii], cells.offset2[jj], cells.offset3[kk])
                    cell = (b, grid.ng3 + k, grid.ng2 + j, grid.ng1 + i)
                    give(u, cell, push, number * cells.weight[kk, jj, ii], physics, totals)


@kernel
def inject_layers(u, grid, origins, number, physics, totals):
    """Give ``number[k]`` supernovae to each cell of the global layer k along x3."""
    for b in range(u.shape[0]):
        for k in range(grid.n3):
            share = number[origins[b, 2] + k]
            for j in range(grid.ng2, grid.ng2 + grid.n2):
                for i in range(grid.ng1, grid.ng1 + grid.n1):
                    give(u, (b, grid.ng3 + k, j, i), (0.0, 0.0, 0.0), share, physics, totals)


@kernel
def inject_dense(u, grid, threshold, number, physics, totals):
    """Give `number` supernovae per mass to the cells denser than `threshold`."""
    volumes = physics[0].volumes
    for b in range(u.shape[0]):
        for k in range(grid.ng3, grid.ng3 + grid.n3):
            for j in range(grid.ng2, grid.ng2 + grid.n2):
                for i in range(grid.ng1, grid.ng1 + grid.n1):
                    dens = u[b, DENS, k, j, i]
                    if dens > threshold:
                        mass = dens * cell_volume(volumes, b, k, j, i)
                        give(u, (b, k, j, i), (0.0, 0.0, 0.0), number * mass, physics, totals)


def _require_inside(center, mesh):
    """Refuse supernovae outside of the mesh; missing axes do not count, and a sphere's own centre
    lies within its innermost cell."""
    geometry = geometry_of(mesh)
    for axis in range(3):
        inward = geometry.kind == "spherical" and axis == geometry.axis
        lower = 0.0 if inward else mesh.lower[axis]
        if mesh.cells[axis] > 1 and not lower <= center[axis] <= mesh.upper[axis]:
            box = f"from {lower:g} to {mesh.upper[axis]:g}"
            where = f"x{axis + 1} = {center[axis]:g} is outside of the mesh, {box} (code units)"
            raise CrmpiError(f"'injection.center': {where}; move it inside", everywhere=True)
