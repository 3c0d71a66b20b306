"""Importing a file of a user: under a name of its own, with the modules that lie beside it."""

import hashlib
import importlib.util
import os
import sys
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from pathlib import Path

from crmpi.errors import CrmpiError
from crmpi.plugins.mistakes import HookError, what_of, where_in

_helpers = {}  # folder -> {name: module}: helper modules that lie beside a file
_stamps = {}  # file of a helper module -> its `_stamp` when it was read


def import_file(path, prefix, name):
    """Return the module of the file `path`, registered under a name of its own for every path.

    Modules that lie beside the file can be imported while it is read.

    Raises
    ------
    HookError
        the file cannot be imported: one sentence with the line
    """
    unique = f"{prefix}_{name}_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(
        unique, path, loader=_FromSource(unique, str(path))
    )
    module = importlib.util.module_from_spec(spec)
    # dataclasses and annotations that are text look their module up by its name
    sys.modules[unique] = module
    _drop_edited(path.parent)
    try:
        with helpers_of(path.parent):
            spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        how = "" if isinstance(error, CrmpiError) else "cannot be imported: "
        raise HookError(f"{where_in(path, error)}: {how}{what_of(error, {})}") from error
    return module


class _FromSource(SourceFileLoader):
    """Compiles a file each time. Python's own loader takes the compiled file in ``__pycache__`` for
    one of the same size that was written in the same second."""

    def get_code(self, fullname):
        return self.source_to_code(self.get_data(self.path), self.path)


@contextmanager
def helpers_of(folder):
    """Make the modules beside a file importable by their plain names while its code runs.

    Two problems may each have a ``helper.py``: afterwards ``sys.modules`` is as it was.
    """
    if folder is None or str(folder) in sys.path:
        yield
        return
    kept, path = _helpers.setdefault(folder, {}), str(folder)
    hidden = {name: sys.modules.pop(name) for name in kept if name in sys.modules}
    count = len(sys.modules)
    sys.modules.update(kept)
    sys.path.insert(0, path)
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # see `_FromSource`
    try:
        yield
    finally:
        sys.dont_write_bytecode = writes
        if path in sys.path:
            sys.path.remove(path)
        new = list(sys.modules)[count:] if len(sys.modules) > count else []
        lying_beside = {name for name in new if name in kept or _lies_in(name, new, folder)}
        kept.update({name: sys.modules.pop(name) for name in lying_beside})
        # this runs after every call of a hook: only new files are looked up
        _stamps.update({file: _stamp(file) for file in _files(kept) if file not in _stamps})
        sys.modules.update(hidden)


def _files(modules):
    """Return the files of {name: module}; packages without a file have none."""
    return [file for module in modules.values() if (file := getattr(module, "__file__", None))]


def _stamp(file):
    """Return what tells one version of a file from another, or None where there is no file."""
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _drop_edited(folder):
    """Forget the helper modules of a folder if one of them was edited since it was read: a file
    that is imported anew, as in a notebook, gets them as they are now."""
    kept = _helpers.get(folder, {})
    files = _files(kept)
    if any(_stamp(file) != _stamps[file] for file in files):
        kept.clear()
        for file in files:
            del _stamps[file]
        importlib.invalidate_caches()


def _lies_in(name, new, folder):
    """Return whether a module, or its package, was imported from `folder` just now."""
    top = name.partition(".")[0]
    file = getattr(sys.modules.get(top), "__file__", None) if top in new else None
    return isinstance(file, str) and folder in (Path(file).parent, Path(file).parent.parent)
