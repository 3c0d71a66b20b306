"""Make the folder of a new problem: problem file, YAML, tests and README, that run at once.

crmpi new my_problem                       a minimal problem with comments
crmpi new my_wind --like galactic_wind     begun from one that comes with crmpi
"""

from importlib.util import find_spec
from pathlib import Path


def add_arguments(parser):
    """Declare the arguments of ``crmpi new``."""
    parser.add_argument("folder", help="the folder to make; its name is that of the problem")
    parser.add_argument("--like", metavar="PROBLEM", help="a problem that crmpi problems lists")


def main(arguments):
    """Run ``crmpi new``."""
    from crmpi.tools.new import new_problem, place_of

    target = Path(arguments.folder)
    files = new_problem(target, arguments.like)
    width = max(map(len, files))
    print(f"made {target}:")
    for name, what in files.items():
        print(f"  {name.ljust(width)}  {what}")
    print(f"run it:  crmpi run {place_of(target)}")
    first = "" if find_spec("pytest") else "pip install pytest, then "
    print(f"test it: {first}python -m pytest {target}")
    return 0
