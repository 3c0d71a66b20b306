"""When data exclude a model: the one criterion of all reports.

A model predicts the logarithm of a number, with a scatter. A datum is violated if it is off by more
than `n_sigma` standard deviations,

    sigma^2 = scatter^2 + (spread of the model's own sight lines)^2 + (error of the datum)^2

where `scatter` stands for what one idealised galaxy cannot have, the variety of real ones, and the
spread counts up to `max_spread`, for a model whose sight lines say nothing at all must not be safe.
A lower limit is violated only by predictions below it, an upper limit only by those above. If the
model were right, each datum would be violated with the probability of a Gaussian tail. The model is
*excluded* by an observable if as many or more violations as there are have a probability below
`significance` (binomial); with one datum, if the probability of being so far off is.
"""

import math
from typing import NamedTuple

import numpy as np

from crmpi.params import group, par

KINDS = ("measured", "lower", "upper")


@group
class Criterion:
    """What counts as excluded."""

    scatter: float = par(0.5, gt=0, doc="scatter of real galaxies about a model, dex")
    max_spread: float = par(
        1.0, gt=0, doc="the spread of a model's sight lines counts up to here, dex"
    )
    n_sigma: float = par(
        2.0, gt=0, doc="a datum further off than so many standard deviations is violated"
    )
    significance: float = par(
        1e-3, gt=0, lt=1, doc="excluded if so many violations are less probable than this"
    )
    cloud: float = par(1.0, gt=0, doc="kpc; low ions do not exclude a run with wider cells")
    floors: float = par(
        0.01,
        gt=0,
        doc=(
            "not judged if floors, that of cooling too, added more than this share of the "
            "energy of cosmic rays"
        ),
    )
    agreement: float = par(
        0.3, gt=0, doc="two meshes agree if their numbers are no further apart, dex"
    )
    min_data: int = par(1, ge=1, doc="an observable with fewer data decides nothing")


class Data(NamedTuple):
    """Published numbers of one observable: `at` (impact parameter in kpc), log10
    `value` with `error`, `kind`, `name`.

    A datum gives no constraint on predictions below `uncertain_below`. ``scatter`` takes the place
    of that of the criterion where data have their own. ``hydrogen``: the logarithm of the column of
    hydrogen that a bound is given for; it falls as one over that column.
    """

    at: np.ndarray
    value: np.ndarray
    error: np.ndarray
    kind: np.ndarray
    name: np.ndarray
    uncertain_below: np.ndarray | None = None
    scatter: float | None = None
    hydrogen: float | None = None


class Verdict(NamedTuple):
    """Of one model and one observable.

    ``state``: 'ok', 'excluded', 'unresolved' (excluded, but the mesh is too coarse for it),
    'untested', and of crmpi.compare.control 'control', 'no verdict'; ``violated`` of ``count``
    data; ``chance`` of as many or more if the model were right; ``offset``: median of model minus
    datum over the data that can tell, dex; ``reason``: one sentence; ``difference``: median of
    model minus control, dex.
    """

    state: str
    violated: int
    count: int
    chance: float
    offset: float
    reason: str
    difference: float = math.nan


def pulls(data, predicted, spread, criterion):
    """Return how many sigma each datum is off, 0 where a limit is respected; positive if the model
    is above."""
    scatter = criterion.scatter if data.scatter is None else data.scatter
    sigma = np.sqrt(scatter**2 + np.minimum(spread, criterion.max_spread) ** 2 + data.error**2)
    pull = (predicted - data.value) / sigma
    pull = np.where((data.kind == "lower") & (pull > 0.0), 0.0, pull)
    return np.where((data.kind == "upper") & (pull < 0.0), 0.0, pull)


def judge(data, predicted, spread, criterion):
    """Return the `Verdict` on predictions (log10, with their spread) at the places of
    the data; NaN: no prediction."""
    known = np.isfinite(data.value) & ~np.isnan(predicted)
    if data.uncertain_below is not None:
        known &= predicted >= data.uncertain_below
    count = int(known.sum())
    if count < criterion.min_data:
        return Verdict(
            "untested",
            0,
            count,
            1.0,
            math.nan,
            "no data that can tell" if not count else f"only {count} data",
        )
    chosen = Data(*(column[known] for column in data[:5]), scatter=data.scatter)
    pull = pulls(chosen, predicted[known], np.broadcast_to(spread, known.shape)[known], criterion)
    violated = int((abs(pull) > criterion.n_sigma).sum())
    chance = (
        tail(pull[0]) if count == 1 else binomial_tail(violated, count, tail(criterion.n_sigma))
    )
    tells = (chosen.kind == "measured") | (pull != 0.0)
    with np.errstate(invalid="ignore"):
        offset = (
            float(np.median((predicted[known] - chosen.value)[tells])) if tells.any() else math.nan
        )
    state = "excluded" if chance < criterion.significance else "ok"
    return Verdict(
        state, violated, count, chance, offset, _reason(violated, count, offset, criterion)
    )


def tail(n_sigma):
    """Return the probability of a Gaussian to be as far off or farther, on both sides."""
    return math.erfc(abs(n_sigma) / math.sqrt(2.0))


def binomial_tail(k, n, p):
    """Return the probability of `k` or more successes in `n` trials of probability `p`."""
    return min(
        1.0, math.fsum(math.comb(n, j) * p**j * (1.0 - p) ** (n - j) for j in range(k, n + 1))
    )


def _reason(violated, count, offset, criterion):
    direction = ""
    if violated and not math.isnan(offset):
        amount = "without bound" if math.isinf(offset) else f"by {abs(offset):.1f} dex"
        direction = f", the model is {'high' if offset > 0 else 'low'} {amount} in the median"
    return f"{violated} of {count} data off by more than {criterion.n_sigma:g} sigma{direction}"
