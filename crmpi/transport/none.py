"""No transport: the cosmic rays stay with the gas."""

from crmpi.physics.operators import Phase
from crmpi.transport.base import TransportSolver


class NoTransport(TransportSolver):
    """Adiabatic cosmic-ray fluid, moved and compressed by the fluid step alone."""

    name = "none"
    on_tube = True
    on_levels = True
    doc = "cosmic rays move with the gas"
    equation = "e_t + div(e v) = -P div v"
    reference = "Pfrommer et al. 2017, MNRAS 465, 4500"
    carries_tracers = False  # they would all be the same
    moves = False
    changes = ()
    scatters = False

    def advance(self, dt, time, phase=Phase.AROUND_FLUID):
        """Change nothing."""
