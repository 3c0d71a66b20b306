"""Messages: counted on real ranks, or those of one rank in the middle of many, folded back into it.

In a periodic world of equal boxes a rank receives from its neighbour on the right what it sends to
its neighbour on the left. So one process can play a rank with 26 neighbours: it packs, copies and
unpacks all its messages, and only the network is missing.
"""

from crmpi.mesh.tree import OFFSETS, BlockTree, direction
from crmpi.parallel.comm import SerialComm

NUMBER = 8  # bytes of a message of one number
_WORLD = 3  # boxes per axis: the smallest number with 26 different neighbours


class Traffic:
    """Counts of what a communicator was asked for since `reset`.

    Attributes
    ----------
    messages, bytes : int
        sent to neighbours
    reductions : int
        over all ranks
    by_peer : dict
        bytes of ghost regions sent by rank of the receiver
    numbers : int
        messages of one number: a word to a rank, of whatever regions they share
    """

    def __init__(self):
        self.reset()

    def reset(self):
        """Discard what was counted."""
        self.messages = self.bytes = self.reductions = self.numbers = 0
        self.by_peer = {}

    def sent(self, peers, buffers):
        """Note one message to each of `peers`."""
        for peer, buffer in zip(peers, buffers, strict=True):
            self.messages += 1
            self.bytes += buffer.nbytes
            if buffer.nbytes == NUMBER:
                self.numbers += 1
            else:
                self.by_peer[peer] = self.by_peer.get(peer, 0) + buffer.nbytes


class CountingComm:
    """A communicator that counts: everything is passed on to `comm`."""

    def __init__(self, comm):
        self.comm, self.traffic = comm, Traffic()

    def __getattr__(self, name):
        return getattr(self.comm, name)

    def min(self, x):
        """Return the smallest `x` of all ranks."""
        self.traffic.reductions += 1
        return self.comm.min(x)

    def max(self, x):
        """Return the largest `x` of all ranks."""
        self.traffic.reductions += 1
        return self.comm.max(x)

    def any(self, flag):
        """Return whether `flag` is true on any rank."""
        self.traffic.reductions += 1
        return self.comm.any(flag)

    def maxima(self, numbers):
        """Return the largest of each of some numbers of all ranks."""
        self.traffic.reductions += 1
        return self.comm.maxima(numbers)

    def move(self, outgoing, incoming):
        """Exchange arrays of known sizes, and count what is sent."""
        self.traffic.sent(outgoing, outgoing.values())
        self.comm.move(outgoing, incoming)

    def channel(self, peers, outgoing, incoming):
        """Return a channel of `comm` that counts what it sends."""
        return _CountingChannel(
            self.comm.channel(peers, outgoing, incoming), self.traffic, peers, outgoing
        )


class _CountingChannel:
    def __init__(self, channel, traffic, peers, outgoing):
        self._channel, self._traffic, self._peers, self._outgoing = (
            channel,
            traffic,
            peers,
            outgoing,
        )

    def __getattr__(self, name):
        return getattr(self._channel, name)

    def send(self):
        """Send, and count."""
        self._traffic.sent(self._peers, self._outgoing)
        self._channel.send()


class SurroundedComm(SerialComm):
    """The communicator of one of 27 ranks, the others being copies of it; see the head of this
    file.

    Parameters
    ----------
    n : sequence of 3 ints
        cells of the box of each rank, one block
    """

    nranks = _WORLD**3

    def __init__(self, n):
        self.cells = tuple(_WORLD * cells for cells in n)
        tree = BlockTree(self.cells, tuple(n))
        # one block per rank, in order: a rank is its block
        self._neighbours = tree.neighbours[self.rank]

    def offset(self, peer):
        """Return the offset, in boxes, of the neighbour `peer`."""
        return next(
            offset
            for offset in OFFSETS
            if self._neighbours[direction(offset)] == peer and any(offset)
        )

    def opposite(self, peer):
        """Return the neighbour on the other side of the box."""
        return int(self._neighbours[direction([-o for o in self.offset(peer)])])

    def move(self, outgoing, incoming):
        """Deliver to this rank what its neighbours would send."""
        for peer, destination in incoming.items():
            destination[:] = outgoing[self.opposite(peer)]

    def channel(self, peers, outgoing, incoming):
        """Return a channel that delivers to this rank what its neighbours would send."""
        opposite = [peers.index(self.opposite(peer)) for peer in peers]
        return _FoldedChannel([outgoing[place] for place in opposite], incoming)


class _FoldedChannel:
    def __init__(self, sources, incoming):
        self._pairs = list(zip(sources, incoming, strict=True))

    def expect(self):
        """Be ready."""

    def send(self):
        """Deliver."""
        for source, destination in self._pairs:
            destination[:] = source

    def receive(self):
        """Find everything there."""

    def finish(self):
        """Find everything gone."""
