"""Exchange of regions: boxes of arrays copied between blocks, on this rank or on others, in one
message per pair of ranks."""

from typing import NamedTuple

import numpy as np

from crmpi.mesh.pool import aligned_zeros
from crmpi.mesh.regions import BUFFER_COLUMNS, buffer_to_regions, copy_regions, regions_to_buffer


class Tables(NamedTuple):
    """Regions of one kind on this rank: local copies, regions to send and to receive.

    ``sent``, ``received``: values per component in the message to and from each peer.
    """

    local: np.ndarray
    send: np.ndarray
    receive: np.ndarray
    sent: np.ndarray
    received: np.ndarray


class Part(NamedTuple):
    """Components first <= c < last that `tables` moves from array number `source` to array number
    `target`."""

    source: int
    target: int
    first: int
    last: int
    tables: Tables


class Exchange:
    """Regions of some arrays that travel together, again and again; arrays may change, their shapes
    stay.

    Parameters
    ----------
    comm : SerialComm or MpiComm
    peers : list of int
        ranks that messages go to and come from, ascending
    parts : sequence of Part
        in the same order on every rank
    """

    def __init__(self, comm, peers, parts):
        self._parts = parts
        self._outgoing, sent, self._starts_out = _layout(peers, parts, "sent")
        self._incoming, received, self._starts_in = _layout(peers, parts, "received")
        self._channel = comm.channel(peers, sent, received) if peers else None

    def run(self, arrays):
        """Move all regions; collective."""
        channel = self._channel
        if channel:
            channel.expect()
            self._to_buffer(arrays)
            channel.send()
        self._copy_local(arrays)
        if channel:
            channel.receive()
            self._from_buffer(arrays)
            channel.finish()

    def _to_buffer(self, arrays):
        """Copy the regions that other ranks need to the buffer of what is sent."""
        for part, starts in zip(self._parts, self._starts_out, strict=True):
            span = part.first, part.last
            regions_to_buffer(arrays[part.source], *span, part.tables.send, starts, self._outgoing)

    def _copy_local(self, arrays):
        """Copy the regions between blocks of this rank."""
        for part in self._parts:
            span = part.first, part.last
            copy_regions(arrays[part.source], arrays[part.target], *span, part.tables.local)

    def _from_buffer(self, arrays):
        """Copy the regions of other ranks from the buffer of what was received."""
        for part, starts in zip(self._parts, self._starts_in, strict=True):
            span = part.first, part.last
            buffer_to_regions(
                arrays[part.target], *span, part.tables.receive, starts, self._incoming
            )


def _layout(peers, parts, direction):
    """Lay out messages one after the other in one buffer, within each message part by part:
    (buffer, messages, starts of the parts)."""
    sizes = [getattr(part.tables, direction) * (part.last - part.first) for part in parts]
    lengths = np.array(sizes, dtype=np.int64).reshape(len(parts), len(peers))
    totals = lengths.sum(axis=0)
    begin = np.cumsum(totals) - totals
    buffer = aligned_zeros((int(totals.sum()),))
    starts = begin + np.cumsum(lengths, axis=0) - lengths
    return (
        buffer,
        [buffer[b : b + n] for b, n in zip(begin, totals, strict=True)],
        [np.ascontiguousarray(s) for s in starts],
    )


class Routes:
    """Cuts lists of regions into local copies and messages.

    Parameters
    ----------
    rank : int
    owner : int array (nblock,)
        rank of each block
    peers : list of int
        ranks with which this one may exchange anything, ascending
    """

    def __init__(self, rank, owner, peers):
        self._rank, self._owner, self._peers = rank, owner, peers

    def tables(self, links, source, target):
        """Return the `Tables` of links.

        Parameters
        ----------
        links : (target gids (n,), source gids (n,), boxes (n, 9))
            ordered alike on every rank
        source, target : int arrays (n,)
            places in the arrays of this rank, read where the block is its own
        """
        target_gids, source_gids, boxes = links
        mine, theirs = (
            self._owner[target_gids] == self._rank,
            self._owner[source_gids] == self._rank,
        )
        both, outward, inward = mine & theirs, theirs & ~mine, mine & ~theirs
        local = np.stack([source[both], target[both], *boxes[both].T], axis=1)
        # a region is copied when the second of its blocks comes: that one is in the cache then
        local = local[np.argsort(local[:, :2].max(axis=1), kind="stable")]
        send = self._messages(
            source[outward],
            boxes[outward][:, [0, 1, 2, 6, 7, 8]],
            self._owner[target_gids[outward]],
        )
        receive = self._messages(
            target[inward], boxes[inward][:, 3:], self._owner[source_gids[inward]]
        )
        return Tables(local, send[0], receive[0], send[1], receive[1])

    def _messages(self, slots, boxes, ranks):
        """Return the rows of `BUFFER_COLUMNS` of regions that travel and the size of each
        message."""
        message = np.searchsorted(self._peers, ranks)
        volumes = boxes[:, 3:].prod(axis=1)
        before, sizes = (
            np.zeros(len(boxes), dtype=np.int64),
            np.zeros(len(self._peers), dtype=np.int64),
        )
        for peer in range(len(self._peers)):
            inside = message == peer
            before[inside] = np.cumsum(volumes[inside]) - volumes[inside]
            sizes[peer] = volumes[inside].sum()
        return np.stack([slots, *boxes.T, message, before], axis=1).astype(np.int64), sizes


def make_message_kernels(array):
    """Compile or load the kernels of messages between ranks for an `array` of a pack, without
    moving anything."""
    nothing, table, starts = (
        aligned_zeros((0,)),
        np.zeros((0, BUFFER_COLUMNS), dtype=np.int64),
        np.zeros(0, dtype=np.int64),
    )
    regions_to_buffer(array, 0, 0, table, starts, nothing)
    buffer_to_regions(array, 0, 0, table, starts, nothing)
