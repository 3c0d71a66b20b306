"""The runs of a comparison: where they are, what they are called, how their parameters differ."""

import json
from pathlib import Path
from typing import NamedTuple

import yaml

from crmpi.errors import CrmpiError
from crmpi.output.directory import RunDirectory
from crmpi.tools.sweep.results import FAILURE, RESULT, WRITING


class Run(NamedTuple):
    """A run that has output.

    ``choices``: {parameter: value} of a sweep, else empty; ``numbers``: of its result.json;
    ``config``: resolved parameters, nested; ``fingerprint`` of them; ``snapshot``: the last one;
    ``complete``: reached its end.
    """

    label: str
    path: Path
    choices: dict
    numbers: dict
    config: dict
    fingerprint: str
    provenance: dict
    snapshot: Path
    complete: bool


class Found(NamedTuple):
    """`runs`, and `missing` {folder name: why it has nothing to show}."""

    runs: list
    missing: dict


def find_runs(paths):
    """Return what is `Found` in folders of sweeps or of single runs.

    Raises
    ------
    CrmpiError
        a folder that is not there, or nothing with a snapshot in any of them
    """
    runs, missing = [], {}
    for path in map(Path, paths):
        if not path.is_dir():
            raise CrmpiError(f"there is no folder '{path}': name the folder of a sweep, or of runs")
        single = RunDirectory(path).holds_run()
        members = [path] if single else sorted(child for child in path.iterdir() if child.is_dir())
        for member in members:
            if any(run.path.samefile(member) for run in runs):
                continue
            reason = _missing(member)
            if reason is None:
                runs.append(_read(member))
            elif reason:
                missing[member.name] = reason
    if not runs:
        why = (
            "; ".join(f"{name}: {reason}" for name, reason in missing.items())
            or "no run has written there"
        )
        raise CrmpiError(f"nothing to compare in {', '.join(map(str, paths))}: {why}")
    return Found(_distinct(sorted(runs, key=_order)), missing)


def _missing(folder):
    """Return why a folder has nothing to show; '' if it is not of a run, None if all is there."""
    directory = RunDirectory(folder)
    failure = folder / FAILURE
    if failure.is_file():
        return f"failed: {failure.read_text(encoding='utf-8').strip()}"
    if not directory.holds_run():
        return ""
    return None if directory.snapshots() else "no snapshot: set output.snapshot_interval"


def _read(folder):
    directory = RunDirectory(folder)
    try:
        config = yaml.safe_load(directory.resolved.read_text(encoding="utf-8"))
        provenance = json.loads(directory.provenance.read_text(encoding="utf-8"))
        result = (
            json.loads((folder / RESULT).read_text(encoding="utf-8"))
            if (folder / RESULT).is_file()
            else {}
        )
    except (OSError, ValueError) as problem:
        raise CrmpiError(f"the run in {folder} cannot be read: {problem}") from None
    choices = result.get("choices") or _choices_of_name(folder.name)
    label = ", ".join(choices.values()) or folder.name
    if not config.get("fluid", {}).get("cosmic_rays", True) and "control" not in label:
        label = f"control, {label}"
    return Run(
        label,
        folder,
        choices,
        result.get("numbers", {}),
        config,
        result.get("parameters", ""),
        provenance,
        directory.snapshots()[-1],
        bool(result),
    )


def _choices_of_name(name):
    """Return the choices that the folder of a sweep is named after; {} of other names."""
    pairs = [part.partition("=") for part in name.split("+")]
    return {key: value for key, _, value in pairs} if all(equals for _, equals, _ in pairs) else {}


def _order(run):
    return [_number_first(value) for value in run.choices.values()] or [(1, 0.0, run.label)]


def _number_first(text):
    """Return a key that sorts '3e28' before '1e29 cm^2/s', and words behind numbers."""
    try:
        return (0, float(text.split()[0]), text)
    except (ValueError, IndexError):
        return (1, 0.0, text)


def _distinct(runs):
    """Return runs with labels that occur once: folders are added where they do not."""
    labels = [run.label for run in runs]
    return [
        run._replace(label=f"{run.path.parent.name}/{run.label}")
        if labels.count(run.label) > 1
        else run
        for run in runs
    ]


def differences(runs):
    """Return {parameter: [value of each run]} of all parameters that are not the same everywhere;
    what a run writes does not count."""
    flat = [dict(parameters_of(run.config)) for run in runs]
    keys = dict.fromkeys(
        key for parameters in flat for key in parameters if key.partition(".")[0] not in WRITING
    )
    values = {key: [parameters.get(key) for parameters in flat] for key in keys}
    return {
        key: column for key, column in values.items() if any(value != column[0] for value in column)
    }


def parameters_of(node, path=""):
    """Yield (parameter, value) of nested parameters."""
    for name, value in node.items():
        if isinstance(value, dict):
            yield from parameters_of(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value
