"""The watchdog of a run: ends it when nothing has happened for too long, and names the rank that
hangs.

A thread on every rank checks regularly whether the run has moved on. A step costs nothing for it:
no message, no call, no number to write; it reads what is there anyway. When a rank has seen no sign
of life for ``output.watchdog`` seconds it writes one line into `hang.txt` in the folder of the run:
where its main thread is, and whether it waits there for other ranks, that is, whether it is inside
`crmpi.parallel`. A moment later the first of them reads the lines of all. Ranks that do not wait,
and ranks that have left no line (stopped, or their node is gone), are those that hang.
"""

import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from crmpi.errors import RunError

_PACKAGE = str(Path(__file__).parents[1]) + os.sep
_LIBRARY = str(Path(os.__file__).parent) + os.sep
# functions that wait for messages of other ranks: all of a file, or those named
_WAITING = {
    "parallel/comm.py": None,
    "output/blockfile.py": ("_incoming", "_write_grouped"),
}
_TICK = 10.0  # largest number of seconds between two checks
_LAST_WORDS = 10.0  # s that a folder or a launcher has to answer
_SHOWN = 4  # ranks that a sentence names


class Place(NamedTuple):
    """What one rank says of its main thread: does it wait for others, and where is it?"""

    waits: bool
    where: str


def place_of(frame):
    """Return the `Place` of a stack by its innermost frame: the code that crmpi, or a file of the
    user, is in."""
    waits = where = None
    while frame is not None and where is None:
        code = frame.f_code
        inside = code.co_filename.startswith(_PACKAGE)
        name = code.co_filename.removeprefix(_PACKAGE)
        if waits is None:  # the innermost frame decides: C code has none
            functions = _WAITING.get(name, ())
            waits = inside and (functions is None or code.co_name in functions)
        if inside or not ("site-packages" in name or name.startswith((_LIBRARY, "<"))):
            shown = f"crmpi/{name}" if inside else name
            where = f"{shown}, line {frame.f_lineno}, {code.co_name}()"
        frame = frame.f_back
    return Place(bool(waits), where or "the interpreter")


class Moment(NamedTuple):
    """Which moment of which run this is: the id of this start of it, and a function that returns
    its step. Ranks that wait for one another are a step apart at most."""

    run_id: str
    step: Callable[[], int]

    def line(self, rank, place):
        """Return what a rank says of itself."""
        state = "waits" if place.waits else "works"
        return "\t".join([self.run_id, str(self.step()), str(rank), state, place.where])

    def read(self, text):
        """Return {rank: `Place`} of the lines in `text` that are of this moment."""
        places = {}
        for line in text.splitlines():
            words = line.split("\t")
            if len(words) != 5 or words[0] != self.run_id or not words[2].isdigit():
                continue
            if abs(int(words[1]) - self.step()) <= 1:
                places[int(words[2])] = Place(words[3] == "waits", words[4])
        return places


class Watchdog:
    """Watches the main thread of this rank inside a ``with`` block.

    Parameters
    ----------
    limit : float or None
        wall-clock seconds without a sign of life after which the run ends; None: never
    signs : callable
        returns something that differs from its last value when the run has moved on
    comm : SerialComm or MpiComm
    path : path
        of `hang.txt`, in a folder that all ranks see
    moment : Moment
    """

    def __init__(self, limit, signs, comm, path, moment):
        self.limit, self.signs, self.comm = limit, signs, comm
        self.path, self.moment = Path(path), moment
        self._over = threading.Event()
        self._main = threading.get_ident()

    def __enter__(self):
        if self.limit is not None:
            threading.Thread(target=self._watch, name="watchdog", daemon=True).start()
        return self

    def __exit__(self, *_):
        self._over.set()

    def _watch(self):
        tick = min(self.limit / 4, _TICK)
        seen, idle, before = self.signs(), 0.0, time.monotonic()
        while not self._over.wait(tick):
            sign, now = self.signs(), time.monotonic()
            # a job that its batch system had suspended has not been idle all that time
            idle = 0.0 if sign != seen else idle + min(now - before, 2 * tick)
            seen, before = sign, now
            if idle >= self.limit:
                threading.Thread(target=self._report, args=(sign,), daemon=True).start()
                # a folder that does not respond blocks no rank
                if not self._over.wait(min(self.limit, _LAST_WORDS) + 2 * _LAST_WORDS):
                    self._end(f"rank {self.comm.rank} hangs, and so does the folder of {self.path}")

    def _report(self, sign):
        """Leave this rank's line and let the first that left one speak for all."""
        here = place_of(sys._current_frames().get(self._main))
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(self.moment.line(self.comm.rank, here) + "\n")
        # the others reach their limit within a tick of this rank
        if self._over.wait(min(self.limit, _LAST_WORDS)) or self.signs() != sign:
            return  # it was slow, not dead
        places = self.moment.read(self.path.read_text(encoding="utf-8", errors="replace"))
        if self.comm.rank == min(places, default=self.comm.rank):
            sentence = verdict(places, self.comm.nranks, self.limit)
            with open(self.path, "a", encoding="utf-8") as file:
                file.write(sentence + "\n")
            self._end(sentence)

    def _end(self, sentence):
        """Say it and end all ranks; this thread cannot raise in the main one, which is stuck."""
        print(f"crmpi: error: {sentence}", file=sys.stderr, flush=True)
        code = RunError.exit_code
        hard = threading.Timer(_LAST_WORDS, os._exit, (code,))  # MPI may be what hangs
        hard.daemon = True
        hard.start()
        if self.comm.nranks > 1:
            self.comm.abort(code)
        sys.stdout.flush()
        os._exit(code)


def verdict(places, nranks, limit):
    """Return the sentence that names who hangs.

    Parameters
    ----------
    places : dict
        rank to `Place`
    nranks : int
    limit : float
        seconds
    """
    silent = [rank for rank in range(nranks) if rank not in places]
    working = [rank for rank, place in sorted(places.items()) if not place.waits]
    after = f"no step and no output for {limit:g} s (output.watchdog)"
    cure = "earlier output and checkpoints are intact: restart, and raise output.watchdog if it "
    cure += "was no hang"
    if silent:
        who = f"{_ranks(silent)} of {nranks} hang{_s(silent)}: no sign of life from there"
        where = "its process is stopped or its node does not answer"
    elif working:
        who = f"{_ranks(working)} of {nranks} hang{_s(working)}"
        where = "; ".join(dict.fromkeys(f"in {places[rank].where}" for rank in working[:_SHOWN]))
    else:
        who = "all ranks wait for one another"
        waiting = sorted(places)[:_SHOWN]
        where = "; ".join(f"rank {rank} in {places[rank].where}" for rank in waiting)
    return f"{after}: {who}, {where}; {cure}"


def _ranks(ranks):
    more = f" and {len(ranks) - _SHOWN} more" if len(ranks) > _SHOWN else ""
    return f"rank{'' if len(ranks) == 1 else 's'} {', '.join(map(str, ranks[:_SHOWN]))}{more}"


def _s(ranks):
    return "s" if len(ranks) == 1 else ""
