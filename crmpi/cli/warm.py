"""Compile the kernels of a run and keep them, so that a batch job starts at once: a small copy of
the run makes two steps.

  crmpi warm galactic_wind transport.solver=two_moment
  crmpi warm my_wind.yaml
  crmpi warm --clean
      remove what older versions and edited files have left

The words are those of crmpi run. The copy has the same equations, sources, boundaries and outputs
on a mesh of one small block, and writes to a folder that is removed at the end. Set CRMPI_CACHE_DIR
as the job will have it; on nodes with their own disks run it once on each.
"""

import os
import tempfile
from pathlib import Path

from crmpi.cli.configuration import configure
from crmpi.cli.run import split_words
from crmpi.cli.tables import add_json, print_json, say
from crmpi.errors import CrmpiError, RunError

_EDGE = {1: 128, 2: 32, 3: 16}  # cells along an axis of the copy, by the number of axes
_STEPS = 2


def add_arguments(parser):
    """Declare the arguments of ``crmpi warm``."""
    parser.add_argument(
        "--clean",
        action="store_true",
        help="first remove kernels of other sources than those of this crmpi",
    )
    add_json(parser)
    parser.add_argument(
        "words",
        nargs="*",
        metavar="PROBLEM|FILE.yaml|key=value",
        help="what will be run, and parameters to change",
    )


def main(arguments):
    """Run the small copy and list its kernels."""
    from crmpi.jit import cache_folder, cache_note, made

    if cache_folder() is None:
        raise CrmpiError(f"nothing can be kept: {cache_note()}", everywhere=True)
    removed = _clean() if arguments.clean else {}
    if removed:
        say(_removal(**removed), arguments)
    if not arguments.words:
        if arguments.clean:
            if arguments.json:
                _print_json([], cache_folder(), removed)
            return 0
        raise CrmpiError(
            "nothing to compile: name what will be run, as in crmpi warm galactic_wind",
            everywhere=True,
        )
    target, overrides = split_words(arguments.words)
    try:
        return _step(target, overrides)
    except RunError as error:
        raise RunError(
            f"the small copy of the run failed ({error}); run one step of the run itself: "
            "time.max_steps=1"
        ) from None
    finally:
        if made and arguments.json:
            _print_json(made, cache_folder(), removed)
        elif made:
            print(report(made, cache_folder()))


def _print_json(kernels, folder, removed):
    """Print kernels for programs, and what was removed."""
    found = [
        {"kernel": kernel.name, "seconds": kernel.seconds, "loaded": kernel.loaded}
        for kernel in kernels
    ]
    print_json({"folder": folder, "kernels": found} | ({"removed": removed} if removed else {}))


def _clean():
    """Remove stale kernels, and return how many folders of how many bytes."""
    from crmpi.jit import remove_stale
    from crmpi.jit.sources import PACKAGE

    folders, size = remove_stale(PACKAGE.rglob("*.py"))
    return {"folders": folders, "bytes": size}


def _removal(folders, bytes):
    from crmpi.jit import cache_folder

    size = f"{bytes / 1e6:.1f} MB"
    return f"removed {folders} folders of older kernels, {size}, from {cache_folder()}"


def _step(target, overrides):
    """Make the steps of the copy, and call the kernels that only runs on several ranks need; return
    the exit code."""
    from crmpi.parallel.comm import SerialComm
    from crmpi.parallel.exchange import make_message_kernels
    from crmpi.run import driver

    comm = SerialComm()
    config, _, _ = configure(comm, target, overrides)
    with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w", encoding="utf-8") as stream:
        small = [
            f"mesh.cells={_smaller(config.mesh.cells)}",
            f"mesh.block={_smaller(config.mesh.cells)}",
        ]
        small += [f"time.max_steps={_STEPS}", f"output.dir={Path(folder) / 'run'}"]
        config, problem_class, _ = configure(comm, target, [*overrides, *small])
        result = driver.run(config, problem_class, comm, stream=stream)
        if not result.exit_code:
            make_message_kernels(result.sim.pack.u0)
        return result.exit_code


def _smaller(cells):
    """Return the cells of the copy, as text."""
    maximum = _EDGE[max(1, sum(n > 1 for n in cells))]
    return "[" + ",".join(str(min(n, maximum)) for n in cells) + "]"


def report(kernels, folder):
    """Return the kernels with their seconds, the slowest first, and the sum."""
    lines = [f"{'seconds':>8s}  {'':8s}  kernel"]
    for kernel in sorted(kernels, key=lambda kernel: -kernel.seconds):
        lines.append(
            f"{kernel.seconds:8.2f}  {'loaded' if kernel.loaded else 'compiled'}  {kernel.name}"
        )
    fresh = [kernel.seconds for kernel in kernels if not kernel.loaded]
    lines.append(
        f"{len(fresh)} kernels compiled in {sum(fresh):.1f} s, {len(kernels) - len(fresh)} "
        f"loaded; kept in {folder}"
    )
    return "\n".join(lines)
