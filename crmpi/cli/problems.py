"""List the problems that come with crmpi, show one, or copy one as the start of your own.

crmpi problems
crmpi problems show galactic_wind
crmpi problems copy galactic_wind my_wind
"""

import ast
import difflib
import re
import shutil
from pathlib import Path

from crmpi.errors import CrmpiError
from crmpi.model.files import problem_folders


def add_arguments(parser):
    """Declare the arguments of ``crmpi problems``."""
    parser.add_argument(
        "action", nargs="?", default="list", choices=("list", "show", "copy"), help="default: list"
    )
    parser.add_argument("name", nargs="?", help="name of a problem")
    parser.add_argument("destination", nargs="?", help="copy: new folder, by default ./NAME")


def main(arguments):
    """Run ``crmpi problems``."""
    if arguments.action == "list":
        return _list()
    if arguments.name is None:
        raise CrmpiError(
            f"crmpi problems {arguments.action} needs the name of a problem; crmpi problems "
            "lists them"
        )
    folder = _folder(arguments.name)
    return _show(folder) if arguments.action == "show" else _copy(folder, arguments.destination)


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


def _list():
    problems = problem_folders()
    if not problems:
        raise CrmpiError(
            "this installation contains no problems; reinstall crmpi, or run from a checkout"
        )
    width = max(map(len, problems))
    for name, folder in problems.items():
        print(f"{name.ljust(width)}  {title(folder)}")
        variants = [path.stem for path in configurations(folder) if path.stem != name]
        if variants:
            print(
                f"{' ' * width}    variants: "
                f"{', '.join(f'{name}/{variant}' for variant in variants)}"
            )
    return 0


def _folder(name):
    problems = problem_folders()
    if name not in problems:
        close = difflib.get_close_matches(name, problems, n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"known are {', '.join(problems)}"
        raise CrmpiError(f"there is no problem '{name}'; {hint}")
    return problems[name]


def _show(folder):
    readme = folder / "README.md"
    print(readme.read_text(encoding="utf-8").rstrip() if readme.is_file() else title(folder))
    for path in (*configurations(folder), folder / "problem.py"):
        print(f"\n----- {path}\n{path.read_text(encoding='utf-8').rstrip()}")
    return 0


def _copy(folder, destination):
    """Copy the folder; the copy bears its own name, in its configurations, in its README and in the
    commands there."""
    target = Path(destination or folder.name)
    if target.exists():
        raise CrmpiError(f"'{target}' exists already; give another destination")
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
        raise CrmpiError(
            f"cannot write '{target}': {(problem.strerror or str(problem)).lower()}"
        ) from None
    where = target if target.is_absolute() or str(target).startswith(".") else f"./{target}"
    print(f"copied to {target}; change problem.py and run it with: crmpi run {where}")
    return 0


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
