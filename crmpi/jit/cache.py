"""The disk cache of compiled kernels, keyed by the source they depend on (`crmpi.jit.sources`).

``CRMPI_CACHE_DIR`` names a folder, or several with ':' between them: all are read, the first that
is writable is written. So a site can keep a warm cache that users only read, in front of their own.
Without the variable it is ``~/.cache/crmpi``, or where that is not writable ``crmpi-UID`` in the
folder for temporary files. Without a writable folder kernels are compiled in every process.

To load a kernel is to run code. So folders and files count only if they belong to the user or to
root, and folders that everybody may write to do not count at all.
"""

import contextlib
import errno
import fcntl
import functools
import hashlib
import os
import pickle
import platform
import re
import shutil
import stat
import tempfile
import uuid
from pathlib import Path
from typing import NamedTuple

import numba
from numba.core import caching

from crmpi import precision
from crmpi.jit.parts import announce_compilation
from crmpi.jit.sources import source_hash

_VARIABLE = "CRMPI_CACHE_DIR"
_KEPT = re.compile(r"\w+-[0-9a-f]{16}")  # how the folders of kernels are named, see `folder_name`
# what reading a file says that is gone, torn or not ours
_DAMAGED = (OSError, EOFError, pickle.UnpicklingError)


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
    refused = [root for root in wanted or [home] if not (_trusted(root) and _trusted(root / build))]
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
        f"{', '.join(map(str, refused))} belongs to another user or is open to everybody: "
        "its kernels are not used"
    )
    return Folders(
        tuple(folder for folder in chosen.read if _trusted(folder)), chosen.written, note
    )


def _trusted(path):
    """Tell whether code may come from a folder, if there is one: that of the user or of root, which
    not everybody may write to."""
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
    """Tell whether files can be written to `folder`; `private`: its parent must be ours alone, for
    it is in a place open to all."""
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
    return _trusted(folder.parent) and _trusted(folder)


def folder_name(path):
    """Return the name of the folder for the kernels of the Python file `path`."""
    return f"{Path(path).stem}-{source_hash(path)}"


def remove_stale(paths):
    """Remove the kernels made from other sources than those of the Python files `paths`; return the
    numbers of folders and of bytes.

    Nothing but folders of kernels in the folder that is written is touched. Whoever still needs one
    compiles it again.
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


def keep(dispatcher):
    """Give a dispatcher its disk cache, unless its function was typed into a prompt or there is no
    folder; return it."""
    if Path(dispatcher.py_func.__code__.co_filename).is_file() and any(
        folder.is_dir() for folder in cache_folders().read
    ):
        dispatcher._cache = _SourceCache(dispatcher.py_func)
    return dispatcher


class _SourceLocator(caching._CacheLocator):
    """Keeps the kernels of one file in one folder, named after the file and its `source_hash`."""

    def __init__(self, function, path):
        self._line = function.__code__.co_firstlineno
        self._stamp = source_hash(path)
        self._name = folder_name(path)

    @classmethod
    def from_function(cls, function, path):
        return cls(function, path)

    def places(self):
        """Return the folders to read."""
        return [
            str(folder / self._name)
            for folder in cache_folders().read
            if _trusted(folder / self._name)
        ]

    def get_cache_path(self):
        return str((cache_folder() or cache_folders().read[0]) / self._name)

    def get_source_stamp(self):
        return self._stamp

    def get_disambiguator(self):
        return str(self._line)


class _SourceCacheImpl(caching.CompileResultCacheImpl):
    _locator_classes = [_SourceLocator]


class SharedIndex(caching.IndexDataCacheFile):
    """Index of one kernel's compiled specialisations that several processes may write at the same
    time.

    Data files get unique names and are written before the index, so an index entry always points to
    its own, complete code. If two processes race, one entry may be lost; it is then compiled again.

    Every file begins with a digest of the rest, so that one damaged on disk is never unpickled or
    run: its kernel is compiled anew.
    """

    def save(self, key, data):
        name = self._data_name(uuid.uuid4().int)
        try:
            self._save_data(name, data)
            entries = self._load_index()
            entries[key] = name
            self._save_index(entries)
        except OSError:
            return  # the disk is full or read-only: run on without the cache

    def load(self, key):
        try:
            return super().load(key)
        except _DAMAGED:
            return None

    def _load_index(self):
        try:
            stamp, entries = pickle.loads(_unsealed(self._index_path))
        except FileNotFoundError:
            return {}
        return entries if stamp == self._source_stamp else {}

    def _save_index(self, overloads):
        self._write(self._index_path, (self._source_stamp, overloads))

    def _load_data(self, name):
        return pickle.loads(_unsealed(self._data_path(name)))

    def _save_data(self, name, data):
        self._write(self._data_path(name), data)

    def _write(self, path, content):
        content = self._dump(content)
        with self._open_for_write(path) as file:
            file.write(hashlib.sha256(content).digest() + content)


def _unsealed(path):
    """Return the content of a cache file; one whose digest differs is removed, and counts as gone,
    like one of another user."""
    with open(path, "rb") as file:
        if os.fstat(file.fileno()).st_uid not in (os.getuid(), 0):
            raise FileNotFoundError(errno.ENOENT, "of another user", str(path))
        data = file.read()
    size = hashlib.sha256().digest_size
    if hashlib.sha256(data[size:]).digest() == data[:size]:
        return data[size:]
    with contextlib.suppress(OSError):  # it may lie in a folder that we only read
        os.unlink(path)
    raise FileNotFoundError(errno.ENOENT, "damaged", str(path))


class _SourceCache(caching.FunctionCache):
    """Disk cache of one kernel. Ranks that start together compile it once: one does, the others
    wait for it and load the result."""

    _impl_class = _SourceCacheImpl

    def __init__(self, function):
        super().__init__(function)
        base, locator = self._impl.filename_base, self._impl.locator
        self._cache_file = SharedIndex(self._cache_path, base, locator.get_source_stamp())
        self._files = [
            SharedIndex(place, base, locator.get_source_stamp()) for place in locator.places()
        ]
        self._lock = _Lock(Path(self._cache_path) / f"{base}.lock")

    def load_overload(self, sig, target_context):
        key = self._index_key(sig, target_context.codegen())
        found = self._load(key, target_context, self._files)
        if found is None:
            announce_compilation()
        # numba will now compile, and then call save_overload
        if found is None and cache_folder() is not None:
            self._lock.acquire()
            found = self._load(key, target_context, [self._cache_file])
            if found is not None:
                self._lock.release()
        return found

    def _load(self, key, target_context, files):
        """Return the kernel from the first file that has it, or None.

        The compiler's registries, which numba would load first, take half a second and are no use
        to a kernel without a runtime.
        """
        data = next((data for data in (file.load(key) for file in files) if data is not None), None)
        return None if data is None else self._impl.rebuild(target_context, data)

    def save_overload(self, sig, data):
        if cache_folder() is not None:
            super().save_overload(sig, data)
            self._lock.release()


class _Lock:
    """File lock between processes; the kernel drops it when its owner dies. File systems without
    locks do without."""

    def __init__(self, path):
        self._path = path
        self._depth = 0
        self._file = None

    def acquire(self):
        """Wait for the lock, unless this process holds it already."""
        self._depth += 1
        if self._file is None:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._file = os.open(self._path, os.O_CREAT | os.O_WRONLY)
                fcntl.flock(self._file, fcntl.LOCK_EX)
            except OSError:
                return

    def release(self):
        """Undo one `acquire`."""
        self._depth = max(self._depth - 1, 0)
        if self._depth == 0 and self._file is not None:
            os.close(self._file)
            self._file = None
