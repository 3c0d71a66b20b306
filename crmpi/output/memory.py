"""MemoryWriter: a run that writes no files keeps its history in memory."""

import numpy as np

from crmpi.output.history import Columns, beginning
from crmpi.output.schedule import EverySteps, limit_dt, make_schedule


class MemoryWriter:
    """Has the calls of `crmpi.output.writer.OutputWriter`, and writes nothing.

    Steps land on the times of snapshots as they would with files: the results are the same.

    Parameters
    ----------
    params : OutputParams
        snapshot_interval, history_interval
    units : Units
    columns : callable
        ``columns(state)`` returns the `Number`s of a row; called by all ranks
    """

    def __init__(self, params, units, columns):
        self._snapshots = make_schedule(params.snapshot_interval, exact=True)
        every = params.history_interval
        self._due = make_schedule(every) if every else EverySteps(1)
        self._units, self._columns = units, columns
        self._names, self._rows, self._last = {}, [], None

    def begin(self, restart=None):
        """Count from a `Checkpoint` on, if there is one."""
        if restart is not None:
            for name, schedule in (("snapshot", self._snapshots), ("history", self._due)):
                schedule.restore(restart.schedules.get(name), restart.time, restart.step)

    def limit_dt(self, time, dt, end_time):
        """Return `dt`, or less so that the run lands on the next snapshot and on `end_time`."""
        return limit_dt(time, dt, [self._snapshots.next_time(time), end_time])

    def write_due(self, state):
        """Add a row to the history if one is due."""
        if self._snapshots.due(state.time, state.step):
            self._snapshots.done(state.time, state.step)
        if self._due.due(state.time, state.step):
            self._due.done(state.time, state.step)
            self._row(state)

    def finalize(self, state, complete=True):
        """Add the last row; collective."""
        self._row(state)

    def _row(self, state):
        if self._last == state.step:
            return
        row = [*beginning(state, self._units), *self._columns(state)]
        self._names = {number.name: number.unit for number in row}
        self._rows.append([number.value for number in row])
        self._last = state.step

    def history(self):
        """Return the `Columns` of the history so far."""
        table = np.array(self._rows, dtype=float).reshape(len(self._rows), len(self._names))
        return Columns(dict(zip(self._names, table.T, strict=True)), dict(self._names))

    def asked_to_stop(self):
        """There is no folder for a file STOP."""
        return False

    def emergency(self, *_):
        """There is no folder for the block of a state that broke."""

    def remesh(self, *_):
        """Rows of the history know nothing of a mesh."""

    def close(self):
        """There is no folder to leave."""
