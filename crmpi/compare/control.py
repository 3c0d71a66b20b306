"""What a verdict needs besides the run itself: a control without cosmic rays, and the model on two
meshes.

A set-up that misses the data without any cosmic rays says nothing about their transport, and a
number that changes with the cells says nothing about the model. So a model is judged only

- beside a *control*: the same set-up on the same mesh with ``fluid.cosmic_rays: false``, with the
  same random supernovae where there is one,
- by observables that do not exclude the control,
- if its two finest meshes give the same answer, the same offset from the data and the same share of
  cosmic-ray pressure,
- and, where supernovae are drawn at random, if so do two series of them.
"""

import functools
import math
from typing import NamedTuple

import numpy as np

from crmpi.compare.meshes import MESH, finest_width, is_random, layout, seeds_of
from crmpi.compare.runs import parameters_of
from crmpi.compare.verdicts import doubt, predict
from crmpi.params.core import CORE
from crmpi.params.table import default_text, rows
from crmpi.run.configuration import default_groups
from crmpi.tools.sweep.results import WRITING

HOW = "fluid.cosmic_rays=false injection.enabled=false losses.enabled=false transport.solver=none"
"""How a control is made of a run."""

COARSER = "the finer mesh counts"
"""Why a run has no verdict whose model has been run on a finer mesh."""

_SEEDS = ("star_formation.seed", "injection.seed")
_TRANSPORT = ("transport", "scattering", "injection", "losses", "observables")
_COSMIC_RAYS = (
    "fluid.cosmic_rays",
    "fluid.gamma_cr",
    "fluid.floors.ecr",
    "problem.cr_ratio",
    "star_formation.cr_fraction",
)
_PRESSURE = "P_cr/P_gas at 50 kpc"


class Standing(NamedTuple):
    """Of a run: `control`, the label of its control, or None; `meshes`, the labels of its model,
    one of each width of the finest cells, finest first; `seeds`, those of its model on its mesh
    with other random supernovae, None if nothing is random."""

    control: str | None
    meshes: list
    seeds: list | None = None


def is_control(run):
    """Return whether a run has no cosmic rays."""
    return not run.config.get("fluid", {}).get("cosmic_rays", True)


def standings(runs):
    """Return {label: Standing} of runs."""
    controls = [run for run in runs if is_control(run)]
    return {
        run.label: Standing(
            _control(run, controls),
            _meshes(run, runs),
            _seeds(run, runs) if is_random(run) else None,
        )
        for run in runs
    }


def _control(run, controls):
    """Return the label of the control of a run, of several that with most of its seeds, or None."""
    wanted = _setup(run), layout(run)
    fitting = [control for control in controls if (_setup(control), layout(control)) == wanted]
    if not fitting:
        return None
    seeds = seeds_of(run, _SEEDS).items()
    return max(fitting, key=lambda control: len(seeds & seeds_of(control, _SEEDS).items())).label


def _meshes(run, runs):
    """Return the labels of a model by the width of the finest cells, finest first; of several
    meshes with cells of one width, the run itself or the first."""
    widths = {finest_width(run): run.label}
    for other in runs:
        if _model(other) == _model(run):
            widths.setdefault(finest_width(other), other.label)
    return [widths[width] for width in sorted(widths)]


def _seeds(run, runs):
    """Return the labels of the same model on the same mesh with other seeds."""
    return [
        other.label
        for other in runs
        if _model(other, _SEEDS) == _model(run, _SEEDS)
        and layout(other) == layout(run)
        and seeds_of(other, _SEEDS) != seeds_of(run, _SEEDS)
    ]


def _kept(run, groups, keys):
    """Return the parameters of a run but those of some groups and keys, as something that can be
    compared and hashed.

    Defaults are left out: a run of an earlier version has not all of today's parameters, and is as
    if they had their default.
    """
    usual = _defaults()
    left = {
        key: value
        for key, value in parameters_of(run.config)
        if key.partition(".")[0] not in groups
        and not key.startswith(tuple(keys))
        and usual.get(key) != default_text(value)
    }
    return repr(sorted(left.items()))


@functools.cache
def _defaults():
    """Return {parameter: its default in words} of the parameters that every run has."""
    return {row.key: row.default for row in rows(CORE | default_groups()) if not row.only}


def _model(run, apart=()):
    return _kept(run, WRITING, (*MESH, *apart))


def _setup(run):
    return _kept(run, (*WRITING, *_TRANSPORT), (*MESH, *_COSMIC_RAYS, *_SEEDS))


def settle(runs, seen, judged, data, criterion):
    """Return {label: {observable: Verdict}}: what `judged` says where a verdict is allowed, 'no
    verdict' with the reason elsewhere.

    Parameters
    ----------
    runs : list of crmpi.compare.runs.Run
    seen : dict
        {label: crmpi.compare.measure.Seen}
    judged : dict
        {label: {observable: Verdict}}, each run by itself
    data : dict
        {observable: Data}
    criterion : tension.Criterion
    """
    stand = standings(runs)
    return {
        run.label: {
            name: _settled(run, name, stand[run.label], seen, judged, data, criterion)
            for name in judged[run.label]
        }
        for run in runs
    }


def _settled(run, name, standing, seen, judged, data, criterion):
    """Return the verdict on one run by one observable."""
    verdict = judged[run.label][name]
    if verdict.state == "untested":
        return verdict
    if is_control(run):
        return verdict._replace(state="control")
    if standing.control is not None:
        verdict = verdict._replace(
            difference=difference(seen[run.label], seen[standing.control], name, data[name])
        )
    told = name, seen, judged, criterion
    reason = (
        _no_control(name, standing, seen, judged, criterion)
        or _no_agreement(run.label, standing, told)
        or _no_second_seed(run.label, standing, told)
    )
    return (
        verdict._replace(state="no verdict", reason=f"no verdict: {reason}; {verdict.reason}")
        if reason
        else verdict
    )


def difference(model, control, name, data):
    """Return the median of model minus control over the places of the data, dex; NaN where the
    control says nothing."""
    with np.errstate(invalid="ignore"):
        apart = predict(model, name, data.at)[0] - predict(control, name, data.at)[0]
    apart = apart[~np.isnan(apart)]
    return float(np.median(apart)) if apart.size else math.nan


def _no_control(name, standing, seen, judged, criterion):
    """Return why the set-up allows no verdict, '' if it does."""
    if standing.control is None:
        return f"no control run (the same set-up and mesh with {HOW})"
    if reason := doubt(seen[standing.control], criterion):
        return f"of the control, {reason}"
    control = judged[standing.control][name]
    if control.state in ("excluded", "unresolved"):
        return (
            "the control without cosmic rays is off as well "
            f"({control.violated}/{control.count}, {control.offset:+.1f} dex)"
        )
    return ""


def _no_agreement(label, standing, told):
    """Return why the meshes allow no verdict, '' if the two finest agree."""
    if len(standing.meshes) < 2:
        return "one mesh alone; two must agree"
    fine, coarse = standing.meshes[:2]
    if label != fine:
        return f"{COARSER} ({fine})"
    why = _disagreement(fine, coarse, told, "on the coarser one")
    return f"meshes disagree: {why}" if why else ""


def _no_second_seed(label, standing, told):
    """Return why the random supernovae allow no verdict, '' if another series of them agrees."""
    if standing.seeds is None:
        return ""
    if not standing.seeds:
        return "one series of random supernovae alone; two must agree (other seed)"
    for other in standing.seeds:
        if why := _disagreement(label, other, told, f"with other supernovae ({other})"):
            return f"seeds disagree: {why}"
    return ""


def _disagreement(one, other, told, elsewhere):
    """Return how two runs disagree about an observable, '' if they do not.

    `told`: name of the observable, seen, judged, criterion.
    """
    name, seen, judged, criterion = told
    pair = judged[one][name], judged[other][name]
    if pair[0].state != pair[1].state:
        return f"{pair[0].state}, {elsewhere} {pair[1].state}"
    offsets = [verdict.offset for verdict in pair]
    if _apart(*offsets, criterion.agreement):
        return f"off by {offsets[0]:+.1f} dex, {elsewhere} {offsets[1]:+.1f} dex"
    ratios = [seen[run].numbers.get(_PRESSURE, math.nan) for run in (one, other)]
    if all(ratio > 0.0 for ratio in ratios) and _apart(*np.log10(ratios), criterion.agreement):
        return f"{_PRESSURE} is {ratios[0]:.3g}, {elsewhere} {ratios[1]:.3g}"
    return ""


def _apart(one, other, maximum):
    """Return whether two numbers differ by more than `maximum`; where one is infinite or missing
    both must be."""
    if not (math.isfinite(one) and math.isfinite(other)):
        return not (one == other or (math.isnan(one) and math.isnan(other)))
    return abs(one - other) > maximum


def answer(verdicts):
    """Return what a run comes to, in a few words: {observable: Verdict}."""
    states = [verdict.state for verdict in verdicts.values()]
    if "control" in states:
        return "control, not judged"
    bad = [name for name, verdict in verdicts.items() if verdict.state == "excluded"]
    told = sum(state in ("ok", "excluded", "unresolved") for state in states)
    if bad:
        return f"excluded by {', '.join(bad)} ({told} observables judged)"
    if told:
        return f"not excluded ({told} observables judged)"
    return _why_not(verdicts)


def _why_not(verdicts):
    """Return the commonest reason for which there is no verdict."""
    reasons = [
        verdict.reason.partition("; ")[0]
        for verdict in verdicts.values()
        if verdict.state == "no verdict"
    ]
    reasons = reasons or [f"no verdict: {verdict.reason}" for verdict in verdicts.values()]
    return max(reasons, key=reasons.count)
