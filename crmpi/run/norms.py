"""Errors of a run against the exact solution of its problem."""

import numpy as np

from crmpi.model import hooks
from crmpi.model.problem import known_variables, primitives


def error_norms(sim):
    """Return {variable: {'L1', 'L2', 'Linf'}} against the problem's exact solution, {} if it has
    none; collective."""
    if not sim.problem.has("exact"):
        return {}
    blocks = [_errors(sim, b) for b in range(sim.pack.nblock)]
    sums = [[s for e in errors.values() for s in (e.sum(), (e**2).sum())] for errors in blocks]
    largest = [[e.max() for e in errors.values()] for errors in blocks]
    # a cell counts by its volume over that of a cell of level 0
    means = sim.comm.block_sums(np.array(sums) * sim.pack.cell_shares[:, None])
    means = means / np.prod(sim.tree.cells)
    peaks = [sim.comm.max(float(peak)) for peak in np.max(largest, axis=0)]
    return {
        name: {
            "L1": float(means[2 * n]),
            "L2": float(np.sqrt(means[2 * n + 1])),
            "Linf": peaks[n],
        }
        for n, name in enumerate(blocks[0])
    }


def _errors(sim, b):
    """Return {variable: absolute error of the active cells of a block}."""
    w, x = primitives(sim.pack, b), sim.positions[b]
    exact = hooks.call(sim.problem, "exact", x, sim.time, sim.problem.p)
    hooks.known_names(sim.problem, "exact", exact, known_variables(sim.pack))
    names = [name for name in exact if hasattr(w, name)]
    given = {name: hooks.array(sim.problem, "exact", name, exact[name], x.shape) for name in names}
    return {name: np.abs(getattr(w, name) - given[name]) for name in names}
