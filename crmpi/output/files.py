"""Writing files so that nothing readable is ever damaged: temporary name, flush to disk, rename;
errors that say what to do."""

import errno
import os
import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

from crmpi.errors import RunError

WRITE_FAILURES = (OSError, RuntimeError)  # h5py raises either when the disk refuses

_REMEDIES = {
    errno.ENOSPC: "no space left on the disk: free some, or choose another output.dir",
    errno.EDQUOT: "disk quota exceeded: free some space, or choose another output.dir",
    errno.EFBIG: "the file exceeds a size limit of this account (ulimit -f)",
    errno.EACCES: "permission denied: choose another output.dir",
    errno.EPERM: "permission denied: choose another output.dir",
    errno.EROFS: "the file system is read-only: choose another output.dir",
    errno.ENOTDIR: "a file is where a folder should be: choose another output.dir",
    errno.EEXIST: "a file is where a folder should be: choose another output.dir",
    errno.EISDIR: "a folder is where a file should be: move it away, or choose another output.dir",
    errno.ENAMETOOLONG: "the name is too long: choose another output.dir",
}


unwritten = []
"""Block files that the disk refused: HDF5 tries to write them once more at the exit of the process,
and may crash there."""


def hush_destructors():
    """Let h5py not speak of the same failure again.

    HDF5 keeps what a disk has refused and tries again when h5py frees its objects and at the exit.
    h5py cannot raise there: it prints tracebacks, through the hook that ends all ranks of a run at
    an error that was not caught. The failure has been raised and reported by then.
    """
    if not getattr(sys.excepthook, "hushed", False):
        sys.excepthook = _hushed(sys.excepthook, lambda _kind, _error, trace: _in_h5py(trace))
        sys.unraisablehook = _hushed(
            sys.unraisablehook, lambda told: "h5py" in str(told.object or told.exc_traceback)
        )


def _hushed(hook, is_known):
    def hushed(*told):
        if not is_known(*told):
            hook(*told)

    hushed.hushed = True
    return hushed


def _in_h5py(trace):
    """Return whether a traceback begins in compiled code of h5py, and not in a program."""
    return trace is not None and trace.tb_frame.f_code.co_filename.startswith("h5py/")


def describe_failure(path, error):
    """Return one sentence: the file, what happened and what to do about it."""
    code = getattr(error, "errno", None)
    if code not in _REMEDIES:  # h5py often hides the number in its message
        code = next((c for c in _REMEDIES if f"errno = {c}," in str(error)), None)
    reason = _REMEDIES.get(code) or str(error).splitlines()[0]
    return f"cannot write {path}: {reason}"


@contextmanager
def clear_write_errors(path):
    """Turn a failure of the disk into a `RunError` about `path`."""
    try:
        yield
    except WRITE_FAILURES as error:
        raise RunError(describe_failure(path, error)) from error


def temporary(path):
    """Return the name under which `path` is written until it is complete."""
    return Path(f"{path}.tmp")


def commit(path):
    """Give the complete temporary of `path` its name; the bytes reach the disk before the name
    does."""
    _flush(temporary(path))
    os.replace(temporary(path), path)
    _flush(Path(path).parent)


def _flush(path):
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_text(path, text):
    """Write a small text file in one go; an earlier one stays whole until the new one is."""
    with clear_write_errors(path):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary(path).write_text(text, encoding="utf-8")
            commit(path)
        except OSError:
            temporary(path).unlink(missing_ok=True)
            raise


# what file systems without preallocation answer
_NO_PREALLOCATION = (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS)


def allocate(path, nbytes):
    """Ask the file system for the first `nbytes` bytes of an existing file; `OSError` if it has not
    as many. What is written into them afterwards needs no more."""
    with open(path, "r+b") as file:
        _allocate(file, nbytes)


def _allocate(file, nbytes):
    try:
        os.posix_fallocate(file.fileno(), 0, max(int(nbytes), 1))
    except OSError as error:
        if error.errno not in _NO_PREALLOCATION:
            raise


def require_space(folder, nbytes):
    """Raise `OSError` when the disk of `folder` has no room for `nbytes`: better before the first
    byte than after half of them.

    The file system is asked for the bytes, which it gives back at once: the free space that it
    reports knows nothing of quotas and of limits on the size of files.
    """
    if shutil.disk_usage(folder).free < nbytes:
        raise OSError(errno.ENOSPC, "no space left on the disk")
    with tempfile.TemporaryFile(dir=folder) as trial:
        _allocate(trial, nbytes)
