"""How plug-ins are found: files and folders that a run names, the folder `plugins` beside a
problem, and installed packages."""

import hashlib
import importlib
import pkgutil
import sys
from importlib.metadata import entry_points
from pathlib import Path

from crmpi.errors import CrmpiError
from crmpi.plugins.kinds import KINDS
from crmpi.plugins.mistakes import HookError, what_of, where_in
from crmpi.plugins.modules import import_file
from crmpi.plugins.registry import Origin, activate, before_lookup, loading

ENTRY_POINTS = "crmpi.plugins"
"""Entry-point group of other packages: each entry is a module, or a package whose modules are all
imported; folders with a problem.py beside it are problems."""

BESIDE = "plugins"
"""Name of the folder beside a problem file whose files are plug-ins of it."""

_executed = {}  # path of a plug-in file -> digest of the text that was executed
_used = []  # files in use, as `Path`s
_packages = {}  # name of an entry point -> its module
_seen = []  # the search path for which installed packages were looked up


def use(paths, problem_file=None):
    """Make the plug-ins of these files and folders available, those of a problem, and no others.

    Parameters
    ----------
    paths : sequence of str or Path
        Python files, and folders whose Python files are all plug-ins
    problem_file : Path, optional
        of the run: what it defines, and its folder `plugins`, are available too

    Returns
    -------
    list of Path
        the plug-in files

    Raises
    ------
    CrmpiError
        a path that is not there, a file that cannot be imported, two things with one name
    """
    beside = [] if problem_file is None else [Path(problem_file).resolve().parent / BESIDE]
    named = [Path(path) for path in paths] + [folder for folder in beside if folder.is_dir()]
    files = list(dict.fromkeys(file for path in named for file in files_of(path)))
    for file in files:
        _execute(file)
    roots = [*files, *(folder.parent for folder in beside)]
    activate(map(str, roots))
    _used[:] = files
    try:
        for registry in KINDS:
            registry.entries()
    except CrmpiError:
        activate(())
        raise
    return files


def active_files():
    """Return the paths of the plug-in files in use."""
    return list(_used)


def files_of(path):
    """Return the plug-in files that a path means."""
    path = Path(path).expanduser()
    if path.is_dir():
        files = sorted(path.resolve().glob("*.py"))
        return [file for file in files if not file.name.startswith(("_", "test_", "conftest"))]
    if path.suffix == ".py" and path.is_file():
        return [path.resolve()]
    what = "is not a Python file" if path.is_file() else "is not there"
    raise CrmpiError(
        f"the plug-in '{path}' {what}; 'plugins' lists Python files and folders of them, "
        "relative to the YAML file"
    )


def _execute(file):
    """Import a plug-in file unless that has been done with the same text."""
    try:
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as problem:
        raise CrmpiError(f"cannot read the plug-in '{file}': {problem.strerror.lower()}") from None
    if _executed.get(file) == digest:
        return
    origin = Origin("file", str(file))
    for registry in KINDS:
        registry.forget(origin)
    with loading(origin):
        import_file(file, "crmpi_plugin", file.stem)
    _executed[file] = digest


def installed():
    """Return {name of the entry point: module} of all installed packages of plug-ins, imported.

    Raises
    ------
    CrmpiError
        one cannot be imported
    """
    where = tuple(sys.path)
    if _seen != [where]:
        _seen[:] = [where]
        try:
            for entry in entry_points(group=ENTRY_POINTS):
                if entry.name not in _packages:
                    _packages[entry.name] = _import_package(entry)
        except CrmpiError:
            _seen.clear()
            raise
    return dict(_packages)


def _import_package(entry):
    """Return the module of an entry point, all modules directly inside of a package imported."""
    label = f"{entry.dist.name} {entry.dist.version}" if entry.dist is not None else entry.value
    path = Path(".")
    try:
        with loading(Origin("installed", label)):
            module = importlib.import_module(entry.module)
            path = Path(module.__file__ or ".")
            for found in pkgutil.iter_modules(getattr(module, "__path__", ()), f"{entry.module}."):
                importlib.import_module(found.name)
    except Exception as error:
        raise HookError(
            f"the installed package {label} cannot be imported as plug-ins: "
            f"{where_in(path.resolve(), error)}: {what_of(error, {})}; mend or uninstall it",
            everywhere=True,
        ) from error
    return module


def installed_versions():
    """Return {'package name': version} of the installed packages that classes come from."""
    found = {}
    for registry in KINDS:
        for _, origin in registry.entries().values():
            if origin.how == "installed":
                name, _, version = origin.root.rpartition(" ")
                found[f"package {name}"] = version
    return found


def installed_folders():
    """Return the folders of installed packages of plug-ins, which may hold problem folders."""
    return [Path(module.__file__).parent for module in installed().values() if module.__file__]


before_lookup.append(installed)
