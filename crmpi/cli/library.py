"""Finding problems: those that come with crmpi, and those of the user."""

import ast
import difflib
from pathlib import Path
from typing import NamedTuple

import crmpi
from crmpi.errors import CrmpiError
from crmpi.params.source import find, read_sources

_PACKAGE = Path(crmpi.__file__).parent
_YAML = (".yaml", ".yml")


class Target(NamedTuple):
    """What to run: the Python file of the problem, the value of ``problem.name`` that selects it, and the YAML file or None."""

    problem_file: Path
    name: str
    yaml_file: Path | None


def library_folder():
    """Return the folder of the problems that come with crmpi: in the package of a wheel, beside it in a checkout."""
    installed = _PACKAGE / "builtin_problems"
    return installed if installed.is_dir() else _PACKAGE.parent / "problems"


def list_problems():
    """Return {name: folder} of the problems that come with crmpi, by name."""
    return {file.parent.name: file.parent for file in sorted(library_folder().glob("*/problem.py"))}


def title(folder):
    """Return the first line of the docstring of a problem, read without importing it."""
    try:
        text = ast.get_docstring(ast.parse((folder / "problem.py").read_text(encoding="utf-8"))) or ""
    except SyntaxError:
        return "cannot be read: syntax error in problem.py"
    return text.split("\n")[0].rstrip(".")


def configurations(folder):
    """Return the YAML files of a problem, the default one first."""
    files = sorted(path for path in folder.iterdir() if path.suffix in _YAML)
    return sorted(files, key=lambda path: path.stem != folder.name)


def find_target(text, overrides=()):
    """Return the `Target` of a problem's name, 'NAME/VARIANT', a folder, a Python file or a YAML file.

    Raises CrmpiError if there is no such thing.
    """
    path = Path(text)
    if path.suffix in _YAML and path.is_file():
        return _of_yaml(path, overrides)
    if path.suffix == ".py" and path.is_file():
        return _of_python(path)
    problems = list_problems()
    if text in problems:
        return _of_folder(problems[text])
    name, _, variant = text.partition("/")
    if name in problems and variant:
        return _of_variant(problems[name], variant)
    if (path / "problem.py").is_file():
        return _of_folder(path)
    raise CrmpiError(_not_found(path, problems))


def _of_yaml(path, overrides):
    tree, _, _ = read_sources(path, overrides)
    name = find(tree, "problem.name")
    beside = path.parent / "problem.py"
    if name is None:
        if beside.is_file():
            return Target(beside, path.parent.resolve().name, path)
        raise CrmpiError(f"{path.name}: missing required parameter 'problem.name': one of {list(list_problems())}, or a Python file")
    return Target(_problem_file(str(name), path), str(name), path)


def _problem_file(name, yaml_file):
    """Return the Python file that ``problem.name`` of a YAML file means: beside it, a path relative to it, or one of crmpi's."""
    folder = yaml_file.parent
    problems = list_problems()
    candidates = [folder / "problem.py"] if folder.resolve().name == name else []
    candidates += [folder / name] if name.endswith(".py") else [folder / name / "problem.py"] if "/" in name else []
    candidates += [problems[name] / "problem.py"] if name in problems else [folder / name / "problem.py", folder / f"{name}.py"]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    close = difflib.get_close_matches(name, problems, n=1)
    hint = f"did you mean '{close[0]}'?" if close else f"one of {list(problems)}, or the path of a Python file"
    raise CrmpiError(f"{yaml_file.name}: 'problem.name' = '{name}' is not a known problem; {hint}")


def _of_python(path):
    if path.name == "problem.py":
        return _of_folder(path.parent)
    beside = path.with_suffix(".yaml")
    return Target(path, path.stem, beside if beside.is_file() else None)


def _of_folder(folder):
    files = configurations(folder)
    default = next((path for path in files if path.stem == folder.resolve().name), files[0] if len(files) == 1 else None)
    if default is None and files:
        raise CrmpiError(f"{folder} has several configurations and none named {folder.resolve().name}.yaml; run one of {_names(files)}")
    return Target(folder / "problem.py", folder.resolve().name, default)


def _of_variant(folder, variant):
    for path in configurations(folder):
        if variant in (path.name, path.stem):
            return Target(folder / "problem.py", folder.name, path)
    raise CrmpiError(f"problem '{folder.name}' has no configuration '{variant}'; it has {_names(configurations(folder))}")


def _names(files):
    return ", ".join(path.stem for path in files)


def _not_found(path, problems):
    if path.suffix in (*_YAML, ".py"):
        return f"cannot find the file '{path}'"
    close = difflib.get_close_matches(str(path), problems, n=1)
    hint = f"did you mean '{close[0]}'?" if close else "crmpi problems lists those that come with it"
    return f"there is no problem '{path}', and no file or folder of that name; {hint}"
