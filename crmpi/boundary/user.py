"""User boundaries: ghost slabs as primitives, for a problem to set in plain numpy."""

from types import SimpleNamespace
from typing import NamedTuple, Protocol

import numpy as np

from crmpi.constants import DENS, ENER, MOM1, NHYDRO
from crmpi.mesh.regions import axis_shape


class Box(NamedTuple):
    """A box of cells of the mesh of a level: index (x1, x2, x3) of its first cell, negative in
    ghosts, and number of cells."""

    first: tuple
    count: tuple
    level: int = 0


class UserHook(Protocol):
    """What a problem offers to the boundary room."""

    def check(self, side):
        """Raise `CrmpiError` unless the problem has a boundary condition for `side` ('ix1' ...
        'ox3')."""

    def __call__(self, side, w, box, time, faces=None):
        """Set the primitives of a ghost slab.

        Parameters
        ----------
        side : str
            'ix1' ... 'ox3'
        w : namespace of arrays (k, j, i) of the slab
            dens, vel1..3, press, ecr and the other variables of cosmic rays as densities, passive
            scalars as concentrations, b1..b3; filled with outflow values, to be changed in place or
            replaced. Tracers (ecr_1, fcr_1 ...) are NaN: those left so get what the hook sets for
            the bulk
        box : Box
            cells of the slab, transverse ghosts included
        time : float
            code units
        faces : axis or None
            values are wanted on the faces of `box` along this axis, one more than there are cells
        """


class Slab:
    """Ghost cells of one block at one face of the mesh, as primitives and back.

    Parameters
    ----------
    pack : Pack
    face : Face
    block : int
        place in the pack
    """

    def __init__(self, pack, face, block):
        g = pack.grid
        self._pack, self._block = pack, block
        self._up = (int(g.ng1 > 0), int(g.ng2 > 0), int(g.ng3 > 0))
        start, count = [0, 0, 0], []
        for axis in range(3):
            n, ghosts = axis_shape(g, axis)
            count.append(ghosts if axis == face.axis else n + 2 * ghosts)
            if axis == face.axis and face.outward > 0:
                start[axis] = n + ghosts
        ghosts = (g.ng1, g.ng2, g.ng3)
        first = tuple(
            int(o) - ng + s for o, ng, s in zip(pack.origins[block], ghosts, start, strict=True)
        )
        self.box = Box(first, tuple(count), int(pack.levels[block]))
        self._start, self._count = start, count
        self._face = face
        self.tangential = tuple(axis for axis in range(3) if axis != face.axis)

    def cells(self, array):
        """Return the view (ncomp, k, j, i) of the slab in a pack array."""
        return array[self._block][(slice(None), *self._slices((0, 0, 0)))]

    def field(self, b):
        """Return the cell-centred field (3, k, j, i) of the slab, zero without magnetic field."""
        shape = self._count[::-1]
        if b.shape[1] == 0:
            return np.zeros((3, *shape))
        block = b[self._block]
        centred = []
        for axis in range(3):
            up = tuple(self._up[axis] if a == axis else 0 for a in range(3))
            centred.append(
                0.5 * (block[axis][self._slices((0, 0, 0))] + block[axis][self._slices(up)])
            )
        return np.array(centred)

    def faces(self, b, axis):
        """Return the view (k, j, i) of the field `b` on the lower faces along `axis` of the slab,
        and on the last face."""
        count = [n + self._up[axis] if a == axis else n for a, n in enumerate(self._count)]
        spans = zip(self._start[::-1], count[::-1], strict=True)
        return b[self._block, axis][tuple(slice(start, start + n) for start, n in spans)]

    def staggered(self, axis):
        """Return whether the faces along `axis` are not at the centres of the cells: the axis is
        not missing."""
        return bool(self._up[axis])

    def on_faces(self, w, b, axis):
        """Return a copy of the primitives `w` on the faces along `axis`: means of two cells.

        The field along `axis` is that of the faces themselves.
        """
        copy = SimpleNamespace()
        for name, values in vars(w).items():
            moved = np.moveaxis(values, 2 - axis, 0)
            padded = np.concatenate([moved[:1], moved, moved[-1:]])
            setattr(copy, name, np.moveaxis(0.5 * (padded[1:] + padded[:-1]), 0, 2 - axis))
        setattr(copy, f"b{axis + 1}", self.faces(b, axis).copy())
        return copy

    def follow_divergence(self, b):
        """Set the normal field from the tangential faces so that div B = 0, outward from the
        boundary."""
        g, axis, outward = self._pack.grid, self._face.axis, self._face.outward
        widths = (g.dx1, g.dx2, g.dx3)
        spread = np.zeros(self._count[::-1])
        for t in self.tangential:
            if self.staggered(t):
                spread += np.diff(self.faces(b, t), axis=2 - t) * (widths[axis] / widths[t])
        layers = np.moveaxis(self.faces(b, axis), 2 - axis, 0)
        spread = np.moveaxis(spread, 2 - axis, 0)
        inside_out = range(len(spread)) if outward > 0 else range(len(spread) - 1, -1, -1)
        for layer in inside_out:
            inner, outer = (layer, layer + 1) if outward > 0 else (layer + 1, layer)
            layers[outer] = layers[inner] - outward * spread[layer]

    def primitives(self, u, b, gamma):
        """Return the namespace `w` of `UserHook` from conserved cells `u` and faces `b`."""
        state, field = self.cells(u), self.field(b)
        # 0/0 in cells of a parent buffer that are not filled: the hook sets them
        with np.errstate(invalid="ignore"):
            velocity = state[MOM1 : MOM1 + 3] / state[DENS]
            others = {
                name: state[v] / state[DENS] if passive else state[v].copy()
                for name, v, passive in self._others()
            }
        energy = 0.5 * (state[MOM1 : MOM1 + 3] * velocity).sum(axis=0) + 0.5 * (field**2).sum(
            axis=0
        )
        w = self._namespace(field)
        w.dens, w.press = state[DENS].copy(), (gamma - 1.0) * (state[ENER] - energy)
        w.vel1, w.vel2, w.vel3 = velocity
        vars(w).update(others)
        return w

    def known_primitives(self):
        """Return the namespace `w` from the pack's own primitives, as the gas does not change
        during transport."""
        state = self.cells(self._pack.w0)
        w = self._namespace(
            self.cells(self._pack.bcc) if self._pack.magnetic else self.field(self._pack.bcc)
        )
        w.dens, w.press = state[DENS].copy(), state[ENER].copy()
        w.vel1, w.vel2, w.vel3 = state[MOM1 : MOM1 + 3].copy()
        for name, v, passive in self._others():
            setattr(w, name, state[v].copy() if passive else self.cells(self._pack.u0)[v].copy())
        return w

    def conserve(self, w, u, b, gamma):
        """Set the conserved cells of the slab from `w`."""
        state, field = self.cells(u), self.field(b)
        state[DENS] = w.dens
        energy = 0.5 * (field**2).sum(axis=0)
        for axis, velocity in enumerate((w.vel1, w.vel2, w.vel3)):
            state[MOM1 + axis] = w.dens * velocity
            energy += 0.5 * state[MOM1 + axis] * velocity
        state[ENER] = w.press / (gamma - 1.0) + energy
        for name, v, passive in self._others():
            value = getattr(w, name)
            state[v] = w.dens * value if passive else value

    def _others(self):
        """Return (name, component, whether it is a passive scalar) of what follows the gas in
        ``u0``."""
        names = self._pack.variable_names()
        return [
            (name, v, name in self._pack.scalars) for v, name in enumerate(names) if v >= NHYDRO
        ]

    def _namespace(self, field):
        b1, b2, b3 = field.copy()
        return SimpleNamespace(b1=b1, b2=b2, b3=b3)

    def _slices(self, shift):
        return tuple(
            slice(s + d, s + d + n)
            for s, n, d in zip(self._start[::-1], self._count[::-1], shift[::-1], strict=True)
        )
