"""Where problems are: those that come with crmpi, those of installed packages, and those of a user's folder."""

import difflib
from importlib.metadata import entry_points
from pathlib import Path
from typing import NamedTuple

from crmpi.errors import CrmpiError
from crmpi.params.source import find, read_sources
from crmpi.problem_module import load_problem_class

_PACKAGE = Path(__file__).resolve().parent
ENTRY_POINTS = "crmpi.problems"
"""Entry-point group of other packages: each entry is a module whose folder holds problem folders."""


class Found(NamedTuple):
    """A problem and the YAML file to run it with."""

    problem_class: type
    yaml: Path


def problem_folders():
    """Return {name: folder} of all built-in and installed problems."""
    folders = {}
    for root in (_PACKAGE / "builtin_problems", _PACKAGE.parent / "problems", *_installed_roots()):
        if root.is_dir():
            folders |= {path.parent.name: path.parent for path in sorted(root.glob("*/problem.py"))}
    return dict(sorted(folders.items()))


def _installed_roots():
    return [Path(entry.load().__file__).parent for entry in entry_points(group=ENTRY_POINTS)]


def find_problem(target):
    """Return the `Found` problem of a command line: a name, 'name/variant', a YAML file, a problem.py or its folder.

    A YAML file says which problem it belongs to by ``problem.name`` (a name, or the path of a problem.py relative to
    the file), or by standing beside a problem.py.

    Raises
    ------
    CrmpiError
        nothing of this name, or a file that cannot be read
    """
    path = Path(target)
    if path.suffix in (".yaml", ".yml"):
        return _from_yaml(path)
    if path.suffix == ".py":
        return _from_folder(path.parent, path.resolve().parent.name) if path.name == "problem.py" else _only(path)
    if (path / "problem.py").is_file():
        return _from_folder(path, path.resolve().name)
    name, _, variant = str(target).partition("/")
    folders = problem_folders()
    if name not in folders:
        near = difflib.get_close_matches(name, folders, 1)
        hint = f"did you mean '{near[0]}'? " if near else ""
        raise CrmpiError(f"there is no problem or file '{target}'; {hint}`crmpi problems` lists what there is")
    return _from_folder(folders[name], variant or name)


def _from_folder(folder, variant):
    yaml = folder / f"{variant}.yaml"
    if not yaml.is_file():
        there = ", ".join(sorted(p.stem for p in folder.glob("*.yaml"))) or "none"
        raise CrmpiError(f"problem folder '{folder}' has no '{variant}.yaml' (there: {there})")
    return Found(load_problem_class(folder / "problem.py"), yaml)


def _only(path):
    raise CrmpiError(f"'{path}': run a YAML file, or name the file problem.py and put <folder name>.yaml beside it")


def _from_yaml(path):
    if not path.is_file():
        raise CrmpiError(f"there is no file '{path}'")
    tree, _, _ = read_sources(path)
    name = find(tree, "problem.name")
    if name is None:
        if not (path.parent / "problem.py").is_file():
            raise CrmpiError(f"{path}: 'problem.name' is missing, and there is no problem.py beside the file; `crmpi problems` lists names")
        return Found(load_problem_class(path.parent / "problem.py"), path)
    if str(name).endswith(".py"):
        return Found(load_problem_class(path.parent / name), path)
    return Found(load_problem_class(find_problem(name).yaml.parent / "problem.py"), path)
