"""Halo: ghost zones filled from neighbouring blocks, on this rank or on others.

All regions of all arrays that go to one rank travel in one message. Regions between blocks of the same rank are copied by
the same kind of table while the messages are on their way. Every ghost cell has exactly one source, so the result does not
depend on the number of ranks or on the order of messages.
"""

from typing import NamedTuple

import numpy as np

from crmpi.mesh.pack import aligned_zeros
from crmpi.mesh.regions import (
    BUFFER_COLUMNS,
    CELLS,
    COPY_COLUMNS,
    buffer_to_regions,
    copy_regions,
    ghost_box,
    regions_to_buffer,
)
from crmpi.mesh.tree import NO_NEIGHBOUR, OFFSETS

_KINDS = (CELLS, 0, 1, 2)


class _Tables(NamedTuple):
    """Regions of one kind on this rank: local copies, regions to send and to receive, values per component in each message."""

    local: np.ndarray
    send: np.ndarray
    receive: np.ndarray
    sizes: np.ndarray


class _Part(NamedTuple):
    """Components first <= c < last of one array of an exchange: its kind and where it begins in each message."""

    array: int
    kind: int
    first: int
    last: int
    starts: np.ndarray


class _Plan(NamedTuple):
    """An exchange of arrays with given numbers of components: its parts and, with other ranks, its buffers and channel."""

    parts: list
    outgoing: np.ndarray
    incoming: np.ndarray
    channel: object


class Halo:
    """Exchange of ghost zones between blocks.

    Parameters
    ----------
    comm : SerialComm or MpiComm
    tree : BlockTree
    owner : int array (tree.nblock,)
        rank of each block
    pack : Pack
        this rank's blocks; gives the shape and the gids, its arrays are not touched
    """

    def __init__(self, comm, tree, owner, pack):
        self._comm = comm
        self._links = _Links(comm.rank, tree, np.asarray(owner), pack.gids)
        self.peers = self._links.peers
        self._tables = {kind: self._links.tables(pack.grid, kind) for kind in _KINDS}
        self._plans = {}

    def exchange(self, cells=(), faces=()):
        """Fill the ghost zones that have a neighbouring block, edges and corners included.

        Parameters
        ----------
        cells : sequence of arrays (nblock, ncomp, m3, m2, m1)
            cell-centred arrays
        faces : sequence of arrays (nblock, 3, m3, m2, m1)
            component a lives on the lower faces along axis a; faces shared by two blocks are not touched

        Notes
        -----
        Collective: all ranks call it with arrays of the same numbers of components in the same order. One message per
        neighbouring rank.
        """
        arrays = (*cells, *faces)
        plan = self._plan(tuple(array.shape[1] for array in cells), len(faces))
        if plan.channel:
            plan.channel.expect()
            for part in plan.parts:
                send = self._tables[part.kind].send
                regions_to_buffer(arrays[part.array], part.first, part.last, send, part.starts, plan.outgoing)
            plan.channel.send()
        for part in plan.parts:
            copy_regions(arrays[part.array], part.first, part.last, self._tables[part.kind].local)
        if plan.channel:
            plan.channel.receive()
            for part in plan.parts:
                receive = self._tables[part.kind].receive
                buffer_to_regions(arrays[part.array], part.first, part.last, receive, part.starts, plan.incoming)
            plan.channel.finish()

    def _plan(self, ncomps, nfaces):
        key = (ncomps, nfaces)
        if key not in self._plans:
            self._plans[key] = self._make_plan(ncomps, nfaces)
        return self._plans[key]

    def _make_plan(self, ncomps, nfaces):
        """Lay out the messages: one after the other in one buffer, within each message array by array."""
        pieces = [(index, CELLS, 0, ncomp) for index, ncomp in enumerate(ncomps)]
        pieces += [(len(ncomps) + index, axis, axis, axis + 1) for index in range(nfaces) for axis in range(3)]
        lengths = np.array([(last - first) * self._tables[kind].sizes for _, kind, first, last in pieces], dtype=np.int64)
        lengths = lengths.reshape(len(pieces), len(self.peers))
        totals = lengths.sum(axis=0)
        begin = np.cumsum(totals) - totals
        starts = begin + np.cumsum(lengths, axis=0) - lengths
        parts = [_Part(*piece, np.ascontiguousarray(start)) for piece, start in zip(pieces, starts, strict=True)]
        outgoing, incoming = (aligned_zeros((int(totals.sum()),)) for _ in range(2))
        if not self.peers:
            return _Plan(parts, outgoing, incoming, None)
        messages = [slice(b, b + n) for b, n in zip(begin, totals, strict=True)]
        channel = self._comm.channel(self.peers, [outgoing[m] for m in messages], [incoming[m] for m in messages])
        return _Plan(parts, outgoing, incoming, channel)


class _Links:
    """All pairs (ghost region, block that fills it) that concern one rank, ordered by gid and direction on every rank alike."""

    def __init__(self, rank, tree, owner, gids):
        self._slot = {int(gid): b for b, gid in enumerate(gids)}
        middle = OFFSETS.index((0, 0, 0))
        target, column = np.nonzero(tree.neighbours != NO_NEIGHBOUR)
        keep = column != middle
        target, column = target[keep], column[keep]
        source = tree.neighbours[target, column]
        mine, theirs = owner[target] == rank, owner[source] == rank
        links = np.stack([target, source, column], axis=1)
        self._local = links[mine & theirs]
        self._receive, self._receive_rank = links[mine & ~theirs], owner[source[mine & ~theirs]]
        self._send, self._send_rank = links[~mine & theirs], owner[target[~mine & theirs]]
        self.peers = [int(peer) for peer in np.unique(self._receive_rank)]

    def tables(self, grid, kind):
        """Return the `_Tables` of one kind of region on blocks of shape `grid`."""
        boxes = [ghost_box(grid, kind, offset) for offset in OFFSETS]
        local = np.empty((len(self._local), COPY_COLUMNS), dtype=np.int64)
        for row, (target, source, column) in enumerate(self._local.tolist()):
            destination, origin, extents = boxes[column]
            local[row] = (self._slot[source], self._slot[target], *origin, *destination, *extents)
        send, sent = self._messages(boxes, self._send, self._send_rank, sending=True)
        receive, received = self._messages(boxes, self._receive, self._receive_rank, sending=False)
        assert (sent == received).all()  # neighbours exchange equal regions, for all blocks have the same shape
        return _Tables(local, send, receive, received)

    def _messages(self, boxes, links, ranks, sending):
        """Return the rows of `BUFFER_COLUMNS` of the regions to send or to receive and the size of each message."""
        table = np.empty((len(links), BUFFER_COLUMNS), dtype=np.int64)
        sizes = np.zeros(len(self.peers), dtype=np.int64)
        for row, ((target, source, column), peer) in enumerate(zip(links.tolist(), ranks.tolist(), strict=True)):
            destination, origin, extents = boxes[column]
            message = self.peers.index(peer)
            block, corner = (source, origin) if sending else (target, destination)
            table[row] = (self._slot[block], *corner, *extents, message, sizes[message])
            sizes[message] += extents.prod()
        return table, sizes


def make_message_kernels(array):
    """Compile or load the kernels of messages between ranks for an `array` of a pack, without moving anything."""
    nothing, table, starts = aligned_zeros((0,)), np.zeros((0, BUFFER_COLUMNS), dtype=np.int64), np.zeros(0, dtype=np.int64)
    regions_to_buffer(array, 0, 0, table, starts, nothing)
    buffer_to_regions(array, 0, 0, table, starts, nothing)
