"""Time integrators of the fluid: a list of stages each.

A stage makes a forward step of `part` dt from a register, with the fluxes of a register, and blends
the result with the state at the start:

    u_result = keep u_0 + (1 - keep) (u_start - part dt div F(u_fluxes))

Register 0 is the state at the start of the step. The result of the last stage takes its place.
"""

from typing import NamedTuple


class Stage(NamedTuple):
    """One stage; `fluxes`, `start` and `result` are numbers of registers, the result one for cells
    and one for the field on faces.

    ``time``: of the result, in steps from the start. ``lasts``: how much of what is added to the
    result is there at the end of the step.
    """

    part: float
    time: float
    first_order: bool
    fluxes: int
    start: int
    result: tuple
    keep: float
    lasts: float


VL2 = (
    Stage(
        part=0.5, time=0.5, first_order=True, fluxes=0, start=0, result=(1, 1), keep=0.0, lasts=0.0
    ),
    Stage(
        part=1.0, time=1.0, first_order=False, fluxes=1, start=0, result=(1, 2), keep=0.0, lasts=1.0
    ),
)
"""The predictor-corrector of van Leer, donor-cell fluxes for the half step (Stone & Gardiner 2009,
New Astronomy 14, 139)."""

RK3 = (
    Stage(
        part=1.0,
        time=1.0,
        first_order=False,
        fluxes=0,
        start=0,
        result=(1, 1),
        keep=0.0,
        lasts=1.0 / 6.0,
    ),
    Stage(
        part=1.0,
        time=0.5,
        first_order=False,
        fluxes=1,
        start=1,
        result=(2, 2),
        keep=0.75,
        lasts=2.0 / 3.0,
    ),
    Stage(
        part=1.0,
        time=1.0,
        first_order=False,
        fluxes=2,
        start=2,
        result=(1, 1),
        keep=1.0 / 3.0,
        lasts=1.0,
    ),
)
"""Third-order Runge-Kutta (Shu & Osher 1988, J. Comput. Phys. 77, 439, eq. 2.18): blends of forward
steps, positive where these are."""

INTEGRATORS = {"vl2": VL2, "rk3": RK3}
