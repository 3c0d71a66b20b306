"""Communicators: one rank or many behind the same methods. mpi4py is imported only when it is
needed."""

import os
import sys
import time
import traceback

import numpy as np

from crmpi.errors import CrmpiError
from crmpi.parallel.launcher import read_launch
from crmpi.parallel.start import start_mpi
from crmpi.parallel.sums import exact_sums

_LINGER = 0.2
"""Seconds between the last words of a rank and the end of all: launchers drop what they have not
passed on when they are told to abort."""

STAGGER = 0.5
"""Seconds by which each rank waits longer than the one before when several fail together; longer
than `_LINGER`, so that one speaks."""


class SerialComm:
    """The communicator of a run on one rank; needs no MPI."""

    rank = 0
    nranks = 1

    def min(self, x):
        """Return the smallest `x` of all ranks; NaN if any is NaN."""
        return float(x)

    def max(self, x):
        """Return the largest `x` of all ranks; NaN if any is NaN."""
        return float(x)

    def any(self, flag):
        """Return whether `flag` is true on any rank."""
        return bool(flag)

    def maxima(self, numbers):
        """Return the list of the largest of each of some `numbers` of all ranks, in one reduction;
        NaN where any is NaN."""
        return [float(x) for x in numbers]

    def bcast(self, obj, root=0):
        """Return the object of rank `root`."""
        return obj

    def allgather_object(self, obj):
        """Return the list of the objects of all ranks; for small things."""
        return [obj]

    def gather_rows(self, rows):
        """Return the rows (n, ...) of all ranks, one below the other in the order of the ranks; on
        all ranks, without a Python object for each."""
        return rows

    def first(self, obj):
        """Return the object of the lowest rank that has one which is not None; None, after a single
        reduction, where no rank has any. For errors."""
        return obj

    def block_sums(self, partials):
        """Return the sums (ncol,) over all blocks of all ranks of the partial sums (nblock, ncol)
        of this rank's blocks.

        The result is bitwise identical for any number of ranks and order of blocks, see
        `exact_sums`.
        """
        return exact_sums(partials, _same, _same)

    def move(self, outgoing, incoming):
        """Send ``outgoing[rank]`` to other ranks and fill ``incoming[rank]`` from them.

        Both are {rank: contiguous array}; sizes are known on either side.
        """

    def barrier(self):
        """Wait until all ranks are here."""

    def split(self, color):
        """Return a communicator of the ranks that gave the same `color`; collective."""
        return self

    def abort(self, code=1):
        """End all ranks at once with exit code `code`."""
        sys.stdout.flush()
        raise SystemExit(code)


class MpiComm:
    """The communicator of a run on many ranks: the methods of `SerialComm` over MPI, and channels
    between neighbours."""

    def __init__(self, world, abort=None):
        from mpi4py import MPI

        self._mpi = MPI
        self._abort = abort or world.Abort  # a part of the ranks ends all of them, too
        self._world = world.Dup()  # our messages never meet those of other libraries
        self.rank = world.Get_rank()
        self.nranks = world.Get_size()

    @property
    def mpi(self):
        """The mpi4py communicator, for libraries that want one (parallel HDF5)."""
        return self._world

    def min(self, x):
        """Return the smallest `x` of all ranks; NaN if any is NaN."""
        return -self.max(-x)

    def max(self, x):
        """Return the largest `x` of all ranks; NaN if any is NaN."""
        return self.maxima((x,))[0]

    def maxima(self, numbers):
        """Return the list of the largest of each of some `numbers` of all ranks, in one reduction;
        NaN where any is NaN."""
        numbers = np.array(numbers, dtype=float)
        # MPI leaves the maximum of NaN undefined: NaN travels as a mark
        lost = np.isnan(numbers)
        travelling = np.concatenate([np.where(lost, -np.inf, numbers), lost])
        self._world.Allreduce(self._mpi.IN_PLACE, travelling, op=self._mpi.MAX)
        largest, lost = np.split(travelling, 2)
        return np.where(lost > 0.0, np.nan, largest).tolist()

    def any(self, flag):
        """Return whether `flag` is true on any rank."""
        return self.max(1.0 if flag else 0.0) > 0.0

    def bcast(self, obj, root=0):
        """Return the object of rank `root`."""
        return self._world.bcast(obj, root=root)

    def allgather_object(self, obj):
        """Return the list of the objects of all ranks; for small things."""
        return self._world.allgather(obj)

    def gather_rows(self, rows):
        """Return the rows (n, ...) of all ranks, one below the other in the order of the ranks; on
        all ranks, without a Python object for each."""
        sizes = np.empty(self.nranks, dtype=np.int64)
        self._world.Allgather(np.array([rows.size], dtype=np.int64), sizes)
        everyone = np.empty(sizes.sum(), dtype=rows.dtype)
        self._world.Allgatherv(np.ascontiguousarray(rows), (everyone, sizes))
        return everyone.reshape(-1, *rows.shape[1:])

    def first(self, obj):
        """Return the object of the lowest rank that has one which is not None; None, after a single
        reduction, where no rank has any. For errors."""
        if not self.any(obj is not None):
            return None
        return next(each for each in self.allgather_object(obj) if each is not None)

    def block_sums(self, partials):
        """Return the sums (ncol,) over all blocks of all ranks of the partial sums (nblock, ncol)
        of this rank's blocks.

        The result is bitwise identical for any number of ranks and order of blocks, see
        `exact_sums`.
        """
        return exact_sums(
            partials,
            lambda n: self._combine(n, self._mpi.MAX),
            lambda n: self._combine(n, self._mpi.SUM),
        )

    def move(self, outgoing, incoming):
        """Send ``outgoing[rank]`` to other ranks and fill ``incoming[rank]`` from them.

        Both are {rank: contiguous array}; sizes are known on either side.
        """
        requests = [
            self._world.Irecv(buffer, source=rank) for rank, buffer in sorted(incoming.items())
        ]
        requests += [
            self._world.Isend(buffer, dest=rank) for rank, buffer in sorted(outgoing.items())
        ]
        self._mpi.Request.Waitall(requests)

    def barrier(self):
        """Wait until all ranks are here."""
        self._world.Barrier()

    def split(self, color):
        """Return a communicator of the ranks that gave the same `color`, ranks in the same order;
        collective."""
        part = self._world.Split(color, self.rank)
        return MpiComm(part, self._abort) if part.Get_size() > 1 else SerialComm()

    def abort(self, code=1):
        """End all ranks at once with exit code `code`."""
        sys.stdout.flush()
        sys.stderr.flush()
        time.sleep(_LINGER)
        self._abort(code)

    def channel(self, peers, outgoing, incoming):
        """Return a `Channel` that carries ``outgoing[p]`` to rank ``peers[p]`` and fills
        ``incoming[p]`` from it, again and again."""
        return Channel(self._mpi, self._world, peers, outgoing, incoming)

    def _combine(self, numbers, op):
        result = np.empty_like(numbers)
        self._world.Allreduce(numbers, result, op=op)
        return result


class Channel:
    """Persistent messages between this rank and its neighbours, one each way per neighbour; buffers
    stay the same.

    Every rank must use its channels in the same order: messages between two ranks arrive in the
    order they were sent.
    """

    def __init__(self, mpi, world, peers, outgoing, incoming):
        self._prequest = mpi.Prequest
        self._wait = mpi.Request.Waitall
        self._receives = [
            world.Recv_init(buffer, source=peer)
            for peer, buffer in zip(peers, incoming, strict=True)
        ]
        self._sends = [
            world.Send_init(buffer, dest=peer) for peer, buffer in zip(peers, outgoing, strict=True)
        ]

    def expect(self):
        """Post the receives: from now on the incoming buffers belong to MPI."""
        self._prequest.Startall(self._receives)

    def send(self):
        """Send the outgoing buffers, which must stay untouched until `finish`."""
        self._prequest.Startall(self._sends)

    def receive(self):
        """Wait until the incoming buffers are filled."""
        self._wait(self._receives)

    def finish(self):
        """Wait until the outgoing buffers may be changed."""
        self._wait(self._sends)


def leave(code):
    """End this process with its MPI in order, but without what other libraries do at the exit."""
    mpi = sys.modules.get("mpi4py.MPI")
    if mpi is not None and mpi.Is_initialized() and not mpi.Is_finalized():
        mpi.Finalize()
    os._exit(code)


def make_comm():
    """Return the communicator of this process; all processes of a launch must call it.

    Without a launcher, or with one that started a single process, this is `SerialComm` and mpi4py
    is not imported. With more processes an uncaught exception on any rank ends all of them.

    Raises
    ------
    CrmpiError
        on the first process, if the launcher started several but mpi4py is missing or belongs to
        another MPI; the other processes exit without a word
    """
    launch = read_launch()
    if launch.size == 1:
        return SerialComm()
    world = start_mpi().COMM_WORLD
    if world.Get_size() == 1:
        return SerialComm()
    comm = MpiComm(world)
    sys.excepthook = _abort_hook(comm)
    return comm


def _same(numbers):
    return numbers


def _abort_hook(comm):
    """Return an exception hook that prints one report and ends all ranks.

    When several ranks fail together only the lowest should speak: each waits in proportion to its
    rank, and the abort of the first ends the others while they wait.
    """

    def hook(kind, error, trace):
        time.sleep(STAGGER * min(comm.rank, 10))
        if issubclass(kind, CrmpiError):
            print(f"crmpi: error: {error}", file=sys.stderr, flush=True)
        else:
            print(f"crmpi: rank {comm.rank} of {comm.nranks} failed", file=sys.stderr)
            traceback.print_exception(kind, error, trace)
        comm.abort(1)

    return hook
