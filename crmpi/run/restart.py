"""What a restart takes from its checkpoint, and what may be different from the run that wrote
it."""

import math
from pathlib import Path
from typing import NamedTuple

import yaml

from crmpi.errors import CrmpiError
from crmpi.model.source import (
    ProblemSource,
    difference,
    plugins_of_restart,
    problem_of_restart,
    require_plugins,
    source_of,
)
from crmpi.output.checkpoint import Checkpoint, read_checkpoint
from crmpi.output.directory import folder_of
from crmpi.run.configuration import load_run

FREE = ("time.end", "time.max_steps", "transport.max_substeps", "output.*", "observables.*")
"""Parameters that may change at a restart: they do not act on the state."""

COMPARED_AS_SOURCE = ("problem.name", "plugins.paths")
"""Parameters that name files: the texts of the files are compared instead."""

NOTED = (
    "time.cfl",
    "time.dt_max",
    "time.sources",
    "time.transport",
    "transport.cfl",
    "transport.max_stages",
    "fluid.riemann",
    "fluid.reconstruction",
    "fluid.integrator",
    "fluid.first_order_flux_correction",
    "fluid.shock_dissipation",
    "fluid.floors.*",
    "mesh.boundaries.*",
)
"""Parameters that may change at a restart with a note: from there on the results are not those of
an uninterrupted run."""


class Origin(NamedTuple):
    """A verified checkpoint without its arrays, its configuration as nested dictionaries of text,
    and the source of its problem."""

    checkpoint: Checkpoint
    configuration: dict
    source: ProblemSource | None

    @property
    def path(self):
        """Path of the checkpoint."""
        return self.checkpoint.path

    def plugin_paths(self):
        """Return the paths of plug-ins when the command line names none."""
        given = self.configuration.get("plugins", {}).get("paths", [])
        return plugins_of_restart(self.path, given, folder_of(self.path))

    def problem_path(self):
        """Return the path of the problem file when the command line names none."""
        return problem_of_restart(self.path, self.source, folder_of(self.path))


def read_origin(path):
    """Return the `Origin` in a checkpoint file; nothing of it is used before its digest is
    verified."""
    checkpoint = read_checkpoint(Path(path), [])
    return Origin(
        checkpoint,
        yaml.load(checkpoint.config, Loader=yaml.BaseLoader),
        ProblemSource.from_json(checkpoint.source),
    )


def check_problem(origin, problem_class, named):
    """Return the notes on the source of the problem that a restart goes on with.

    Raises
    ------
    CrmpiError
        it is another problem, and `named`, the word of the command line, means more than the
        problem file
    """
    stored, now = origin.source, source_of(problem_class)
    require_plugins(origin.path, stored)
    note = difference(origin.path, stored, now)
    if note and named and stored.name != now.name:
        raise CrmpiError(
            f"{origin.path} comes from the problem '{stored.name}', not from '{named}': leave "
            f"'{named}' out, "
            f"or say problem={named} to go on with that one's hooks"
        )
    return [note] if note else []


def check_changes(origin, problem_class, config):
    """Return the notes on what differs between the configuration of a checkpoint and that of its
    restart.

    Raises
    ------
    CrmpiError
        a parameter differs that must not, or the end of the run lies before the checkpoint
    """
    try:
        stored = load_run(problem_class, origin.configuration, plugins=False)
    except CrmpiError as error:
        first = str(error).splitlines()[0]
        raise CrmpiError(
            f"cannot restart from {origin.path}: its configuration does not fit this problem: "
            f"{first}"
        ) from error
    changed = changed_keys(stored, config)
    refused = [key for key in changed if not _matches(key, FREE + NOTED)]
    if refused:
        raise CrmpiError(
            f"cannot restart from {origin.path} with {_listed(refused, stored, config)}: leave "
            "that as it was, or start a new run "
            "(docs/output.md lists what may change)"
        )
    noted = [key for key in changed if _matches(key, NOTED)]
    notes = _about_the_end(origin, config)
    if noted:
        what = f"changed at this restart: {_listed(noted, stored, config)}"
        notes.append(f"{what}; from here on the results are not those of an uninterrupted run")
    return notes


def _about_the_end(origin, config):
    """Return the notes on a restart that has nothing to do; refuse one whose end is in the past."""
    time, step, limits = origin.checkpoint.time, origin.checkpoint.step, config.time
    unit, size = ("", 1.0) if config.units.dimensionless else (" Myr", config.units.factor("Myr"))
    end, now = (
        f"time.end = {limits.end / size:.8g}{unit}",
        f"t = {time / size:.8g}{unit}, step {step}",
    )
    steps = f"time.max_steps = {limits.max_steps}"
    for passed, reached, what in (
        (time > limits.end, time >= limits.end, end),
        (step > (limits.max_steps or step), step >= (limits.max_steps or step + 1), steps),
    ):
        if passed:
            raise CrmpiError(
                f"{what} lies before the checkpoint {origin.path}, which is at {now}; give a "
                "later end to go on"
            )
        if reached:
            return [
                (
                    f"{origin.path} has reached {what}: there is nothing to do; give a later end "
                    "to "
                    "go on"
                )
            ]
    return []


def _matches(key, patterns):
    return any(
        key == pattern or (pattern.endswith(".*") and key.startswith(pattern[:-1]))
        for pattern in patterns
    )


def changed_keys(stored, config):
    """Return the dotted keys of the parameters that differ, those of `COMPARED_AS_SOURCE` aside."""
    before, after = stored.state(), config.state()
    if before["units"] != after["units"]:
        return ["units"]
    old, new = _flat(before["groups"]), _flat(after["groups"])
    both = [key for key in old if key in new and not _equal(old[key], new[key])]
    # another solver or model brings other parameters with it
    groups = {key.partition(".")[0] for key in both}
    single = [
        key
        for key in (*old, *new)
        if (key in old) != (key in new) and key.partition(".")[0] not in groups
    ]
    keys = [key for key in dict.fromkeys(both + single) if key not in COMPARED_AS_SOURCE]
    return [key for key in keys if not any(key.startswith(f"{other}.") for other in keys)]


def _flat(groups, path=""):
    flat = {}
    for name, value in groups.items():
        flat |= (
            _flat(value, f"{path}{name}.") if isinstance(value, dict) else {f"{path}{name}": value}
        )
    return flat


def _equal(one, other):
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(_equal, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-12)  # the same number, read from another unit
    return one == other


def _listed(keys, stored, config):
    """Return 'key = new (was old), ...' in the user's units."""
    old, new = _flat(stored.resolved()), _flat(config.resolved())
    return ", ".join(
        f"{key} = {_shown(new.get(key))} (was {_shown(old.get(key))})"
        if key in old or key in new
        else key
        for key in keys
    )


def _shown(value):
    return (
        "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    )
