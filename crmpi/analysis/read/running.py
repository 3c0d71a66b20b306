"""How a run is doing, from the files in its folder alone: they are read, nothing is written or
locked."""

import json
import re
import time
from pathlib import Path
from typing import NamedTuple

from crmpi.errors import CrmpiError
from crmpi.output.directory import RunDirectory
from crmpi.output.lock import holder

_TAIL = 2_000_000  # bytes at the end of a history or a log that are read
_HEAD = 100_000
_COLUMN = re.compile(r"\[\d+\](.*?)\[([^\]]*)\]")
_STEP = re.compile(r"(?:^|\s)step[ =](\d+)")
_PATTERNS = {
    "time": re.compile(r"\btime[ =](\S+(?: [A-Za-z]+)?)(?:\s\s|$|\s\w+=)"),
    "fraction": re.compile(r"(\d+(?:\.\d+)?)%"),
    "rate": re.compile(r"(\S+) zone-cycles/s|\bzone[-_]cycles[a-z_/]*=(\S+)"),
    "left": re.compile(r"\bleft[ =](\S+(?: s\b)?)"),
}
_PHASE = re.compile(r"^  (\S.*?)\s+([\d.]+) s\s+([\d.]+)%$")
_BY_SECOND = re.compile(r"^([\d.e+]+) zone-cycles/s, (\S+) ms per step")


class Recent(NamedTuple):
    """The last rows of a history: `units` {column: unit} in order, `rows` lists of numbers."""

    units: dict
    rows: list

    def column(self, name):
        """Return the numbers of a column, oldest first."""
        place = list(self.units).index(name)
        return [row[place] for row in self.rows]


class State(NamedTuple):
    """What a run says of itself.

    ``running``: None after its end; else who runs it, in words. ``reason``: how it ended, '' if it
    did not say. ``step``, ``fraction`` (of 1), ``time``, ``rate``, ``left``: of the last line of
    progress, texts but for the first two; None or '' where there is none. ``warnings``: what it
    warned of. ``phases``: [(phase, seconds, percent)] and ``pace``: the rates, of a finished one.
    """

    running: str | None
    reason: str
    step: int | None
    fraction: float | None
    time: str
    rate: str
    left: str
    warnings: list
    phases: list
    pace: str
    ledger: list


def require_run(folder):
    """Return the `RunDirectory` of a folder.

    Raises
    ------
    CrmpiError
        no run has written there
    """
    directory = RunDirectory(folder)
    if not Path(folder).is_dir():
        raise CrmpiError(f"{folder} is not a folder: name the output.dir of a run")
    if not (directory.holds_run() or directory.log.is_file()):
        raise CrmpiError(
            f"{folder} is not the folder of a run: it has no {directory.provenance.name}"
        )
    return directory


def state(folder):
    """Return the `State` of the run in a folder."""
    directory = require_run(folder)
    lines = _last_start(_ending(directory.log).splitlines())
    owner = holder(directory.path)
    steps = [line for line in lines if _STEP.search(line) and _PATTERNS["rate"].search(line)]
    last = steps[-1] if steps else ""
    found = {name: _first(pattern, last) for name, pattern in _PATTERNS.items()}
    reason = next(
        (
            line.partition(": ")[2]
            for line in reversed(lines)
            if line.startswith(("stopped: ", "error: "))
        ),
        "",
    )
    ended = next((line for line in lines if line.startswith("finished at step")), "")
    step = _first(_STEP, ended) or _first(_STEP, last)
    fraction = float(found["fraction"]) / 100.0 if found["fraction"] else None
    return State(
        running=None if owner is None else f"process {owner.get('pid')} on {owner.get('host')}",
        reason=reason if owner is None else "",
        step=int(step) if step else None,
        fraction=1.0 if reason.startswith("reached time") else fraction,
        time=re.sub(r".*?time ([^:]*):.*", r"\1", ended) if ended else found["time"],
        rate=found["rate"],
        left=found["left"] if owner is not None else "",
        warnings=[line.partition(": ")[2] for line in lines if line.startswith("warning: ")],
        phases=_phases(lines),
        pace=next((line for line in lines if _BY_SECOND.match(line)), ""),
        ledger=_ledger(lines),
    )


def _first(pattern, line):
    """Return what a pattern finds first in a line, ''."""
    found = pattern.search(line)
    return next((group for group in found.groups() if group), "") if found else ""


def _last_start(lines):
    """Return the lines of a log since the last start of the run."""
    starts = [n for n, line in enumerate(lines) if line.startswith("output in ")]
    return lines[starts[-1] :] if starts else lines


def _phases(lines):
    """Return [(phase, seconds, percent)] of the report at the end of a run."""
    return [
        (found[1], float(found[2]), float(found[3]))
        for line in lines
        if (found := _PHASE.match(line))
    ]


def _ledger(lines):
    """Return [(name, amount)] of the energy ledger at the end of a run, its unit first; [] if there
    is none."""
    start = next((n for n, line in enumerate(lines) if line.startswith("energy ledger")), None)
    if start is None:
        return []
    found = [("unit", lines[start].partition("[")[2].rstrip("]"))]
    for line in lines[start + 1 :]:
        if not line.startswith("  "):
            break
        name, _, amount = line.strip().rpartition(" ")
        found.append((name.strip(), amount))
    return found


def recent(folder):
    """Return the `Recent` rows of the history of a run; no columns if it has none yet."""
    path = RunDirectory(folder).history
    text = _ending(path)
    head = text
    if path.is_file() and path.stat().st_size > _TAIL:
        with open(path, encoding="utf-8", errors="replace") as file:
            head = file.read(_HEAD)
    header = next((found for found in map(_COLUMN.findall, head.splitlines()[:10]) if found), [])
    rows = []
    for line in text.split("\n")[:-1]:  # behind the last end of a line a row is being written
        words = line.split()
        if header and len(words) == len(header) and not line.startswith("#"):
            rows.append(list(map(_number, words)))
    return Recent(dict(header), rows)


def _number(word):
    try:
        return float(word)
    except ValueError:
        return float("nan")


def _ending(path):
    """Return the last `_TAIL` bytes of a text file, from the begin of a line; '' without one."""
    try:
        with open(path, "rb") as file:
            size = file.seek(0, 2)
            file.seek(max(size - _TAIL, 0))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
    return text if size <= _TAIL else text.partition("\n")[2]


def floors(history):
    """Return {column: (count, counts since the row before)} of the floors that changed cells."""
    found = {}
    for name, unit in history.units.items():
        if not name.startswith("floor_") or unit != "1" or not history.rows:
            continue
        counts = history.column(name)
        if counts[-1] > 0:
            before = counts[-2] if len(counts) > 1 else 0
            found[name] = (int(counts[-1]), int(counts[-1] - before))
    return found


def provenance(directory):
    """Return the provenance of a run as a dict, {} where it cannot be read."""
    try:
        found = json.loads(directory.provenance.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def seconds_since_start(directory, now):
    """Return the seconds of the clock from the start of a run to `now`, None if it is unknown."""
    started = provenance(directory).get("started", "")
    try:
        return now - time.mktime(time.strptime(started[:19], "%Y-%m-%dT%H:%M:%S"))
    except (ValueError, OverflowError):
        return None
