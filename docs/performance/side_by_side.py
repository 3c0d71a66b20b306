"""Race two commands in turns, so that both meet the same machine, and print medians and ratios.

  python docs/performance/side_by_side.py --peer "./peer -i race.in"
      CPU seconds of both processes
  python docs/performance/side_by_side.py --peer "./peer -i race.in" --peer-number "cpu time used *=
      *(\\S+)"
  python docs/performance/side_by_side.py --ours "crmpi bench mhd --json" --ours-number
      '"zone_cycles_per_second": (\\S+),' \\
      --peer "./peer -i wave.in" --peer-number "zone-cycles/cpu_second = (\\S+)" --more-is-better

A command is run in a folder of its own that is thrown away. Without a pattern the number of a
command is the CPU seconds of its process; with ``--ours-start`` (``--peer-start``) those of a
second command are taken off, to leave out what a program needs to start.
"""

import argparse
import json
import re
import resource
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median


def main():
    """Race."""
    arguments = parse()
    pairs = []
    print(f"{'pair':>4} {'ours':>12} {'peer':>12} {'ratio':>8}")
    for number in range(1, arguments.pairs + 1):
        ours = measure(arguments.ours, arguments.ours_number, arguments.ours_start)
        peer = measure(arguments.peer, arguments.peer_number, arguments.peer_start)
        pairs.append(
            {
                "ours": ours,
                "peer": peer,
                "ratio": ours / peer if arguments.more_is_better else peer / ours,
            }
        )
        print(
            "{:4d} {ours:12.5g} {peer:12.5g} {ratio:8.2f}".format(number, **pairs[-1]), flush=True
        )
    medians = {key: median(pair[key] for pair in pairs) for key in ("ours", "peer", "ratio")}
    print("median {ours:10.5g} {peer:12.5g} {ratio:8.2f}".format(**medians))
    if arguments.json:
        keep(arguments, pairs, medians)


def parse():
    """Return the arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--ours",
        default=f"{sys.executable} -m crmpi.cli.main run cr_launch --quiet",
        help="command (crmpi run cr_launch)",
    )
    parser.add_argument("--peer", required=True, help="command")
    for who in ("ours", "peer"):
        parser.add_argument(
            f"--{who}-number",
            metavar="PATTERN",
            help="regular expression with one group: the number in the output",
        )
        parser.add_argument(
            f"--{who}-start", metavar="COMMAND", help="CPU seconds of this command are taken off"
        )
    parser.add_argument(
        "--more-is-better", action="store_true", help="the numbers are speeds, not seconds"
    )
    parser.add_argument("--pairs", type=int, default=5, help="turns (5)")
    parser.add_argument("--label", default="race", help="name of the race in the JSON file")
    parser.add_argument("--json", metavar="FILE", help="add the result to this file")
    return parser.parse_args()


def measure(command, pattern, start):
    """Return the number of one command, less the seconds of `start`."""
    output, seconds = run(command)
    if pattern:
        found = re.findall(pattern, output)
        if not found:
            sys.exit(f"'{pattern}' matches nothing in the output of: {command}")
        seconds = float(found[-1].rstrip(","))
    return seconds - (run(start)[1] if start else 0.0)


def run(command):
    """Return (output, CPU seconds) of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(shlex.split(command), cwd=folder, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"exit code {done.returncode} of: {command}\n{done.stderr[-2000:]}")
    return done.stdout, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def keep(arguments, pairs, medians):
    """Add the race to a JSON file: the pairs, the medians, the machine; not the peer's command,
    which is nobody else's path."""
    from crmpi.tools.bench.machine import describe

    path = Path(arguments.json)
    races = json.loads(path.read_text()) if path.exists() else {}
    quantity = "number per second, more is better" if arguments.more_is_better else "CPU seconds"
    races[arguments.label] = {
        "quantity": quantity,
        "pairs": pairs,
        "medians": medians,
        "machine": describe(),
    }
    path.write_text(json.dumps(races, indent=1) + "\n")


if __name__ == "__main__":
    main()
