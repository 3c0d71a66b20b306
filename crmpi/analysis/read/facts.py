"""``crmpi info --json``: what is in a file or a run folder, as nested dictionaries."""

import h5py
import numpy as np
import yaml

from crmpi.analysis.read.derived import shown_in
from crmpi.analysis.read.kinds import described, undamaged_snapshot
from crmpi.errors import CrmpiError
from crmpi.model.source import ProblemSource
from crmpi.output.checkpoint import damage, read_checkpoint
from crmpi.output.directory import RunDirectory
from crmpi.output.history import read_history


def facts(path):
    """Return a description of a snapshot, checkpoint, history or run folder: {name: value}, arrays
    as numpy has them.

    Raises
    ------
    CrmpiError
        there is no such file, it is none of these, or it is damaged
    """
    return described(path, run=_run, snapshot=_snapshot, history=_history, checkpoint=_checkpoint)


def _snapshot(path):
    with undamaged_snapshot(path) as snapshot:
        unit, factor = shown_in("time", snapshot.units)
        variables = {}
        for name in snapshot.names:
            low, high = snapshot.extrema(name)
            shown, scale = snapshot.shown_in(name)
            variables[name] = {"min": low * scale, "max": high * scale, "unit": shown or "1"}
        return {
            "kind": "snapshot",
            "path": str(path),
            "time": snapshot.time * factor,
            "time_unit": unit or "1",
            "step": snapshot.step,
            "cells": snapshot.cells,
            "block": snapshot.block,
            "blocks": snapshot.nblock,
            "levels": snapshot.max_level + 1,
            "lower": snapshot.lower,
            "upper": snapshot.upper,
            "gamma": snapshot.gamma,
            "gamma_cr": snapshot.gamma_cr,
            "mu": snapshot.mu,
            "variables": variables,
            "provenance": snapshot.provenance,
            "config": yaml.safe_load(snapshot.config) or {},
        }


def _checkpoint(path):
    reason = damage(path)
    if reason:
        raise CrmpiError(f"cannot read {path}: {reason}")
    checkpoint = read_checkpoint(path, [0])
    with h5py.File(path, "r") as file:
        nblock = len(file["u0"])
    source = ProblemSource.from_json(checkpoint.source)
    return {
        "kind": "checkpoint",
        "path": str(path),
        "time_code": checkpoint.time,
        "step": checkpoint.step,
        "dt_code": checkpoint.dt,
        "problem": source.name if source else None,
        "blocks": nblock,
        "variables": list(checkpoint.variables),
        "provenance": checkpoint.provenance,
        "config": yaml.safe_load(checkpoint.config) or {},
    }


def _history(path):
    columns = read_history(path)
    table = {
        name: {
            "first": values[0],
            "last": values[-1],
            "min": np.nanmin(values),
            "max": np.nanmax(values),
            "unit": columns.units[name],
        }
        for name, values in columns.items()
        if len(values)
    }
    return {"kind": "history", "path": str(path), "rows": len(columns["time"]), "columns": table}


def _run(folder):
    directory = RunDirectory(folder)
    snapshots, checkpoints = directory.snapshots(), directory.checkpoints()
    if not (directory.holds_run() or snapshots):
        raise CrmpiError(
            f"{folder} is not the folder of a run: it has no {directory.provenance.name}"
        )
    return {
        "kind": "run",
        "path": str(folder),
        "snapshots": [str(path) for path in snapshots],
        "checkpoints": {str(path): damage(path) or "complete" for path in checkpoints},
        "history": _history(directory.history) if directory.history.is_file() else None,
        "last_snapshot": _snapshot(snapshots[-1]) if snapshots else None,
    }
