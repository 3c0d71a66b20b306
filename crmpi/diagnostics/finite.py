"""Search for cells that are not numbers, and words for the place of a cell."""

import numpy as np


def is_lost(pack, floors):
    """Return whether this rank has a cell that is not a number.

    The fluid has checked its own variables when it made primitives: `floors` is its
    `FloorLedger`. Tracers and passive scalars are summed here.
    """
    unseen = (*pack.tracers, *pack.scalars)
    sums = (pack.active(pack.u0)[:, pack.index[name]].sum() for name in unseen)
    return any(not np.isfinite(total) for total in sums) or bool(floors.counts["nan"].any())


def lost_cells(pack):
    """Return how many active cells of each block of this rank (nblock,) are not finite."""
    return (~np.isfinite(pack.active(pack.u0))).any(axis=1).sum(axis=(1, 2, 3))


def first_lost(pack, positions, row):
    """Return the variable and the place of the first cell of a block that is not finite.

    Parameters
    ----------
    pack : crmpi.mesh.pack.Pack
    positions : list of Coordinates
        of the active cells of each block
    row : int
        of the block in the pack
    """
    v, k, j, i = np.argwhere(~np.isfinite(pack.active(pack.u0)[row]))[0]
    return f"{pack.variable_names()[v]} at {place(pack, positions, row, (k, j, i))}"


def place(pack, positions, row, cell):
    """Return where a cell (k, j, i) of a block is: position in code units, block, level."""
    x, (k, j, i) = positions[row], cell
    return (
        f"x1={x.x1.flat[i]:.6g}, x2={x.x2.flat[j]:.6g}, x3={x.x3.flat[k]:.6g} "
        f"(cell {i}, {j}, {k} of block {pack.gids[row]}, level {pack.levels[row]})"
    )
