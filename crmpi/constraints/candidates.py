"""Structures of the interstellar gas that could scatter cosmic rays, and which of them observations
allow.

Sizes and shares of the volume are orders of magnitude, recalled from the literature on each kind
and not re-read. A candidate is judged with the most favourable numbers of its ranges: what is
excluded is excluded for good, what is allowed only may be it.
"""

import math
from typing import NamedTuple

from crmpi.constraints.cgm import in_cgs
from crmpi.constraints.patchy import (
    CGS,
    PHASES,
    SHAPES,
    Structure,
    mean_free_path,
    respond,
    viable_range,
)
from crmpi.constraints.tables import read_table
from crmpi.errors import CrmpiError
from crmpi.scattering.patchy import power_integral
from crmpi.units import UNITS

LEVER = (1.0, 100.0)
"""Rigidities in GV between which the growth of kappa is judged: where ratios of secondary to
primary nuclei are measured well."""


class Candidate(NamedTuple):
    """A kind of structure: sizes in `unit`, the share `filling` of the volume of `phase` or the
    `number` per pc^3, field in microgauss."""

    name: str
    shape: str
    sizes: tuple
    unit: str
    field: float
    phase: str
    why: str
    filling: tuple | None = None
    number: tuple | None = None


def read_candidates(path=None):
    """Return the `Candidate`s of a table with the columns of crmpi/constraints/data/candidates.csv,
    which is the default.

    Raises
    ------
    CrmpiError
        the file or one of its columns is missing, or a line is not a candidate
    """
    found = []
    for number, line in enumerate(read_table("candidates.csv", path), start=2):
        try:
            found.append(_candidate(line))
        except ValueError as problem:
            raise CrmpiError(f"{path} line {number}: {problem}") from None
    return found


def _candidate(line):
    pairs = {
        key: (line[f"{key}_low"], line[f"{key}_high"]) for key in ("size", "filling", "number")
    }
    numbers = {
        key: tuple(float(text) for text in pair) if any(pair) else None
        for key, pair in pairs.items()
    }
    if (numbers["filling"] is None) == (numbers["number"] is None):
        raise ValueError("give filling_low and filling_high, or number_low and number_high")
    if any(pair is not None and not 0.0 < pair[0] <= pair[1] for pair in numbers.values()):
        raise ValueError("a range must be of positive numbers, the smaller one first")
    known = {"shape": SHAPES, "phase": PHASES, "unit": {"pc": 1, "au": 1}}
    for key, choices in known.items():
        if line[key] not in choices:
            raise ValueError(f"{key} '{line[key]}' is not one of {', '.join(choices)}")
    made = Candidate(
        line["name"],
        line["shape"],
        numbers["size"],
        line["unit"],
        float(line["field_ug"]),
        line["phase"],
        line["why"],
    )
    return made._replace(filling=numbers["filling"], number=numbers["number"])


class Verdict(NamedTuple):
    """`kappa` at 1 GV (cm^2/s) and `path` (cm) for the largest and the smallest filling, mean
    exponent `growth`, the rigidity (GV) up to which kappa is as observed with the best filling,
    `reach` (0: nowhere), and the `reason` against it ('' if allowed).
    """

    candidate: Candidate
    filling: tuple
    path: tuple
    kappa: tuple
    growth: float
    reach: float
    reason: str

    @property
    def allowed(self):
        """Whether there is no reason against it."""
        return not self.reason


def judge(candidate, target, delta=0.5):
    """Return the `Verdict` on a candidate whose sizes are distributed like R^-(2 + delta)."""
    filling = fillings(candidate, delta)
    paths = [
        mean_free_path(structure_of(candidate, share, delta), LEVER) for share in filling[::-1]
    ]
    kappa = tuple(float(CGS.c * path[0] / 3.0) for path in paths)
    growth = math.log(paths[0][1] / paths[0][0]) / math.log(LEVER[1] / LEVER[0])
    reasons = []
    if kappa[0] > target.kappa_high:
        reasons.append("too rare")
    if kappa[1] < target.kappa_low:
        reasons.append("too common")
    if growth < target.growth_low:
        reasons.append("too large to tell rigidities apart")
    if growth > target.growth_high:
        reasons.append("too small for high rigidities")
    stretch = viable_range(
        respond(structure_of(candidate, best_filling(filling, kappa, target), delta), target)
    )
    reach = stretch[1] if stretch and stretch[0] <= 0.1 * LEVER[1] else 0.0
    return Verdict(
        candidate,
        filling,
        tuple(float(path[0]) for path in paths),
        kappa,
        growth,
        reach,
        ", ".join(reasons),
    )


def best_filling(filling, kappa, target):
    """Return the share of the volume whose kappa at 1 GV is the nearest to the middle of the
    target; kappa goes as one over it."""
    return min(
        max(filling[0], filling[1] * kappa[0] / math.sqrt(target.kappa_low * target.kappa_high)),
        filling[1],
    )


def structure_of(candidate, filling, delta):
    """Return the `Structure` of a candidate with this share of the volume."""
    low, high = (f"{size} {candidate.unit}" for size in candidate.sizes)
    field = f"{candidate.field} uG"
    names = {"shape": candidate.shape, "phase": candidate.phase}
    return in_cgs(
        Structure, size=low, size_max=high, filling=filling, field=field, delta=delta, **names
    )


def fillings(candidate, delta):
    """Return the smallest and largest share of the volume; from numbers with the mean volume of the
    distribution of sizes."""
    if candidate.filling is not None:
        return candidate.filling
    low, high = (size * UNITS[candidate.unit].value / UNITS["pc"].value for size in candidate.sizes)
    volume = (
        SHAPES[candidate.shape]
        * math.pi
        * power_integral(1.0 - delta, low, high)
        / power_integral(-2.0 - delta, low, high)
    )
    return tuple(number * volume for number in candidate.number)
