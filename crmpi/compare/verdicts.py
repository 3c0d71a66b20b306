"""Every model against every observable."""

import numpy as np

from crmpi.compare import data as published
from crmpi.compare.tension import Verdict, judge

GAMMA_RAYS = "gamma rays"
KAPPA = "kappa"
HYDROGEN = "H"
"""All hydrogen, in the columns of a run."""

LOW_IONS = ("H I", "Mg II", "Si II", "Si III", "Si IV", "C II", "C III")
"""Ions of clouds that are small: a coarse mesh smears them out, and what it says of them excludes
nothing."""


def all_data(rows):
    """Return {observable: Data}: columns by ion, `KAPPA` and `GAMMA_RAYS`.

    Parameters
    ----------
    rows : structured array
        sight lines of `crmpi.constraints.cos_halos.read_cos_halos`, those that are to be compared
    """
    return {
        **published.columns(rows),
        KAPPA: published.kappa_bounds(rows),
        GAMMA_RAYS: published.gamma_ratio(),
    }


def judge_run(seen, data, criterion):
    """Return {observable: Verdict} of one run.

    Parameters
    ----------
    seen : crmpi.compare.measure.Seen
    data : dict
        of `all_data`
    criterion : tension.Criterion
    """
    return {name: _judge(seen, name, entry, criterion) for name, entry in data.items()}


def doubt(seen, criterion):
    """Return why a run is not judged at all, '' if it is."""
    if seen.floors <= criterion.floors:
        return ""
    return (
        f"floors have added {seen.floors:.2g} of the energy of the cosmic rays injected: "
        "the "
        "run is not judged"
    )


def _judge(seen, name, data, criterion):
    reason = doubt(seen, criterion)
    if reason:
        return Verdict("untested", 0, 0, 1.0, np.nan, reason)
    if data.hydrogen is not None:
        data = of_hydrogen(data, seen)
        if not np.isfinite(data.value).any():
            return Verdict(
                "untested", 0, 0, 1.0, np.nan, "the columns of hydrogen of this run are not known"
            )
    verdict = judge(data, *predict(seen, name, data.at), criterion)
    if verdict.state == "excluded" and name in LOW_IONS and seen.width > criterion.cloud:
        reason = (
            f"{verdict.reason}; cells of {seen.width:.3g} kpc do not resolve the clouds of this ion"
        )
        return verdict._replace(state="unresolved", reason=reason)
    return verdict


def of_hydrogen(data, seen):
    """Return bounds for the column of hydrogen that the run itself has at each impact parameter,
    its spread as their error."""
    column, spread = predict(seen, HYDROGEN, data.at)
    value = data.value + data.hydrogen - column
    return data._replace(
        value=np.where(np.isfinite(column), value, np.nan), error=np.hypot(data.error, spread)
    )


def predict(seen, name, at):
    """Return (logarithm, spread in dex) of an observable at the places `at` (kpc); NaN where the
    run says nothing."""
    if name == GAMMA_RAYS:
        return np.full(len(at), log10(seen.numbers.get("L_gamma/L_SF", np.nan))), 0.0
    if name == KAPPA:
        kappa = log10(seen.profiles.get("kappa", np.full(len(seen.radius), np.nan)))
        # no flux, or an inward one, is no kappa
        return between(at, seen.radius, np.where(np.isfinite(kappa), kappa, np.nan)), 0.0
    if name not in seen.columns:
        return np.full(len(at), np.nan), 0.0
    low, median, high = seen.columns[name]
    with np.errstate(invalid="ignore"):
        # nothing at all has no spread
        spread = np.nan_to_num(0.5 * (high - low), nan=0.0, posinf=0.0)
    return between(at, seen.impacts, median), between(at, seen.impacts, spread)


def between(at, places, values):
    """Interpolate; NaN beyond the places that are known."""
    known = ~np.isnan(values)
    if not known.any():
        return np.full(len(at), np.nan)
    return np.interp(at, places[known], values[known], left=np.nan, right=np.nan)


def log10(values):
    """Return log10, -inf of zero and less."""
    values = np.asarray(values, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(values > 0.0, np.log10(values), np.where(np.isnan(values), np.nan, -np.inf))


def excluded_by(verdicts):
    """Return the names of the observables that exclude a model."""
    return [name for name, verdict in verdicts.items() if verdict.state == "excluded"]
