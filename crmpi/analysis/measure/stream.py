"""Observables of a run while it goes on: numbers become columns of the history, profiles and
diagrams small files of their own."""

from pathlib import Path

import numpy as np

from crmpi.analysis.measure.catalogue import make_observables, results
from crmpi.analysis.read.cells import facts_of, running
from crmpi.diagnostics.columns import Column, split_label
from crmpi.errors import CrmpiError
from crmpi.output.directory import RunDirectory
from crmpi.output.files import clear_write_errors, commit, temporary


class Observing:
    """The observables that a simulation computes, from its parameters ``observables``; without any
    it does nothing.

    Attributes
    ----------
    interval : float or None
        code time between profiles and diagrams
    """

    def __init__(self, sim):
        params = sim.config.observables
        self.sim, self.interval = sim, params.interval
        self.facts = facts_of(sim) if params.compute else None
        made = make_observables(params.compute, params, self.facts)
        self.numbers = [observable for observable in made if not observable.arrays]
        self.tables = [observable for observable in made if observable.arrays]

    def columns(self, flux=None):
        """Return the columns for the history, with values; `flux`: the `LateFlux` of this state, to
        save time; collective."""
        found = []
        for one in self._results(self.numbers, flux):
            for label, value in one.columns.items():
                name, unit = split_label(label)
                found.append(Column(name, "none", "number", value, unit=unit))
        return found

    def write(self, path, state):
        """Write profiles and diagrams of the present state; collective, rank 0 writes."""
        measured = self._results(self.tables)
        if self.sim.comm.rank == 0:
            write_profiles(path, state.time, state.step, measured, self.sim.units)

    def _results(self, observables, flux=None):
        return results(observables, running(self.sim, self.facts, flux), self.sim.comm)


def write_profiles(path, time, step, measured, units):
    """Write a file of `Measured`: a group for each, with one data set for each axis and column
    under its label."""
    import h5py

    with clear_write_errors(path):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with h5py.File(temporary(path), "w") as file:
            file.attrs["time"] = time
            file.attrs["step"] = step
            file.attrs["time_unit_s"] = units.cgs("time")
            write_measured(file, measured)
        commit(path)


def write_measured(group, measured):
    """Write a list of `Measured` into an HDF5 file or group."""
    for one in measured:
        inner = group.create_group(one.name)
        inner.attrs["axes"] = list(one.axes)
        for label, values in (one.axes | one.columns).items():
            # HDF5 takes a slash for a group
            inner.create_dataset(label.replace("/", "_per_"), data=values).attrs["label"] = label


def read_profiles(folder, name):
    """Return what a run has written about one observable over time.

    Parameters
    ----------
    folder : path
        of the run, ``output.dir``
    name : str
        'radial_profile', 'profile', 'phase', 'xray_profile'

    Returns
    -------
    dict
        'time' (code units) and 'step' (ntime,); every axis and column 'name [unit]', (ntime, ...)

    Raises
    ------
    CrmpiError
        there are no such files, or they do not hold `name`
    """
    import h5py

    paths = RunDirectory(folder).profile_files()
    if not paths:
        raise CrmpiError(
            f"{folder} has no profiles; name them in 'observables.compute' of the run, or use "
            "crmpi observe on its snapshots"
        )
    times = []
    for path in paths:
        with h5py.File(path, "r") as file:
            if name not in file:
                raise CrmpiError(f"{path} has no '{name}'; it has {', '.join(file)}")
            columns = {dataset.attrs["label"]: dataset[()] for dataset in file[name].values()}
            times.append(
                {"time": float(file.attrs["time"]), "step": int(file.attrs["step"])} | columns
            )
    return {label: np.array([one[label] for one in times]) for label in times[0]}
