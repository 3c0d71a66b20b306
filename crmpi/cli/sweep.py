"""Run a problem with every combination of some parameters, each in a folder of its own, and
compare.

  crmpi sweep galactic_wind --over transport.preset=salem2016,chan2019 time.end="30 Myr"
  crmpi sweep my_halo.yaml --over scattering.kappa_par=1e28,3e28 --over problem.beta=1,10
  mpirun -n 8 crmpi sweep ... --ranks-per-run 2       four runs side by side; a group that is free
                                                      takes the next one
  crmpi sweep ... --slurm --ranks-per-run 32          writes DIR/sweep.sbatch, an array with one
                                                      task per run
  crmpi sweep ... --task 3                            run number 3 only, as the tasks of an array do
  crmpi sweep ... --list                              the runs and how far they are

Start it again and finished runs are skipped, an interrupted one goes on from its checkpoint. A run
that fails does not stop the others. DIR/sweep.csv has one line per run: the problem's own results
and the last line of its history. --plot draws results against runs and their history,
DIR/sweep.png. crmpi compare DIR holds the runs against data.
"""

from pathlib import Path

from crmpi.cli.configuration import configure, leave_together, on_first
from crmpi.cli.run import split_words
from crmpi.cli.tables import add_json, print_json, say
from crmpi.errors import CrmpiError, RunError


def add_arguments(parser):
    """Declare the arguments of ``crmpi sweep``."""
    parser.add_argument(
        "words",
        nargs="+",
        metavar="PROBLEM|FILE.yaml|key=value",
        help="what to run, and parameters of all runs",
    )
    parser.add_argument(
        "--over",
        action="append",
        required=True,
        metavar="key=a,b,...",
        help="values of one parameter; may be repeated",
    )
    parser.add_argument(
        "--output", "-o", metavar="DIR", help="folder of the runs; default runs/sweep_PROBLEM"
    )
    parser.add_argument(
        "--plot", metavar="NAME,...", help="results or history columns to draw; needs matplotlib"
    )
    parser.add_argument(
        "--verbose",
        action="store_true",
        help="show the progress of every run, not only in its log.txt",
    )
    parser.add_argument(
        "--ranks-per-run",
        type=int,
        metavar="N",
        help="ranks of one run; default all ranks of this launch",
    )
    parser.add_argument("--task", type=int, metavar="NUMBER", help="only this run, counted from 1")
    add_json(parser)
    parser.add_argument(
        "--list", action="store_true", help="only show the runs and how far they are"
    )
    parser.add_argument(
        "--slurm", action="store_true", help="only write a job script for a Slurm array"
    )
    parser.add_argument(
        "--slurm-time",
        default="12:00:00",
        metavar="TIME",
        help="time limit of one run in that script",
    )


def main(arguments):
    """Run ``crmpi sweep``; collective."""
    from crmpi.parallel.comm import make_comm

    comm = make_comm()
    return leave_together(comm, lambda: _sweep(comm, arguments))


def _sweep(comm, arguments):
    from crmpi.run import driver
    from crmpi.tools.sweep import plan

    target, overrides = split_words(arguments.words)
    if target is None:
        raise CrmpiError(
            (
                "nothing to run: name a problem or a YAML file, as in crmpi sweep galactic_wind "
                "--over ..."
            ),
            everywhere=True,
        )
    _check_numbers(arguments)
    name = Path(target).stem if Path(target).exists() else target.replace("/", "_")
    folder = _folder(arguments.output or f"runs/sweep_{name}")
    variants = plan(arguments.over, folder)
    if arguments.list:
        return on_first(comm, lambda: _list(variants, arguments.json))
    if arguments.slurm:
        return on_first(comm, lambda: _slurm(arguments, folder, variants))
    chosen = variants if arguments.task is None else [_task(variants, arguments.task)]
    outcomes = _run_all(comm, chosen, target, overrides, arguments)
    on_first(comm, lambda: _report(folder, variants, arguments))
    if any(outcome.state == "signalled" for outcome in outcomes):
        return driver.INTERRUPTED
    failed = [outcome for outcome in outcomes if outcome.numbers is None]
    if failed:
        names = "; ".join(f"{outcome.variant.label}: {outcome.reason}" for outcome in failed)
        raise RunError(
            f"{len(failed)} of {len(chosen)} runs did not end well: {names}", everywhere=True
        )
    return 0


def _folder(text):
    """Return the path of the sweep."""
    from crmpi.params.convert import expand_path

    try:
        return Path(expand_path(text))
    except ValueError as problem:
        raise CrmpiError(f"--output '{text}' {problem}", everywhere=True) from None


def _check_numbers(arguments):
    if arguments.ranks_per_run is not None and arguments.ranks_per_run < 1:
        raise CrmpiError(
            f"--ranks-per-run must be 1 or more, it is {arguments.ranks_per_run}", everywhere=True
        )


def _task(variants, number):
    """Return the run with this number."""
    if not 1 <= number <= len(variants):
        raise CrmpiError(
            (
                f"--task {number} is not between 1 and {len(variants)}; crmpi sweep ... --list "
                "shows the runs"
            ),
            everywhere=True,
        )
    return variants[number - 1]


def _run_all(comm, variants, target, overrides, arguments):
    """Run the chosen variants and return their outcomes."""
    from crmpi.tools.sweep import run_all

    def configured(group, own, restart):
        return configure(group, target, [*overrides, *own], restart)

    return run_all(
        variants, configured, comm, ranks_per_run=arguments.ranks_per_run, verbose=arguments.verbose
    )


def _list(variants, json):
    """Print the runs and how far they are."""
    from crmpi.tools.sweep.results import read_result, standing

    if json:
        print_json(
            [
                {
                    "choices": variant.choices,
                    "folder": variant.path,
                    "standing": standing(variant),
                    "numbers": read_result(variant),
                }
                for variant in variants
            ]
        )
        return 0
    width = max(len(variant.label) for variant in variants)
    for number, variant in enumerate(variants, start=1):
        print(f"{number:4d}  {variant.label.ljust(width)}  {standing(variant)}")
    return 0


def _slurm(arguments, folder, variants):
    """Write the job script."""
    from crmpi.tools.sweep.slurm import write_script

    words = [
        *arguments.words,
        *(word for over in arguments.over for word in ("--over", over)),
        "--output",
        str(folder),
    ]
    path = write_script(folder, words, variants, arguments.ranks_per_run or 1, arguments.slurm_time)
    say(f"wrote {path}: check its resources, then submit it with sbatch {path}", arguments)
    return _list(variants, json=True) if arguments.json else 0


def _report(folder, variants, arguments):
    """Write sweep.csv and the figure of all runs that are finished, those of other tasks too; for
    programs print all runs."""
    from crmpi.output.files import write_text
    from crmpi.tools.sweep import histories, read_result, table

    if arguments.json:
        _list(variants, json=True)
    finished = [
        (variant, numbers) for variant in variants if (numbers := read_result(variant)) is not None
    ]
    if not finished:
        return
    write_text(folder / "sweep.csv", table(finished))
    say(f"wrote {folder / 'sweep.csv'}, {len(finished)} of {len(variants)} runs", arguments)
    if arguments.plot:
        try:
            from crmpi.analysis.draw.sweeps import draw
        except ModuleNotFoundError as problem:
            raise CrmpiError(
                f"crmpi sweep --plot needs {problem.name}: pip install matplotlib"
            ) from None
        results = {variant.label: numbers for variant, numbers in finished}
        names, picture = arguments.plot.split(","), folder / "sweep.png"
        say(f"wrote {draw(names, results, histories(finished), picture)}", arguments)
