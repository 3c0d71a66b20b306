"""Try plug-ins in small runs: documentation, shapes, one step, other code units, another layout of
blocks, a restart. One line for each check; exit code 1 if any fails.

crmpi check my_models/density_law.py
crmpi check my_models
crmpi check density_law --plugins my_models scattering.slope=-1
crmpi check constant
crmpi check my_wind                      a problem: its folder, its YAML file or its name
"""

import os
import sys

from crmpi.cli.plugins import add_plugins, use
from crmpi.cli.tables import add_json, print_json
from crmpi.errors import CrmpiError
from crmpi.output.terminal import painted


def add_arguments(parser):
    """Declare the arguments of ``crmpi check``."""
    parser.add_argument(
        "plugin", help="a file, a folder, a name that crmpi models lists, or a problem"
    )
    parser.add_argument("words", nargs="*", metavar="key=value", help="parameters of the runs")
    add_json(parser)
    add_plugins(parser)


def main(arguments):
    """Run ``crmpi check``."""
    from crmpi.tools.check import check_all, check_problem

    if _is_problem(arguments.plugin):
        return _report(check_problem(arguments.plugin, arguments.words), arguments.json)
    is_path = arguments.plugin.endswith(".py") or os.path.isdir(arguments.plugin)
    paths = [*arguments.plugins, *([arguments.plugin] if is_path else [])]
    paths = [os.path.abspath(os.path.expanduser(path)) for path in paths]
    use(paths)
    subjects = _of_files(arguments.plugin) if is_path else _named(arguments.plugin)
    return _report(check_all(subjects, paths, arguments.words), arguments.json)


def _is_problem(word):
    """Return whether a word is the name, the folder or the YAML file of a problem."""
    from crmpi.model.files import problem_folders

    if os.path.isdir(word):
        return os.path.isfile(os.path.join(word, "problem.py"))
    return word.endswith((".yaml", ".yml")) or word.partition("/")[0] in problem_folders()


def _report(outcomes, json):
    """Print a line for each outcome, and return the exit code."""
    failed = 0
    if json:
        found = list(outcomes)
        print_json(found)
        return int(any(outcome.complaint for outcome in found))
    for outcome in outcomes:
        failed += bool(outcome.complaint)
        word, colour = ("FAILED", "red") if outcome.complaint else ("ok", "green")
        verdict = painted(word, colour, sys.stdout)
        verdict += f": {outcome.complaint}" if outcome.complaint else ""
        print(f"{outcome.subject}: {outcome.check}: {verdict}", flush=True)
    print(f"{failed} checks failed" if failed else "all checks passed")
    return int(failed > 0)


def _of_files(path):
    """Return (Registry, name) of all that the files of a path define."""
    from crmpi.plugins import KINDS
    from crmpi.plugins.discovery import files_of

    files = set(map(str, files_of(path)))
    found = [
        (registry, name)
        for registry in KINDS
        for name, (_, origin) in registry.entries().items()
        if origin.root in files
    ]
    if not found:
        raise CrmpiError(
            f"'{path}' defines no plug-in: a subclass of a base class of crmpi.api with a name"
        )
    return found


def _named(name):
    """Return (Registry, name) of all that have a name."""
    from crmpi.plugins import KINDS

    found = [(registry, name) for registry in KINDS if name in registry]
    if not found:
        raise CrmpiError(f"there is no plug-in '{name}'; crmpi models lists what there is")
    return found
