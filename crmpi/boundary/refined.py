"""Ghost zones across levels: means for coarser blocks, prolongation for finer ones.

The order of a fill: (1) the active cells of blocks beside a coarser level are averaged into their
parent buffers, and faces shared with a coarser block are given to it; (2) one exchange copies
between equal blocks, from buffers to coarser blocks, and from coarser blocks to buffers; (3) the
ghosts that came from equal and finer blocks are averaged into the buffers; (4) the physical
boundaries act on the buffers (`crmpi.boundary.parents`); (5) ghosts beside a coarser level are
prolonged from the buffers. Physical boundaries of the blocks themselves follow.

Cells of the fluid are prolonged as primitive variables, scalars as concentrations, the field free
of divergence, and the energy is made anew with the field of the fine faces.
"""

from typing import NamedTuple

import numpy as np

from crmpi.constants import ENER
from crmpi.mesh.parents import Parents
from crmpi.mesh.regions import CELLS
from crmpi.numerics.levels.fluid_ghosts import prolong_blocks
from crmpi.numerics.levels.prolongation import make_ratio, prolong_cells
from crmpi.numerics.levels.restriction import make_span, restrict


class Tables(NamedTuple):
    """What a fill of ghosts averages from active cells, of these levels and of the next finer one,
    and from ghosts, {kind: table}, and what it prolongs, see `crmpi.mesh.parents.Parents`."""

    own: dict
    below: dict
    edges: dict
    ghosts: np.ndarray


class Crossing:
    """Moves arrays of a pack between levels around an exchange of ghosts.

    Parameters
    ----------
    tree : BlockTree
    pack : Pack
    gamma : float
        adiabatic index of the gas

    Attributes
    ----------
    parents : crmpi.mesh.parents.Parents
    up : tuple of 3 ints
        0 along missing axes, else 1
    first_scalar : int
        the first variable that is prolonged as a concentration
    """

    def __init__(self, tree, pack, gamma):
        self.parents = Parents(tree, pack)
        self.pack, self._gamma = pack, gamma
        self._ratio = make_ratio(tree.missing)
        self._spans = {CELLS: make_span(tree.missing)} | {
            a: make_span(tree.missing, a) for a in range(3)
        }
        self.up = tuple(0 if gone else 1 for gone in tree.missing)
        self.first_scalar = ENER + 1 + pack.has_cr + len(pack.tracers)
        all_levels = self.parents.own, {}, self.parents.edges, self.parents.ghosts
        self._tables = {None: Tables(*all_levels)}
        self._areas = pack.pool.numbers(3)
        for part in pack.parts:
            g = part.grid
            self._areas[part.blocks] = g.dx2 * g.dx3, g.dx3 * g.dx1, g.dx1 * g.dx2

    def buffers(self, cells, faces, levels=None, below=None):
        """Return the parent buffers of arrays, in which the means of their active parts stand.

        ``levels``, here and below: a range, if only ghosts of blocks of these levels are filled;
        ``below``: what blocks finer than these hold, as `cells` and `faces`.
        """
        made = [self.parents.buffer(q.shape[1], f"cells{n}") for n, q in enumerate(cells)]
        made += [self.parents.buffer(3, f"faces{n}") for n in range(len(faces))]
        tables = self._tables_of(levels)
        self._average((*cells, *faces), made, len(cells), tables.own)
        if levels is not None:
            self._average(below, made, len(cells), tables.below)
        return made

    def complete(self, cells, faces, buffers, levels=None):
        """Complete the `buffers` with means of ghosts; what lies beyond physical boundaries is left
        to these."""
        self._average((*cells, *faces), buffers, len(cells), self._tables_of(levels).edges)

    def prolong_fluid(self, u, b, buffers, levels=None):
        """Fill the ghosts of conserved cells `u` and faces `b` beside coarser blocks."""
        gas = self._gamma - 1.0, 1.0 / (self._gamma - 1.0), self.first_scalar
        coarse = buffers[0], self.faces_of(buffers)
        table = self._tables_of(levels).ghosts
        prolong_blocks(coarse, (u, b), table, self._ratio, self.up, self._areas, gas)

    def faces_of(self, buffers):
        """Return the buffer of the field of a fluid; one without components where there is none."""
        return buffers[1] if len(buffers) > 1 else self.parents.buffer(0, "none")

    def prolong(self, q, buffer, levels=None):
        """Fill the ghosts of a register `q` beside coarser blocks."""
        prolong_cells(buffer, q, 0, q.shape[1], self._tables_of(levels).ghosts, self._ratio)

    def _tables_of(self, levels):
        """Return the `Tables` for a fill of the ghosts of some levels; None: of all."""
        if levels not in self._tables:
            parents, own = self.parents, self.pack.levels
            finer = range(levels.stop, levels.stop + 1)
            self._tables[levels] = Tables(
                {kind: _of_levels(parents.own[kind], own, levels) for kind in parents.own},
                {kind: _of_levels(parents.own[kind], own, finer) for kind in parents.own},
                {kind: _of_levels(parents.edges[kind], own, levels) for kind in parents.edges},
                _of_levels(parents.ghosts, own, levels),
            )
        return self._tables[levels]

    def _average(self, arrays, buffers, ncell, tables):
        for n, (array, buffer) in enumerate(zip(arrays, buffers, strict=True)):
            if n < ncell:
                restrict(array, buffer, 0, array.shape[1], tables[CELLS], self._spans[CELLS])
            else:
                for axis in range(3):
                    restrict(array, buffer, axis, axis + 1, tables[axis], self._spans[axis])


def _of_levels(table, levels, wanted):
    """Return the rows of a table whose fine blocks are of the `wanted` levels."""
    return np.ascontiguousarray(table[np.isin(levels[table[:, 0]], wanted)])
