"""History: numbers over time as plain columns, `history.txt`, that any tool can read.

The header names the columns and their units, `# [1]time[Myr] [2]step[1] ...`, then the columns as
words, `#time step ...`, for readers of tables; a row follows per time. Numbers carry 17 digits, so
they read back exactly.
"""

import io
import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from crmpi.diagnostics.columns import Number, split_label
from crmpi.errors import CrmpiError
from crmpi.output.files import clear_write_errors, write_text
from crmpi.output.unit_names import portable

if TYPE_CHECKING:
    from crmpi.output.state import SimState
    from crmpi.units import Units

_COLUMN = re.compile(r"\[\d+\](.*?)\[([^\]]*)\]")
_FIRST_LINE = "# crmpi history, one row per time; columns: [number]name[unit]\n"
_NO_WORD = re.compile(r"[\s#,\"']+")  # what would end a word of a table
_HEADER_ENDS = 1_000_000  # characters, at most
CLOCK = ("time", "step", "dt")
"""The first columns, see `beginning`."""
_STEP = 1  # place of the column that says where a restart continues


class Columns(dict):
    """Columns of a history, name to array; `units` maps each name to its unit. pandas takes it as
    it is: ``pandas.DataFrame(columns)``."""

    def __init__(self, arrays: Mapping[str, np.ndarray], units: dict[str, str]) -> None:
        super().__init__(arrays)
        self.units = units

    def record(self) -> np.recarray:
        """Return the table as a numpy record array, one record per row."""
        kinds = [(name, values.dtype) for name, values in self.items()]
        table = np.recarray(len(next(iter(self.values()), ())), dtype=kinds)
        for name, values in self.items():
            table[name] = values
        return table


def word_of(name: str) -> str:
    """Return the name of a column as one word of a table."""
    return _NO_WORD.sub("_", name)


def header(labels: Iterable[str]) -> str:
    """Return the header lines for labels like 'time [Myr]'."""
    columns = [split_label(label) for label in labels]
    numbered = " ".join(
        f"[{n}]{name}[{portable(unit)}]" for n, (name, unit) in enumerate(columns, start=1)
    )
    # no blank behind this '#': a reader that drops the sign must not see one column more
    words = " ".join(word_of(name) for name, _ in columns)
    return f"{_FIRST_LINE}# {numbered}\n#{words}\n"


def beginning(state: "SimState", units: "Units") -> list[Number]:
    """Return the first `Number`s of a row: time, step, dt."""
    unit = "code" if units.dimensionless else "Myr"
    scale = 1.0 if unit == "code" else units.factor(unit)
    return [
        Number("time", unit, state.time / scale),
        Number("step", "1", state.step),
        Number("dt", unit, state.dt / scale),
    ]


class HistoryFile:
    """Appends rows to a history. Only rank 0 makes one.

    Parameters
    ----------
    path : path
    restart_step : int or None
        a restarted run keeps the rows up to this step and drops later ones, which it will write
        again; a new run starts a new file
    """

    def __init__(self, path: str | os.PathLike[str], restart_step: int | None = None) -> None:
        self.path = Path(path)
        self.restart_step = restart_step
        self.labels = None

    def write(self, row: Mapping[str, float]) -> None:
        """Append one row, flushed.

        Parameters
        ----------
        row : dict
            label 'name [unit]' to number, in the same order every time; the first two are the time
            and the step
        """
        if self.labels is None:
            self._begin(list(row))
        if list(row) != self.labels:
            changed = f"the history columns changed from {self.labels} to {list(row)}"
            raise CrmpiError(f"{changed}; Problem.history must return the same ones every time")
        with clear_write_errors(self.path), open(self.path, "a", encoding="utf-8") as file:
            if not file.tell():  # the file was removed while the run went on
                file.write(header(row))
            file.write(" ".join(_number(value) for value in row.values()) + "\n")

    def _begin(self, labels):
        self.labels = labels
        kept = ""
        if self.restart_step is not None and self.path.exists():
            text = self.path.read_text(encoding="utf-8")
            if _declared(text) == _declared(header(labels)):
                kept = "".join(
                    f"{line}\n"
                    for line in _rows(text, len(labels))
                    if _step(line) <= self.restart_step
                )
            else:  # the restarted run has other columns: the earlier ones are kept beside
                write_text(self.path.with_suffix(f".until_step_{self.restart_step}.txt"), text)
        write_text(self.path, header(labels) + kept)


def _declared(text):
    """Return [(name, unit)] of the columns that the header of a text names; a file may be older
    than the present spelling of units."""
    found = next((found for found in map(_COLUMN.findall, _beginning(text)) if found), [])
    return [(name, portable(unit)) for name, unit in found]


def last_step(path: str | os.PathLike[str]) -> int:
    """Return the step of the last complete row of a history file, -1 if there is none."""
    _, rows = _split(path)
    return _step(rows[-1]) if rows else -1


def cut_after(path: str | os.PathLike[str], step: int) -> None:
    """Drop the rows after `step` from a history file."""
    head, rows = _split(path)
    write_text(path, head + "".join(f"{row}\n" for row in rows if _step(row) <= step))


def _split(path):
    """Return (header, complete rows) of a history file, ('', []) if there is none."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return "", []
    lines = text.splitlines(keepends=True)
    columns = next((len(found) for found in map(_COLUMN.findall, lines[:10]) if found), 0)
    return "".join(line for line in lines if line.startswith("#")), _rows(text, columns)


def _step(row):
    return int(float(row.split()[_STEP]))


def _number(value):
    return f"{value:d}" if isinstance(value, (int, np.integer)) else f"{value:.17g}"


def _rows(text, ncolumns):
    """Return the complete rows: a line that a killed run did not finish is left out."""
    complete = text[: text.rfind("\n") + 1].splitlines()
    return [
        line
        for line in complete
        if line and not line.startswith("#") and len(line.split()) == ncolumns
    ]


def read_history(
    path: str | os.PathLike[str],
    wanted: Callable[[list[str]], Iterable[str]] | None = None,
) -> Columns:
    """Return the `Columns` of a history file, arrays of float64 with their `units`.

    Parameters
    ----------
    path : path
    wanted : callable, optional
        chooses columns out of the list of their names, all by default: of a long history, those
        that are not needed cost most of the time

    Raises
    ------
    CrmpiError
        the file cannot be read or is not a history
    """
    text = _text(path)
    units = _units(path, text)
    names = list(units)
    chosen = set(names if wanted is None else wanted(names))
    places = [n for n, name in enumerate(names) if name in chosen]
    table = _numbers(text, len(names), places)
    return Columns({names[place]: table[:, n] for n, place in enumerate(places)}, units)


def read_units(path: str | os.PathLike[str]) -> dict[str, str]:
    """Return {column: unit} of a history file without reading its rows; errors as those of
    `read_history`."""
    return _units(path, _text(path, _HEADER_ENDS))


def _text(path, end=None):
    """Return the characters of a file, up to number `end`."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read(end)
    except (OSError, UnicodeDecodeError) as error:
        raise CrmpiError(f"cannot read {path}: {error}") from error


def _units(path, text):
    """Return {column: unit} as the header in `text` has them."""
    columns = next((found for found in map(_COLUMN.findall, _beginning(text)) if found), None)
    if columns is None:
        raise CrmpiError(f"{path} is not a crmpi history: it has no header '# [1]time[...] ...'")
    return dict(columns)


def _beginning(text):
    """Return the lines among which the header is."""
    return text[:_HEADER_ENDS].splitlines()[:10]


def _numbers(text, ncolumns, places):
    """Return the columns `places` of all complete rows, (rows, columns)."""
    start = 0
    while text.startswith("#", start):
        start = text.find("\n", start) + 1 or len(text)
    body = text[start : text.rfind("\n") + 1]
    count = body.count("\n")
    if body.count(" ") == count * (ncolumns - 1) and "#" not in body and "\n\n" not in body:
        try:
            return np.loadtxt(io.StringIO(body), usecols=places, ndmin=2).reshape(count, -1)
        except ValueError:
            pass  # a row is not what was written: the others are taken one by one
    rows = [line.split() for line in _rows(body, ncolumns)]
    table = [[row[place] for place in places] for row in rows]
    return np.array(table, np.float64).reshape(len(rows), len(places))
