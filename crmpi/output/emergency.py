"""Emergency dump: the one block in which a run went wrong, as a snapshot of its own.

Its mesh is the block, so `crmpi info`, `crmpi plot`, `open_snapshot`, yt and ParaView read it like
any snapshot, at any size of the run. The attributes `reason`, `origin_block` and `origin_level` say
what happened and where the block was.
"""

import json

import numpy as np

from crmpi.output.blockfile import BlockArray, BlockFileWriter, Contents
from crmpi.output.snapshot import (
    cell_variables,
    face_variables,
    mesh_arrays,
    snapshot_attributes,
    width_ratio,
)
from crmpi.parallel.comm import SerialComm


def write_emergency(path, state, record, row, reason):
    """Write a block as a snapshot; called by the rank that has it, alone.

    Parameters
    ----------
    path : path
        ends in `.athdf`
    state : SimState
    record : RunRecord
    row : int
        of the block in the pack of this rank
    reason : str
        what happened, for the reader of the file

    Raises
    ------
    RunError
        the disk refuses
    """
    pack, tree = state.pack, record.tree
    gid = int(pack.gids[row])
    groups = {"prim": cell_variables(pack), "B": face_variables(pack)}
    groups = {name: variables for name, variables in groups.items() if variables}
    arrays = tuple(
        BlockArray(name, 1, _values(pack, variables, row)) for name, variables in groups.items()
    )
    mesh = {name: values[gid : gid + 1] for name, values in mesh_arrays(tree).items()}
    level = int(mesh["Levels"][0])
    mesh["Levels"] = np.zeros_like(mesh["Levels"])
    mesh["LogicalLocations"] = np.zeros_like(mesh["LogicalLocations"])
    attributes = snapshot_attributes(state, record, groups)
    attributes |= {
        "RootGridSize": np.array(tree.block, np.int32),
        "NumMeshBlocks": np.int32(1),
        "MaxLevel": np.int32(0),
        "periodic": np.zeros(3, np.int8),
        "reason": reason,
        "origin_block": np.int64(gid),
        "origin_level": np.int32(level),
    }
    for axis in range(3):
        faces = mesh[f"x{axis + 1}f"][0]
        ends = [faces[0], faces[-1], width_ratio(tree, axis)]
        attributes[f"RootGridX{axis + 1}"] = np.array(ends)
    common = {
        **mesh,
        "config": np.bytes_(record.config),
        "provenance": np.bytes_(json.dumps(record.provenance)),
    }
    writer = BlockFileWriter(SerialComm(), [0], run_id=record.run_id)
    writer.write(path, Contents(arrays, common, attributes))


def _values(pack, variables, row):
    """Return the array (variable, 1, k, j, i) of the active cells of a block."""
    return np.stack(
        [
            pack.active(getattr(pack, variable.array))[row : row + 1, variable.component]
            for variable in variables
        ]
    ).astype(np.float64)
