"""What a verdict needs besides the run itself: a control without cosmic rays, and the model on two
meshes.

A set-up that misses the data without any cosmic rays says nothing about their transport, and a
number that changes with the cells says nothing about the model. So a model is judged only

- beside a *control*: the same set-up on the same mesh with ``fluid.cosmic_rays: false``,
- by observables that do not exclude the control,
- if its two finest meshes give the same answer, the same offset from the data and the same share of
  cosmic-ray pressure.
"""

import math
from typing import NamedTuple

import numpy as np

from crmpi.compare.runs import parameters_of
from crmpi.compare.verdicts import doubt, predict
from crmpi.tools.sweep.results import WRITING

HOW = "fluid.cosmic_rays=false injection.enabled=false losses.enabled=false transport.solver=none"
"""How a control is made of a run."""

COARSER = "the finer mesh counts"
"""Why a run has no verdict whose model has been run on a finer mesh."""

_MESH = ("mesh.cells", "mesh.block")
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
    finest first."""

    control: str | None
    meshes: list


def is_control(run):
    """Return whether a run has no cosmic rays."""
    return not run.config.get("fluid", {}).get("cosmic_rays", True)


def standings(runs):
    """Return {label: Standing} of runs."""
    found = {}
    controls = {(_setup(run), _cells(run)): run.label for run in runs if is_control(run)}
    for run in runs:
        meshes = sorted(
            (other for other in runs if _model(other) == _model(run)), key=_zones, reverse=True
        )
        found[run.label] = Standing(
            controls.get((_setup(run), _cells(run))), [other.label for other in meshes]
        )
    return found


def _kept(run, groups, keys):
    """Return the parameters of a run but those of some groups and keys, as something that can be
    compared and hashed."""
    left = {
        key: value
        for key, value in parameters_of(run.config)
        if key.partition(".")[0] not in groups and key not in keys
    }
    return repr(sorted(left.items()))


def _model(run):
    return _kept(run, WRITING, _MESH)


def _setup(run):
    return _kept(run, (*WRITING, *_TRANSPORT), (*_MESH, *_COSMIC_RAYS))


def _cells(run):
    return tuple(run.config.get("mesh", {}).get("cells", ()))


def _zones(run):
    return math.prod(_cells(run))


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
    reason = _no_control(name, standing, seen, judged, criterion) or _no_agreement(
        run.label, name, standing, seen, judged, criterion
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


def _no_agreement(label, name, standing, seen, judged, criterion):
    """Return why the meshes allow no verdict, '' if the two finest agree."""
    if len(standing.meshes) < 2:
        return "one mesh alone; two must agree"
    fine, coarse = standing.meshes[:2]
    if label != fine:
        return f"{COARSER} ({fine})"
    pair = judged[fine][name], judged[coarse][name]
    if pair[0].state != pair[1].state:
        return f"meshes disagree: {pair[0].state}, on the coarser one {pair[1].state}"
    offsets = [verdict.offset for verdict in pair]
    if _apart(*offsets, criterion.agreement):
        return (
            f"meshes disagree: off by {offsets[0]:+.1f} dex, on the coarser one "
            f"{offsets[1]:+.1f} dex"
        )
    ratios = [seen[one].numbers.get(_PRESSURE, math.nan) for one in (fine, coarse)]
    if all(ratio > 0.0 for ratio in ratios) and _apart(*np.log10(ratios), criterion.agreement):
        return (
            f"meshes disagree: {_PRESSURE} is {ratios[0]:.3g}, on the coarser one {ratios[1]:.3g}"
        )
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
