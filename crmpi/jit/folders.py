"""Where compiled kernels are kept on disk.

``CRMPI_CACHE_DIR`` names a folder, or several with ':' between them: all are read, the first that
is writable is written. So a site can keep a warm cache that users only read, in front of their own.
Without the variable it is ``~/.cache/crmpi``, or where that is not writable ``crmpi-UID`` in the
folder for temporary files. Without a writable folder kernels are compiled in every process.

To load a kernel is to run code. So folders and files count only if they belong to the user or to
root, and folders that all users may write to are ignored.
"""

import functools
import os
import platform
import re
import shutil
import stat
import tempfile
from pathlib import Path
from typing import NamedTuple

import numba

from crmpi import precision
from crmpi.jit.sources import source_hash

_VARIABLE = "CRMPI_CACHE_DIR"
_KEPT = re.compile(r"\w+-[0-9a-f]{16}")  # how the folders of kernels are named, see `folder_name`


class Folders(NamedTuple):
    """Where compiled kernels are: folders to read, the one to write or None, and a sentence if that
    is not where they should be."""

    read: tuple
    written: Path | None
    note: str


def cache_folder():
    """Return the folder where kernels compiled for this machine and these versions are kept, or
    None if no place is writable."""
    return cache_folders().written


def cache_note():
    """Return a sentence for the log if compiled kernels cannot be kept where they should be, else
    ''."""
    return cache_folders().note


@functools.cache
def cache_folders():
    """Return the `Folders` of this process."""
    wanted = [Path(word) for word in os.environ.get(_VARIABLE, "").split(os.pathsep) if word]
    home = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "crmpi"
    temporary = Path(tempfile.gettempdir()) / f"crmpi-{os.getuid()}"
    versions = f"python{platform.python_version()}-numba{numba.__version__}"
    build = f"{versions}-{platform.machine()}-{precision.NAME}"
    refused = [
        root for root in wanted or [home] if not (is_trusted(root) and is_trusted(root / build))
    ]
    kept = [root for root in wanted if root not in refused]
    chosen = choose_folders(
        kept,
        home,
        temporary,
        lambda root: _writable(root / build, private=root == temporary),
        build,
    )
    if not refused:
        return chosen
    note = (
        f"{', '.join(map(str, refused))} belongs to another user or is writable by all users: "
        "its kernels are not used"
    )
    return Folders(
        tuple(folder for folder in chosen.read if is_trusted(folder)), chosen.written, note
    )


def is_trusted(path):
    """Return whether code may come from a folder, if there is one: that of the user or of root,
    which not all users may write to."""
    try:
        status = path.stat()
    except OSError:
        return True
    return status.st_uid in (os.getuid(), 0) and not status.st_mode & stat.S_IWOTH


def choose_folders(wanted, home, temporary, writable, build="."):
    """Return the `Folders` for these roots; ``writable(root)`` tells whether the folder of this
    build can be written below it."""
    roots = [*wanted, home, temporary]
    root = next((root for root in roots if writable(root)), None)
    first = wanted or [home]
    read = tuple(dict.fromkeys(root / build for root in [*first, root] if root is not None))
    names = os.pathsep.join(map(str, first))
    if root is None:
        note = (
            f"no folder for compiled kernels is writable ({', '.join(map(str, roots))}): "
            "every process compiles what it does not find"
        )
    elif root not in first:
        note = (
            f"{_VARIABLE + '=' if wanted else ''}{names} is not writable: newly compiled "
            f"kernels are kept in {root}"
        )
    else:
        return Folders(read, root / build, "")
    return Folders(
        read,
        None if root is None else root / build,
        f"{note}; set {_VARIABLE} to a folder you can write",
    )


def _writable(folder, *, private):
    """Return whether files can be written to `folder`; `private`: its parent must be ours alone,
    for it is in a place open to all."""
    try:
        if private:
            folder.parent.mkdir(mode=0o700, exist_ok=True)
            status = folder.parent.lstat()
            if (
                status.st_uid != os.getuid()
                or stat.S_IMODE(status.st_mode) & 0o022
                or not stat.S_ISDIR(status.st_mode)
            ):
                return False
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return is_trusted(folder.parent) and is_trusted(folder)


def folder_name(path):
    """Return the name of the folder for the kernels of the Python file `path`."""
    return f"{Path(path).stem}-{source_hash(path)}"


def remove_stale(paths):
    """Remove the kernels made from other sources than those of the Python files `paths`; return the
    numbers of folders and of bytes.

    Nothing but folders of kernels in the folder that is written is touched. A process that still
    needs one compiles it again.
    """
    root, current = cache_folder(), {folder_name(path) for path in paths}
    stale = [
        folder
        for folder in root.iterdir()
        if folder.is_dir() and _KEPT.fullmatch(folder.name) and folder.name not in current
    ]
    size = sum(file.stat().st_size for folder in stale for file in folder.iterdir())
    for folder in stale:
        shutil.rmtree(folder, ignore_errors=True)
    return len(stale), size
