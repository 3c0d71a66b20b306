"""The engine ``crmpi`` of xarray: ``xarray.open_dataset("snapshot_00010.athdf", engine="crmpi")``.

An entry point of the group ``xarray.backends`` names `CrmpiBackend`; where crmpi is installed
xarray chooses it by itself for snapshots and histories.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import h5py
from xarray import Dataset
from xarray.backends import BackendEntrypoint

from crmpi.analysis.read.dataset import open_dataset


class CrmpiBackend(BackendEntrypoint):
    """Snapshots, all snapshots of the folder of a run along time, and histories."""

    description = "Snapshots (.athdf), folders of runs and histories of crmpi"
    open_dataset_parameters = ("filename_or_obj", "drop_variables", "level", "resample")

    def open_dataset(
        self,
        filename_or_obj: Any,
        *,
        drop_variables: str | Iterable[str] | None = None,
        level: int = 0,
        resample: bool = True,
    ) -> Dataset:
        """Return what `crmpi.open` does, without the variables `drop_variables`."""
        dataset = open_dataset(filename_or_obj, level, resample)
        if drop_variables is None:
            return dataset
        dropped = [drop_variables] if isinstance(drop_variables, str) else list(drop_variables)
        kept = dataset.drop_vars(dropped, errors="ignore")
        kept.set_close(dataset.close)
        return kept

    def guess_can_open(self, filename_or_obj: Any) -> bool:
        """Return whether a file is a snapshot or a history, or a folder that of a run, of crmpi."""
        if not isinstance(filename_or_obj, str | os.PathLike):
            return False
        path = Path(filename_or_obj)
        if path.is_dir():
            return (path / "provenance.json").is_file() and (path / "snapshots").is_dir()
        if path.suffix == ".athdf":
            return _is_snapshot(path)
        return path.name == "history.txt" and _first_line(path).startswith("# crmpi history")


def _is_snapshot(path):
    try:
        with h5py.File(path, "r") as file:
            return "names" in file.attrs and "unit_system" in file.attrs
    except OSError:
        return False


def _first_line(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.readline()
    except (OSError, UnicodeDecodeError):
        return ""
