"""What criteria see: the fields of a rank's blocks by name, ghosts included, and their
differences."""

import numpy as np

from crmpi.constants import MOM1
from crmpi.errors import CrmpiError
from crmpi.mesh.geometry import even_places

CELLS = 1 << 16
"""Cells of the blocks that are examined together."""

DERIVED = ("temp", "pcr", "bmag", "speed")


class View:
    """Fields of the blocks of a rank.

    Parameters
    ----------
    pack : Pack
        primitives valid, ghosts included
    eos : crmpi.types.EOS
    units : crmpi.units.Units
    time : float
    blocks : slice, optional
        the blocks of the pack that are seen: all by default

    Notes
    ----- ``view["dens"]`` is an array (nblock, k, j, i) over all cells, ghosts included; known are
      dens, vel1, vel2, vel3, press, ecr, scalars (as concentrations), b1, b2, b3, and temp (K),
      pcr, bmag, speed.
    """

    def __init__(self, pack, eos, units, time=0.0, blocks=None):
        self.pack, self.eos, self.units, self.time = pack, eos, units, time
        self.blocks = slice(0, pack.nblock) if blocks is None else blocks
        grid = pack.grid
        self.ghosts = (grid.ng1, grid.ng2, grid.ng3)
        self._span = tuple(
            slice(0, n + 2 * g)
            for n, g in ((grid.n3, grid.ng3), (grid.n2, grid.ng2), (grid.n1, grid.ng1))
        )
        self.axes = [axis for axis in range(3) if self.ghosts[axis]]

    def pieces(self):
        """Yield views of a few blocks each, so that what a criterion makes of them fits in the
        cache.
        """
        count = max(1, CELLS // int(np.prod([span.stop for span in self._span])))
        for first in range(self.blocks.start, self.blocks.stop, count):
            blocks = slice(first, min(first + count, self.blocks.stop))
            yield View(self.pack, self.eos, self.units, self.time, blocks)

    @property
    def levels(self):
        """Level of each block (nblock,)."""
        return self.pack.levels[self.blocks]

    @property
    def names(self):
        """Names of what there is."""
        plain = [
            "press" if n == "ener" else n.replace("mom", "vel") for n in self.pack.variable_names()
        ]
        derived = [
            n
            for n in DERIVED
            if (n != "pcr" or self.pack.has_cr) and (n != "temp" or not self.units.dimensionless)
        ]
        return [*plain, *(("b1", "b2", "b3") if self.pack.magnetic else ()), *derived]

    def __getitem__(self, name):
        if name not in self.names:
            raise CrmpiError(
                f"there is no variable '{name}'; known: {', '.join(self.names)}", everywhere=True
            )
        w, bcc = self.pack.w0, self.pack.bcc
        if name == "temp":
            return self["press"] / self["dens"] * (self.eos.mu * self.units.m_p / self.units.k_B)
        if name == "pcr":
            return (self.eos.gamma_cr - 1.0) * self["ecr"]
        if name == "bmag":
            return (
                np.sqrt((self._of(bcc) ** 2).sum(axis=1))
                if self.pack.magnetic
                else np.zeros_like(self["dens"])
            )
        if name == "speed":
            return np.sqrt((self._of(w[:, MOM1 : MOM1 + 3]) ** 2).sum(axis=1))
        if name in ("b1", "b2", "b3"):
            return self._of(bcc)[:, int(name[1]) - 1]
        plain = self.names.index(name)
        return self._of(w)[:, plain]

    def _of(self, array):
        return array[(self.blocks, slice(None), *self._span)]

    def width(self, axis):
        """Return the cell width along an axis, (nblock, 1, 1, 1)."""
        return self.pack.widths(axis)[self.blocks, None, None, None]

    def centres(self, axis):
        """Return the positions of all cells along an axis, ghosts included, shaped to broadcast
        with fields."""
        pack, count = self.pack, self._span[2 - axis].stop
        first = pack.origins[self.blocks, axis] - self.ghosts[axis]
        index, widths = first[:, None] + np.arange(count), pack.widths(axis)[self.blocks, None]
        shape = [len(first), 1, 1, 1]
        shape[3 - axis] = count
        return even_places(pack.lower[axis], widths, index).reshape(shape)

    @property
    def cell(self):
        """Largest cell width, (nblock, 1, 1, 1)."""
        return np.maximum.reduce([self.width(axis) for axis in self.axes])

    @property
    def volume(self):
        """Volume of a cell, (nblock, 1, 1, 1)."""
        return self.pack.cell_volumes[self.blocks, None, None, None]

    def differences(self, values):
        """Yield (axis, below, above) along the axes present: the steps to both neighbours, zero at
        the ends of the ghosts."""
        for axis in self.axes:
            place = 3 - axis
            inner, outer = [slice(None)] * 4, [slice(None)] * 4
            inner[place], outer[place] = slice(1, None), slice(None, -1)
            below, above = np.zeros_like(values), np.zeros_like(values)
            below[tuple(inner)] = values[tuple(inner)] - values[tuple(outer)]
            above[tuple(outer)] = below[tuple(inner)]
            yield axis, below, above

    def gradient(self, name):
        """Return [derivative along each axis present] of a variable."""
        return [
            0.5 * (below + above) / self.width(axis)
            for axis, below, above in self.differences(self[name])
        ]

    def largest(self, values):
        """Return the largest value of each block and of one layer of cells around it (nblock,)."""
        around = tuple(
            slice(max(g - 1, 0), n - max(g - 1, 0))
            for g, n in zip(self.ghosts[::-1], values.shape[1:], strict=True)
        )
        return values[(slice(None), *around)].max(axis=(1, 2, 3), initial=-np.inf)

    def require(self, name, criterion):
        """Raise one sentence if a variable is not there."""
        if name not in self.names:
            known = ", ".join(self.names)
            raise CrmpiError(
                (
                    f"'mesh.refinement.criteria': '{criterion}' needs '{name}', which this run "
                    f"does not have; known: {known}"
                ),
                everywhere=True,
            )
