"""Staging: old blocks brought to the ranks that make new blocks of them."""

import numpy as np

from crmpi.parallel.halo import places


class Staging:
    """Old blocks on this rank after a change of the mesh.

    Parameters
    ----------
    comm : SerialComm or MpiComm
    owner : int array (old nblock,)
        ranks of the old blocks
    gids : int array
        old blocks of this rank, in the order of its arrays
    wanted : int array (n, 2)
        (rank, old gid) of all blocks that ranks want, unique rows in ascending order; the same on
        every rank

    Attributes
    ----------
    place : int array (old nblock,)
        where an old block is in staged arrays, -1 where it is not on this rank
    """

    def __init__(self, comm, owner, gids, wanted):
        self._comm = comm
        mine = wanted[wanted[:, 0] == comm.rank, 1]
        self.place = places(mine, len(owner))
        self._count = len(mine)
        self._slots = places(gids, len(owner))
        source = owner[wanted[:, 1]]
        outward = wanted[(source == comm.rank) & (wanted[:, 0] != comm.rank)]
        self._out = {
            int(rank): outward[outward[:, 0] == rank, 1] for rank in np.unique(outward[:, 0])
        }
        self._local = mine[owner[mine] == comm.rank]
        away = mine[owner[mine] != comm.rank]
        self._in = {int(rank): away[owner[away] == rank] for rank in np.unique(owner[away])}

    def bring(self, array):
        """Return an array (staged blocks, ...) of the old blocks' rows of `array` (old blocks of
        this rank, ...); collective."""
        staged = np.empty((self._count, *array.shape[1:]), array.dtype)
        staged[self.place[self._local]] = array[self._slots[self._local]]
        outgoing = {
            rank: np.ascontiguousarray(array[self._slots[gids]]) for rank, gids in self._out.items()
        }
        incoming = {
            rank: np.empty((len(gids), *array.shape[1:]), array.dtype)
            for rank, gids in self._in.items()
        }
        self._comm.move(outgoing, incoming)
        for rank, gids in self._in.items():
            staged[self.place[gids]] = incoming[rank]
        return staged
