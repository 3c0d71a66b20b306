"""Marks of rare cells, exchanged between neighbours without a collective call.

Every rank tells the ranks of neighbouring blocks, in one number, whether it has marked cells; those
that have send their ghost regions after it. A mark acts on the cells around it only, so no other
rank has to know: without marks nearby a rank is done after one number to and from each neighbour.
"""

import numpy as np

from crmpi.parallel.exchange import Exchange


class MarkExchange(Exchange):
    """An `Exchange` in two halves, of which the second is seldom needed.

    Parameters
    ----------
    comm, peers, parts
        see `Exchange`
    """

    def __init__(self, comm, peers, parts):
        super().__init__(comm, peers, parts)
        self._comm, self._peers = comm, peers
        self._own, self._announced = np.zeros(len(peers)), np.zeros(len(peers))
        numbers = [
            np.split(array, len(peers)) if peers else [] for array in (self._own, self._announced)
        ]
        self._flags = comm.channel(peers, *numbers) if peers else None
        sent, received = (
            sum(np.asarray(getattr(part.tables, way)) * (part.last - part.first) for part in parts)
            for way in ("sent", "received")
        )
        self._messages = _cut(self._outgoing, sent), _cut(self._incoming, received)

    def announce(self, arrays, marked):
        """Give the regions to the neighbours if something is `marked` on this rank; return whether
        a neighbour has marked cells that lie in ghost zones here.

        ``arrays`` are not read where nothing is marked.
        """
        self._incoming[:] = 0.0
        if not self._peers:
            return False
        self._flags.expect()
        self._own[:] = float(marked)
        self._flags.send()
        self._flags.receive()
        self._flags.finish()
        if not marked and not self._announced.any():
            return False
        if marked:
            self._to_buffer(arrays)
        sent, received = (dict(zip(self._peers, part, strict=True)) for part in self._messages)
        talking = {peer for peer, flag in zip(self._peers, self._announced, strict=True) if flag}
        self._comm.move(
            sent if marked else {},
            {peer: message for peer, message in received.items() if peer in talking},
        )
        return bool(self._incoming.any())

    def fill(self, arrays):
        """Fill the ghost regions of this rank with the marks of all blocks around."""
        self._copy_local(arrays)
        self._from_buffer(arrays)


def _cut(buffer, lengths):
    """Return the messages of these lengths, which follow each other in a buffer."""
    return np.split(buffer, np.cumsum(lengths)[:-1])
