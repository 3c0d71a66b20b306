"""Transport of cosmic rays on refined meshes, without a simulation around it."""

import numpy as np

from crmpi.params import Selector, make
from crmpi.physics.operators import Phase
from crmpi.scattering.constant import ConstantScattering
from crmpi.transport.base import find_solver, transport_solvers
from crmpi.transport.populations import PopulationParams
from tests.refined_case import inside, places
from tests.refined_fluid_case import RefinedFluid


class RefinedTransport(RefinedFluid):
    """A transport solver on a refined tree; with ``frozen=True`` the gas stays as it is.

    Parameters
    ----------
    solver : str
    settings : dict
        parameters of the solver, in code units
    kappa : dict
        parameters of the constant scattering model
    by_level : bool
        sub-steps halve from level to level
    """

    def __init__(
        self,
        comm,
        tree,
        owner=None,
        *,
        solver,
        settings=None,
        kappa=None,
        by_level=False,
        **options,
    ):
        cls = find_solver(solver)
        shared = Selector("solver", transport_solvers(), common=PopulationParams).params(solver)
        params = make(shared, solver=solver, **(settings or {}))
        super().__init__(
            comm, tree, owner, rays=cls.fields_for(params), ng=cls.ghosts_needed, **options
        )
        scattering = ConstantScattering(
            make(ConstantScattering.Params, **(kappa or {"kappa_par": 0.02}))
        )
        self.transport = cls(params, self.pack, scattering, self.ghosts, self.fluid)
        if by_level:
            self.transport.step_by_level()

    def set(self, name, function):
        """Set a variable in active cells from ``function(x1, x2, x3)``, and refresh."""
        for b in range(self.pack.nblock):
            x = [places(self.tree, self.pack, b, axis) for axis in range(3)]
            cells = inside(self.tree, self.pack, b)
            value = function(x[0][None, None, :], x[1][None, :, None], x[2][:, None, None])
            self.pack.u0[(b, self.pack.index[name], *cells)] = self._cells(value, x)[cells]
        self.refresh(self.pack.u0, self.pack.b0)

    def move(self, dt):
        """Let the cosmic rays move at frozen gas."""
        self.transport.advance(dt, self.time)
        self.time += dt

    def whole_step(self, dt):
        """Make a step of fluid and transport, split as in a run."""
        self.transport.advance(0.5 * dt, self.time)
        self.transport.before_fluid()
        self.step(dt)
        self.transport.after_fluid(dt)
        self.transport.advance(0.5 * dt, self.time - 0.5 * dt, Phase.AFTER_FLUID)

    def integral(self, *names):
        """Return the volume integral of the sum of some variables."""
        return float(
            self.comm.block_sums(
                self._sums(self.pack.u0[:, [self.pack.index[name] for name in names]])
            )[0]
        )

    def energy(self):
        """Return the energy of gas, field, cosmic rays and the solver's own energies."""
        return self.integral("ener", "ecr", *self.transport.energies)

    def momentum(self):
        """Return the momentum of gas and cosmic-ray flux (3,)."""
        pack, total = self.pack, []
        strength = np.maximum(np.sqrt((pack.bcc**2).sum(axis=1)), 1e-300)
        for axis in range(3):
            along = pack.u0[:, pack.index["fcr"]] * pack.bcc[:, axis] / strength
            both = pack.u0[:, 1 + axis] + along / self.transport.params.vmax**2
            total.append(float(self.comm.block_sums(self._sums(both[:, None]))[0]))
        return np.array(total)

    def recorded(self):
        """Return the energy that the ledger says was made or lost."""
        return sum(
            column.term * float(self.comm.block_sums(column.values[:, None])[0])
            for column in self.transport.ledger()
            if column.term
        )

    def _sums(self, cells):
        return (self.pack.active(cells).sum(axis=(1, 2, 3, 4)) * self.pack.cell_volumes)[:, None]
