"""Stand-ins for tests of one room alone: blocks of a uniform mesh, their ghost zones, and a fluid
that only refreshes primitives."""

import itertools
from types import SimpleNamespace

import numpy as np

from crmpi.constants import ECR, ENER, MOM1, PRES, VEL1
from crmpi.mesh.pack import ECR_FIELD, HYDRO_FIELDS, Pack, make_grid
from crmpi.parallel.comm import SerialComm
from crmpi.params import make

MODES = {"periodic": "wrap", "outflow": "edge"}


class Ghosts:
    """Ghost zones of all blocks of a mesh in one pack, through one global array: slow and obviously
    right."""

    def __init__(self, pack, cells, boundary="periodic", lower_x1=None):
        self.pack, self.cells, self.boundary, self.lower_x1 = pack, cells, boundary, lower_x1
        self.comm = SerialComm()
        self.open_ends = np.zeros((0, 10), np.int64)

    def fill_cells(self, q, fields, time):
        """Fill the ghost zones of a cell register (nblock, ncomp, m3, m2, m1)."""
        assert sum(field.ncomp for field in fields) == q.shape[1]
        g = self.pack.grid
        n, ng = (g.n3, g.n2, g.n1), (g.ng3, g.ng2, g.ng1)
        whole = np.zeros((q.shape[1], *self.cells[::-1]))
        for b, first in enumerate(self.pack.origins):
            whole[(slice(None), *box(first[::-1], n))] = self.pack.active(q)[b]
        padded = np.pad(whole, [(0, 0), *((g, g) for g in ng)], mode=MODES[self.boundary])
        if self.lower_x1 is not None and (fields[0].name == "ecr"):
            padded[0, :, :, : g.ng1] = self.lower_x1
        for b, first in enumerate(self.pack.origins):
            extent = [n[a] + 2 * ng[a] for a in range(3)]
            q[(b, slice(None), *box((0, 0, 0), extent))] = padded[
                (slice(None), *box(first[::-1], extent))
            ]

    def fill_fluid(self, u, b, time):
        """Fill the ghost zones of the conserved state; the face field is set everywhere by the
        tests."""
        self.fill_cells(u, self.pack.fields, time)


class Fluid:
    """Primitives of gas without magnetic energy in the total energy; frozen or not."""

    def __init__(self, pack, frozen=True):
        self.pack, self.frozen = pack, frozen
        self.eos = SimpleNamespace(gamma=5.0 / 3.0, gamma_cr=4.0 / 3.0)

    def primitives(self, u, b):
        """Set w0 from `u`."""
        w = self.pack.w0
        w[...] = u
        rho = np.where(u[:, :1] > 0.0, u[:, :1], 1.0)
        w[:, VEL1 : VEL1 + 3] = u[:, MOM1 : MOM1 + 3] / rho
        w[:, PRES] = (2.0 / 3.0) * (
            u[:, ENER] - 0.5 * (u[:, MOM1 : MOM1 + 3] ** 2).sum(axis=1) / rho[:, 0]
        )


def box(first, extent):
    """Return slices of a box."""
    return tuple(slice(f, f + e) for f, e in zip(first, extent, strict=True))


class Stage:
    """A mesh of equal blocks with uniform gas at rest, cosmic rays and a frozen field, ready for a
    transport solver.

    Parameters
    ----------
    cells, block : sequences of 3 ints, axes x1, x2, x3
    lower, upper : sequences of 3 floats
    fields : tuple of Field
        extra scalars
    """

    def __init__(
        self, cells, block=None, lower=(0, 0, 0), upper=(1, 1, 1), fields=(), ng=2, **ghosts
    ):
        block = block or cells
        grid = make_grid(block, cells, lower, upper, ng)
        counts = [c // b for c, b in zip(cells, block, strict=True)]
        places = itertools.product(*(range(count) for count in counts[::-1]))
        origins = [[p * b for p, b in zip(place[::-1], block, strict=True)] for place in places]
        self.pack = Pack(
            grid, range(len(origins)), origins, lower, (*HYDRO_FIELDS, ECR_FIELD, *fields)
        )
        self.ghosts = Ghosts(self.pack, cells, **ghosts)
        self.pack.u0[:, 0] = 1.0
        self.pack.u0[:, ENER] = 1.5

    def coordinates(self, face_axis=None):
        """Return x1, x2, x3 (nblock, m3, m2, m1) of all cell centres, or of the lower faces along
        one axis, ghosts included."""
        g, pack = self.pack.grid, self.pack
        m, ng, dx = (g.m1, g.m2, g.m3), (g.ng1, g.ng2, g.ng3), (g.dx1, g.dx2, g.dx3)
        x = []
        for a in range(3):
            offset = 0.0 if a == face_axis else 0.5
            index = np.arange(m[a]) - ng[a] + offset + pack.origins[:, a, None]
            shape = [pack.nblock, 1, 1, 1]
            shape[3 - a] = m[a]
            x.append(pack.lower[a] + dx[a] * index.reshape(shape))
        return np.broadcast_arrays(*x)

    def set_field(self, function):
        """Set face and cell-centred field from ``function(x1, x2, x3) -> (B1, B2, B3)``."""
        for a in range(3):
            self.pack.b0[:, a] = function(*self.coordinates(face_axis=a))[a]
            self.pack.bcc[:, a] = function(*self.coordinates())[a]

    def set_energy(self, function):
        """Set the cosmic-ray energy density from ``function(x1, x2, x3)`` and fill ghosts and
        primitives."""
        self.pack.u0[:, ECR] = function(*self.coordinates())
        self.refresh()

    def refresh(self):
        """Make ghosts and primitives valid."""
        self.ghosts.fill_fluid(self.pack.u0, self.pack.b0, 0.0)
        Fluid(self.pack).primitives(self.pack.u0, self.pack.b0)

    def solver(self, cls, scattering, frozen=True, **params):
        """Return a transport solver of this mesh; `params` in code units, others default."""
        return cls(
            make(cls.Params, **params), self.pack, scattering, self.ghosts, Fluid(self.pack, frozen)
        )

    def whole(self, component):
        """Return one component of u0 on the whole mesh (N3, N2, N1)."""
        g = self.pack.grid
        out = np.zeros(self.ghosts.cells[::-1])
        for b, first in enumerate(self.pack.origins):
            out[box(first[::-1], (g.n3, g.n2, g.n1))] = self.pack.active(self.pack.u0)[b, component]
        return out
