"""`crmpi.Simulation` on several ranks: each sees and changes its own cells, the run is that of one
rank."""

import numpy as np
import pytest

import crmpi
from crmpi.parallel.comm import SerialComm

PARAMETERS = {"mesh.cells": [16, 16, 1], "mesh.block": [8, 8, 1]}
REFINED = {
    "mesh.cells": [32, 32, 1],
    "mesh.refinement": {"regions": [{"level": 1, "shape": "sphere", "radius": 0.13}]},
}


def changed(comm, parameters):
    """Return a blast of two steps whose east is made three times as dense in between."""
    sim = crmpi.Simulation("blast", parameters, quiet=True, comm=comm)
    sim.run(steps=1)
    dens = sim["dens"]
    sim["dens"] = dens.where(dens.x1 < 0, 3.0 * dens)
    for block in sim.blocks():
        block["vel1"] += 0.5
    sim.run(steps=1, every_step=lambda sim: sim.rank == sim.state.comm.nranks - 1)
    return sim


@pytest.mark.mpi(min_size=2)
@pytest.mark.parametrize("parameters", [PARAMETERS, PARAMETERS | REFINED], ids=["even", "refined"])
def test_each_rank_changes_its_own_cells(comm, parameters):
    parallel, serial = changed(comm, parameters), changed(SerialComm(), parameters)
    assert parallel.time == serial.time
    whole, own = serial["press"], parallel["press"]
    mine = whole.sel(x1=own.x1, x2=own.x2, x3=own.x3)
    here = np.isfinite(own.values)
    assert np.array_equal(own.values[here], mine.values[here])
    count = comm.allgather_object(int(here.sum()))
    assert sum(count) == whole.size and min(count) > 0
    for name, column in serial.history.items():
        assert np.array_equal(column, parallel.history[name]), name
