"""OutputWriter: everything a run writes, behind the four calls of the loop."""

from dataclasses import replace
from functools import partial

from crmpi.diagnostics.columns import labelled
from crmpi.errors import CrmpiError
from crmpi.output.blockfile import BlockFileWriter, parts_of
from crmpi.output.branch import leave_branch, step_of
from crmpi.output.checkpoint import damage, write_checkpoint
from crmpi.output.directory import RunDirectory
from crmpi.output.emergency import write_emergency
from crmpi.output.files import clear_write_errors
from crmpi.output.history import Columns, HistoryFile, beginning, last_step, read_history
from crmpi.output.lock import FolderLock
from crmpi.output.schedule import EverySteps, limit_dt, make_schedule
from crmpi.output.snapshot import write_snapshot
from crmpi.output.stop import StopFile
from crmpi.parallel.agreement import on_first


class OutputWriter:
    """Writes snapshots, history and checkpoints when they are due. Every method is called by all
    ranks.

    Parameters
    ----------
    params : OutputParams
        dir, snapshot_interval, history_interval, checkpoint_interval (code time), precision,
        ranks_per_file, checkpoints_kept, overwrite
    comm : Comm
    owner : array of int (number of blocks)
        rank that owns each block
    record : RunRecord
    history : callable or None
        ``history(state)`` returns the `crmpi.diagnostics.columns.Number` of the columns after time,
        step and dt; called by all ranks when a row is due
    profiles : object or None
        ``interval`` in code time, ``tables`` (true if there is something to write) and
        ``write(path, state)``, called by all ranks
    report : callable
        takes one line of text for the user; called on rank 0
    streams : sequence
        further series of files: ``name``, ``schedule()`` and ``write(path, state, record)``, called
        by all ranks
    """

    def __init__(
        self, params, comm, owner, record, history=None, report=print, profiles=None, streams=()
    ):
        self.params = params
        self.comm = comm
        self.record = record
        self.directory = RunDirectory(params.dir)
        self._lock = FolderLock(params.dir)
        self.blockfiles = BlockFileWriter(comm, owner, params.ranks_per_file, record.run_id)
        self.schedules = {
            "snapshot": make_schedule(params.snapshot_interval, exact=True),
            "history": make_schedule(params.history_interval)
            if params.history_interval
            else EverySteps(1),
            "checkpoint": make_schedule(params.checkpoint_interval),
        }
        self._profiles = profiles if profiles is not None and profiles.tables else None
        if self._profiles is not None:
            self.schedules["profiles"] = make_schedule(profiles.interval)
        self._streams = {f"stream {stream.name}": stream for stream in streams}
        self.schedules |= {key: stream.schedule() for key, stream in self._streams.items()}
        # of the next files; last row that is due
        self.numbers = {"snapshot": 0, "checkpoint": 0, "profiles": 0, "history_step": -1}
        self.numbers |= dict.fromkeys(self._streams, 0)
        self._history_columns = history
        self._history_file = None
        self._report = report
        self._stop = StopFile(self.directory.stop, report)
        self.on_remade = lambda: None  # called when the folder was made again
        self._last = {}

    def begin(self, restart=None):
        """Make the folder ready.

        Parameters
        ----------
        restart : Checkpoint or None
            the run continues from it: files up to its step stay, later ones are set aside,
            schedules go on where they were
        """
        if restart is not None:
            for name, schedule in self.schedules.items():
                schedule.restore(restart.schedules.get(name), restart.time, restart.step)
            self.numbers |= restart.schedules.get("numbers", {})
            self._last["checkpoint"] = restart.step
        try:
            on_first(self.comm, lambda: self._occupy(restart))
        except CrmpiError:
            self.close()
            raise
        self.numbers, self._last = self.comm.bcast((self.numbers, self._last))

    def _occupy(self, restart):
        """Take the folder: one run at a time writes there."""
        self.directory.require_usable()
        self._lock.take()
        if restart is None:
            said = self.directory.claim(self.record, self.params.overwrite)
        else:
            left = leave_branch(self.directory, restart.step)
            said = self.directory.resume(self.record, restart.path) + (f"; {left}" if left else "")
            self._last |= self._written_at(restart.step)
        self._history_file = HistoryFile(
            self.directory.history, None if restart is None else self.numbers["history_step"]
        )
        self.numbers["checkpoint"] = self.directory.next_checkpoint()
        if said:
            self._report(said)

    def _written_at(self, step):
        """Return {kind: step} of what the folder holds of this step already: it must not be written
        twice."""
        written = {}
        for kind, path in (
            ("snapshot", self.directory.snapshot),
            ("profiles", self.directory.profiles),
        ):
            # that of a last one, which did not count, or one more than that of a due one
            number = self.numbers[kind]
            if step in (step_of(path(number)), step_of(path(number - 1))):
                written[kind] = step
        if last_step(self.directory.history) == step:
            written["history"] = step
        return written

    def asked_to_stop(self):
        """Return whether a user asked the run to stop by a file STOP in its folder, and remove the
        file, which has served its purpose. For rank 0."""
        return self._stop.take()

    def history(self):
        """Return the `Columns` of the history so far, from its file."""
        file = self.directory.history
        return read_history(file) if file.exists() else Columns({}, {})

    def _keep_folder(self):
        """Make the folder again, and say so, if somebody has removed it or its lock while the run
        went on."""
        if self.comm.rank != 0 or not self._lock.is_lost():
            return
        with clear_write_errors(self.directory.path):
            self.directory.path.mkdir(parents=True, exist_ok=True)
        self._lock.take()
        self.directory.mark(self.record)
        self.on_remade()
        self._report(
            f"warning: {self.directory.path}, or run.lock in it, was removed while the run went "
            "on: made again; earlier files there are gone, this run is not"
        )

    def close(self):
        """Leave the folder to others; call it however the run ended."""
        self._lock.release()

    def remesh(self, tree, owner, profiles):
        """Write the blocks of another mesh from now on; collective."""
        self.record = replace(self.record, tree=tree)
        self.blockfiles = BlockFileWriter(
            self.comm, owner, self.params.ranks_per_file, self.record.run_id
        )
        if self._profiles is not None:
            self._profiles = profiles

    def limit_dt(self, time, dt, end_time):
        """Return `dt`, or less so that the run lands on the next snapshot and on `end_time` without
        a tiny step."""
        targets = [
            schedule.next_time(time) for schedule in self.schedules.values() if schedule.exact
        ]
        return limit_dt(time, dt, [*targets, end_time])

    def write_due(self, state):
        """Write what is due at this time; call it once before the first step and after every
        step."""
        writers = {
            "snapshot": self.snapshot,
            "history": self.row,
            "profiles": self.profiles,
            **{key: partial(self._stream, key) for key in self._streams},
            "checkpoint": self.checkpoint,
        }
        self._keep_folder()
        for name, write in writers.items():
            if name in self.schedules and self.schedules[name].due(state.time, state.step):
                self.schedules[name].done(state.time, state.step)
                if name == "history":
                    self.numbers["history_step"] = state.step
                # the initial state needs no checkpoint: the configuration is one
                if name != "checkpoint" or state.step > 0:
                    write(state)

    def snapshot(self, state):
        """Write a snapshot now, unless this step has one."""
        if self._last.get("snapshot") == state.step:
            return
        path = self.directory.snapshot(self.numbers["snapshot"])
        self.numbers["snapshot"] += 1
        write_snapshot(path, state, self.record, self.blockfiles, self.params.precision)
        self._last["snapshot"] = state.step
        if self.comm.rank == 0:
            self._report(f"wrote {path}")

    def row(self, state):
        """Append a row to the history now, unless this step has one."""
        if self._last.get("history") == state.step:
            return
        row = beginning(state, self.record.units)
        row += self._history_columns(state) if self._history_columns else []
        if self.comm.rank == 0:
            self._history_file.write(labelled(row))
        self._last["history"] = state.step

    def profiles(self, state):
        """Write profiles and diagrams now, unless this step has some."""
        if self._last.get("profiles") == state.step:
            return
        path = self.directory.profiles(self.numbers["profiles"])
        self.numbers["profiles"] += 1
        self._profiles.write(path, state)
        self._last["profiles"] = state.step

    def _stream(self, key, state):
        """Write a file of a stream now."""
        stream = self._streams[key]
        path = self.directory.stream(stream.name, self.numbers[key])
        self.numbers[key] += 1
        stream.write(path, state, self.record)

    def checkpoint(self, state):
        """Write a checkpoint now, unless this step has one; then remove those beyond
        `checkpoints_kept`."""
        if self._last.get("checkpoint") == state.step:
            return
        path = self.directory.checkpoint(self.numbers["checkpoint"])
        self.numbers["checkpoint"] += 1
        schedules = {name: schedule.state() for name, schedule in self.schedules.items()} | {
            "numbers": dict(self.numbers)
        }
        write_checkpoint(path, state, self.record, self.blockfiles, schedules)
        self._last["checkpoint"] = state.step
        if self.comm.rank == 0:
            self._drop_old_checkpoints()
            self._report(f"wrote {path}")

    def emergency(self, state, row, reason):
        """Write the block `row` of this rank as a snapshot of its own and return its path; called
        by the rank that has the block, alone."""
        path = self.directory.emergency(state.step, int(state.pack.gids[row]))
        write_emergency(path, state, self.record, row, reason)
        return path

    def finalize(self, state, complete=True):
        """Write the last checkpoint; if the run is `complete`, the last history row and snapshot
        too.

        The checkpoint comes first: a restart from it goes on as if the run had never stopped, and
        replaces those two; if it has nothing to do, it leaves them as they are.
        """
        self._keep_folder()
        self.checkpoint(state)
        if complete:
            self.row(state)
            if self._profiles is not None:
                self.profiles(state)
            self.snapshot(state)

    def _drop_old_checkpoints(self):
        """Remove complete checkpoints beyond the newest `checkpoints_kept`; the new one is on disk
        by now."""
        complete = [path for path in self.directory.checkpoints() if not damage(path)]
        for path in complete[: -self.params.checkpoints_kept]:
            path.unlink()
            for part in parts_of(path):
                part.unlink()
