"""The streams of a run: what each writes when it is due, and what none can write."""

from dataclasses import replace

import numpy as np

from crmpi.analysis.read.cells import AXIS_NUMBERS, facts_of, running
from crmpi.analysis.read.derived import DERIVED, available, unknown
from crmpi.analysis.streams.layouts import box, plane, whole
from crmpi.analysis.streams.projections import Projection
from crmpi.errors import CrmpiError
from crmpi.output.blockfile import BlockArray, BlockFileWriter
from crmpi.output.schedule import EverySteps, make_schedule
from crmpi.output.snapshot import Variable, cell_variables, face_variables, write_fields
from crmpi.output.unit_names import cgs_unit
from crmpi.units import DIMENSIONS, dimension_name, dims_of


def make_streams(sim):
    """Return the `Stream`s of a simulation.

    Raises
    ------
    CrmpiError
        what a stream asks for is not there
    """
    check_streams(sim.config, facts_of(sim))
    return [Stream(params, sim) for params in sim.config.output.streams]


class Stream:
    """A series of files of a running simulation.

    Parameters
    ----------
    params : StreamParams
    sim : Simulation

    Attributes
    ----------
    name : str
    """

    def __init__(self, params, sim):
        self.params, self.name = params, params.name
        self._sim, self._facts = sim, facts_of(sim)
        names = params.variables or _stored(sim.pack)
        self._weight = params.weight if params.shape == "projection" else None
        known = _dimensions(sim.pack)
        summed = params.shape == "projection" and self._weight is None
        self._fields = [
            (name, _integral(name, known[name]) if summed else Variable(name, known[name], "", 0))
            for name in dict.fromkeys(names)
        ]
        self._version, self._shape, self._files = None, None, None

    def schedule(self):
        """Return when files are written; steps are not shortened for them."""
        params = self.params
        return EverySteps(params.steps) if params.steps else make_schedule(params.interval)

    def write(self, path, state, record):
        """Write the file of this time; collective.

        Parameters
        ----------
        path : path
        state : SimState
        record : RunRecord
        """
        self._plan(record.run_id)
        with np.errstate(over="ignore"):  # what single precision cannot hold is infinite there
            values = self._projected() if self.params.shape == "projection" else self._cut()
            values = values.astype(self.params.precision, copy=False)
        variables = [variable for _, variable in self._fields]
        write_fields(
            path,
            state,
            replace(record, tree=self._shape.tree),
            self._files,
            {"prim": variables},
            (BlockArray("prim", 1, values),),
            facts=self._attributes(),
            compression=self.params.compression,
        )

    def _plan(self, run_id):
        """Lay out the files anew where the mesh has changed."""
        sim, params = self._sim, self.params
        if self._version == sim.pack.pool.version:
            return
        self._version = sim.pack.pool.version
        axis = AXIS_NUMBERS.get(params.axis)
        if params.shape == "projection":
            self._shape = Projection(
                sim.comm, sim.tree, sim.owner, sim.pack.gids, axis, params.coarsen
            )
            owner = self._shape.owner
        else:
            self._shape = {
                "whole": lambda: whole(sim.tree, params.coarsen),
                "slice": lambda: plane(sim.tree, axis, params.position, params.coarsen),
                "box": lambda: box(sim.tree, params.lower, params.upper, params.coarsen),
            }[params.shape]()
            owner = sim.owner[self._shape.source]
        ranks = sim.config.output.ranks_per_file
        self._files = BlockFileWriter(sim.comm, owner, ranks, run_id)

    def _cut(self):
        """Return the variables (variable, piece, n3, n2, n1) of the pieces of this rank."""
        layout, sim = self._shape, self._sim
        mine = np.flatnonzero(sim.owner[layout.source] == sim.comm.rank)
        of_block = {}
        for row, piece in enumerate(mine):
            of_block.setdefault(int(layout.source[piece]), []).append((row, piece))
        shape = (len(self._fields), len(mine), *layout.tree.block[::-1])
        out = np.empty(shape, self.params.precision)
        for cells in running(sim, self._facts):
            for row, piece in of_block.get(cells.gid, ()):
                for number, (name, _) in enumerate(self._fields):
                    out[number, row] = layout.cut(cells[name], piece)
        return out

    def _projected(self):
        """Return the variables (variable, tile, n3, n2, n1) of the tiles of this rank."""
        sim, axis = self._sim, AXIS_NUMBERS[self.params.axis]
        names = [name for name, _ in self._fields]
        flat = [1 if a == axis else n for a, n in enumerate(sim.tree.block)]
        rows = len(names) + (self._weight is not None)
        integrals = np.empty((sim.pack.nblock, rows, *flat[::-1]))
        for b, cells in enumerate(running(sim, self._facts)):
            weight = 1.0 if self._weight is None else cells[self._weight]
            values = [cells[name] * weight for name in names]
            if self._weight is not None:
                values.append(weight)
            for row, one in enumerate(values):
                integrals[b, row] = np.sum(one, axis=2 - axis, keepdims=True) * cells.widths[axis]
        total = self._shape.put_together(integrals)
        if self._weight is not None:
            with np.errstate(divide="ignore", invalid="ignore"):
                total = total[:, :-1] / total[:, -1:]
        return np.ascontiguousarray(np.moveaxis(self._shape.averaged(total), 1, 0))

    def _attributes(self):
        """Return what the file says about its shape."""
        params = self.params
        facts = {"stream": self.name, "shape": params.shape, "coarsen": np.int32(params.coarsen)}
        if params.axis is not None:
            facts["axis"] = params.axis
        if params.position is not None:
            facts["position"] = np.float64(params.position)
        return facts | ({"weight": self._weight} if self._weight else {})


def _stored(pack):
    """Return the names of the variables of a snapshot."""
    return [variable.name for variable in [*cell_variables(pack), *face_variables(pack)]]


def _dimensions(pack):
    """Return {name: dimension} of all that a stream may hold."""
    own = {v.name: v.unit for v in [*cell_variables(pack), *face_variables(pack)]}
    return {name: entry.dimension for name, entry in DERIVED.items()} | own


def _integral(name, dimension):
    """Return the `Variable` of the integral of a quantity along an axis; where its dimension has no
    name, the unit in cgs says it."""
    unit = cgs_unit(f"{cgs_unit(dimension)}*cm")
    named = dimension_name(dims_of(unit))
    return Variable(f"integral_{name}", named if named in DIMENSIONS else unit, "", 0)


def check_streams(config, facts):
    """Refuse what the streams of a run cannot show of its mesh and variables.

    Parameters
    ----------
    config : Config
    facts : crmpi.analysis.read.cells.Facts

    Raises
    ------
    CrmpiError
        one sentence on the first mistake, on all ranks
    """
    names = [params.name for params in config.output.streams]
    for params in config.output.streams:
        where = f"output.streams: '{params.name}'"
        if names.count(params.name) > 1:
            raise CrmpiError(f"{where} is the name of two streams: choose another", everywhere=True)
        derived = available(facts.names, facts.units)
        for name in (*params.variables, *filter(None, [params.weight])):
            if name not in (*facts.names, *derived):
                error = unknown(name, facts.names, facts.units, f"{where}: this run")
                error.everywhere = True
                raise error
        complaint = next(_complaints(params, config.mesh), None)
        if complaint:
            raise CrmpiError(f"{where}: {complaint}", everywhere=True)


def _complaints(params, mesh):
    """Yield what a stream asks of a mesh that it does not have."""
    axes = [axis for axis in range(3) if mesh.cells[axis] > 1]
    tube = (mesh.geometry, mesh.spacing) != ("cartesian", "uniform")
    if tube and (params.shape != "whole" or params.coarsen > 1):
        yield (
            "cells of a tube are not equal (mesh.geometry, mesh.spacing): only the shape 'whole' "
            "with coarsen = 1 is possible"
        )
    axis = AXIS_NUMBERS.get(params.axis)
    if axis is not None and (axis not in axes or len(axes) < 2):
        yield (
            f"axis = {params.axis} leaves nothing to show of a mesh of {list(mesh.cells)} cells: "
            "choose an axis with more than one cell in a mesh with at least two such axes"
        )
    if params.position is not None and not (
        mesh.lower[axis] <= params.position <= mesh.upper[axis]
    ):
        yield (
            f"position = {params.position:g} is outside of the box, which reaches along "
            f"{params.axis} from {mesh.lower[axis]:g} to {mesh.upper[axis]:g} (code units)"
        )
    for a in axes if params.shape == "box" else ():
        if not (params.lower[a] < mesh.upper[a] and params.upper[a] > mesh.lower[a]):
            yield (
                f"lower and upper enclose nothing of the mesh along x{a + 1}, which reaches from "
                f"{mesh.lower[a]:g} to {mesh.upper[a]:g} (code units)"
            )
    for a in axes:
        if a != axis and params.coarsen > 1 and (mesh.block[a] % (2 * params.coarsen)):
            yield (
                f"coarsen = {params.coarsen} must divide half of mesh.block = {list(mesh.block)} "
                f"along x{a + 1}: choose a smaller one, or larger blocks"
            )
