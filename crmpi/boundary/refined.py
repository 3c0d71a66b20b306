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

import numpy as np

from crmpi.constants import ENER
from crmpi.mesh.parents import Parents
from crmpi.mesh.regions import CELLS
from crmpi.numerics.levels.fluid_ghosts import prolong_blocks
from crmpi.numerics.levels.prolongation import make_ratio, prolong_cells
from crmpi.numerics.levels.restriction import make_span, restrict


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
        self._levels = {}
        self._areas = pack.pool.numbers(3)
        for part in pack.parts:
            g = part.grid
            self._areas[part.blocks] = g.dx2 * g.dx3, g.dx3 * g.dx1, g.dx1 * g.dx2

    def buffers(self, cells, faces):
        """Return the parent buffers of arrays, in which the means of their active parts stand."""
        made = [self.parents.buffer(q.shape[1], f"cells{n}") for n, q in enumerate(cells)]
        made += [self.parents.buffer(3, f"faces{n}") for n in range(len(faces))]
        self._average((*cells, *faces), made, len(cells), self.parents.own)
        return made

    def complete(self, cells, faces, buffers):
        """Complete the `buffers` with means of ghosts; what lies beyond physical boundaries is left
        to these."""
        self._average((*cells, *faces), buffers, len(cells), self.parents.edges)

    def prolong_fluid(self, u, b, buffers):
        """Fill the ghosts of conserved cells `u` and faces `b` beside coarser blocks."""
        gas = self._gamma - 1.0, 1.0 / (self._gamma - 1.0), self.first_scalar
        coarse = buffers[0], self.faces_of(buffers)
        table = self.parents.ghosts
        prolong_blocks(coarse, (u, b), table, self._ratio, self.up, self._areas, gas)

    def faces_of(self, buffers):
        """Return the buffer of the field of a fluid; one without components where there is none."""
        return buffers[1] if len(buffers) > 1 else self.parents.buffer(0, "none")

    def prolong(self, q, buffer):
        """Fill the ghosts of a register `q` beside coarser blocks."""
        prolong_cells(buffer, q, 0, q.shape[1], self.parents.ghosts, self._ratio)

    def buffer_of_level(self, q, level):
        """Return the parent buffer of a register in which the means stand that a fill of the ghosts
        of one level needs."""
        buffer, tables = self.parents.buffer(q.shape[1], "cells0"), self._tables_of(level)
        restrict(q, buffer, 0, q.shape[1], tables["own"], self._spans[CELLS])
        return buffer

    def complete_level(self, q, buffer, level):
        """Do what `complete` does, for the buffers of the blocks of one level."""
        restrict(q, buffer, 0, q.shape[1], self._tables_of(level)["edges"], self._spans[CELLS])

    def prolong_level(self, q, buffer, level):
        """Fill the ghosts of a register beside coarser blocks, in the blocks of one level."""
        prolong_cells(buffer, q, 0, q.shape[1], self._tables_of(level)["ghosts"], self._ratio)

    def _tables_of(self, level):
        """Return {name: rows} of the tables of cells for a fill of the ghosts of one level."""
        if level not in self._levels:
            parents, levels = self.parents, self.pack.levels
            self._levels[level] = {
                "own": _of_levels(parents.own[CELLS], levels, (level, level + 1)),
                "edges": _of_levels(parents.edges[CELLS], levels, (level,)),
                "ghosts": _of_levels(parents.ghosts, levels, (level,)),
            }
        return self._levels[level]

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
