"""A row of the history: columns that the parts of a run declare, made numbers of the whole box."""

from crmpi.analysis.read.cells import LateFlux
from crmpi.constants import DENS, ENER, MOM1
from crmpi.diagnostics.columns import Column, numbers, split_label
from crmpi.diagnostics.reductions import columns_of
from crmpi.errors import CrmpiError
from crmpi.model import hooks
from crmpi.model.problem import primitives
from crmpi.numerics.fluid.contents import add_contents
from crmpi.numerics.fluid.solenoidal import largest_divergence
from crmpi.output.history import CLOCK, word_of
from crmpi.plugins.mistakes import HookError, place_of


class History:
    """Makes rows of the history of a simulation.

    Parameters
    ----------
    sim : crmpi.run.simulation.Simulation
    """

    def __init__(self, sim):
        self.sim = sim
        self._last = {}  # {name: value} of the doubtful numbers of the last row

    def row(self):
        """Return the `Number`s of one row, bitwise identical for any number of ranks; collective.

        The order is that of the columns of ``history.txt``: sums over the box, amounts since the
        start, the problem's own, the last transport operator, kappa, the mesh, observables.
        """
        sim, flux = self.sim, LateFlux(self.sim)
        given = self._of_problem(flux)
        hooks.same_columns(sim.problem, sim.comm, given)
        known = [*state_columns(sim), *sim.ledger()]
        present = [*self._transport_columns(), *mesh_columns(sim), *sim.observing.columns(flux)]
        hooks.labels(sim.problem, given[0])
        _require_one_of_each([*known, *present], sim.problem, given[0])
        columns = [*known, *columns_of(sim.positions, given), *present]
        found = numbers(columns, sim.comm, sim.units)
        self._last = {
            number.name: number.value
            for column, number in zip(columns, found, strict=True)
            if column.doubt
        }
        return found

    def doubts(self):
        """Return {column: (number, sentence)} of what says that the transport model is used beyond
        its validity: counts on this rank since the start, or a number of the last row."""
        sim = self.sim
        if sim.transport is None:
            return {}
        counted = {
            column.name: (column.values.sum(), column.doubt)
            for column in sim.transport.ledger()
            if column.doubt
        }
        return counted | {
            column.name: (self._last.get(column.name, 0.0), column.doubt)
            for column in sim.transport.scattering.columns
            if column.doubt
        }

    def _of_problem(self, late):
        """Return {label: reduction} of the problem for each block; `late`: the `LateFlux`."""
        sim = self.sim
        if not sim.problem.has("history"):
            return [{}] * sim.pack.nblock
        flux = None if sim.transport is None else sim.pack.active(late.array())
        given = []
        for b, x in enumerate(sim.positions):
            extra = {f"fecr{a + 1}": 0.0 if flux is None else flux[b, a] for a in range(3)}
            w = primitives(sim.pack, b, {"temp": sim.temperature(b)} | extra)
            given.append(hooks.history(sim.problem, x, w))
        return given

    def _transport_columns(self):
        """Return what the solver and its scattering model say of the present state."""
        sim, solver = self.sim, self.sim.transport
        if solver is None:
            return []
        kappa = solver.scattering.history(sim.pack) if solver.scatters else []
        return [*solver.history(), *kappa]


def _require_one_of_each(columns, problem, labels):
    """Refuse two columns that are the same word of a table: of `columns`, and of the `labels` of
    the problem."""
    own, problems = set(CLOCK), set()
    for column in columns:
        word = word_of(column.name)
        if word in own:
            raise CrmpiError(
                f"two columns of the history are called '{column.name}': give that of the plug-in "
                "another name",
                everywhere=True,
            )
        own.add(word)
    for label in labels:
        name, _ = split_label(label)
        word = word_of(name)
        if word in own:
            what = f"'{name}' is a column of the code itself; give yours another name"
        elif word in problems:
            what = f"two columns are called '{name}'; give one of them another name"
        else:
            problems.add(word)
            continue
        raise HookError(f"{place_of(type(problem), 'history', label)}: {what}", everywhere=True)


def state_columns(sim):
    """Return the columns of mass, momenta and energies."""
    pack = sim.pack
    lines = pack.pool.numbers(pack.nvar + 2, pack.grid.n3, pack.grid.n1)
    add_contents(pack.u0, pack.bcc, pack.grid, pack.volumes, lines)
    sums = lines.sum(axis=(2, 3)).T
    declared = [("mass", "mass", DENS)]
    declared += [(f"mom{a + 1}", "momentum", MOM1 + a) for a in range(3)]
    declared += [("ekin", "energy", pack.nvar), ("emag", "energy", pack.nvar + 1)]
    declared += [("ener", "energy", ENER)]
    if pack.has_cr:
        own = sim.transport.energies if sim.transport else ()
        rays = ("ecr", *pack.tracers, *own)
        declared += [(name, "energy", pack.index[name]) for name in rays]
    declared += [(f"mass_{name}", "mass", pack.index[name]) for name in pack.scalars]
    return [Column(name, dimension, "sum", sums[row]) for name, dimension, row in declared]


def mesh_columns(sim):
    """Return the numbers of blocks and of levels, and the largest |div B| dx / |B|, ghosts left
    out; collective."""
    pack, found = sim.pack, {"blocks": float(sim.tree.nblock)}
    found["levels"] = float(sim.tree.max_level + 1)
    if pack.magnetic and pack.metric.turns:
        parts = [
            largest_divergence(part.of(pack.b0), part.grid, part.axes(1.0)) for part in pack.parts
        ]
        worst, largest = (sim.comm.max(max(both)) for both in zip(*parts, strict=True))
        found["divb_max"] = worst / largest if largest > 0.0 else 0.0
    return [Column(name, "none", "number", value) for name, value in found.items()]
