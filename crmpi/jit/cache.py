"""The disk cache of compiled kernels, keyed by the source they depend on (`crmpi.jit.sources`), in
the folders of `crmpi.jit.folders`."""

import contextlib
import errno
import fcntl
import hashlib
import os
import pickle
import uuid
from pathlib import Path

from numba.core import caching

from crmpi.jit.folders import cache_folder, cache_folders, folder_name, is_trusted
from crmpi.jit.record import announce_compilation
from crmpi.jit.sources import source_hash

# what reading a file says that is gone, torn or not ours
_DAMAGED = (OSError, EOFError, pickle.UnpicklingError)
_MOVED = (AttributeError, ImportError)  # an argument's class is no longer where it was


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
            if is_trusted(folder / self._name)
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
    run: its kernel is compiled anew. So is one with an argument of a class that has moved to
    another module: the source of the kernel does not know of it, the index does.
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
        except (FileNotFoundError, *_MOVED):
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
