"""Observables of a run on several ranks have the bits of a run on one, during and after it."""

import h5py
import numpy as np
import pytest

from crmpi.analysis.measure.catalogue import measure
from crmpi.analysis.read.readers import open_snapshot
from crmpi.parallel.comm import SerialComm
from tests.mpi.test_reproducibility import run, shared_folder  # noqa: F401 (a fixture)

NAMES = "gamma_rays,cr_budget,xray,loading,radial_profile,phase"
WORDS = (
    f"observables.compute=[{NAMES}]",
    "observables.loading={radii: [60], heights: [50]}",
    "output.fluxes=true",
)


@pytest.mark.mpi(min_size=2)
def test_ranks_do_not_change_a_bit_of_the_observables(comm, tmp_path, shared_folder):  # noqa: F811 (a fixture)
    parallel = run(comm, shared_folder, "cgm_halo", WORDS)
    serial = run(SerialComm(), tmp_path / "serial", "cgm_halo", WORDS)
    comm.barrier()
    if comm.rank > 0:
        return
    for name, column in serial.history.items():
        assert np.array_equal(column, parallel.history[name], equal_nan=True), name
    files = [
        folder / "profiles/profiles_00000.h5" for folder in (shared_folder, tmp_path / "serial")
    ]
    last = sorted(shared_folder.glob("snapshots/*.athdf"))[-1]
    with h5py.File(files[0]) as one, h5py.File(files[1]) as other, open_snapshot(last) as snapshot:
        for after in measure(snapshot, ["radial_profile", "phase"]):
            for label, values in after.columns.items():
                name = f"{after.name}/{label.replace('/', '_per_')}"
                assert one[name][()].tobytes() == other[name][()].tobytes() == values.tobytes(), (
                    name
                )
