"""Ghost zones against a global periodic array: what the serial and the MPI tests of the halo
share."""

import numpy as np

from crmpi.mesh import BlockTree, make_pack, partition
from crmpi.mesh.regions import axis_shape
from crmpi.parallel.halo import Halo
from crmpi.types import Field

FIELDS = (Field("a", 2), Field("b"))

CASES = {
    "1d": ((24, 1, 1), (8, 1, 1)),
    "1d_single": ((6, 1, 1), (6, 1, 1)),
    "2d": ((12, 20, 1), (4, 5, 1)),
    "2d_x1_x3": ((8, 1, 12), (4, 1, 4)),
    "3d": ((12, 8, 9), (4, 4, 3)),
    "3d_single": ((4, 5, 6), (4, 5, 6)),
    "3d_odd_lattice": ((15, 9, 6), (3, 3, 3)),
    "3d_long": ((4, 4, 32), (4, 4, 4)),
}
"""Name: cells of the mesh, cells of a block."""


def whole_mesh(tree, ncomp):
    """Return distinct values (ncomp, n3, n2, n1), one for each cell (or periodic lower face) of the
    mesh and component."""
    n1, n2, n3 = tree.cells
    return 1.0 + np.arange(ncomp * n3 * n2 * n1, dtype=float).reshape(ncomp, n3, n2, n1)


def padded_block(tree, pack, b, values, kind=None):
    """Return block `b` of the periodic mesh array `values` (n3, n2, n1) with its ghost cells, or
    faces of axis `kind`."""
    for axis in range(3):
        n, g = axis_shape(pack.grid, axis)
        count = n + 2 * g + (1 if kind == axis and g else 0)
        index = (pack.origins[b][axis] - g + np.arange(count)) % tree.cells[axis]
        values = values.take(index, axis=2 - axis)
    return values


def fill_active(tree, pack, array, values, faces):
    """Set the active cells (faces) of `array` from the mesh array `values`, and everything else to
    NaN."""
    array[...] = np.nan
    for b in range(pack.nblock):
        for c in range(array.shape[1]):
            whole = padded_block(tree, pack, b, values[c], c if faces else None)
            inner = [slice(None)] * 3
            for axis in range(3):
                _, g = axis_shape(pack.grid, axis)
                inner[2 - axis] = slice(g, whole.shape[2 - axis] - g)
            target = tuple(inner)
            array[b, c][: whole.shape[0], : whole.shape[1], : whole.shape[2]][target] = whole[
                target
            ]


def exchange_errors(comm, cells, block, ng=3):
    """Exchange two cell arrays and a face array on a periodic mesh; return the number of wrong
    ghost values on this rank."""
    tree = BlockTree(cells, block)
    owner = partition(tree, comm.nranks)
    pack = make_pack(tree, np.flatnonzero(owner == comm.rank), FIELDS, ng)
    halo = Halo(comm, tree, owner, pack)
    q, single, b = pack.u0, pack.allocate(1), pack.b0
    values = whole_mesh(tree, 3)
    wrong = 0
    for repeat in range(2):  # twice, since messages reuse their buffers
        for array, shift, faces in ((q, 0.0, False), (single, 0.25, False), (b, 0.5, True)):
            fill_active(tree, pack, array, values + shift + repeat, faces)
        halo.exchange(cells=(q, single), faces=(b,))
        for array, shift, faces in ((q, 0.0, False), (single, 0.25, False), (b, 0.5, True)):
            wrong += _mismatches(tree, pack, array, values + shift + repeat, faces)
    return wrong


def _mismatches(tree, pack, array, values, faces):
    wrong = 0
    for b in range(pack.nblock):
        for c in range(array.shape[1]):
            expected = padded_block(tree, pack, b, values[c], c if faces else None)
            found = array[b, c][tuple(slice(n) for n in expected.shape)]
            wrong += int(np.sum(found != expected))
    return wrong
