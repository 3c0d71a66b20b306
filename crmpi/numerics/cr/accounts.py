"""The account of cells: what every update of two-moment transport adds to, and what floors do.

Few cells are ever raised to e = 0. Nobody needs to read and write what floors make in all others:
memory moves 22 numbers a cell and sub-step instead of 24.
"""

from crmpi.jit import choice, device, kernel
from crmpi.numerics.cr.alfven import NACCOUNT, WaveMoments
from crmpi.numerics.cr.moments import ENERGY, HEAT, MADE, Moments
from crmpi.numerics.rows.rows import load, row, separate, store, written


@choice
def always_summed(moments):
    """Return how many components of the account, the first ones, every update changes."""


@always_summed.option(Moments)
def heat_alone(moments):
    return HEAT + 1


@always_summed.option(WaveMoments)
def all_sums(moments):
    return NACCOUNT


@device
def is_negative(n, lowest):
    """Return whether any of the first `n` numbers is negative."""
    count = 0
    for i in range(n):
        count += load(lowest, i) < 0.0
    return count > 0


@kernel
def raise_rows(run, cells, account):
    """Raise negative e to 0; `account` sums what that makes."""
    separate()
    e, mades = row(cells, ENERGY), row(account, MADE)
    new_e, sum_mades = written(e), written(mades)
    for n in range(run.count):
        first = n * run.step
        for i in range(first, first + run.length):
            energy = load(e, i)
            kept = max(energy, 0.0)
            store(new_e, i, kept, 0)
            store(sum_mades, i, load(mades, i) + (kept - energy), 1)
