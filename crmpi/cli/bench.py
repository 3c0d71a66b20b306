"""Measure the speed of a step by phase beside the memory bandwidth of this machine; under mpirun,
parallel efficiency.

crmpi bench                             mhd, cr_mhd, hydro, ppm, two_moment on one block of 64^3,
                                        one core
crmpi bench mhd two_moment --block 32   some of them, in blocks of 32^3
crmpi bench --json                      one object: mhd.zone_cycles_per_second,
                                        triad_bytes_per_second, machine, ...
crmpi bench --levels                    mhd, two_moment on three levels beside a uniform mesh, in
                                        blocks of 16^3 and 32^3 or of --block; cost of regridding
crmpi bench --memory                    bytes per zone at the peak of a step, and the arrays
mpirun -n 2 crmpi bench                 rank 0 alone, then all ranks with 64^3 cells each, in turns:
                                        weak scaling
crmpi bench --predict ranks=8,1000,100000 latency=2e-6 bandwidth=1e10
                                        expected weak scaling; under mpirun with the measured
                                        latency and bandwidth
"""

from crmpi.cli.configuration import leave_together
from crmpi.cli.tables import add_json, print_json
from crmpi.errors import CrmpiError


def add_arguments(parser):
    """Declare the arguments of ``crmpi bench``."""
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=(
            "what to measure, see above; all by default, mhd and two_moment for memory and "
            "many ranks"
        ),
    )
    parser.add_argument(
        "--cells", type=int, default=64, metavar="N", help="cells per axis of each rank (64)"
    )
    parser.add_argument(
        "--block", type=int, metavar="N", help="cells per axis of a block (all cells)"
    )
    parser.add_argument(
        "--repetitions",
        type=int,
        default=8,
        metavar="N",
        help="steps timed, or turns under mpirun (8)",
    )
    parser.add_argument(
        "--levels", action="store_true", help="measure a mesh of three levels beside a uniform one"
    )
    parser.add_argument("--memory", action="store_true", help="measure memory instead of speed")
    parser.add_argument(
        "--predict",
        nargs="+",
        metavar="KEY=VALUE",
        help="expected weak scaling: ranks=N,N,... latency=seconds bandwidth=bytes/s",
    )
    add_json(parser)


def main(arguments):
    """Run ``crmpi bench``."""
    from crmpi.parallel.comm import make_comm
    from crmpi.tools.bench.boxes import CONFIGURATIONS
    from crmpi.tools.bench.machine import describe

    comm = make_comm()
    for name in arguments.names:
        if name not in CONFIGURATIONS:
            raise CrmpiError(
                f"crmpi bench: '{name}' is not one of {', '.join(CONFIGURATIONS)}", everywhere=True
            )
    if arguments.repetitions < 1:
        raise CrmpiError("crmpi bench: --repetitions must be 1 or more", everywhere=True)
    results, text = leave_together(comm, lambda: _measure(comm, arguments))
    if comm.rank == 0:
        if arguments.json:
            print_json(results | {"machine": describe()})
        else:
            print(text)
    return 0


def _measure(comm, arguments):
    """Return (results, text) of what the arguments ask for."""
    from crmpi.tools.bench import measure, report
    from crmpi.tools.bench.boxes import CONFIGURATIONS
    from crmpi.tools.bench.efficiency import efficiency_report, measure_efficiency
    from crmpi.tools.bench.memory import LIMITS, measure_memory, memory_report

    names, n, block = arguments.names, arguments.cells, arguments.block or arguments.cells
    if arguments.predict:
        return _predict(comm, arguments.predict, names or list(LIMITS), n)
    if arguments.levels:
        return _levels(comm, arguments)
    if comm.nranks > 1:
        if arguments.memory or block != n:
            raise CrmpiError(
                "crmpi bench: --memory and --block measure one process; start it without mpirun",
                everywhere=True,
            )
        results = measure_efficiency(comm, n, names or list(LIMITS), pairs=arguments.repetitions)
        return results, efficiency_report(results)
    if arguments.memory:
        results = measure_memory(n, block, names or list(LIMITS))
        return results, memory_report(results)
    results = measure(n, arguments.repetitions, names or list(CONFIGURATIONS), block)
    return results, report(results)


def _levels(comm, arguments):
    """Return (results, text) of a mesh of three levels."""
    from crmpi.tools.bench.levels import levels_report, measure_levels

    if comm.nranks > 1:
        raise CrmpiError(
            "crmpi bench: --levels measures one process; start it without mpirun", everywhere=True
        )
    names, block = arguments.names or ("mhd", "two_moment"), arguments.block
    if block is not None and (block < 6 or block % 2):
        raise CrmpiError(
            "crmpi bench --levels: --block must be an even number from 6 on", everywhere=True
        )
    results = measure_levels(names, (16, 32) if block is None else (block,), arguments.repetitions)
    return results, levels_report(results)


def _predict(comm, words, names, n):
    """Return (results, text) of the model of weak scaling."""
    from crmpi.tools.bench.efficiency import measure_network
    from crmpi.tools.bench.predict import (
        BANDWIDTH,
        LATENCY,
        measure_rank,
        predict,
        prediction_report,
    )

    given = _keys(words)
    latency, bandwidth = measure_network(comm) if comm.nranks > 1 else (LATENCY, BANDWIDTH)
    latency, bandwidth = given.get("latency", latency), given.get("bandwidth", bandwidth)
    results, texts = {"latency": latency, "bandwidth": bandwidth}, []
    for name in names if comm.rank == 0 else ():
        rank = measure_rank(name, n)
        results[name] = {
            "rank": rank,
            "predicted": {
                number: predict(rank, number, latency, bandwidth) for number in given["ranks"]
            },
        }
        texts.append(prediction_report(name, n, rank, given["ranks"], latency, bandwidth))
    comm.barrier()
    return results, "\n\n".join(texts)


def _keys(words):
    """Return {"ranks": [int, ...], "latency": float, "bandwidth": float} of what is given."""
    given = {}
    for word in words:
        key, _, value = word.partition("=")
        try:
            given[key] = {
                "ranks": lambda text: [int(part) for part in text.split(",")],
                "latency": float,
                "bandwidth": float,
            }[key](value)
        except (KeyError, ValueError):
            raise CrmpiError(
                (
                    f"crmpi bench --predict: '{word}' is not one of ranks=N,N,... latency=seconds "
                    "bandwidth=bytes/s"
                ),
                everywhere=True,
            ) from None
    if min(given.get("ranks", [0])) < 1:
        raise CrmpiError("crmpi bench --predict needs ranks=N,N,... from 1 on", everywhere=True)
    if not (given.get("latency", 1.0) > 0.0 and given.get("bandwidth", 1.0) > 0.0):
        raise CrmpiError(
            "crmpi bench --predict: latency and bandwidth must be positive", everywhere=True
        )
    return given
