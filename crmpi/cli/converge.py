"""Run a problem at several reduced speeds of light and say how the answer depends on it
(verification case V14).

  crmpi converge --vmax 30,100,300,1000 cr_streaming
  crmpi converge --vmax "500 km/s,1000 km/s" galactic_wind mesh.cells=[8,8,64] time.end="5 Myr"

error: mean |e - exact| over the mean of e, where the problem has an exact solution. change: the
same against the run with the largest vmax. Both fall like 1/vmax until errors of the mesh take
over.
"""

import sys
from pathlib import Path

from crmpi.cli.configuration import configure, leave_together, on_first
from crmpi.cli.run import split_words
from crmpi.cli.tables import add_json, print_json
from crmpi.errors import CrmpiError


def add_arguments(parser):
    """Declare the arguments of ``crmpi converge``."""
    parser.add_argument(
        "words",
        nargs="+",
        metavar="PROBLEM|FILE.yaml|key=value",
        help="what to run, and parameters to change",
    )
    parser.add_argument(
        "--vmax", required=True, help="reduced speeds of light, ascending, separated by commas"
    )
    parser.add_argument(
        "--output", "-o", metavar="FILE.md", help="write the table to this file as well"
    )

    add_json(parser)


def main(arguments):
    """Run ``crmpi converge``; collective."""
    from crmpi.parallel.comm import make_comm

    comm = make_comm()
    return leave_together(comm, lambda: _converge(comm, arguments))


def _converge(comm, arguments):
    from crmpi.tools.converge import converge, format_table

    values = [text.strip() for text in arguments.vmax.split(",") if text.strip()]
    if len(values) < 2:
        raise CrmpiError("--vmax needs two or more values, such as 30,100,300", everywhere=True)
    target, overrides = split_words(arguments.words)
    if any(text.startswith("transport.vmax") for text in overrides):
        raise CrmpiError(
            "transport.vmax is what --vmax varies; leave it out of the parameters", everywhere=True
        )

    def configured(override):
        config, problem_class, _ = configure(comm, target, [*overrides, override])
        return config, problem_class

    def report(row):
        if comm.rank == 0:
            said = f"vmax = {row.vmax}: {row.steps} steps in {row.seconds:.1f} s"
            print(said, file=sys.stderr, flush=True)

    rows = converge(values, configured, comm, report)
    table = format_table(rows)
    if comm.rank == 0 and arguments.json:
        print_json(rows)
    elif comm.rank == 0:
        print(table)
    if arguments.output:
        on_first(comm, lambda: _write(Path(arguments.output), table))
    return 0


def _write(path, table):
    try:
        path.write_text(table + "\n", encoding="utf-8")
    except OSError as problem:
        raise CrmpiError(f"--output {path} cannot be written: {problem.strerror.lower()}") from None
