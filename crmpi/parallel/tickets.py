"""Tickets: the numbers 0, 1, 2, ..., each given to one rank that asks, in the order of asking. Work is handed out so without a foreman."""

import itertools

import numpy as np


class SerialTickets:
    """Tickets of a run on one rank."""

    def __init__(self):
        self._numbers = itertools.count()

    def next(self):
        """Return the next number."""
        return next(self._numbers)

    def close(self):
        """Nothing is to be freed."""


class MpiTickets:
    """Tickets of many ranks: a counter in the memory of rank 0 that every rank raises by itself, rank 0 need not listen."""

    def __init__(self, mpi, world):
        size = np.int64().itemsize
        self._mpi = mpi
        self._window = mpi.Win.Allocate(size if world.Get_rank() == 0 else 0, size, comm=world)
        if world.Get_rank() == 0:
            self._window.Lock(0)
            np.frombuffer(self._window.tomemory(), dtype=np.int64)[0] = 0
            self._window.Unlock(0)
        world.Barrier()

    def next(self):
        """Return the next number."""
        one, number = np.ones(1, dtype=np.int64), np.empty(1, dtype=np.int64)
        self._window.Lock(0, self._mpi.LOCK_SHARED)
        self._window.Fetch_and_op(one, number, 0, op=self._mpi.SUM)
        self._window.Unlock(0)
        return int(number[0])

    def close(self):
        """Free the counter; collective."""
        self._window.Free()
