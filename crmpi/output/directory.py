"""The folder of a run: where its files are, and what happens to those of an earlier run.

    DIR/resolved.yaml               every parameter of the run
    DIR/provenance.json             versions, host, command; marks the folder as a run's
    DIR/history.txt
    DIR/snapshots/snapshot_00000.athdf (.xdmf)
    DIR/checkpoints/checkpoint_00000.h5
    DIR/profiles/profiles_00000.h5
"""

import json
from pathlib import Path

from crmpi.errors import CrmpiError
from crmpi.output.files import clear_write_errors, write_text

OWN_FILES = (
    "snapshots/snapshot_*.athdf*",
    "snapshots/parts/snapshot_*.athdf.*",
    "checkpoints/checkpoint_*.h5*",
    "checkpoints/parts/checkpoint_*.h5.*",
    "history*.txt",
    "profiles/profiles_*.h5*",
    "resolved.yaml",
    "provenance.json",
)


class RunDirectory:
    """Names of the files of the run in the folder `path`."""

    def __init__(self, path):
        self.path = Path(path)
        self.history = self.path / "history.txt"
        self.resolved = self.path / "resolved.yaml"
        self.provenance = self.path / "provenance.json"

    def snapshot(self, number):
        """Return the path of a snapshot."""
        return self.path / "snapshots" / f"snapshot_{number:05d}.athdf"

    def profiles(self, number):
        """Return the path of the profiles and diagrams of one time."""
        return self.path / "profiles" / f"profiles_{number:05d}.h5"

    def checkpoint(self, number):
        """Return the path of a checkpoint."""
        return self.path / "checkpoints" / f"checkpoint_{number:05d}.h5"

    def snapshots(self):
        """Return the paths of all snapshots, in order."""
        return sorted(self.path.glob("snapshots/snapshot_*.athdf"))

    def latest_snapshot(self):
        """Return the path of the last snapshot.

        Raises
        ------
        CrmpiError
            there is none
        """
        found = self.snapshots()
        if not found:
            raise CrmpiError(f"{self.path} has no snapshots; expected {self.snapshot(0)}")
        return found[-1]

    def checkpoints(self):
        """Return the paths of all checkpoints, in order."""
        return sorted(self.path.glob("checkpoints/checkpoint_*.h5"))

    def holds_run(self):
        """Return whether a run has written here."""
        return self.provenance.is_file()

    def claim(self, record, overwrite):
        """Make the folder ready for a new run and mark it as its own; other people's files are left alone.

        Returns
        -------
        str
            a sentence on what was replaced, '' if nothing was

        Raises
        ------
        CrmpiError
            an earlier run is here and `overwrite` is false, or the folder cannot be written
        """
        said = ""
        if self.holds_run():
            if not overwrite:
                raise CrmpiError(
                    f"output.dir = {self.path} holds an earlier run{self._start()}: choose another output.dir, restart that run, "
                    "or replace it with output.overwrite=true"
                )
            files = f"snapshots: {len(self.snapshots())}, checkpoints: {len(self.checkpoints())}"
            said = f"replacing the earlier run in {self.path}{self._start()}: {files}"
            with clear_write_errors(self.path):
                for pattern in OWN_FILES:
                    for file in self.path.glob(pattern):
                        file.unlink()
        self.mark(record)
        return said

    def resume(self, record, checkpoint):
        """Mark the folder as that of a run that continues; return a sentence for the user."""
        self.mark(record)
        return f"continuing from {checkpoint}"

    def next_checkpoint(self):
        """Return the number of the next checkpoint: above all present ones, so the newest always has the highest number."""
        return max((int(path.stem.rpartition("_")[2]) for path in self.checkpoints()), default=-1) + 1

    def drop_profiles(self, first):
        """Remove profiles from number `first` on: a run that continues writes them again."""
        for path in self.path.glob("profiles/profiles_*.h5"):
            if int(path.stem.rpartition("_")[2]) >= first:
                path.unlink()

    def mark(self, record):
        """Write `resolved.yaml` and `provenance.json`."""
        write_text(self.resolved, record.config)
        write_text(self.provenance, json.dumps({"run_id": record.run_id, **record.provenance}, indent=2) + "\n")

    def _start(self):
        try:
            return f" started {json.loads(self.provenance.read_text(encoding='utf-8'))['started']}"
        except (OSError, ValueError, KeyError):
            return ""
