"""Ghosts: every ghost zone of this rank's blocks, from neighbours first and then from the physical
boundaries."""

import numpy as np

from crmpi.boundary.conditions import Diode, Hydrostatic, Outflow, Reflect, User, of_blocks
from crmpi.boundary.layers import SIDES, Face, open_end
from crmpi.boundary.mistakes import refuse_lost
from crmpi.boundary.parents import ParentBoundaries
from crmpi.boundary.refined import Crossing
from crmpi.errors import CrmpiError
from crmpi.mesh.pack import component_names
from crmpi.mesh.tree import NO_NEIGHBOUR, direction
from crmpi.parallel.halo import Halo
from crmpi.plugins import BOUNDARY_CONDITIONS
from crmpi.plugins.mistakes import comes_with_crmpi


class Ghosts:
    """Fills ghost zones.

    Physical boundaries act axis by axis, x1, x2, x3, each over the full transverse extent with
    ghosts, so that edges and corners of the mesh come out right; blocks that do not touch the
    boundary of the mesh are left alone.

    Parameters
    ----------
    comm : SerialComm or MpiComm
    tree : BlockTree
    owner : int array (tree.nblock,)
        rank of each block
    pack : Pack
        this rank's blocks
    boundaries : object or dict
        ix1 ... ox3, each 'periodic' or a name in `BOUNDARY_CONDITIONS`; those of missing axes
        are not read
    eos : object with gamma and gamma_cr
    user : UserHook, optional
        the problem's boundary conditions, for 'user'

    Attributes
    ----------
    open_ends : int array (number, 10)
        ghost cells that are copies of the last active ones, see `crmpi.boundary.layers.open_end`

    Raises
    ------
    CrmpiError
        unknown or impossible boundaries
    """

    def __init__(self, comm, tree, owner, pack, boundaries, eos, user=None):
        self.comm = comm
        self._pool, self._levels, self._of_levels = pack.pool, pack.levels, {}
        self.crossing = Crossing(tree, pack, eos.gamma) if tree.max_level else None
        self.halo = Halo(comm, tree, owner, pack, self.crossing and self.crossing.parents)
        faces = list(_physical_faces(tree, pack, boundaries))
        known = BOUNDARY_CONDITIONS.classes()
        self._conditions = [known[kind](face, pack, eos, user) for face, kind in faces]
        self._plugins = [c for c in self._conditions if not comes_with_crmpi(type(c))]
        self._names = pack.variable_names()
        self._beyond = (
            ParentBoundaries(pack, self.crossing, faces, eos, user) if self.crossing else None
        )
        # a user sees whole slabs: their outer corners must hold sensible values before they are set
        # for good
        needs_corners = any(isinstance(condition, User) for condition in self._conditions)
        self._first_guess = (
            [Outflow(c.face, pack, eos, None) for c in self._conditions] if needs_corners else []
        )
        ends = [
            open_end(pack.grid, c.face) for c in self._conditions if type(c) in (Outflow, Diode)
        ]
        self.open_ends = np.concatenate([np.zeros((0, 10), np.int64), *ends])
        self._walls = [
            condition for condition in self._conditions if isinstance(condition, Reflect)
        ]

    def beyond(self):
        """Return the boxes of ghost cells beyond the mesh, next to active ones: rows of block,
        first k j i, numbers k j i."""
        return np.concatenate(
            [np.zeros((0, 7), np.int64), *(condition.beyond() for condition in self._conditions)]
        )

    def let_move(self):
        """Tell the boundaries that cosmic rays move along the field, apart from the gas."""
        for condition in self._conditions + (self._beyond.conditions if self._beyond else []):
            if isinstance(condition, Hydrostatic):
                condition.moving = True

    def valves(self):
        """Return which way gas may go through the faces ix1, ox1, ix2 ... of each block: in, out,
        fall out; (nblock, 6, 3)."""
        valves = self._pool.numbers(len(SIDES), 3, dtype=bool, fill=True)
        for condition in self._conditions:
            valves[condition.face.blocks, SIDES.index(condition.face.name)] = condition.valve
        return valves

    def fill_fluid(self, u, b, time):
        """Fill the ghost cells of conserved variables `u` and the ghost faces of the field `b` (no
        components: none).

        Parameters
        ----------
        u : array (nblock, nvar, m3, m2, m1)
        b : array (nblock, 3 or 0, m3, m2, m1)
        time : float
            passed on to user boundaries, code units
        """
        if self._walls:  # when the first state is known
            self._inspect_walls(b)
        faces = (b,) if b.shape[1] else ()
        buffers = self._exchange((u,), faces)
        if self.crossing:
            self._beyond.fluid(buffers[0], self.crossing.faces_of(buffers), time)
            self.crossing.prolong_fluid(u, b, buffers)
        for condition in self._first_guess + self._conditions:
            condition.fluid(u, b, time)
        for condition in self._plugins:
            refuse_lost(condition, "fluid", self._names, u, b)

    def fill_cells(self, q, fields, time):
        """Fill the ghost cells of a register of a transport solver.

        Reflecting walls flip components as `fields` say; user boundaries set the variables that
        bear the name of a variable of the run; all other boundaries have zero gradient.

        Parameters
        ----------
        q : array (nblock, ncomp, m3, m2, m1)
        fields : sequence of Field
            declarations of the components of `q`, in order
        time : float
            code units
        """
        buffers = self._exchange((q,), ())
        if self.crossing:
            self._beyond.cells(buffers[0], fields, time)
            self.crossing.prolong(q, buffers[0])
        for condition in self._first_guess + self._conditions:
            condition.cells(q, fields, time)
        for condition in self._plugins:
            refuse_lost(condition, "cells", component_names(fields), q)

    def fill_marks(self, marks, fields, time, *, marked):
        """Fill the ghost cells of `marks` (nblock, 1, m3, m2, m1), which are zero in almost all
        cells, where a mark is near; return whether there is one on this rank, ghosts included.

        All ranks call it, but only neighbours talk to each other, see `crmpi.parallel.marks`.
        ``marked``: whether active cells of this rank are; `fields` and `time` as for `fill_cells`.
        """
        buffers = self._mark_buffers(marks) if marked else ()
        near = self.halo.marks.announce((marks, *buffers), marked)
        if not marked and not near:
            return False
        buffers = buffers or self._mark_buffers(marks)
        self.halo.marks.fill((marks, *buffers))
        if self.crossing:
            self.crossing.complete((marks,), (), buffers)
            self._beyond.cells(buffers[0], fields, time)
            self.crossing.prolong(marks, buffers[0])
        for condition in self._first_guess + self._conditions:
            condition.cells(marks, fields, time)
        return True

    def _mark_buffers(self, marks):
        return tuple(self.crossing.buffers((marks,), ())) if self.crossing else ()

    def fill_level(self, q, above, fields, time, level):
        """Fill the ghost cells of a register in the blocks of one level of a refined mesh.

        `q`, `fields` and `time` as for `fill_cells`; ghosts beside coarser blocks are made of what
        these hold in `above`, and those beside finer blocks of what these hold in `q`. Ghosts of
        other levels become invalid.
        """
        levels = range(level, level + 1)
        (buffer,) = self._exchange_levels((q,), (), (above,), (q,), levels)
        self._beyond.cells(buffer, fields, time)
        self.crossing.prolong(q, buffer, levels)
        for condition in self._first_guess + self._conditions:
            condition.cells(q, fields, time)

    def fill_fluid_levels(self, state, above, below, time, levels):
        """Fill the ghosts of a state of the fluid in the blocks of some levels of a refined mesh.

        Ghosts beside blocks coarser than these are made of what those hold in `above`, and beside
        finer ones of what those hold in `below`. Ghosts of other levels become invalid. Where the
        field on a face is not the same on both sides, one of which has stepped, blocks of these
        levels see their own, so that all of them see the same.

        Parameters
        ----------
        state, above, below : (array, array)
            ``u``, ``b`` as for `fill_fluid`; faces of `above` are changed
        time : float
        levels : range
        """
        u, b = state
        faces = (b,) if b.shape[1] else ()
        others = above[: 1 + len(faces)], below[: 1 + len(faces)]
        buffers = self._exchange_levels((u,), faces, *others, levels)
        self._beyond.fluid(buffers[0], self.crossing.faces_of(buffers), time, levels)
        self.crossing.prolong_fluid(u, b, buffers, levels)
        if levels not in self._of_levels:
            own = np.isin(self._levels, levels)
            self._of_levels[levels] = of_blocks(self._first_guess + self._conditions, own)
        for condition in self._of_levels[levels]:
            condition.fluid(u, b, time)

    def _exchange_levels(self, cells, faces, above, below, levels):
        """Do as `_exchange` for the blocks of some levels."""
        buffers = self.crossing.buffers(cells, faces, levels, below)
        coarsest, finest = levels[0], levels[-1]
        for n in range(len(cells), len(buffers)):
            if coarsest:
                self.halo.share(above[n], buffers[n], range(coarsest - 1, coarsest))
            if len(levels) > 1:
                self.halo.share(faces[n - len(cells)], buffers[n], levels[:-1])
            self.halo.lend(faces[n - len(cells)], buffers[n], range(finest, finest + 1))
        self.halo.exchange_levels(cells, faces, above, buffers, levels)
        self.crossing.complete(cells, faces, buffers, levels)
        return buffers

    def _inspect_walls(self, b):
        while self._walls:
            self._walls.pop().inspect(self.comm, b)
        if self._beyond:
            self._beyond.follow(self._conditions)

    def _exchange(self, cells, faces):
        """Fill ghosts from neighbouring blocks; return the parent buffers of a refined mesh,
        complete but for physical boundaries."""
        if not self.crossing:
            self.halo.exchange(cells, faces)
            return ()
        buffers = self.crossing.buffers(cells, faces)
        for face, buffer in zip(faces, buffers[len(cells) :], strict=True):
            self.halo.share(face, buffer)
        self.halo.exchange(cells, faces, buffers)
        self.crossing.complete(cells, faces, buffers)
        return buffers


def _physical_faces(tree, pack, boundaries):
    """Yield (Face, kind) of the faces of the mesh that are not periodic, x1 first.

    Raises
    ------
    CrmpiError
        unknown kind, or only one of a pair of faces periodic
    """
    kinds = (
        boundaries
        if isinstance(boundaries, dict)
        else {name: getattr(boundaries, name) for name in SIDES}
    )
    for axis in range(3):
        if tree.missing[axis]:
            continue
        names = SIDES[2 * axis : 2 * axis + 2]
        for name in names:
            if kinds[name] != "periodic" and kinds[name] not in BOUNDARY_CONDITIONS:
                message = (
                    f"'mesh.boundaries.{name}' = '{kinds[name]}'; use one of periodic, "
                    f"{', '.join(BOUNDARY_CONDITIONS)}"
                )
                raise CrmpiError(message, everywhere=True)
        if any((kinds[name] == "periodic") != tree.periodic[axis] for name in names):
            raise CrmpiError(
                f"'mesh.boundaries': {names[0]} = '{kinds[names[0]]}' and {names[1]} = "
                f"'{kinds[names[1]]}'; "
                "periodic boundaries come in pairs, and the mesh is "
                f"{'' if tree.periodic[axis] else 'not '}periodic along x{axis + 1}",
                everywhere=True,
            )
        if tree.periodic[axis]:
            continue
        for name, outward in zip(names, (-1, 1), strict=True):
            offset = [0, 0, 0]
            offset[axis] = outward
            touching = np.flatnonzero(tree.neighbours[pack.gids, direction(offset)] == NO_NEIGHBOUR)
            yield Face(name, axis, outward, touching.tolist()), kinds[name]
