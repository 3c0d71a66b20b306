"""Run a problem in this process, without files, and keep what verification needs."""

from dataclasses import dataclass, field

import numpy as np

from crmpi.mesh.coordinates import Coordinates
from crmpi.model.problem import primitives
from crmpi.run.inline import run_to_end
from crmpi.run.norms import error_norms
from crmpi.run.simulation import Simulation
from tests.stepping import begin


@dataclass
class Outcome:
    """The end of a run: `norms` against the exact solution, `history` columns, and cell arrays (n3,
    n2, n1) of the whole mesh."""

    sim: Simulation
    norms: dict
    history: dict = field(repr=False)

    def cells(self, name):
        """Return a primitive on the whole mesh, blocks put together."""
        return self._gather(lambda b: getattr(primitives(self.sim.pack, b), name))

    def positions(self):
        """Return the `Coordinates` of the whole mesh."""
        return Coordinates(self.sim.tree, (0, 0, 0), self.sim.tree.cells)

    def _gather(self, values):
        pack, whole = self.sim.pack, np.empty(self.sim.tree.cells[::-1])
        for b in range(pack.nblock):
            i, j, k = pack.origins[b]
            g = pack.grid
            whole[k : k + g.n3, j : j + g.n2, i : i + g.n1] = values(b)
        return whole


def run_problem(target, *overrides, cells=None, every=None, watch=None):
    """Run ``crmpi run TARGET key=value ...`` serially, without output; return its `Outcome`.

    Parameters
    ----------
    target, *overrides : str
        as on the command line
    cells : sequence of 3 ints, optional
        the mesh, in one block
    every : int, optional
        steps between rows of the history; by default there is one at the start and one at the end
    watch : callable, optional
        called with the simulation before the first and after every step
    """
    if cells is not None:
        overrides = (f"mesh.cells={list(cells)}", f"mesh.block={list(cells)}", *overrides)
    sim = begin(target, *overrides)
    history = run_to_end(sim, every, watch)
    return Outcome(sim, error_norms(sim), history)


def max_divergence(sim):
    """Return max |div B| dx / max |B| over the active cells of this step's face field: round-off,
    if the field is solenoidal."""
    pack, g = sim.pack, sim.pack.grid
    first, count, widths = (g.ng1, g.ng2, g.ng3), (g.n1, g.n2, g.n3), (g.dx1, g.dx2, g.dx3)
    present = [axis for axis in range(3) if first[axis] > 0]

    def faces(axis, shift):
        window = [
            slice(first[a] + shift * (a == axis), first[a] + shift * (a == axis) + count[a])
            for a in (2, 1, 0)
        ]
        return pack.b0[(slice(None), axis, *window)]

    divergence = sum((faces(axis, 1) - faces(axis, 0)) / widths[axis] for axis in present)
    return (
        np.abs(divergence).max()
        * min(widths[axis] for axis in present)
        / np.abs(pack.active(pack.b0)).max()
    )


def conserved(outcome, exact=None):
    """Return {name: array} of dens, mom1..3, ener, b1..3 on the whole mesh; of the exact primitives
    where given."""
    w = {
        name: outcome.cells(name)
        for name in ("dens", "vel1", "vel2", "vel3", "press", "b1", "b2", "b3")
    } | (exact or {})
    u = {"dens": w["dens"]} | {f"mom{a}": w["dens"] * w[f"vel{a}"] for a in (1, 2, 3)}
    kinetic = 0.5 * w["dens"] * (w["vel1"] ** 2 + w["vel2"] ** 2 + w["vel3"] ** 2)
    magnetic = 0.5 * (w["b1"] ** 2 + w["b2"] ** 2 + w["b3"] ** 2)
    u["ener"] = w["press"] / (outcome.sim.config.fluid.gamma - 1) + kinetic + magnetic
    return u | {f"b{a}": w[f"b{a}"] for a in (1, 2, 3)}


def rms_error(outcome):
    """Return the error norm of published linear-wave tables: the root of the sum of squares of the
    L1 errors of all conserved variables."""
    sim = outcome.sim
    exact = conserved(outcome, sim.problem.exact(outcome.positions(), sim.time, sim.problem.p))
    return float(
        np.sqrt(
            sum(np.mean(np.abs(a - exact[name])) ** 2 for name, a in conserved(outcome).items())
        )
    )


def order(coarse, fine, ratio=2.0):
    """Return the order of convergence from the errors on two meshes whose cell widths have this
    ratio."""
    return float(np.log(coarse / fine) / np.log(ratio))
