"""RKL2 stages of an energy density and of the heat that the gas gains from it; the scheme is that
of `crmpi.numerics.cr.rkl2`."""

from crmpi.jit import kernel
from crmpi.numerics.cr.runs import NONE, runs
from crmpi.numerics.rows.rows import load, row, rows, separate, store, written


@kernel
def first_rates(grid, registers, rates, gains):
    """Begin a super-step: subtract what heats the gas from the rate of e.

    ``registers``: Y_0 and where the first stage goes, which becomes Y_0; ``rates``: of e and of the
    heating, and where those of Y_0 are kept, all four (nblock, 1, m3, m2, m1); ``gains``: two
    registers of the heat, which become zero.
    """
    near = runs(grid, NONE, NONE)
    for b in range(rates[0].shape[0]):
        here = (
            row(rows(rates[0], b, 0), 0),
            row(rows(rates[1], b, 0), 0),
            row(rows(rates[2], b, 0), 0),
            row(rows(rates[3], b, 0), 0),
        )
        states = row(rows(registers[0], b, 0), 0), row(rows(registers[1], b, 0), 0)
        heats = row(rows(gains[0], b, 0), 0), row(rows(gains[1], b, 0), 0)
        first_rows(near, states, here, heats)


@kernel
def first_rows(near, states, rates, gains):
    """Do so for the cells `near` of a block."""
    separate()
    (rate, heating, rate0, heating0), (e0, out) = rates, states
    for k in range(near.count):
        first = near.first + k * near.step
        for i in range(first, first + near.length):
            heat = load(heating, i)
            store(rate0, i, load(rate, i) - heat, 0)
            store(heating0, i, heat, 1)
            store(out, i, load(e0, i), 2)
            store(gains[0], i, 0.0, 3)
            store(gains[1], i, 0.0, 4)


@kernel
def streaming_stage(grid, stage, dt, registers, rates, gains):
    """Write one RKL2 stage of the active cells, of e as `crmpi.numerics.cr.rkl2.super_stage`, and
    of the heat that the gas has gained.

    Stages extrapolate, waves never give energy back: where the heat became negative it is set to
    zero, at the expense of e. ``registers``: Y_0, Y_{j-1}, and Y_{j-2}, which becomes Y_j;
    ``rates``: as for `first_rates`, of Y_{j-1}; ``gains``: the heat of Y_{j-1}, and of Y_{j-2},
    which becomes that of Y_j.
    """
    near = runs(grid, NONE, NONE)
    for b in range(rates[0].shape[0]):
        here = (
            row(rows(rates[0], b, 0), 0),
            row(rows(rates[1], b, 0), 0),
            row(rows(rates[2], b, 0), 0),
            row(rows(rates[3], b, 0), 0),
        )
        states = (
            row(rows(registers[0], b, 0), 0),
            row(rows(registers[1], b, 0), 0),
            row(rows(registers[2], b, 0), 0),
        )
        heats = row(rows(gains[0], b, 0), 0), row(rows(gains[1], b, 0), 0)
        streaming_stage_rows(near, stage, dt, states, here, heats)


@kernel
def streaming_stage_rows(near, stage, dt, states, rates, gains):
    """Do so for the cells `near` of a block."""
    separate()
    (e0, last, out), (rate, heating, rate0, heating0) = states, rates
    (heat_last, heat), new, new_heat = gains, written(out), written(gains[1])
    for k in range(near.count):
        first = near.first + k * near.step
        for i in range(first, first + near.length):
            y0, warming = load(e0, i), load(heating, i)
            change = stage.mu * (load(last, i) - y0) + stage.nu * (load(out, i) - y0)
            growth = stage.rate * (load(rate, i) - warming) + stage.rate0 * load(rate0, i)
            gained = stage.mu * load(heat_last, i) + stage.nu * load(heat, i)
            gain = stage.rate * warming + stage.rate0 * load(heating0, i)
            h = gained + dt * gain
            cooling = min(h, 0.0)
            store(new, i, (y0 + (change + dt * growth)) + cooling, 0)
            store(new_heat, i, h - cooling, 1)


@kernel
def add_active(grid, q, total):
    """Add the active cells of `q` (nblock, 1, m3, m2, m1) to those of `total`."""
    near = runs(grid, NONE, NONE)
    for b in range(q.shape[0]):
        add_rows(near, row(rows(q, b, 0), 0), row(rows(total, b, 0), 0))


@kernel
def add_rows(near, q, total):
    """Do so for the cells `near` of a block."""
    separate()
    new = written(total)
    for k in range(near.count):
        first = near.first + k * near.step
        for i in range(first, first + near.length):
            store(new, i, load(total, i) + load(q, i), 0)
