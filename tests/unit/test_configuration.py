"""Defaults that follow from a problem's own parameters: weaker than file and command line, and
checked with them."""

import pytest

from crmpi.errors import CrmpiError
from crmpi.parallel.comm import SerialComm
from crmpi.run.configuration import configure
from crmpi.run.simulation import Simulation


@pytest.mark.parametrize(
    ("words", "magnetic"),
    [
        ((), False),
        (("problem.bx=2",), True),
        (("fluid.riemann=hlld",), True),
        (("fluid.riemann=hllc",), False),
        (("fluid.magnetic=true",), True),
    ],
)
def test_a_field_along_the_tube_switches_the_field_on(words, magnetic):
    config, _ = configure("cr_shock_tube", words)
    assert config.fluid.magnetic is magnetic
    assert config.resolved()["fluid"]["magnetic"] is magnetic


def test_solver_without_field_in_a_tube_with_field_is_refused():
    with pytest.raises(
        CrmpiError,
        match="'hllc' cannot be used with a magnetic field: choose one of llf, hlle, hlld",
    ):
        configure("cr_shock_tube", ["problem.bx=2", "fluid.riemann=hllc"])


def test_field_of_a_problem_is_never_dropped_in_silence():
    sim = Simulation(
        *configure("cr_shock_tube", ["problem.bx=2", "fluid.magnetic=false"]), SerialComm()
    )
    with pytest.raises(CrmpiError, match=r"fluid\.magnetic is false; set fluid\.magnetic=true"):
        sim.initialise()
