"""What a run says at its end: errors against the exact solution, the problem's own numbers, and the
energy ledger."""

from crmpi.diagnostics import energy_ledger
from crmpi.diagnostics.floors import counts_of_cells
from crmpi.model import hooks

# of the largest energy that the box held: beyond it the summary says so
_MADE_BY_FLOORS = 1e-3


def summary_lines(sim, history, norms):
    """Return the lines printed below a finished run.

    Parameters
    ----------
    sim : Simulation
    history : crmpi.output.history.Columns
        the whole history, from the start of the first run to the end of the last restart
    norms : dict
        of `crmpi.run.norms.error_norms`
    """
    lines = []
    if norms:
        lines.append("errors against the exact solution")
        lines += [
            f"  {name:<6s} L1 {n['L1']:.6e}  L2 {n['L2']:.6e}  Linf {n['Linf']:.6e}"
            for name, n in norms.items()
        ]
    if sim.problem.has("summary"):
        lines.append(f"summary of {sim.problem.name}")
        lines += [
            f"  {label:<40s} {text}" for label, text in hooks.summary(sim.problem, history).items()
        ]
    return lines + ledger_lines(sim, history)


def ledger_lines(sim, history):
    """Return the energy ledger: what the box holds, what moved it, and what no term explains."""
    energies = [history[name] for name in energy_ledger.energies(sim)]
    if not len(energies[0]):
        return []
    unit = history.units[energy_ledger.GAS]
    change = sum(values[-1] - values[0] for values in energies)
    lines = [
        f"energy ledger [{unit}]",
        f"  {'box at the start':<40s} {sum(v[0] for v in energies):+.6e}",
    ]
    lines.append(f"  {'change until the end':<40s} {change:+.6e}")
    known, made = 0.0, {}
    for column in energy_ledger.terms(sim):
        moved = column.term * history[column.name][-1]
        known += moved
        if column.floor:
            made[column.name] = moved
        lines.append(f"  {'  ' + column.name:<40s} {moved:+.6e}")
    lines.append(f"  {'  unexplained':<40s} {change - known:+.6e}")
    share = sum(made.values()) / max(map(sum, zip(*energies, strict=True)))
    doubts = sim.history.doubts()
    floors = {column.name: history[column.name][-1] for column in counts_of_cells(sim.ledger())}
    lines.append(
        "floors: " + (", ".join(f"{n} {int(v)}" for n, v in floors.items() if v) or "none")
    )
    if share > _MADE_BY_FLOORS:
        names = ", ".join(name for name, moved in made.items() if moved > 0.0)
        lines.append(
            f"beyond validity: floors made {share:.1%} of the energy of the box ({names}): see the "
            "table of floors in docs/fluid.md"
        )
    largest = {name: history[name].max() for name in doubts if name in history}
    return lines + [
        f"beyond validity: {name} up to {maximum:.6g}: {doubts[name][1]}"
        for name, maximum in largest.items()
        if maximum > 0.0
    ]


class Doubts:
    """Tells the user while a run goes on, once for each, that the transport model is used beyond
    its validity."""

    def __init__(self, sim, say):
        self.sim, self.say = sim, say
        self._said = set()

    def check(self):
        """Report what is new; collective."""
        doubts = self.sim.history.doubts()
        new = {name: doubt for name, doubt in doubts.items() if name not in self._said}
        if not self.sim.comm.any(any(number > 0 for number, _ in new.values())):
            return
        for name, (number, sentence) in new.items():
            if self.sim.comm.any(number > 0):
                self._said.add(name)
                self.say(f"warning: step {self.sim.clock.step}: {sentence} ({name} in the history)")
