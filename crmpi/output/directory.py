"""The folder of a run: where its files are, and what happens to those of an earlier run.

DIR/resolved.yaml               every parameter of the run
DIR/provenance.json             versions, host, command; marks the folder as a run's
DIR/history.txt
DIR/log.txt                     what the run said
DIR/run.lock                    while it runs: who writes here
DIR/snapshots/snapshot_00000.athdf (.xdmf)
DIR/checkpoints/checkpoint_00000.h5
DIR/profiles/profiles_00000.h5
DIR/emergency/step_00017_block_00003.athdf    the block in which a run broke
DIR/hang.txt                    what the ranks of a run that hung were at
DIR/streams/NAME/NAME_00000.athdf (.xdmf)
DIR/replaced-001/               the files of a run that was in DIR before, in the same order
"""

import errno
import json
import os
import re
import tempfile
from pathlib import Path

from crmpi.errors import CrmpiError, RunError
from crmpi.output.blockfile import PART_ENDING
from crmpi.output.files import clear_write_errors, describe_failure, write_text
from crmpi.output.streams import is_standard_stream

_OWN_FILES = {
    "snapshots": r"snapshot_\d{5,}\.athdf(\.xdmf)?",
    "snapshots/parts": rf"snapshot_\d{{5,}}\.athdf{PART_ENDING}",
    "checkpoints": r"checkpoint_\d{5,}\.h5",
    "checkpoints/parts": rf"checkpoint_\d{{5,}}\.h5{PART_ENDING}",
    "profiles": r"profiles_\d{5,}\.h5",
    "emergency": r"step_\d{5,}_block_\d{5,}\.athdf",
    "": r"(history(\.until_step_\d+)?|log|hang)\.txt|resolved\.yaml|result\.json|provenance\.json",
}
"""Names of the files that a run writes, by folder; nothing else in them is ever touched. Those of
streams, `STREAMS`, carry the name of their folder."""

STREAMS = "streams"

RUN = "run"
"""Entry of the provenance: id of a run, which its restarts share; every start has its own
`run_id`."""

_SET_ASIDE = re.compile(r"replaced-(\d+)")


def in_order(paths):
    """Return paths by the number at the end of their stems, 100000 after 99999; first those
    without."""

    def key(path):
        digits = re.search(r"_(\d+)$", path.stem)
        return int(digits[1]) if digits else -1, path.name

    return sorted(paths, key=key)


def number_of(path):
    """Return the number in the name of a snapshot, checkpoint or file of profiles."""
    return int(path.stem.rpartition("_")[2])


def numbered_files(folder, pattern):
    """Return the files in `folder` whose whole name matches `pattern`, by their numbers."""
    folder = Path(folder)
    if not folder.is_dir():
        return []
    return in_order(
        path for path in folder.iterdir() if re.fullmatch(pattern, path.name) and not path.is_dir()
    )


def checkpoint_files(folder):
    """Return the checkpoints in the folder of a run, or directly in `folder`, in order."""
    folder = Path(folder)
    places = (folder, folder / "checkpoints")
    return in_order(
        path for place in places for path in numbered_files(place, _OWN_FILES["checkpoints"])
    )


def folder_of(checkpoint):
    """Return the folder of the run in which a checkpoint lies, or None if it lies anywhere else."""
    place = Path(checkpoint).parent
    place = place if place.name else place.resolve()
    if place.name == "checkpoints":
        return place.parent
    return place if RunDirectory(place).holds_run() else None


class RunDirectory:
    """Names of the files of the run in the folder `path`."""

    def __init__(self, path):
        self.path = Path(path)
        self.history = self.path / "history.txt"
        self.resolved = self.path / "resolved.yaml"
        self.provenance = self.path / "provenance.json"
        self.stop = self.path / "STOP"
        self.log = self.path / "log.txt"
        self.hang = self.path / "hang.txt"

    def snapshot(self, number):
        """Return the path of a snapshot."""
        return self.path / "snapshots" / f"snapshot_{number:05d}.athdf"

    def profiles(self, number):
        """Return the path of the profiles and diagrams of one time."""
        return self.path / "profiles" / f"profiles_{number:05d}.h5"

    def checkpoint(self, number):
        """Return the path of a checkpoint."""
        return self.path / "checkpoints" / f"checkpoint_{number:05d}.h5"

    def emergency(self, step, gid):
        """Return the path of the dump of the block in which a run broke."""
        return self.path / "emergency" / f"step_{step:05d}_block_{gid:05d}.athdf"

    def stream(self, name, number):
        """Return the path of a file of a stream."""
        return self.path / STREAMS / name / f"{name}_{number:05d}.athdf"

    def stream_names(self):
        """Return the names of the streams that have written here."""
        folder = self.path / STREAMS
        return (
            sorted(path.name for path in folder.iterdir() if path.is_dir())
            if (folder.is_dir())
            else []
        )

    def stream_files(self, name):
        """Return the paths of all files of a stream, in order."""
        return numbered_files(self.path / STREAMS / name, rf"{re.escape(name)}_\d{{5,}}\.athdf")

    def snapshots(self):
        """Return the paths of all snapshots, in order."""
        return numbered_files(self.path / "snapshots", r"snapshot_\d{5,}\.athdf")

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
        return numbered_files(self.path / "checkpoints", _OWN_FILES["checkpoints"])

    def profile_files(self):
        """Return the paths of all profiles, in order."""
        return numbered_files(self.path / "profiles", _OWN_FILES["profiles"])

    def own_files(self):
        """Return the paths of all files that a run has written here."""
        patterns = dict(_OWN_FILES)
        for name in self.stream_names():
            file = rf"{re.escape(name)}_\d{{5,}}\.athdf"
            patterns[f"{STREAMS}/{name}"] = rf"{file}(\.xdmf)?"
            patterns[f"{STREAMS}/{name}/parts"] = rf"{file}{PART_ENDING}"
        return [
            path
            for folder, pattern in patterns.items()
            for path in numbered_files(self.path / folder, rf"({pattern})(\.tmp)?")
        ]

    def holds_run(self):
        """Return whether a run has written here."""
        return self.provenance.is_file()

    def require_place(self):
        """Raise `RunError` if the folder is not there and could not be made; nothing is written."""
        with clear_write_errors(self.path):
            nearest = next(folder for folder in (self.path, *self.path.parents) if folder.exists())
            if not nearest.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, "is a file")
            if not os.access(nearest, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, "permission denied")

    def require_usable(self):
        """Raise `RunError` if the run could not write here, before it has worked for it."""
        for folder in (
            self.path,
            *(self.path / name for name in ("snapshots", "checkpoints", "profiles", STREAMS)),
        ):
            if folder == self.path or folder.exists():
                with clear_write_errors(folder):
                    folder.mkdir(parents=True, exist_ok=True)
                    tempfile.TemporaryFile(dir=folder).close()
        if self.stop.is_dir():
            raise RunError(
                f"{self.stop} is a folder, but a file of that name stops a run: "
                "rename it, or choose another output.dir"
            )
        for file in (self.history, self.log, self.resolved, self.provenance):
            if file.is_dir():
                raise RunError(
                    describe_failure(file, IsADirectoryError(errno.EISDIR, "is a folder"))
                )

    def claim(self, record, overwrite):
        """Make the folder ready for a new run and mark it as its own.

        The files of an earlier run move into a folder ``replaced-001``, the next time
        ``replaced-002``; with `overwrite` they are removed. Files of others are left alone, and
        what only looks like a run, for nothing marks it as one, is moved in any case.

        Returns
        -------
        str
            a sentence on what became of the earlier run, '' if there was none

        Raises
        ------
        RunError
            the folder cannot be written
        """
        with clear_write_errors(self.path):
            earlier = [file for file in self.own_files() if not is_standard_stream(file)]
        said = ""
        failed_before = earlier == [self.log]  # a start that did not come as far as here
        if earlier and not failed_before:
            what = f"the earlier run in {self.path}{self._start()}"
            counts = f"snapshots: {len(self.snapshots())}, checkpoints: {len(self.checkpoints())}"
            with clear_write_errors(self.path):
                if overwrite and self.holds_run():  # files that look like a run's may be a user's
                    for file in earlier:
                        file.unlink()
                    said = f"replacing {what} (output.overwrite): {counts}"
                else:
                    said = f"moved {what} to {self.set_aside(earlier)}: {counts}"
        self.mark(record)
        return said

    def set_aside(self, files):
        """Move `files` of the folder into a new one inside it; return its path."""
        taken = [
            int(found[1])
            for path in self.path.iterdir()
            if (found := _SET_ASIDE.fullmatch(path.name))
        ]
        aside = self.path / f"replaced-{max(taken, default=0) + 1:03d}"
        aside.mkdir()
        for file in files:
            target = aside / file.relative_to(self.path)
            target.parent.mkdir(parents=True, exist_ok=True)
            file.rename(target)
        return aside

    def resume(self, record, checkpoint):
        """Mark the folder as that of a run that continues; return a sentence for the user."""
        self.mark(record)
        return f"continuing from {checkpoint} in {self.path}"

    def run_continued(self, checkpoint):
        """Return the id of the run that goes on here from a `Checkpoint`, None for a new branch.

        Raises
        ------
        CrmpiError
            the folder holds another run
        """
        place = folder_of(checkpoint.path)
        own = place is not None and place.resolve() == self.path.resolve()
        origin = checkpoint.provenance.get(RUN)
        if own and not self.holds_run():
            return origin
        if not self.own_files():
            return None
        if own and origin is None:  # written before runs had ids
            return self._noted(RUN)
        if origin is None or self._noted(RUN) != origin:
            remedy = (
                f"leave it out to go on in {place}"
                if place is not None and not own
                else "restart that run"
            )
            raise CrmpiError(
                f"output.dir = {self.path} holds another run{self._start()} than "
                f"{checkpoint.path}: "
                f"choose another output.dir, or {remedy}"
            )
        return origin

    def next_checkpoint(self):
        """Return the number of the next checkpoint: above all present ones, so the newest always
        has the highest number."""
        return max(map(number_of, self.checkpoints()), default=-1) + 1

    def mark(self, record):
        """Write `resolved.yaml` and `provenance.json`."""
        write_text(self.resolved, record.config)
        write_text(
            self.provenance,
            json.dumps({"run_id": record.run_id, **record.provenance}, indent=2) + "\n",
        )

    def _start(self):
        started = self._noted("started")
        return f" started {started}" if started else ""

    def _noted(self, name):
        """Return what `provenance.json` says of `name`, or None."""
        try:
            return json.loads(self.provenance.read_text(encoding="utf-8")).get(name)
        except (OSError, ValueError, AttributeError):
            return None
