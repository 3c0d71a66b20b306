"""The fault suite: makes faults happen to tiny runs and counts what became of them.

``python -m tests.faults.campaign`` prints a table: fault, times injected, detected, lost. Detected:
the run ended with one sentence and its code, or the launcher ended all ranks, or the next start
refused what was damaged. Lost: a file that has its name cannot be read, the run hung or did not go
on, or its end has other bits than that of a run which nobody disturbed. The exit code is 1 if
anything was lost or went undetected. ``--kills`` sets the number of random kills, of which a
fifth ends one of two ranks under mpirun.
"""

import argparse
import contextlib
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import h5py

from crmpi.output.directory import RunDirectory
from crmpi.tools.doctor.mpi import find_mpirun
from tests.faults.chains import forked_chains, launched_chains
from tests.faults.runs import (
    WORDS,
    Outcome,
    finish,
    lost_after,
    quietly,
    run,
    start,
    state,
    words_of,
)

STEPS = 8
CHAIN_STEPS = 12
# place of the code: the ranks on which a fault can happen there, the call of it
KILLED = {
    "compute": ((0, 1), 9),
    "exchange": ((0, 1), 12),
    "snapshot": ((0, 1), 2),
    "checkpoint": ((0, 1), 3),
    "half a file": ((0,), 4),
    "history": ((0,), 5),
}
REFUSED = {"snapshot": 2, "checkpoint": 3, "history": 4}


class Row(NamedTuple):
    """A line of the table."""

    fault: str
    outcomes: list
    note: str = ""


# ---------------------------------------------------------------- processes that end


def kills_by_place(folder, reference, ranks):
    """Kill each of the ranks in each place of the code."""
    for place, (victims, call) in KILLED.items():
        outcomes = []
        for rank in victims[:ranks]:
            where = folder / f"{place.replace(' ', '_')}_{rank}"
            ended = run(where, STEPS, ranks, ("kill", place, call, rank))
            lost = lost_after(where, ended, reference, STEPS)
            outcomes.append(Outcome(ended.code not in (0, None), lost))
        yield Row(f"kill -9 in {place}", outcomes)


def signals_by_place(folder, reference, ranks):
    """Send SIGTERM to the last rank alone, in each place where it may be."""
    outcomes = []
    for place in ("compute", "exchange", "checkpoint"):
        where = folder / place
        ended = run(where, STEPS, ranks, ("term", place, KILLED[place][1], ranks - 1))
        lost = lost_after(where, ended, reference, STEPS)
        outcomes.append(Outcome(ended.code == 75, lost))
    yield Row("SIGTERM to one rank", outcomes)


def hang(folder, reference, ranks):
    """Stop the last rank for good: the watchdog names it."""
    where = folder / "hang"
    fault = ("stop", "compute", KILLED["compute"][1], ranks - 1)
    ended = run(where, STEPS, ranks, fault, "output.watchdog=20")
    named = f"rank {ranks - 1} of {ranks} hangs: no sign of life" in ended.err
    lost = lost_after(where, ended, reference, STEPS)
    yield Row("a rank that hangs", [Outcome(named and ended.code == 3, lost)])


# ---------------------------------------------------------------- disks and folders


def disks(folder, reference, ranks):
    """Let files not grow, a small disk be full, a file system turn read-only, in each kind of
    output."""
    for fault, words in (
        ("limit", "no file can grow"),
        ("fill", "the disk is full"),
        ("read_only", "the disk turns read-only"),
    ):
        outcomes, note = [], ""
        for place, call in REFUSED.items():
            where = folder / f"{fault}_{place}" / "run"
            where.parent.mkdir(parents=True)
            if fault == "limit":
                outcomes.append(_refused(where, reference, (fault, place, call, 0), ranks))
                continue
            if not _mount("-t", "tmpfs", "-o", "size=4m", "tmpfs", where.parent):
                note = "not tried: no file system can be mounted here"
                break
            try:
                outcomes.append(_refused(where, reference, (fault, place, call, 0), ranks))
            finally:
                subprocess.run(["umount", str(where.parent)], check=False)
        yield Row(words, outcomes, note)


def _mount(*words):
    command = ["mount", *map(str, words)]
    if shutil.which("mount") is None:
        return False
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _refused(where, reference, fault, ranks):
    """Let the disk refuse a file and return what became of it, once it can be written again."""
    ended = run(where, STEPS, ranks, fault)
    if fault[0] == "fill":
        (where.parent / "ballast").unlink()
    if fault[0] == "read_only":
        subprocess.run(["umount", str(where.parent)], check=True)
    detected = ended.code == 3 and len(ended.sentences) == 1
    return Outcome(detected, lost_after(where, ended, reference, STEPS))


def folders(folder, reference, ranks):
    """Remove the folder of a run while it goes on; start a second run in one."""
    where = folder / "removed"
    ended = run(where, STEPS, ranks, ("remove", "compute", 9, 0))
    told = "was removed while the run went on: made again" in ended.err
    lost = "" if state(where) == reference else "other bits"
    yield Row("the folder is removed", [Outcome(told and ended.code == 0, lost)])
    where = folder / "taken"
    first = start(words_of(where, 10**6, "time.end=1e9"), ranks)
    for line in first.stderr:
        if line.startswith("step 2 "):
            break
    words = ["run", *WORDS, f"output.dir={where}", f"time.max_steps={STEPS}"]
    second = finish(start(words, ranks))
    detected = second.code == 2 and "is in use by another run" in second.err
    first.terminate()
    lost = "" if finish(first).code == 75 else "the first run"
    yield Row("two runs in a folder", [Outcome(detected, lost)])


# ---------------------------------------------------------------- damaged checkpoints


def _flip(path, random_):
    with open(path, "r+b") as file:
        place = random_.randrange(path.stat().st_size)
        file.seek(place)
        byte = file.read(1)[0] ^ (1 << random_.randrange(8))
        file.seek(place)
        file.write(bytes([byte]))


def _truncate(path, random_):
    with open(path, "r+b") as file:
        file.truncate(random_.randrange(path.stat().st_size))


def _change(path, _random):
    with h5py.File(path, "r+") as file:
        file["u0"][0, 0] *= 1.0 + 1e-15


def _other_version(path, _random):
    with h5py.File(path, "r+") as file:
        file.attrs["format"] = 99


def _foreign(path, _random):
    with h5py.File(path, "w") as file:
        file["temperature"] = [1.0, 2.0]


def _no_file(path, random_):
    path.write_bytes(random_.randbytes(100))


DAMAGES = {
    "a number changes": (_change, 1),
    "a bit flips": (_flip, 20),
    "truncated": (_truncate, 5),
    "another version": (_other_version, 1),
    "a foreign HDF5 file": (_foreign, 1),
    "no HDF5 file": (_no_file, 1),
}


def damages(folder, reference, seed, kinds=DAMAGES):
    """Damage the last checkpoint of a run in many ways: a restart from it is refused, `--resume`
    takes the one before. A flipped bit that no one reads (in unused bytes of the file) may also
    lead to the right end."""
    random_ = random.Random(seed)
    whole = folder / "whole"
    quietly(words_of(whole, STEPS // 2))
    for name, (damage, times) in kinds.items():
        outcomes = []
        for n in range(times):
            where = folder / f"{name.replace(' ', '_')}_{n}"
            shutil.copytree(whole, where)
            path = RunDirectory(where).checkpoints()[-1]
            damage(path, random_)
            words = ["run", "--restart", str(path), f"time.max_steps={STEPS}"]
            branch = folder / f"branch_{name.replace(' ', '_')}_{n}"
            refused = quietly([*words, f"output.dir={branch}"]) == 2
            harmless = not refused and state(branch) == reference
            code = quietly(words_of(where, STEPS))
            right = code == 0 and state(where) == reference
            lost = "" if right else f"code {code}, or other bits"
            outcomes.append(Outcome(refused or harmless, lost))
            shutil.rmtree(where)
        yield Row(f"checkpoint: {name}", outcomes)


# ---------------------------------------------------------------- all of it


def rows(folder, kills, seed, ranks):
    """Yield the `Row`s of the table, of runs on `ranks` ranks (2, or 1 without MPI)."""
    folder = Path(folder)
    references = {}
    for steps in (STEPS, CHAIN_STEPS):
        straight = folder / f"straight_{steps}"
        quietly(words_of(straight, steps))
        references[steps] = state(straight)
    short = references[STEPS]
    yield from damages(folder / "damages", short, seed)
    yield from kills_by_place(folder / "kills", short, ranks)
    yield from signals_by_place(folder / "signals", short, ranks)
    if ranks > 1:
        yield from hang(folder / "hangs", short, ranks)
    yield from disks(folder / "disks", short, ranks)
    yield from folders(folder / "folders", short, ranks)
    launched = kills // 5 if ranks > 1 else 0
    chain = references[CHAIN_STEPS]
    if kills > launched:
        found, chains = forked_chains(folder / "forked", CHAIN_STEPS, chain, kills - launched, seed)
        yield Row("random kill -9, one rank", found, f"in {chains} chains")
    if launched:
        found, chains = launched_chains(
            folder / "launched", CHAIN_STEPS, chain, launched, seed, ranks
        )
        yield Row(f"random kill -9 of one of {ranks} ranks", found, f"in {chains} chains")


def line(row):
    """Return a row as text."""
    detected = sum(outcome.detected for outcome in row.outcomes)
    lost = [outcome.lost for outcome in row.outcomes if outcome.lost]
    notes = "; ".join([row.note, *dict.fromkeys(lost)] if row.note else dict.fromkeys(lost))
    return f"{row.fault:<36s} {len(row.outcomes):8d} {detected:8d} {len(lost):8d}  {notes}".rstrip()


def failed(row):
    """Return whether anything was lost or went undetected."""
    return any(outcome.lost or not outcome.detected for outcome in row.outcomes)


def main(argv=None):
    """Run the campaign and print its table; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.campaign", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="random kills (200)")
    parser.add_argument("--seed", type=int, default=1, help="of all that is random (1)")
    parser.add_argument("--folder", help="where the runs are kept; a temporary folder by default")
    parser.add_argument("--serial", action="store_true", help="one rank, without mpirun")
    arguments = parser.parse_args(argv)
    ranks = 1 if arguments.serial or find_mpirun() is None else 2
    bad = 0
    print(f"{'fault':<36s} {'injected':>8s} {'detected':>8s} {'lost':>8s}")
    with contextlib.ExitStack() as stack:
        folder = arguments.folder or stack.enter_context(tempfile.TemporaryDirectory())
        for row in rows(folder, arguments.kills, arguments.seed, ranks):
            print(line(row), flush=True)
            bad += failed(row)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
