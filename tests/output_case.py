"""A small state with recognisable numbers for the tests of the output room."""

from typing import NamedTuple

import numpy as np

from crmpi.mesh.pack import ECR_FIELD, HYDRO_FIELDS, make_pack
from crmpi.mesh.partition import partition
from crmpi.mesh.tree import BlockTree
from crmpi.output.blockfile import BlockFileWriter
from crmpi.output.state import RunRecord, SimState
from crmpi.parallel.comm import SerialComm
from crmpi.types import Field
from crmpi.units import Units

FCR_FIELD = Field("fcr", unit="energy_flux", title="cosmic-ray energy flux along B")


class Params(NamedTuple):
    """The output parameters a test needs."""

    dir: str
    snapshot_interval: float = 1.0
    history_interval: float = 0.5
    checkpoint_interval: float = 2.0
    precision: str = "f8"
    ranks_per_file: int = 64
    checkpoints_kept: int = 2
    overwrite: bool = False


def value(names, x, y, z):
    """Return what component number `names` holds at cell (x, y, z): positive, different everywhere,
    no short decimals."""
    return 1.0 + names + np.sin(0.37 * x + 0.91 * y + 0.11 * z + names) ** 2


def make_tree(cells=(16, 8, 4), block=(4, 4, 4)):
    """Return a tree of cubic cells whose x3 axis is centred on 0."""
    width = 0.25
    upper = [n * width for n in cells]
    return BlockTree(
        cells,
        block,
        (0.0, 0.0, -0.5 * upper[2]),
        (upper[0], upper[1], 0.5 * upper[2]),
        (True, True, False),
    )


def filled_pack(tree, gids, magnetic=True, fields=(*HYDRO_FIELDS, ECR_FIELD, FCR_FIELD)):
    """Return a pack whose arrays hold `value` of the component and the global indices, ghosts
    included."""
    pack = make_pack(tree, gids, fields, magnetic=magnetic)
    grid = pack.grid
    arrays = {"u0": 0.1, "w0": 0.0, "b0": 0.2, "bcc": 0.3}
    for name, shift in arrays.items():
        array = getattr(pack, name)
        for b, origin in enumerate(pack.origins):
            k, j, i = (
                np.arange(m) - g + o
                for m, g, o in zip(
                    (grid.m3, grid.m2, grid.m1),
                    (grid.ng3, grid.ng2, grid.ng1),
                    origin[::-1],
                    strict=True,
                )
            )
            for c in range(array.shape[1]):
                array[b, c] = value(c + shift, i[None, None, :], j[None, :, None], k[:, None, None])
    return pack


def make_case(
    comm=None, tree=None, units="galactic", ranks_per_file=64, run_id="run", **pack_options
):
    """Return (state, record, writer, owner) of a run at step 7."""
    comm = comm or SerialComm()
    tree = tree or make_tree()
    owner = partition(tree, comm.nranks)
    pack = filled_pack(tree, np.flatnonzero(owner == comm.rank), **pack_options)
    ledger = {"floors": np.stack([pack.gids * 1.5, pack.gids / 3.0], axis=1)}
    state = SimState(
        0.1 + 0.2, 7, 1.0 / 3.0, pack, 1e-17, ledger, {"cr_substeps": 3, "energy": 0.1}
    )
    record = RunRecord(
        tree,
        Units(units),
        5 / 3,
        4 / 3,
        0.6,
        "mesh:\n  cells: [16, 8, 4]\n",
        {"crmpi": "test", "started": "now"},
        run_id,
    )
    return state, record, BlockFileWriter(comm, owner, ranks_per_file, run_id), owner
