"""List parameters with type, default, unit and range.

  crmpi params                    all groups
  crmpi params transport          one group
  crmpi params mesh.block         one parameter
  crmpi params galactic_wind      the parameters of a problem

A plain number is in the unit shown; where that is the name of a dimension (length, time, velocity
...) it is in code units. A string may have any unit of the right dimension: "3e28 cm^2/s", "100
Myr".
"""

import difflib
from pathlib import Path

from crmpi.cli.tables import add_json, print_json
from crmpi.errors import CrmpiError
from crmpi.params.core import CORE
from crmpi.params.table import format_markdown, format_rows, rows


def add_arguments(parser):
    """Declare the arguments of ``crmpi params``."""
    parser.add_argument("what", nargs="?", help="a group, the beginning of a key, or a problem")
    parser.add_argument("--markdown", action="store_true", help="as tables for the documentation")
    add_json(parser)


def main(arguments):
    """Run ``crmpi params``."""
    table = _table(arguments.what)
    if arguments.json:
        print_json(table)
        return 0
    print(format_markdown(table) if arguments.markdown else format_rows(table))
    return 0


def _table(what):
    from crmpi.model.files import find_problem, problem_folders
    from crmpi.run.configuration import default_groups

    groups = CORE | default_groups()
    table = rows(groups)
    if what is None:
        return table
    chosen = [row for row in table if row.key == what or row.key.startswith(what + ".")]
    if chosen:
        return chosen
    if what in problem_folders() or Path(what).exists():
        return rows({"problem": find_problem(what).problem_class.Params})
    chosen = [row for row in table if what in row.key.split(".")]
    if chosen:
        return chosen
    words = [row.key for row in table] + [word for row in table for word in row.key.split(".")]
    close = difflib.get_close_matches(what, words, n=1)
    hint = f"did you mean '{close[0]}'?" if close else f"groups are {', '.join(groups)}"
    raise CrmpiError(f"there is no group, parameter or problem '{what}'; {hint}")
