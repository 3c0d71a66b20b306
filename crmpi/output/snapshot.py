"""Snapshots in the `.athdf` layout, which yt, VisIt and ParaView read.

`/prim` (variable, block, k, j, i) holds the gas, the cosmic rays and the scalars, `/B` the
cell-centred field. Names in the file are those that Athena++ tools know (`rho`, `Ec`, `Bcc1`); the
attribute `names` gives crmpi's own in the same order.
"""

import json
from typing import NamedTuple

import numpy as np

from crmpi import __version__
from crmpi.output.blockfile import BlockArray, Contents
from crmpi.output.files import write_text
from crmpi.output.unit_names import cgs_unit
from crmpi.output.xdmf import xdmf_text

FORMAT = 2  # from 2 on: with checksums
# others keep their name
FILE_NAMES = {"dens": "rho", "ecr": "Ec", "b1": "Bcc1", "b2": "Bcc2", "b3": "Bcc3"}


class Variable(NamedTuple):
    """One variable of a snapshot: crmpi's name, dimension, and the pack array and component that
    hold it."""

    name: str
    unit: str
    array: str
    component: int

    @property
    def file_name(self):
        """Name in the file."""
        return FILE_NAMES.get(self.name, self.name)


def cell_variables(pack):
    """Return the variables of `/prim`: primitives of gas and cosmic rays, then what else is
    evolved.

    Passive scalars are concentrations, the other variables densities.
    """
    gas = [
        ("dens", "density"),
        ("vel1", "velocity"),
        ("vel2", "velocity"),
        ("vel3", "velocity"),
        ("press", "pressure"),
    ]
    variables = [Variable(name, unit, "w0", c) for c, (name, unit) in enumerate(gas)]
    for field in pack.fields[3:]:
        first = pack.index[field.name]
        array = "w0" if field.name == "ecr" or field.passive else "u0"
        names = (
            [field.name]
            if field.ncomp == 1
            else [f"{field.name}{c + 1}" for c in range(field.ncomp)]
        )
        variables += [Variable(name, field.unit, array, first + c) for c, name in enumerate(names)]
    return variables


def face_variables(pack):
    """Return the variables of `/B`."""
    return (
        [Variable(f"b{c + 1}", "magnetic_field", "bcc", c) for c in range(3)]
        if pack.magnetic
        else []
    )


def flux_variables(state):
    """Return the variables of `/cr_flux`, there only when the run asks for it."""
    return (
        [Variable(f"fecr{c + 1}", "energy_flux", "flux", c) for c in range(3)]
        if state.flux is not None
        else []
    )


def write_snapshot(path, state, record, writer, precision="f4"):
    """Write a snapshot and its `.xdmf` sidecar.

    Parameters
    ----------
    path : path
        ends in `.athdf`: yt goes by that
    state : SimState
    record : RunRecord
    writer : BlockFileWriter
    precision : {"f4", "f8"}

    Raises
    ------
    CrmpiError
        the disk refuses; earlier files are untouched
    """
    pack = state.pack
    groups = {
        "prim": cell_variables(pack),
        "B": face_variables(pack),
        "cr_flux": flux_variables(state),
    }
    groups = {name: variables for name, variables in groups.items() if variables}
    arrays = tuple(
        BlockArray(name, 1, _stack(state, variables, precision))
        for name, variables in groups.items()
    )
    write_fields(path, state, record, writer, groups, arrays)


def write_fields(path, state, record, writer, groups, arrays, *, facts=None, compression=0):
    """Write a file in the layout of a snapshot, and its `.xdmf` sidecar.

    Parameters
    ----------
    record : RunRecord
        of the mesh of the file
    groups : dict
        data set name to its `Variable`s, in order
    arrays : tuple of BlockArray
        these data sets, (variable, block, n3, n2, n1)
    facts : dict, optional
        further attributes
    compression : int
        see `crmpi.output.blockfile.Contents`
    """
    common = {
        **mesh_arrays(record.tree),
        "config": np.bytes_(record.config),
        "provenance": np.bytes_(json.dumps(record.provenance)),
    }
    attributes = snapshot_attributes(state, record, groups) | (facts or {})
    writer.write(path, Contents(arrays, common, attributes, compression))
    precision = arrays[0].values.dtype.str[1:]

    def sidecar():
        write_text(f"{path}.xdmf", xdmf_text(path, state.time, record.tree, groups, precision))

    writer.on_root(f"{path}.xdmf", sidecar)


def _stack(state, variables, precision):
    """Return the array (variable, block, k, j, i) of the active cells."""
    pack = state.pack
    flux = state.flux() if variables[0].array == "flux" else None
    out = np.empty((len(variables), *pack.active(pack.u0)[:, 0].shape), precision)
    for row, variable in zip(out, variables, strict=True):
        values = pack.active(getattr(pack, variable.array) if flux is None else flux)[
            :, variable.component
        ]
        row[...] = pack.by_gid(values)
    return out


def mesh_arrays(tree):
    """Return the data sets that say where the blocks are: faces and centres (block, n+1 or n),
    levels, logical locations.

    On a tube also its cross-sections at the faces, `x1a` (x2a, x3a), and the volumes of cells,
    `x1w`.
    """
    arrays = {}
    places = np.array(tree.locations, np.int64)  # level, lx1, lx2, lx3
    levels, locations = places[:, 0], places[:, 1:]
    for axis in range(3):
        n = tree.block[axis]
        index = locations[:, axis, None] * n + np.arange(n + 1)
        total = tree.cells[axis] * (1 if tree.missing[axis] else 2 ** levels[:, None])
        faces = tree.lower[axis] + (tree.upper[axis] - tree.lower[axis]) * (index / total)
        arrays[f"x{axis + 1}f"] = faces
        arrays[f"x{axis + 1}v"] = 0.5 * (faces[:, 1:] + faces[:, :-1])
    if tree.geometry.axis is not None:
        arrays |= tube_arrays(tree)
    arrays["Levels"] = levels.astype(np.int32)
    arrays["LogicalLocations"] = locations
    return arrays


def tube_arrays(tree):
    """Return the data sets of `mesh_arrays` along a tube."""
    geometry = tree.geometry
    n, name = tree.block[geometry.axis], f"x{geometry.axis + 1}"
    firsts = [tree.origin(gid)[geometry.axis] for gid in range(tree.nblock)]
    faces = np.array([geometry.positions(first, n + 1, 0.0) for first in firsts])
    return {
        f"{name}f": faces,
        f"{name}v": np.array([geometry.positions(first, n) for first in firsts]),
        f"{name}a": np.array([geometry.areas(row) for row in faces]),
        f"{name}w": np.array([geometry.volumes(row) for row in faces]),
    }


def snapshot_attributes(state, record, groups):
    """Return the attributes: the `.athdf` ones, then crmpi's own."""
    tree = record.tree
    variables = [variable for group in groups.values() for variable in group]
    attributes = {
        "Coordinates": np.bytes_("cartesian"),
        "DatasetNames": np.array(list(groups), "S21"),
        "VariableNames": np.array([v.file_name for v in variables], "S21"),
        "NumVariables": np.array([len(group) for group in groups.values()], np.int32),
        "RootGridSize": np.array(tree.cells, np.int32),
        "MeshBlockSize": np.array(tree.block, np.int32),
        "NumMeshBlocks": np.int32(tree.nblock),
        "MaxLevel": np.int32(max(place.level for place in tree.locations)),
        "NumCycles": np.int32(state.step),
        "Time": np.float64(state.time),
    }
    for axis in range(3):
        attributes[f"RootGridX{axis + 1}"] = np.array(
            [tree.lower[axis], tree.upper[axis], width_ratio(tree, axis)]
        )
    if tree.geometry.axis is not None:
        attributes["geometry"], attributes["spacing"] = tree.geometry.kind, tree.geometry.spacing
    attributes |= {
        "format": np.int32(FORMAT),
        "version": __version__,
        "names": np.array([v.name for v in variables], "S32"),
        "dimensions": np.array([v.unit for v in variables], "S32"),
        "cgs_units": np.array([cgs_unit(v.unit) for v in variables], "S32"),
        "cgs_factors": np.array([record.units.cgs(v.unit) for v in variables]),
        "gamma": np.float64(record.gamma),
        "gamma_cr": np.float64(record.gamma_cr),
        "mu": np.float64(record.mu),
        "periodic": np.array(tree.periodic, np.int8),
    }
    return attributes | unit_attributes(record.units)


def width_ratio(tree, axis):
    """Return the ratio of the widths of consecutive cells along an axis, from which readers of the
    format make positions."""
    geometry = tree.geometry
    if geometry.axis != axis or geometry.spacing != "log":
        return 1.0
    return (tree.upper[axis] / tree.lower[axis]) ** (1.0 / tree.cells[axis])


def unit_attributes(units):
    """Return the code units in cgs; all 1 in a dimensionless run."""
    return {
        "unit_system": units.system,
        "length_cm": units.cgs("length"),
        "time_s": units.cgs("time"),
        "mass_g": units.cgs("mass"),
    }
