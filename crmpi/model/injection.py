"""What the hook ``inject`` of a problem gives to gas and cosmic rays, as an operator of a step."""

from crmpi.constants import ENER
from crmpi.diagnostics.box_ledger import is_energy_of_rays
from crmpi.diagnostics.columns import Account, Column
from crmpi.model import hooks
from crmpi.model.problem import block_coordinates, primitives
from crmpi.physics.operators import Operator, Phase


class ProblemInjection(Operator):
    """The problem's ``inject`` hook as a source operator; cosmic-ray tracers get what it returns
    for them, or else what the bulk gets."""

    name = "problem"
    phases = (Phase.AROUND_STEP,)
    columns = (Column("eth", "energy", term=+1), Column("ecr", "energy", term=+1))
    leads_tracers = False

    def __init__(self, problem, pack, mesh, temperature):
        self.problem, self.pack, self.temperature = problem, pack, temperature
        self.positions = [block_coordinates(pack, mesh, b) for b in range(pack.nblock)]
        self.account = Account(self.columns, pack.pool, "problem_", kept="problem.injected")
        self._known = {"eth": ENER} | {name: v for v, name in enumerate(pack.variable_names())}
        rays = [field.name for field in pack.fields if is_energy_of_rays(field)]
        self._energies = {"eth": "eth", "ener": "eth"} | dict.fromkeys(rays, "ecr")

    def apply(self, time, dt):
        """Add what ``inject`` returns (densities gained during `dt`) to the active cells."""
        for b in range(self.pack.nblock):
            x = self.positions[b]
            w = primitives(self.pack, b, {"temp": self.temperature(b)})
            u = self.pack.active(self.pack.u0)[b]
            gain = hooks.inject(self.problem, x, w, time, dt)
            hooks.known_names(self.problem, "inject", gain, self._known)
            for field in self.pack.fields:
                if field.population and field.bulk in gain:
                    gain.setdefault(field.name, gain[field.bulk])
            for name, value in gain.items():
                value = hooks.finite(self.problem, "inject", name, value, x)
                u[self._known[name]] += value
                if name in self._energies:
                    self.account[self._energies[name]][b] += x.integral(value)

    def ledger(self):
        """Return the columns of the energies injected so far, per block: to the gas, and to cosmic
        rays with their waves."""
        return self.account.filled()
