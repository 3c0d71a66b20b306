"""Transport beyond its validity is refused at the start, or counted, reported once while the run
goes on, and summed up at its end."""

from types import SimpleNamespace

import numpy as np
import pytest

import crmpi
from crmpi.api import Problem, par
from crmpi.constants import DENS, VEL1
from crmpi.errors import CrmpiError
from crmpi.numerics.cr.validity import count_bare, count_fast
from crmpi.params.fields import specs
from crmpi.run.summary import Doubts, summary_lines
from crmpi.transport.base import transport_solvers
from tests.transport_case import Stage
from tests.verification.runs import run_problem

SLOW = ("transport.vmax=1.7", "time.dt_max=1e-3", "time.max_steps=3")  # signals at 0.98 v_A


def test_kernels_count_active_cells():
    stage = Stage((8, 4, 1), (4, 4, 1))
    stage.set_field(lambda x1, x2, x3: (np.where(x1 < 0.25, 0.0, 3.0), 0.0 * x1, 0.0 * x1))
    pack, counts = stage.pack, np.zeros(2)
    count_bare(pack.bcc, pack.grid, counts)
    assert counts.tolist() == [8.0, 0.0]
    pack.w0[:, DENS] = 4.0
    pack.w0[:, VEL1 + 2] = 2.0  # v_A = 1.5 where there is a field
    for f_stream, limit, expected in (
        (1.0, 3.49, [8, 16]),
        (1.0, 3.51, [0, 0]),
        (0.0, 1.99, [16, 16]),
        (0.0, 2.01, [0, 0]),
    ):
        count_fast(pack.w0, pack.bcc, f_stream, limit, pack.grid, counts)
        assert counts.tolist() == expected


def test_slow_signals_are_counted_in_every_operator():
    outcome = run_problem("cr_streaming", *SLOW, cells=(64, 1, 1), every=1)
    assert outcome.history["cr_fast_cells"].tolist() == [0, 128, 256, 384, 384]
    assert (
        run_problem("cr_streaming", *SLOW, "transport.vmax=1.8", cells=(64, 1, 1)).history[
            "cr_fast_cells"
        ][-1]
        == 0
    )


@pytest.mark.parametrize(
    "solver, count", [("anisotropic_diffusion", 4 * 32), ("isotropic_diffusion", None)]
)
def test_cells_without_field_are_counted_by_solvers_along_it(solver, count):
    transport = f"transport.solver={solver}"
    outcome = run_problem(
        "cr_shock_tube",
        transport,
        "problem.bx=0",
        "fluid.magnetic=true",
        "time.max_steps=2",
        cells=(32, 1, 1),
    )
    assert outcome.history.get("cr_bare_cells", [None])[-1] == count


def test_doubts_are_told_once_and_summed_up():
    outcome = run_problem("cr_streaming", *SLOW, cells=(64, 1, 1))
    said = []
    doubts = Doubts(outcome.sim, said.append)
    doubts.check()
    doubts.check()
    sentence = (
        "|v| + v_A exceeds the speed of signals vmax/sqrt(3) in some cells: raise transport.vmax"
    )
    assert said == [f"warning: step 3: {sentence} (cr_fast_cells in the history)"]
    history = HistoryOf(outcome)
    assert [line for line in summary_lines(outcome.sim, history, {}) if "validity" in line] == [
        f"beyond validity: cr_fast_cells up to 384: {sentence}"
    ]


class Spot(Problem):
    """A circle full of cosmic rays in an oblique field."""

    class Params:
        radius: float = par(0.1, gt=0, doc="radius")

    def initial(self, x, p):
        ecr = np.where(x.r < p.radius, 1e4, 1e-3)
        return dict(dens=1.0, press=1.0, ecr=ecr, b1=1.0, b2=0.5)


@pytest.mark.parametrize("radius, told", [(0.05, True), (0.6, False)])
def test_energy_that_floors_made_is_told(radius, told):
    """e of what fills 2 x 2 cells falls below zero in its wake; that of a wide spot hardly."""
    parameters = {
        "mesh": {"cells": [32, 32, 1], "lower": [-1] * 3, "upper": [1] * 3},
        "transport": {"solver": "two_moment", "vmax": 100},
        "scattering": {"model": "constant", "kappa_par": 1.0},
        "units.system": "none",
        "problem.radius": radius,
    }
    sim = crmpi.Simulation(Spot, parameters)
    sim.run(until=0.03)
    history = sim.history
    share = history["cr_floored"][-1] / max(history["ener"] + history["ecr"])
    assert (share > 1e-3) == told
    said = f"beyond validity: floors made {share:.1%} of the energy of the box (cr_floored): "
    lines = [line for line in summary_lines(sim.state, history, {}) if "floors made" in line]
    assert [line.startswith(said) for line in lines] == [True] * told


class HistoryOf(dict):
    """The history of an outcome, with units as a file has them."""

    def __init__(self, outcome):
        super().__init__(outcome.history)
        self.units = {"ener": "code"}


def test_clipped_kappa_is_told():
    outcome = run_problem("cr_streaming", "time.max_steps=1", cells=(16, 1, 1))
    assert outcome.sim.history.doubts()["kappa_clipped"][0] == 0.0
    model = outcome.sim.transport.scattering
    model.limits = lambda: (1.0, np.inf)
    row = outcome.sim.history_row()
    assert row["kappa_clipped [1]"] == 1.0
    said = []
    Doubts(outcome.sim, said.append).check()
    assert len(said) == 1
    assert "kappa is clipped" in said[0]


def test_doubts_ask_all_ranks():
    """The rank that says it need not be the one that has it."""
    comm, clock = SimpleNamespace(any=lambda _: True), SimpleNamespace(step=7)
    history = SimpleNamespace(doubts=lambda: {"cr_x_cells": (0.0, "strange")})
    sim = SimpleNamespace(history=history, comm=comm, clock=clock)
    said = []
    Doubts(sim, said.append).check()
    assert said == ["warning: step 7: strange (cr_x_cells in the history)"]


@pytest.mark.parametrize(
    "solver", [name for name, cls in transport_solvers().items() if cls.along_field]
)
def test_no_field_is_refused(solver):
    vmax = ", vmax: 10" if "vmax" in specs(transport_solvers()[solver].Params) else ""
    transport = f"transport={{solver: {solver}{vmax}}}"
    with pytest.raises(
        CrmpiError,
        match=rf"{solver} moves cosmic rays along the magnetic field, but fluid\.magnetic is false",
    ):
        run_problem("cr_shock_tube", transport, "fluid.magnetic=false", cells=(16, 1, 1))
