"""What a sweep keeps of a run: its numbers and the fingerprint of its parameters; the table of all
runs."""

import csv
import hashlib
import io
import json

import numpy as np

from crmpi.errors import CrmpiError
from crmpi.model import hooks
from crmpi.output.directory import RunDirectory
from crmpi.output.files import write_text
from crmpi.output.history import read_history

RESULT = "result.json"
FAILURE = "failure.txt"
WRITING = ("output", "observables")
"""Groups of parameters that do not change what happens in a run."""


def fingerprint(config):
    """Return sixteen hexadecimal digits that tell parameters apart, all but those that only say
    what a run writes."""
    parameters = {name: group for name, group in config.resolved().items() if name not in WRITING}
    return hashlib.sha256(json.dumps(parameters, sort_keys=True, default=str).encode()).hexdigest()[
        :16
    ]


def write_result(variant, config, numbers):
    """Keep the numbers of a run that has reached its end."""
    stored = {"choices": variant.choices, "parameters": fingerprint(config), "numbers": numbers}
    write_text(variant.path / RESULT, json.dumps(stored, indent=1) + "\n")


def read_result(variant, config=None):
    """Return the numbers of a finished run, or None if there is none.

    Raises
    ------
    CrmpiError
        the run in the folder had other parameters than `config`
    """
    try:
        stored = json.loads((variant.path / RESULT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if config is not None and stored["parameters"] != fingerprint(config):
        remedy = "choose another --output, or remove that folder"
        raise CrmpiError(
            f"{variant.path} holds a finished run with other parameters: {remedy}", everywhere=True
        )
    return stored["numbers"]


def standing(variant):
    """Return how far a run is: 'finished', 'failed: ...', 'unfinished' or 'not begun'."""
    if (variant.path / RESULT).is_file():
        return "finished"
    failure = variant.path / FAILURE
    if failure.is_file():
        return f"failed: {failure.read_text(encoding='utf-8').strip()}"
    return "unfinished" if has_checkpoint(variant) else "not begun"


def has_checkpoint(variant):
    """Return whether an interrupted run can go on."""
    return bool(RunDirectory(variant.path).checkpoints())


def note_failure(variant, sentence):
    """Leave a word about a failure in the folder of a run; None: there is none any more. A folder
    that holds a finished run, of other parameters, stays as it is."""
    if sentence is None:
        (variant.path / FAILURE).unlink(missing_ok=True)
    elif not (variant.path / RESULT).is_file():
        variant.path.mkdir(parents=True, exist_ok=True)
        write_text(variant.path / FAILURE, sentence + "\n")


def summarise(problem, history):
    """Return the numbers of a run: the problem's own `results`, then the last value of every
    history column."""
    own = hooks.results(problem, history) if problem.has("results") else {}
    last = {f"{name} [{history.units[name]}]": values[-1] for name, values in history.items()}
    return {name: float(value) for name, value in {**own, **last}.items()}


def table(rows):
    """Return the CSV of [(Variant, numbers)]."""
    keys = list(rows[0][0].choices)
    columns = list(dict.fromkeys(name for _, numbers in rows for name in numbers))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*keys, *columns])
    for variant, numbers in rows:
        writer.writerow(
            [*variant.choices.values(), *(f"{numbers.get(name, np.nan):.8g}" for name in columns)]
        )
    return text.getvalue()


def histories(rows):
    """Return {label: history} of finished runs."""
    return {variant.label: read_history(variant.path / "history.txt") for variant, _ in rows}
