"""New problems: a folder with problem file, YAML, test and README, like one that comes with crmpi
or from the start."""

import keyword
import re
import shutil
from pathlib import Path
from string import Template

from crmpi import __version__
from crmpi.errors import CrmpiError
from crmpi.model.files import configurations, load_problem, problem_folders, title
from crmpi.model.source import source_files
from crmpi.params.convert import show
from crmpi.tools.small import small_mesh

_TEMPLATES = Path(__file__).with_name("templates")


def new_problem(target, like=None):
    """Make the folder of a new problem; return {file name: what it is}.

    Parameters
    ----------
    target : path
        the folder; its name is that of the problem
    like : str, optional
        the problem to begin with; by default a minimal one

    Raises
    ------
    CrmpiError
        the folder exists, its name is not possible, or there is no such problem
    """
    target = Path(target)
    name = _require_name(target)
    folder = None if like is None else _like(like)
    _require_new(target)
    try:
        if folder is None:
            target.mkdir(parents=True)
            _fill(target, "bare", name, {})
        else:
            _copy_like(folder, target, name)
    except OSError as problem:
        raise _unwritable(target, problem) from None
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)  # made here, a moment ago
        raise
    return {
        "problem.py": "the hooks: initial state, sources, boundaries ...",
        f"{name}.yaml": "mesh, physics, output",
        f"test_{name}.py": "its tests",
        "README.md": "what it is, and how to run it",
    }


def _copy_like(folder, target, name):
    """Make a problem like the one in `folder`, with tests on a mesh that it accepts."""
    found = small_mesh(load_problem(folder / "problem.py"), folder / f"{folder.name}.yaml")
    target.mkdir(parents=True)
    for file, text in source_files(folder / "problem.py").items():
        path = target / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_renamed_words(text, folder.name, name), encoding="utf-8")
    for path in configurations(folder):
        text = _renamed_configuration(path.read_text(encoding="utf-8"), folder.name, name)
        named = f"{name}.yaml" if path.stem == folder.name else path.name
        (target / named).write_text(text, encoding="utf-8")
    variants = [path.stem for path in configurations(folder) if path.stem != folder.name]
    others = ", ".join(f"`{variant}.yaml`" for variant in variants)
    values = {
        "original": folder.name,
        "title": title(folder),
        "version": __version__,
        "variants": f"\nOther configurations: {others}, as in `crmpi run {name}/{variants[0]}`.\n"
        if variants
        else "",
        "source": f'HERE / "{name if found.yaml.stem == folder.name else found.yaml.stem}.yaml"',
        "cells": list(found.cells),
        "block": list(found.block),
        "other_block": list(found.halves or found.block),
    }
    _fill(target, "like", name, values, without=() if found.halves else ("blocks",))


def _fill(target, kind, name, values, without=()):
    """Write the files of a template, `$name` and other values replaced, without the parts between
    ``# begin`` and ``# end`` of these names."""
    words = {"name": name, "Class": "".join(part.title() for part in name.split("_"))} | values
    for path in sorted((_TEMPLATES / kind).glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        for part in without:
            text = re.sub(rf"(?s)# begin {part}\n.*?# end {part}\n", "", text)
        text = re.sub(r"(?m)^# (begin|end) \w+\n", "", text)
        file = target / path.stem.replace("NAME", name)
        file.write_text(Template(text.rstrip() + "\n").substitute(words), encoding="utf-8")


def _require_name(target):
    """Return the name of the problem in a folder of this path."""
    name = target.resolve().name
    if not re.fullmatch(r"[a-zA-Z][a-zA-Z0-9_]*", name) or keyword.iskeyword(name):
        raise CrmpiError(
            f"{show(name)} cannot be the name of a problem: use letters, digits and _, beginning "
            "with a letter, as in my_wind"
        )
    if name in problem_folders():
        raise CrmpiError(
            f"'{name}' is the name of a problem that comes with crmpi: take another one, as in "
            f"crmpi new my_{name} --like {name}"
        )
    return name


def _like(name):
    from crmpi.params.convert import closest

    folders = problem_folders()
    if name not in folders:
        near = closest(name, folders)
        hint = f"did you mean '{near[0]}'?" if near else "crmpi problems lists them"
        raise CrmpiError(f"--like {show(name)}: there is no such problem; {hint}")
    return folders[name]


def _require_new(target):
    if target.exists():
        raise CrmpiError(f"'{target}' exists already; give another destination")


def _unwritable(target, problem):
    reason = (problem.strerror or str(problem)).lower()
    return CrmpiError(f"cannot write '{target}': {reason}")


def place_of(target):
    """Return the path of a folder as ``crmpi run`` takes it for a folder and not for a name."""
    return target if target.is_absolute() or str(target).startswith(".") else f"./{target}"


def copy_problem(folder, target):
    """Copy the folder of a problem; the copy bears its own name, in its configurations, in its
    README and in the commands there."""
    _require_new(target)
    old, new = folder.name, target.resolve().name
    try:
        shutil.copytree(
            folder, target, ignore=shutil.ignore_patterns("__pycache__", "reference*.json")
        )
        for path in sorted(target.glob("*.yaml")):
            named = target / f"{new}.yaml" if path.stem == old else path
            path.rename(named)
            _rewrite(named, lambda text: _renamed_configuration(text, old, new))
        for path in (*target.glob("*.md"), *target.glob("*.py")):
            _rewrite(path, lambda text: _renamed_words(text, old, new))
    except OSError as problem:
        raise _unwritable(target, problem) from None


def _rewrite(path, change):
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")


def _renamed_configuration(text, old, new):
    """Return a YAML text whose problem and whose base are those of the copy."""
    text = re.sub(rf"(?m)^(base:\s*){old}\.yaml\b", rf"\g<1>{new}.yaml", text)
    text = re.sub(
        rf"(?m)^(problem:\s*(?:\n(?:[ \t].*)?)*?[\s{{]name:\s*){old}\b", rf"\g<1>{new}", text
    )
    return _renamed_commands(text, old, new)


def _renamed_words(text, old, new):
    """Return a text whose commands, title and `code` speak of the copy; `old` may be an ordinary
    word elsewhere."""
    text = _renamed_commands(text, old, new)
    text = re.sub(rf"(?m)^# {old}\b", f"# {new}", text)
    word = rf"(?<![\w./-]){old}(?![\w-])"
    return re.sub(r"`[^`\n]+`", lambda code: re.sub(word, new, code[0]), text)


def _renamed_commands(text, old, new):
    """Return a text whose crmpi commands run the copy, from the folder that holds it."""

    def renamed(line):
        command = re.sub(rf"(?<=\s){old}(?=[\s/]|$)", f"./{new}", line[0])
        return re.sub(rf"\bruns/{old}\b", f"runs/{new}", command)

    return re.sub(r"(?m)\bcrmpi [a-z]+ .*$", renamed, text)
