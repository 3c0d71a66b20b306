"""Hold finished runs against data: model x observable x datum, which are excluded and why, on one
HTML page.

  crmpi compare runs/sweep_cgm_halo --output report.html       the runs of a sweep
  crmpi compare runs/a runs/b --csv report.csv                 any runs, as a table
  crmpi compare runs/halo criterion.scatter=0.3 halo_mass=11.5 --output report.html

Observables: columns of ions over impact parameter against COS-Halos, gamma rays over star formation
against galaxies, kappa against the bound of each sight line. key=value changes how runs are seen
and judged; --keys lists the keys.
"""

import shlex

from crmpi.cli.tables import add_json, print_json, say
from crmpi.errors import CrmpiError


def add_arguments(parser):
    """Declare the arguments of ``crmpi compare``."""
    parser.add_argument(
        "words",
        nargs="*",
        metavar="DIR|key=value",
        help="folders of sweeps or of runs, and choices",
    )
    parser.add_argument("--output", "-o", metavar="FILE.html", help="the page; needs matplotlib")
    parser.add_argument("--csv", metavar="FILE.csv", help="verdicts and numbers as a table")
    parser.add_argument("--figures", metavar="DIR", help="write the figures of the page as PNG too")
    parser.add_argument("--title", default="Cosmic-ray transport against data", help="of the page")
    parser.add_argument(
        "--note",
        default="",
        help="shown on the page above its own command, such as the command of the sweep",
    )
    add_json(parser)
    parser.add_argument("--keys", action="store_true", help="list what can be chosen")


def main(arguments):
    """Run ``crmpi compare``."""
    from crmpi.compare.report import compare, lines, write_csv, write_page

    folders = [word for word in arguments.words if "=" not in word or "/" in word.partition("=")[0]]
    choices = _choices([word for word in arguments.words if word not in folders])
    if arguments.keys:
        keys = _keys(choices)
        if arguments.json:
            print_json(keys)
        else:
            print("\n".join(f"{key['key']} = {key['value']}  {key['doc']}" for key in keys))
        return 0
    if not folders:
        raise CrmpiError(
            "nothing to compare: name the folder of a sweep, or of runs, as in crmpi compare "
            "runs/sweep_cgm_halo"
        )
    if arguments.figures and not arguments.output:
        raise CrmpiError("--figures belongs to --output FILE.html")
    report = compare(folders, choices, command=_command(arguments))
    if arguments.json:
        print_json(report.verdicts)
    else:
        print("\n".join(lines(report)))
    if arguments.csv:
        write_csv(report, arguments.csv)
        say(f"wrote {arguments.csv}", arguments)
    if arguments.output:
        _page(write_page, report, arguments)
    return 0


def _page(write_page, report, arguments):
    try:
        write_page(report, arguments.output, arguments.title, arguments.figures)
    except ModuleNotFoundError as problem:
        raise CrmpiError(
            f"crmpi compare --output needs {problem.name}: pip install matplotlib"
        ) from None
    say(f"wrote {arguments.output}", arguments)


def _command(arguments):
    """Return the command line as it is shown on the page."""
    own = shlex.join(
        [
            "crmpi",
            "compare",
            *arguments.words,
            *(["--output", arguments.output] if arguments.output else []),
        ]
    )
    return f"{arguments.note}\n{own}".strip()


def _choices(overrides):
    """Return the checked `Choices`."""
    from crmpi.compare.report import Choices
    from crmpi.errors import ConfigError
    from crmpi.params.core import UnitsParams
    from crmpi.params.loader import build
    from crmpi.params.source import read_sources

    tree, errors, name = read_sources(
        {"compare": {}, "units": {"system": "none"}}, [f"compare.{text}" for text in overrides]
    )
    try:
        return build(tree, {"units": UnitsParams, "compare": Choices}, name, errors).compare
    except ConfigError as error:
        raise ConfigError([message.replace("compare.", "") for message in error.messages]) from None


def _keys(choices, group=""):
    """Return key, value and meaning of each choice."""
    from crmpi.params.fields import specs

    found = []
    for name, spec in specs(type(choices)).items():
        value = getattr(choices, name)
        if spec.nested:
            found += _keys(value, f"{name}.")
        else:
            found.append({"key": f"{group}{name}", "value": value, "doc": spec.par.doc})
    return found
