"""Small simulations in this process, for tests that look at the steps themselves."""

from crmpi.parallel.comm import SerialComm
from crmpi.run.configuration import configure
from crmpi.run.loop import next_dt, require_finite
from crmpi.run.simulation import Simulation
from crmpi.run.stepper import advance

SOLVERS = {
    solver: [f"transport.solver={solver}"]
    for solver in (
        "none",
        "isotropic_diffusion",
        "anisotropic_diffusion",
        "streaming_diffusion",
        "two_moment",
        "alfven_regulated",
    )
}
"""Overrides of a dimensionless run for every transport solver."""
SOLVERS["alfven_regulated"] += ["transport.gyro_rate=1", "transport.light_speed=30"]


class NoWriter:
    """Takes the place of the output writer: nothing is due."""

    def limit_dt(self, _time, dt, _end):
        """Leave the time step alone."""
        return dt


def begin(target, *overrides):
    """Return the `Simulation` of a configuration at its start."""
    config, problem_class = configure(target, overrides)
    sim = Simulation(config, problem_class, SerialComm())
    sim.initialise()
    return sim


def step(sim, count=1):
    """Advance by `count` steps with all that the loop of a run does between them, output aside."""
    for _ in range(count):
        dt = next_dt(sim, NoWriter())
        advance(sim, dt)
        sim.clock.tick(dt)
        require_finite(sim)
