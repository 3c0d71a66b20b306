"""Where problems are: those that come with crmpi, those of installed packages, and those of a
user's folder."""

import ast
import os
from pathlib import Path
from typing import NamedTuple

from crmpi.errors import CrmpiError
from crmpi.params.convert import closest, did_you_mean, show
from crmpi.params.source import find, read_sources
from crmpi.plugins.discovery import installed_folders

_PACKAGE = Path(__file__).resolve().parents[1]


class Found(NamedTuple):
    """A problem and the YAML file to run it with."""

    problem_class: type
    yaml: Path


def problem_folders():
    """Return {name: folder} of all built-in and installed problems."""
    folders = {}
    own = (_PACKAGE / "builtin_problems", _PACKAGE.parent / "problems")
    for root in (*own, *installed_folders()):
        if root.is_dir():
            folders |= {path.parent.name: path.parent for path in sorted(root.glob("*/problem.py"))}
    return dict(sorted(folders.items()))


def title(folder):
    """Return the first line of the docstring of a problem, read without importing it."""
    try:
        text = (
            ast.get_docstring(ast.parse((folder / "problem.py").read_text(encoding="utf-8"))) or ""
        )
    except SyntaxError:
        return "cannot be read: syntax error in problem.py"
    return text.split("\n")[0].rstrip(".")


def configurations(folder):
    """Return the YAML files of a problem, the default one first."""
    return sorted(folder.glob("*.yaml"), key=lambda path: (path.stem != folder.name, path.name))


def find_problem(target):
    """Return the `Found` problem of a command line: a name or a folder, either with '/variant', a
    YAML file, or a problem.py.

    A YAML file says which problem it belongs to by ``problem.name`` (a name, or the path of a
    problem.py relative to the file), or by standing beside a problem.py.

    Raises
    ------
    CrmpiError
        nothing of this name, or a file that cannot be read
    """
    path = Path(target)
    if path.suffix in (".yaml", ".yml"):
        return _from_yaml(path)
    if path.suffix == ".py":
        return (
            _from_folder(path.parent, path.resolve().parent.name)
            if path.name == "problem.py"
            else _only(path)
        )
    if os.path.isfile(path / "problem.py"):  # unlike pathlib, os says no to impossible names
        return _from_folder(path, path.resolve().name)
    if path.parent.name and os.path.isfile(path.parent / "problem.py"):
        return _from_folder(path.parent, path.name)
    name, _, variant = str(target).partition("/")
    return _from_folder(_known(name, target), variant or name)


def load_problem(path):
    """Return the problem class in the file `path`, which it remembers as its `source_path`."""
    from crmpi.model.module import load_problem_class  # a list of problems goes without numba

    problem_class = load_problem_class(path)
    problem_class.source_path = Path(path).resolve()
    return problem_class


def problem_file(name, folder="."):
    """Return the path of the problem file that ``problem.name`` means in a file in `folder`.

    It is the path of a Python file or of a problem folder, or the name of the problem in `folder`
    itself, or of an installed one.

    Raises
    ------
    CrmpiError
        there is none
    """
    folder, name = Path(folder), str(name)
    beside = folder / "problem.py"
    if name.endswith(".py"):
        return folder / name
    if beside.is_file() and name == beside.resolve().parent.name:
        return beside
    if os.path.isfile(folder / name / "problem.py"):
        return folder / name / "problem.py"
    if not beside.is_file():
        return _known(name, name) / "problem.py"
    installed = problem_folders().get(name)
    if installed is None or (installed / "problem.py").resolve() != beside.resolve():
        what = "is another problem than the one" if installed else "is unknown, but there is one"
        move = ", or move the file to another folder" if installed else ""
        raise CrmpiError(
            f"'problem.name' = '{name}' {what} in {beside} beside the file: write 'problem.py' "
            f"to run that one{move}"
        )
    return beside


def _known(name, target):
    """Return the folder of an installed problem."""
    folders = problem_folders()
    if name not in folders:
        near = closest(name, folders)
        hint = f"did you mean '{near[0]}'? " if near else ""
        raise CrmpiError(
            f"there is no problem or file {show(str(target))}; {hint}`crmpi problems` lists "
            "what there is"
        )
    return folders[name]


def _from_folder(folder, variant):
    yaml = folder / f"{variant}.yaml"
    if not yaml.is_file():
        there = sorted(p.stem for p in folder.glob("*.yaml"))
        raise CrmpiError(
            f"problem folder '{folder}' has no '{variant}.yaml' (there: "
            f"{', '.join(there) or 'none'}){did_you_mean(variant, there)}"
        )
    return Found(load_problem(folder / "problem.py"), yaml)


def _only(path):
    raise CrmpiError(
        f"'{path}': run a YAML file, or name the file problem.py and put <folder name>.yaml "
        "beside it"
    )


def _from_yaml(path):
    if not os.path.isfile(path):
        raise CrmpiError(f"there is no file {show(str(path))}")
    tree, _, _ = read_sources(path)
    name = find(tree, "problem.name")
    if name is None:
        if not (path.parent / "problem.py").is_file():
            raise CrmpiError(
                f"{path}: 'problem.name' is missing, and there is no problem.py beside the "
                "file; `crmpi problems` lists names"
            )
        return Found(load_problem(path.parent / "problem.py"), path)
    if not isinstance(name, str) or name.endswith((".yaml", ".yml")):
        must = "must be the name of a problem, or the path of a problem.py"
        raise CrmpiError(f"{path.name}: 'problem.name' = {show(name)} {must}")
    return Found(load_problem(problem_file(name, path.parent)), path)
