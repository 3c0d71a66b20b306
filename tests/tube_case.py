"""Small runs on a tube for tests: a problem of plain functions, assembled like any other run."""

import numpy as np

from crmpi.api import Problem
from crmpi.parallel.comm import SerialComm
from crmpi.run import stepper
from crmpi.run.configuration import load_run
from crmpi.run.simulation import Simulation


def line(axis, value, other):
    """Return three values for x1, x2, x3: `value` on one axis, `other` on the two."""
    return [value if a == axis else other for a in range(3)]


def tube_run(
    initial,
    cells=32,
    block=None,
    axis=0,
    lower=0.5,
    upper=2.0,
    walls="reflect",
    hooks=None,
    **groups,
):
    """Return the `Simulation` of a tube along `axis`; ``initial(s)`` gives the primitives, with
    `vel` and `b` along the tube.

    Parameters
    ----------
    walls : str
        boundary condition of both ends
    hooks : dict
        further methods of the problem
    groups : dict
        parameters by group; of the mesh, what a plain mesh does not have
    """

    def whole(self, x, p):
        given = dict(initial((x.x1, x.x2, x.x3)[axis]))
        for name in ("vel", "b"):
            if name in given:
                given[f"{name}{axis + 1}"] = given.pop(name)
        return given

    problem = type("TubeProblem", (Problem,), {"initial": whole, "name": "tube", **(hooks or {})})
    mesh = {
        "cells": line(axis, cells, 1),
        "block": line(axis, block or cells, 1),
        "lower": line(axis, lower, -0.5),
        "upper": line(axis, upper, 0.5),
        "boundaries": {f"{side}x{axis + 1}": walls for side in "io"},
    }
    mesh |= groups.pop("mesh", {"geometry": "spherical"})
    source = {"mesh": mesh, "time": {"end": 1.0}, "units": {"system": "none"}, **groups}
    sim = Simulation(load_run(problem, source), problem, SerialComm())
    sim.initialise()
    return sim


def advance(sim, steps, cfl=0.4):
    """Take `steps` steps."""
    for _ in range(steps):
        dt = sim.fluid.max_dt(cfl)
        stepper.advance(sim, dt)
        sim.clock.tick(dt)


def whole(sim, name, array="u0"):
    """Return one variable along the tube, blocks put together."""
    pack = sim.pack
    cells = pack.active(getattr(pack, array))[:, pack.index[name]].reshape(pack.nblock, -1)
    return np.concatenate([cells[b] for b in np.argsort(pack.origins[:, pack.metric.axis])])
