"""One run at a time in a folder: the file `run.lock` says which process on which host writes there.

It is removed when the run ends. One that a dead process has left behind is recognised: the host is
this one and has no such process any more, or the Slurm job in it is this one, started again, or is
not in the queue any more.
"""

import fcntl
import json
import os
import socket
import subprocess
import time
from pathlib import Path

from crmpi.errors import CrmpiError, RunError
from crmpi.output.files import clear_write_errors

NAME = "run.lock"
_ATTEMPTS = 10  # to open a lock that others keep removing


class FolderLock:
    """The lock of one folder, taken by rank 0 for its run."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.path = self.folder / NAME
        self._held = False
        self._known = None  # marks of the file when it was last found to be ours

    def take(self):
        """Take the lock.

        Raises
        ------
        CrmpiError
            another run, perhaps on another host, writes in the folder
        """
        with clear_write_errors(self.path), _Exclusive(self.path) as file:
            owner = _read(file)
            if not (_ours(owner) or _dead(owner)):
                raise CrmpiError(self._refusal(owner))
            file.seek(0)
            file.truncate()
            json.dump(_identity(), file)
            file.flush()
            self._held = True
            self._known = _marks(os.fstat(file.fileno()))

    def is_lost(self):
        """Return whether the lock has vanished, with its folder perhaps; one reading of the file.

        Raises
        ------
        RunError
            the folder has become that of another run
        """
        try:
            found = _marks(os.stat(self.path))
        except (FileNotFoundError, NotADirectoryError):
            return True
        except OSError:
            return False  # what is written next will say what is wrong
        if found != self._known:
            with clear_write_errors(self.path), open(self.path, encoding="utf-8") as file:
                owner = _read(file)
            if not _ours(owner):
                self._held = False
                raise RunError(
                    f"{self.folder} was removed or moved while the run went on, and process "
                    f"{owner.get('pid')} on {owner.get('host')} runs there since: this run ends, "
                    "and leaves the folder to it"
                )
            self._known = found
        return False

    def release(self):
        """Give the lock back, if it is still ours."""
        if not self._held:
            return
        self._held = False
        try:
            with _Exclusive(self.path) as file:
                if _ours(_read(file)):
                    self.path.unlink()
        except OSError:
            return  # the folder is gone, and the lock with it

    def _refusal(self, owner):
        who = f"process {owner.get('pid')} on {owner.get('host')}, since {owner.get('since')}"
        remedy = "wait for it, stop it, or choose another output.dir"
        if owner.get("host") != socket.gethostname():
            remedy += f"; if that process is gone, remove {self.path}"
        return f"output.dir = {self.folder} is in use by another run ({who}): {remedy}"


def holder(folder):
    """Return the identity of the process that runs in a folder, a dict, or None if none does;
    nothing is written or locked."""
    try:
        with open(Path(folder) / NAME, encoding="utf-8") as file:
            owner = _read(file)
    except OSError:
        return None
    return None if _dead(owner) else owner


class _Exclusive:
    """The open lock file, for a ``with`` block; no other process reads or writes it meanwhile."""

    def __init__(self, path):
        self._path = path
        self._file = None

    def __enter__(self):
        for _ in range(_ATTEMPTS):
            self._file = open(
                os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644), "r+", encoding="utf-8"
            )
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX)
            except OSError:
                return self._file  # a file system without locks
            if self._is_current():
                return self._file
            self._file.close()  # removed by its owner before we had it
        return self._file

    def _is_current(self):
        try:
            return os.path.samestat(os.stat(self._path), os.fstat(self._file.fileno()))
        except FileNotFoundError:
            return False

    def __exit__(self, *_):
        self._file.close()


def _marks(stat):
    """Return what tells a file from one that was written in its place, perhaps in its inode."""
    return stat.st_dev, stat.st_ino, stat.st_mtime_ns


def _identity():
    """Return what tells this process from all others."""
    return {
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "began": _began(os.getpid()),
        "job": os.environ.get("SLURM_JOB_ID"),
        "attempt": os.environ.get("SLURM_RESTART_COUNT", "0"),
        "since": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }


def _read(file):
    """Return the identity in a lock file; {} if it is empty or torn: its writer died over it."""
    try:
        owner = json.load(file)
    except ValueError:
        return {}
    return owner if isinstance(owner, dict) else {}


def _ours(owner):
    return {name: owner.get(name) for name in ("host", "pid", "began")} == {
        name: _identity()[name] for name in ("host", "pid", "began")
    }


def _dead(owner):
    """Return whether the process is known to be gone."""
    if not owner:
        return True
    me = _identity()
    job = owner.get("job")
    if job and job == me["job"] and owner.get("attempt") != me["attempt"]:
        return True
    if job and owner.get("host") != me["host"] and job != me["job"]:
        return _has_left_the_queue(job)
    return owner.get("host") == me["host"] and not _lives(owner.get("pid"), owner.get("began"))


def _has_left_the_queue(job):
    """Return whether Slurm knows that a job has ended; False if Slurm does not answer."""
    command = ["squeue", "--noheader", "--jobs", str(job), "--format", "%T"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    if done.returncode:
        return "Invalid job id" in done.stderr  # forgotten, minutes after its end
    return not done.stdout.strip()


def _lives(pid, began):
    """Return whether this host has the process `pid`, and it is the one that began then."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        pass  # another user's
    except (OSError, TypeError, OverflowError):
        return False
    now = _began(pid)
    return now is not None if began is None else now == began


def _began(pid):
    """Return when a process of this host began, as text; '' if the host does not tell, None for the
    dead."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()  # the name before may hold anything
    return None if fields[0] in "ZX" else f"{boot} {fields[19]}"
