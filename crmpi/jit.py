"""How kernels are compiled and where compiled code is kept: the only place that configures numba.

``kernel``: a function called from Python or from other kernels, cached on disk. ``device``: a scalar function inlined into kernels.
``choice`` makes the name of a kernel's option (a Riemann solver, a reconstruction) select its device function at compile time.

IEEE arithmetic is kept (no fastmath): answers must not depend on block shapes or on the number of ranks.

The disk cache is keyed by the source a kernel depends on: the text of its file and of every crmpi file it imports, directly or not.
(numba alone looks at the kernel's own file, and would run stale machine code after an edit of a callee.) Set ``CRMPI_CACHE_DIR``
to choose the folder; without a writable folder kernels are compiled in every process.
"""

import ast
import fcntl
import functools
import hashlib
import os
import pickle
import platform
import tempfile
import uuid
from pathlib import Path

os.environ.setdefault("NUMBA_DISABLE_INTEL_SVML", "1")  # vector and scalar remainder loops must round alike

import numba
from numba.core import caching, types
from numba.extending import overload

_OPTIONS = {"error_model": "numpy", "boundscheck": False, "nogil": True}  # callees inherit what they do not set themselves
_PACKAGE = Path(__file__).parent


def kernel(function):
    """Compile a kernel and keep it in the disk cache."""
    dispatcher = numba.njit(forceinline=False, **_OPTIONS)(function)
    if cache_folder() is not None:
        dispatcher._cache = _SourceCache(function)
    return dispatcher


def device(function):
    """Compile a scalar function that is always inlined, so that the loops of its callers vectorise."""
    return numba.njit(forceinline=True, **_OPTIONS)(function)


def choice(stub):
    """Turn `stub` into a function that calls the device function registered for the type of its first argument, a NamedTuple.

    Use ``@stub.option(MarkerClass)`` above the device function. The choice is made when a kernel is compiled: one specialisation each.
    """
    table = {}

    @functools.wraps(stub)
    def call(marker, *args):
        return table[type(marker)](marker, *args)

    @overload(call, jit_options={"forceinline": True, **_OPTIONS})
    def select(marker, *args):
        function = table.get(getattr(marker, "instance_class", None)) if isinstance(marker, types.BaseNamedTuple) else None
        return None if function is None else lambda marker, *args: function(marker, *args)

    def option(marker_class):
        def register(function):
            table[marker_class] = device(function)
            return function

        return register

    call.option = option
    call.options = table
    return call


@functools.cache
def cache_folder():
    """Return the folder of compiled kernels for this machine and these versions, or None if no place is writable."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    wanted = os.environ.get("CRMPI_CACHE_DIR")
    roots = [wanted] if wanted else [os.path.join(home, "crmpi"), os.path.join(tempfile.gettempdir(), f"crmpi-{os.getuid()}")]
    build = f"python{platform.python_version()}-numba{numba.__version__}-{platform.machine()}"
    for root in roots:
        folder = Path(root) / build
        try:
            folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=folder).close()
        except OSError:
            continue
        return folder
    return None


@functools.cache
def source_hash(path):
    """Return a hash of the Python file `path` and of all crmpi files it imports, directly or not."""
    digest = hashlib.sha256()
    for file in sorted(_dependencies(Path(path).resolve())):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _dependencies(path):
    """Return the set of `path` and the crmpi files reached from its import statements."""
    reached, waiting = set(), [path]
    while waiting:
        file = waiting.pop()
        if file not in reached:
            reached.add(file)
            waiting.extend(_imports(file))
    return reached


@functools.cache
def _imports(path):
    """Return the crmpi files that the file `path` imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    files = set()
    for name in names:
        parts = name.split(".")
        if parts[0] == "crmpi":
            stem = _PACKAGE.joinpath(*parts[1:])
            files.update(file for file in (stem.with_suffix(".py"), stem / "__init__.py") if stem != _PACKAGE and file.is_file())
    return frozenset(files)


class _SourceLocator(caching._CacheLocator):
    """Keeps the kernels of one file in one folder, named after the file and its `source_hash`."""

    def __init__(self, function, path):
        self._line = function.__code__.co_firstlineno
        self._stamp = source_hash(path)
        self._folder = cache_folder() / f"{Path(path).stem}-{self._stamp}"

    @classmethod
    def from_function(cls, function, path):
        return cls(function, path)

    def get_cache_path(self):
        return str(self._folder)

    def get_source_stamp(self):
        return self._stamp

    def get_disambiguator(self):
        return str(self._line)


class _SourceCacheImpl(caching.CompileResultCacheImpl):
    _locator_classes = [_SourceLocator]


class _SharedIndex(caching.IndexDataCacheFile):
    """Index of one kernel's compiled specialisations that several processes may write at the same time.

    Data files get unique names and are written before the index, so an index entry always points to its own, complete code. If two
    processes race, one entry may be lost; it is then compiled again.
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
        except (OSError, EOFError, pickle.UnpicklingError):
            return None


class _SourceCache(caching.FunctionCache):
    """Disk cache of one kernel. Ranks that start together compile it once: one does, the others wait for it and load the result."""

    _impl_class = _SourceCacheImpl

    def __init__(self, function):
        super().__init__(function)
        self._cache_file = _SharedIndex(self._cache_path, self._impl.filename_base, self._impl.locator.get_source_stamp())
        self._lock = _Lock(Path(self._cache_path) / f"{self._impl.filename_base}.lock")

    def load_overload(self, sig, target_context):
        found = super().load_overload(sig, target_context)
        if found is None:  # numba will now compile, and then call save_overload
            self._lock.acquire()
            found = super().load_overload(sig, target_context)
            if found is not None:
                self._lock.release()
        return found

    def save_overload(self, sig, data):
        super().save_overload(sig, data)
        self._lock.release()


class _Lock:
    """File lock between processes; the kernel drops it when its owner dies. File systems without locks do without."""

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
