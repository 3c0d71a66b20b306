"""Small fluid runs for tests: one block or several, periodic ghosts filled with numpy."""

import numpy as np

from crmpi.constants import ECR, ENER, MOM1
from crmpi.mesh.pack import ECR_FIELD, HYDRO_FIELDS, Pack, make_grid
from crmpi.params import make
from crmpi.physics.fluid import Fluid
from crmpi.physics.fluid_params import FluidParams, nghost
from crmpi.types import Field


class Case:
    """A periodic box of `cells`, cut into blocks of shape `block`, with its `Fluid`."""

    def __init__(self, cells, block=None, widths=None, scalars=0, gravity=False, **params):
        self.params = make(FluidParams, **params)
        self.cells = cells
        block = block or cells
        widths = widths or cells
        passive = tuple(Field(f"s{n}", passive=True) for n in range(scalars))
        fields = HYDRO_FIELDS + ((ECR_FIELD,) if self.params.cosmic_rays else ()) + passive
        grid = make_grid(block, cells, (0.0, 0.0, 0.0), widths, nghost(self.params))
        counts = [total // n for total, n in zip(cells, block, strict=True)]
        origins = [
            (i * block[0], j * block[1], k * block[2])
            for k in range(counts[2])
            for j in range(counts[1])
            for i in range(counts[0])
        ]
        gids = range(len(origins))
        self.pack = Pack(
            grid,
            gids,
            origins,
            (0.0, 0.0, 0.0),
            fields,
            magnetic=self.params.magnetic,
            gravity=gravity,
        )
        self.fluid = Fluid(self.params, self.pack)

    def start(self, w, b=None):
        """Set conserved variables from global primitives (nvar, n3, n2, n1) and a uniform or face
        field (3, n3, n2, n1)."""
        pack = self.pack
        gamma = self.params.gamma
        b = np.zeros((3, *w.shape[1:])) if b is None else b
        centred = [0.5 * (b[a] + np.roll(b[a], -1, axis=2 - a)) for a in range(3)]
        u = w.copy()
        u[MOM1 : MOM1 + 3] *= w[0]
        u[ENER] = (
            w[ENER] / (gamma - 1.0)
            + 0.5 * w[0] * (w[1:4] ** 2).sum(axis=0)
            + 0.5 * sum(c**2 for c in centred)
        )
        first = ECR + 1 if self.params.cosmic_rays else ECR
        u[first:] *= w[0]
        self.scatter(pack.u0, u)
        if pack.magnetic:
            self.scatter(pack.b0, b)
        self.refresh(pack.u0, pack.b0)

    def refresh(self, u, b):
        """Fill ghosts and primitives."""
        self.fill_ghosts(u, b)
        self.fluid.primitives(u, b)

    def fill_ghosts(self, u, b):
        """Fill ghosts."""
        self.scatter(u, self.gather(u))
        if self.pack.magnetic:
            self.scatter(b, self.gather(b))

    def gather(self, a):
        """Return the global array (ncomp, n3, n2, n1) of a pack array."""
        out = np.empty((a.shape[1], *self.cells[::-1]))
        view = self.pack.active(a)
        for n, (i, j, k) in enumerate(self.pack.origins):
            _, n3, n2, n1 = view[n].shape
            out[:, k : k + n3, j : j + n2, i : i + n1] = view[n]
        return out

    def scatter(self, a, values):
        """Write global values to all cells (and last faces) of a pack array, ghosts included,
        periodically."""
        g = self.pack.grid
        for n, origin in enumerate(self.pack.origins):
            index = []
            for start, total, ng, size in zip(
                origin, self.cells, (g.ng1, g.ng2, g.ng3), (g.n1, g.n2, g.n3), strict=True
            ):
                index.append((start - ng + np.arange(size + 2 * ng + (1 if ng else 0))) % total)
            block = values[np.ix_(range(len(values)), index[2], index[1], index[0])]
            a[n, :, : block.shape[1], : block.shape[2], : block.shape[3]] = block

    def step(self, dt):
        """One step with first-order correction, as the stepper does it."""
        fluid = self.fluid
        for stage in fluid.stages:
            if fluid.stage(stage, dt):
                self.scatter(fluid.troubled, self.gather(fluid.troubled))
                fluid.stage_corrected(stage, dt)
            self.fill_ghosts(*fluid.result(stage))
        fluid.primitives(self.pack.u0, self.pack.b0)

    def run(self, time, cfl=0.3):
        """Run to a time; return the number of steps."""
        now, steps = 0.0, 0
        while now < time * (1 - 1e-12):
            dt = min(self.fluid.max_dt(cfl), time - now)
            self.step(dt)
            now += dt
            steps += 1
        return steps

    def primitives(self):
        """Return the global primitives (nvar, n3, n2, n1)."""
        return self.gather(self.pack.w0)

    def div_b(self):
        """Return the largest divergence of the face field over the largest field, per cell width
        1."""
        b = self.gather(self.pack.b0)
        g = self.pack.grid
        widths = (g.dx1, g.dx2, g.dx3)
        total = sum((np.roll(b[a], -1, axis=2 - a) - b[a]) / widths[a] for a in range(3))
        return np.abs(total).max() * min(widths) / np.abs(b).max()
