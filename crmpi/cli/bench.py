"""Measure the speed of a step on one core by phase, beside the memory bandwidth of this machine.

  crmpi bench                             mhd, cr_mhd, hydro, ppm, two_moment on one block of 64^3
  crmpi bench mhd two_moment --block 32   some of them, in blocks of 32^3
  crmpi bench --json                      one object: mhd.zone_cycles_per_second, triad_bytes_per_second, machine, ...
  crmpi bench --memory                    bytes per zone at the peak of a step, and the arrays
"""

import json

from crmpi.errors import CrmpiError


def add_arguments(parser):
    """Declare the arguments of ``crmpi bench``."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="what to measure: mhd, cr_mhd, hydro, ppm, two_moment; all by default")
    parser.add_argument("--cells", type=int, default=64, metavar="N", help="cells per axis of each rank (64)")
    parser.add_argument("--block", type=int, metavar="N", help="cells per axis of a block (all cells)")
    parser.add_argument("--repetitions", type=int, default=8, metavar="N", help="steps timed; the fastest counts (8)")
    parser.add_argument("--memory", action="store_true", help="measure memory instead of speed, of mhd and two_moment unless named")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def main(arguments):
    """Run ``crmpi bench``."""
    from crmpi.bench import measure, report
    from crmpi.bench.boxes import CONFIGURATIONS
    from crmpi.bench.machine import describe
    from crmpi.bench.memory import LIMITS, measure_memory, memory_report

    names, n, block = arguments.names, arguments.cells, arguments.block or arguments.cells
    for name in names:
        if name not in CONFIGURATIONS:
            raise CrmpiError(f"crmpi bench: '{name}' is not one of {', '.join(CONFIGURATIONS)}", everywhere=True)
    if arguments.memory:
        results, text = measure_memory(n, block, names or list(LIMITS)), memory_report
    else:
        results, text = measure(n, arguments.repetitions, names or list(CONFIGURATIONS), block), report
    print(json.dumps(results | {"machine": describe()}, indent=2) if arguments.json else text(results))
    return 0
