"""List the problems that come with crmpi, show one, or copy one as the start of your own.

crmpi problems
crmpi problems show galactic_wind
crmpi problems copy galactic_wind my_wind
"""

import difflib
from pathlib import Path

from crmpi.cli.tables import add_json, print_json, say
from crmpi.errors import CrmpiError
from crmpi.model.files import configurations, problem_folders, title


def add_arguments(parser):
    """Declare the arguments of ``crmpi problems``."""
    parser.add_argument(
        "action", nargs="?", default="list", choices=("list", "show", "copy"), help="default: list"
    )
    parser.add_argument("name", nargs="?", help="name of a problem")
    parser.add_argument("destination", nargs="?", help="copy: new folder, by default ./NAME")
    add_json(parser)


def main(arguments):
    """Run ``crmpi problems``."""
    if arguments.action == "list":
        return _list(arguments.json)
    if arguments.name is None:
        raise CrmpiError(
            f"crmpi problems {arguments.action} needs the name of a problem; crmpi problems "
            "lists them"
        )
    folder = _folder(arguments.name)
    return _show(folder, arguments) if arguments.action == "show" else _copy(folder, arguments)


def _list(json):
    problems = problem_folders()
    if not problems:
        raise CrmpiError(
            "this installation contains no problems; reinstall crmpi, or run from a checkout"
        )
    if json:
        print_json([_record(folder) for folder in problems.values()])
        return 0
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


def _record(folder):
    """Return what programs are told of a problem."""
    return {
        "name": folder.name,
        "title": title(folder),
        "folder": folder,
        "configurations": [path.stem for path in configurations(folder)],
    }


def _folder(name):
    problems = problem_folders()
    if name not in problems:
        close = difflib.get_close_matches(name, problems, n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"known are {', '.join(problems)}"
        raise CrmpiError(f"there is no problem '{name}'; {hint}")
    return problems[name]


def _show(folder, arguments):
    readme = folder / "README.md"
    files = [*configurations(folder), folder / "problem.py"]
    texts = {path: path.read_text(encoding="utf-8") for path in files}
    about = readme.read_text(encoding="utf-8") if readme.is_file() else title(folder)
    if arguments.json:
        print_json(_record(folder) | {"readme": about, "files": texts})
        return 0
    print(about.rstrip())
    for path, text in texts.items():
        print(f"\n----- {path}\n{text.rstrip()}")
    return 0


def _copy(folder, arguments):
    from crmpi.tools.new import copy_problem, place_of

    target = Path(arguments.destination or folder.name)
    copy_problem(folder, target)
    run = f"crmpi run {place_of(target)}"
    say(f"copied to {target}; change problem.py and run it with: {run}", arguments)
    if arguments.json:
        print_json({"folder": target, "run": run})
    return 0
