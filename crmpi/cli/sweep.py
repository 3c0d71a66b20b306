"""Run a problem with every combination of some parameters, each in a folder of its own, and compare.

  crmpi sweep galactic_wind --over transport.preset=salem2016,chan2019,jiang_oh2018 time.end="30 Myr"
  crmpi sweep my_halo.yaml --over scattering.kappa_par=1e28,3e28 --over problem.beta=1,10 --output runs/beta

Start it again and finished runs are skipped, an interrupted one goes on from its checkpoint. A run that fails does not stop the others.
DIR/sweep.csv has one line per run: the problem's own results and the last line of its history. --plot draws results against runs and their
history, DIR/sweep.png.
"""

import os
from contextlib import nullcontext
from pathlib import Path

from crmpi.cli.configuration import configure, together
from crmpi.cli.run import split_words
from crmpi.errors import CrmpiError, RunError
from crmpi.parallel.comm import make_comm


def add_arguments(parser):
    """Declare the arguments of ``crmpi sweep``."""
    parser.add_argument("words", nargs="+", metavar="PROBLEM|FILE.yaml|key=value", help="what to run, and parameters of all runs")
    parser.add_argument("--over", action="append", required=True, metavar="key=a,b,...", help="values of one parameter; may be repeated")
    parser.add_argument("--output", "-o", metavar="DIR", help="folder of the runs; default runs/sweep_PROBLEM")
    parser.add_argument("--plot", metavar="NAME,...", help="results or history columns to draw; needs matplotlib")
    parser.add_argument("--verbose", action="store_true", help="show the progress of every run")


def main(arguments):
    """Run ``crmpi sweep``; collective."""
    from crmpi.sweep import plan

    comm = make_comm()
    target, overrides = split_words(arguments.words)
    if target is None:
        raise CrmpiError("nothing to run: name a problem or a YAML file, as in crmpi sweep galactic_wind --over ...", everywhere=True)
    folder = Path(arguments.output or f"runs/sweep_{Path(target).stem}")
    variants = plan(arguments.over, folder)
    finished, failed = [], []
    with nullcontext(None) if arguments.verbose else open(os.devnull, "w", encoding="utf-8") as stream:
        for number, variant in enumerate(variants, start=1):
            _say(comm, f"[{number}/{len(variants)}] {variant.label}")
            numbers = _run(comm, variant, target, overrides, stream, failed)
            if numbers is not None:
                finished.append((variant, numbers))
    together(comm, lambda: _report(folder, finished, arguments.plot) if comm.rank == 0 and finished else None)
    if failed:
        names = "; ".join(f"{variant.label}: {error}" for variant, error in failed)
        raise RunError(f"{len(failed)} of {len(variants)} runs did not end well: {names}", everywhere=True)
    return 0


def _run(comm, variant, target, overrides, stream, failed):
    """Return the numbers of one run, or None after noting why there are none; an error of a single rank ends all."""
    from crmpi.sweep import run_variant

    def configured(own, restart):
        return configure(comm, target, [*overrides, *own], restart)

    try:
        numbers = comm.bcast(run_variant(variant, configured, comm, stream))
    except CrmpiError as error:
        if comm.nranks > 1 and not error.everywhere:
            raise
        _say(comm, f"  failed: {error}")
        failed.append((variant, error))
        return None
    if numbers is None:
        failed.append((variant, "stopped before its end; start the sweep again to go on"))
    return numbers


def _report(folder, finished, names):
    """Write sweep.csv and the figure."""
    from crmpi.output.files import write_text
    from crmpi.sweep import histories, table

    write_text(folder / "sweep.csv", table(finished))
    print(f"wrote {folder / 'sweep.csv'}")
    if names:
        try:
            from crmpi.observables.sweeps import draw
        except ModuleNotFoundError as problem:
            raise CrmpiError(f"crmpi sweep --plot needs {problem.name}: pip install matplotlib") from None
        results = {variant.label: numbers for variant, numbers in finished}
        print(f"wrote {draw(names.split(','), results, histories(finished), folder / 'sweep.png')}")


def _say(comm, text):
    if comm.rank == 0:
        print(text, flush=True)
