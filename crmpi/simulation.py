"""A run assembled from its parts: configuration, problem and communicator become mesh, state and operators."""

import numpy as np

from crmpi.boundary.ghosts import Ghosts
from crmpi.constants import DENS, ECR, ENER, MOM1
from crmpi.errors import CrmpiError
from crmpi.ledger import budget
from crmpi.mesh import BlockTree, make_pack, partition
from crmpi.mesh.pack import ECR_FIELD, HYDRO_FIELDS
from crmpi.physics.base import make_sources
from crmpi.physics.fluid import Fluid, nghost
from crmpi.physics.gravity import Gravity
from crmpi.problem import (
    ProblemInjection,
    UserBoundary,
    block_coordinates,
    primitives,
    set_gravity,
    set_initial_state,
)
from crmpi.scattering.base import make_scattering
from crmpi.timers import Timers
from crmpi.transport.base import find_solver, make_solver


class Clock:
    """Simulated time, summed with Kahan's compensation so that many small steps lose nothing."""

    def __init__(self, time=0.0, compensation=0.0, step=0):
        self.time, self.compensation, self.step = time, compensation, step

    def tick(self, dt, end=None):
        """Advance by `dt`; with `end`, land on exactly this time."""
        increment = dt - self.compensation
        total = self.time + increment
        self.compensation = (total - self.time) - increment
        self.time = total
        self.step += 1
        if end is not None:
            self.time, self.compensation = end, 0.0
