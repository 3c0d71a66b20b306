"""Small states with known observables: a problem of a few functions, assembled like any other
run."""

from crmpi.analysis.measure.catalogue import make_observables, parameters, results
from crmpi.analysis.read.cells import facts_of, running
from crmpi.api import Problem
from crmpi.parallel.comm import SerialComm
from crmpi.run.configuration import load_run
from crmpi.run.simulation import Simulation


def make_run(initial, cells=(8, 8, 8), block=None, half=4.0, comm=None, hooks=None, **groups):
    """Return a `Simulation`, its state set; ``initial(x)`` gives the primitives of a box from -half
    to half code units (kpc)."""
    problem = type(
        "Known",
        (Problem,),
        {"initial": lambda self, x, p: initial(x), "name": "known", **(hooks or {})},
    )
    mesh = {
        "cells": list(cells),
        "block": list(block or cells),
        "lower": [-half] * 3,
        "upper": [half] * 3,
        "boundaries": "outflow",
    }
    source = {
        "mesh": mesh | groups.pop("mesh", {}),
        "time": {"end": 1.0} | groups.pop("time", {}),
        **groups,
    }
    sim = Simulation(load_run(problem, source), problem, comm or SerialComm())
    sim.initialise()
    return sim


def observe(sim, *names, **overrides):
    """Return the columns of observables of the present state; ``loading__radii=[1]`` sets a
    parameter."""
    given = [f"{key.replace('__', '.')}={value}" for key, value in overrides.items()]
    facts = facts_of(sim)
    made = make_observables(names, parameters(facts, given), facts)
    measured = results(made, running(sim, facts), sim.comm)
    return {label: values for one in measured for label, values in (one.axes | one.columns).items()}


def uniform(dens=1e-3, temp=1e7, ecr=1.0, vel=(0.0, 0.0, 0.0), field=(0.0, 0.0, 0.0), mu=0.6):
    """Return the function of a uniform state: m_p/cm^3, K, eV/cm^3, km/s, code units of the field
    (galactic units throughout)."""
    from crmpi.units import Units

    units = Units("galactic")
    press = dens * temp * units.k_B / (mu * units.m_p)
    names = ("vel1", "vel2", "vel3", "b1", "b2", "b3")
    vectors = dict(zip(names, (*vel, *field), strict=True))
    return lambda x: {"dens": dens, "press": press, "ecr": ecr * units.factor("eV/cm^3")} | vectors
