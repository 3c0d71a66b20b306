"""The group `composition`: one set of mass fractions for all that asks, and constants that stand
once."""

import ast
from pathlib import Path
from types import SimpleNamespace

import pytest

from crmpi.analysis.measure.catalogue import parameters
from crmpi.api import Problem
from crmpi.errors import ConfigError, CrmpiError
from crmpi.parallel.comm import SerialComm
from crmpi.params import make
from crmpi.params.composition import CompositionParams
from crmpi.physics.losses import electrons_per_nucleon
from crmpi.run.configuration import load_run
from crmpi.run.simulation import Simulation
from crmpi.scattering.plasma import Plasma

ROOT = Path(__file__).parents[2] / "crmpi"


class Still(Problem):
    name = "still"

    def initial(self, x, p):
        return {"dens": 1.0, "press": 1e3, "ecr": 1.0}


def config_of(*words, **groups):
    """Return the configuration of a cell of gas."""
    source = {"mesh": {"cells": [1, 1, 1]}, "time": {"end": 1.0}, **groups}
    return load_run(Still, source, words)


@pytest.mark.parametrize(
    ("fractions", "state", "weight"),
    [
        ({"X": 1.0}, "ionised", 0.5),
        ({"X": 1.0}, "atomic", 1.0),
        ({"X": 1.0}, "molecular", 2.0),
        ({"X": 0.76}, "ionised", 1.0 / (2 * 0.76 + 3 / 4 * 0.24)),
        ({"X": 0.75, "Y": 0.25}, "atomic", 1.0 / (0.75 + 0.25 / 4)),
        ({"X": 0.7381, "Z": 0.0134}, "ionised", 1 / (1.4762 + 0.186375 + 0.0067)),  # the Sun
    ],
)
def test_molecular_weights(fractions, state, weight):
    assert make(CompositionParams, **fractions).weight(state) == pytest.approx(weight, rel=1e-12)


@pytest.mark.parametrize(
    ("fractions", "said"),
    [
        ({"X": 0.9, "Z": 0.2}, "leaves no mass for helium: X [+] Z = 1.1"),
        ({"X": 0.7, "Y": 0.2}, "does not complete the mass: X [+] Y [+] Z = 0.9"),
    ],
)
def test_fractions_complete_the_mass(fractions, said):
    with pytest.raises(ConfigError, match=said):
        config_of(composition=fractions)


def test_the_molecular_weight_is_derived_on_request():
    assert config_of().fluid.mu == 0.6
    assert config_of(composition={"X": 1.0, "mu": "ionised"}).fluid.mu == 0.5
    again = config_of(composition={"X": 0.7, "mu": "atomic"})
    assert load_run(Still, again.resolved()).fluid.mu == again.fluid.mu
    with pytest.raises(CrmpiError, match=r"'fluid.mu' = 0.6 is given, and 'composition.mu'"):
        config_of("fluid.mu=0.6", composition={"mu": "ionised"})


def test_an_impossible_molecular_weight_is_noted():
    assert not [note for note in config_of().notes if "fluid.mu" in note]
    (note,) = [note for note in config_of("fluid.mu=3").notes if "fluid.mu" in note]
    assert "0.588 if ionised, 1.22 if atomic, 2.27 if molecular" in note


def test_all_that_asks_reads_it():
    groups = {"cooling": {"enabled": True, "heating": 1e-26, "temp_floor": 100}, "losses": True}
    found = {}
    for x in (0.5, 1.0):
        sim = Simulation(config_of(composition={"X": x}, **groups), Still, SerialComm())
        sim.initialise()
        cooling, losses = sim.sources
        nh = Plasma(sim.pack, sim.units, sim.fluid.eos)._hydrogen()[0].max()
        found[x] = (cooling.heating.heat[0], losses.const.coulomb, nh)
    heat, coulomb, nh = (low / high for low, high in zip(found[0.5], found[1.0], strict=True))
    assert heat == pytest.approx(0.5, rel=1e-12)  # per hydrogen nucleus
    ratio = electrons_per_nucleon(0.5) / electrons_per_nucleon(1.0)
    assert coulomb == pytest.approx(ratio, rel=1e-12)
    assert ratio == 0.75
    assert nh == pytest.approx(0.5, rel=1e-12)


def test_metals_set_the_metallicity_that_is_not_given():
    groups = {"cooling": {"enabled": True}, "composition": {"Z": 0.0067}}
    sim = Simulation(config_of(**groups), Still, SerialComm())
    assert sim.fluid.eos.metallicity(1.0) == pytest.approx(0.5)
    half = Simulation(config_of("cooling.metallicity=0.5", **groups), Still, SerialComm())
    assert list(sim.sources[0].curve.lam) == list(half.sources[0].curve.lam)


def test_names_of_earlier_versions_are_understood():
    assert config_of(cooling={"hydrogen_fraction": 0.7, "enabled": False}).composition.X == 0.7
    both = config_of(losses={"hydrogen_fraction": 0.7}, composition={"X": 0.72})
    assert both.composition.X == 0.72


def test_observables_of_earlier_versions_are_understood():
    xray = {"hydrogen_fraction": 0.7, "coldest": 2e5}
    facts = SimpleNamespace(config={"units": {}, "observables": {"xray": xray}})
    assert parameters(facts).xray.coldest == 2e5
    assert config_of(observables={"xray": xray}).composition.X == 0.7


ONCE = {
    0.76: "constants.py",
    0.0134: "constants.py",
    0.00898734: "constants.py",
    1e51: "constants.py",
    1.67262192369e-24: "units.py",
    1.380649e-16: "units.py",
    2.99792458e10: "constants.py",
    6.67430e-8: "units.py",
}
"""Numbers, and the only file that may hold them."""


def test_constants_stand_once():
    found = {}
    for path in ROOT.rglob("*.py"):
        if "builtin_problems" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and node.value in ONCE:
                found.setdefault(node.value, []).append(path.name)
    assert found == {number: [name] for number, name in ONCE.items()}
