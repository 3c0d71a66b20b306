"""Measure zone-cycles per second of the kernels on one core, beside the memory bandwidth of this machine.

  crmpi bench
  crmpi bench --json        one object: mhd.zone_cycles_per_second, triad_bytes_per_second, ...
"""

import json


def add_arguments(parser):
    """Declare the arguments of ``crmpi bench``."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def main(arguments):
    """Run ``crmpi bench``."""
    from crmpi.bench import measure, report

    results = measure()
    print(json.dumps(results, indent=2) if arguments.json else report(results))
    return 0
