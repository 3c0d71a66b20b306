"""List the problems that come with crmpi, show one, or copy one as the start of your own.

crmpi problems
crmpi problems show galactic_wind
crmpi problems copy galactic_wind my_wind
"""

import difflib
from pathlib import Path

from crmpi.cli.tables import add_json, print_json
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
    return _show(folder) if arguments.action == "show" else _copy(folder, arguments.destination)


def _list(json):
    problems = problem_folders()
    if not problems:
        raise CrmpiError(
            "this installation contains no problems; reinstall crmpi, or run from a checkout"
        )
    if json:
        print_json(
            [
                {
                    "name": name,
                    "title": title(folder),
                    "folder": folder,
                    "configurations": [path.stem for path in configurations(folder)],
                }
                for name, folder in problems.items()
            ]
        )
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
    from crmpi.tools.new import copy_problem, place_of

    target = Path(destination or folder.name)
    copy_problem(folder, target)
    print(f"copied to {target}; change problem.py and run it with: crmpi run {place_of(target)}")
    return 0
