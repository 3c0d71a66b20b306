"""Sweeps: one problem with every combination of some parameters, each run in a folder of its own, restartable.

    DIR/transport.preset=chan2019/          a run like any other (snapshots, history, checkpoints)
    DIR/transport.preset=chan2019/result.json   its numbers: written when the run has ended, so an unfinished one has none
    DIR/sweep.csv                           one line per run
"""

import csv
import io
import itertools
import json
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from crmpi import driver
from crmpi.errors import CrmpiError
from crmpi.output.files import write_text
from crmpi.output.history import read_history

RESULT = "result.json"


class Variant(NamedTuple):
    """One run of a sweep: `choices` {parameter: value} and the folder `path`."""

    choices: dict
    path: Path

    @property
    def label(self):
        """Values alone, for tables and figures."""
        return ", ".join(self.choices.values())

    @property
    def overrides(self):
        """'key=value' for the command line."""
        return [f"{key}={value}" for key, value in self.choices.items()]


def plan(overs, folder):
    """Return the `Variant`s of a sweep, the last parameter varying fastest.

    Parameters
    ----------
    overs : sequence of str
        'key=value,value,...'; commas inside brackets do not separate
    folder : path

    Raises
    ------
    CrmpiError
        not of this form, or a parameter or value twice
    """
    axes = {}
    for text in overs:
        key, equals, values = text.partition("=")
        listed = [value.strip() for value in re.split(r",(?![^\[{]*[\]}])", values) if value.strip()]
        if not equals or not key.strip() or not listed:
            form = "key=value,value, such as transport.preset=salem2016,chan2019"
            raise CrmpiError(f"--over '{text}' is not of the form {form}", everywhere=True)
        if key.strip() in axes or len(set(listed)) < len(listed):
            raise CrmpiError(f"--over '{text}' names a parameter or a value twice", everywhere=True)
        axes[key.strip()] = listed
    combinations = (dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values()))
    return [Variant(choices, Path(folder) / _folder_name(choices)) for choices in combinations]


def _folder_name(choices):
    """Return a name any file system takes."""
    return "+".join(re.sub(r"[^\w.=+-]", "_", f"{key}={value}") for key, value in choices.items())


def run_variant(variant, configure, comm, stream=None):
    """Run one variant to its end, from its last checkpoint if it was interrupted; return its numbers on rank 0; collective.

    Parameters
    ----------
    configure : callable
        (overrides, restart or None) -> (Config, problem class, checkpoint or None)

    Returns
    -------
    dict or None
        {name: number}; None on other ranks, or if the run was stopped before its end
    """
    done = comm.bcast(read_result(variant) if comm.rank == 0 else None)
    if done is not None:
        return done
    unfinished = comm.bcast(_has_checkpoint(variant.path) if comm.rank == 0 else None)
    overrides = [*variant.overrides, f"output.dir={variant.path}"]
    config, problem_class, restart = configure(overrides, str(variant.path) if unfinished else None)
    result = driver.run(config, problem_class, comm, restart=restart, stream=stream)
    if result.exit_code or comm.rank:
        return None
    numbers = summarise(result.sim.problem, result.history)
    write_text(variant.path / RESULT, json.dumps({"choices": variant.choices, "numbers": numbers}, indent=1) + "\n")
    return numbers


def _has_checkpoint(path):
    return any(path.glob("checkpoints/checkpoint_*.h5"))


def read_result(variant):
    """Return the numbers of a finished run with the same choices, or None."""
    try:
        stored = json.loads((variant.path / RESULT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return stored["numbers"] if stored.get("choices") == variant.choices else None


def summarise(problem, history):
    """Return the numbers of a run: the problem's own `results`, then the last value of every history column."""
    own = problem.results(history, problem.p) if problem.has("results") else {}
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
        writer.writerow([*variant.choices.values(), *(f"{numbers.get(name, np.nan):.8g}" for name in columns)])
    return text.getvalue()


def histories(rows):
    """Return {label: history} of finished runs."""
    return {variant.label: read_history(variant.path / "history.txt") for variant, _ in rows}
