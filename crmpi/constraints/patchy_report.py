"""What ``crmpi constrain patchy`` says: one kind of structure as described, or the list of
candidates."""

import math

import numpy as np

from crmpi.constraints.candidates import LEVER, judge
from crmpi.constraints.cgm import CGS
from crmpi.constraints.patchy import PHASES, kinetic_energy, respond, viable_range
from crmpi.constraints.tables import aligned, sci
from crmpi.scattering.plasma import gyro_radius
from crmpi.units import UNITS

PC, AU = UNITS["pc"].value, UNITS["au"].value
SHOWN = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1e3, 3e3, 1e4)
"""Rigidities of the table, GV."""


def structure_columns(structure, target):
    """Return the columns of the table of one kind of structure, units in the names."""
    r = respond(structure, target, SHOWN)
    return {
        "rigidity_gv": r.rigidity,
        "proton_energy_gev": kinetic_energy(r.rigidity),
        "gyro_radius_au": r.gyro_radius / AU,
        "mean_free_path_pc": r.mean_free_path / PC,
        "kappa_cm2_s": r.kappa,
        "scattering_rate_per_s": CGS.c**2 / (3.0 * r.kappa),
        "exponent": r.growth,
        "as_observed": r.viable,
    }


def structure_lines(structure, target):
    """Return what one kind of structure does to cosmic rays; the last line is the range of energies
    in which it is as observed."""
    columns = structure_columns(structure, target)
    share = structure.filling * PHASES[structure.phase]
    spacing = (4.0 * math.pi / 3.0 * structure.size**3 / share) ** (1.0 / 3.0) / PC
    lines = [f"share of all volume inside structures: {sci(share)}"]
    if structure.shape == "sphere" and structure.size == structure.size_max:
        lines.append(f"one structure in every ({spacing:.3g} pc)^3")
    lines += _limit_lines(structure, target)
    header = (
        "R [GV]",
        "E of protons [GeV]",
        "r_L [au]",
        "mean free path [pc]",
        "kappa [cm^2/s]",
        "nu [1/s]",
        "exponent",
        "as observed",
    )
    rows = []
    for rigidity, energy, radius, path, kappa, rate, growth, good in zip(
        *columns.values(), strict=True
    ):
        lengths = (f"{rigidity:g}", f"{energy:.3g}", f"{radius:.3g}", f"{path:.3g}")
        rows.append((*lengths, sci(kappa), sci(rate, 1), f"{growth:.2f}", "yes" if good else "no"))
    lines += aligned(header, rows)
    stretch = viable_range(respond(structure, target))
    wanted = (
        f"{_span((target.kappa_low, target.kappa_high))} cm^2/s at 1 GV growing as "
        f"R^{target.growth_low:g} .. {target.growth_high:g}"
    )
    if stretch is None:
        return [*lines, f"as observed ({wanted}): at no energy"]
    low, high = kinetic_energy(np.array(stretch))
    rigidities = f"rigidities of {stretch[0]:.3g} .. {stretch[1]:.3g} GV"
    return [*lines, f"as observed ({wanted}): {rigidities}, protons of {low:.3g} .. {high:.3g} GeV"]


def _limit_lines(structure, target):
    """Return which filling gives the kappa observed at 1 GV, and which rigidities these structures
    scatter strongly."""
    kappa = float(respond(structure, target, [1.0]).kappa[0])
    needed = [
        structure.filling * kappa / wanted for wanted in (target.kappa_high, target.kappa_low)
    ]
    some = f"{sci(needed[0], 0)} .. {sci(min(needed[1], 1.0), 0)}"
    known = some if needed[0] < 1.0 else "more than all of it"
    at_1_gv = gyro_radius(1.0, structure.field, CGS)
    strong = [size / at_1_gv for size in (structure.size, structure.size_max)]
    return [
        f"kappa as observed at 1 GV takes a share of its phase of {known}",
        (
            f"all scatter strongly up to {strong[0]:.3g} GV, from where kappa grows with rigidity; "
            f"the largest do up to {strong[1]:.3g} GV"
        ),
    ]


def candidate_columns(verdicts):
    """Return the columns of the table of candidates, units in the names."""
    return {
        "structure": [v.candidate.name for v in verdicts],
        "shape": [v.candidate.shape for v in verdicts],
        "phase": [v.candidate.phase for v in verdicts],
        "size_low_pc": [
            v.candidate.sizes[0] * UNITS[v.candidate.unit].value / PC for v in verdicts
        ],
        "size_high_pc": [
            v.candidate.sizes[1] * UNITS[v.candidate.unit].value / PC for v in verdicts
        ],
        "field_uG": [float(v.candidate.field) for v in verdicts],
        "filling_low": [v.filling[0] for v in verdicts],
        "filling_high": [v.filling[1] for v in verdicts],
        "mean_free_path_low_pc": [v.path[0] / PC for v in verdicts],
        "mean_free_path_high_pc": [v.path[1] / PC for v in verdicts],
        "kappa_low_cm2_s": [v.kappa[0] for v in verdicts],
        "kappa_high_cm2_s": [v.kappa[1] for v in verdicts],
        "exponent": [v.growth for v in verdicts],
        "reach_gv": [v.reach for v in verdicts],
        "allowed": [v.allowed for v in verdicts],
        "reason": [v.reason for v in verdicts],
    }


def candidate_lines(verdicts):
    """Return the table of candidates; the last line names those that are allowed."""
    numbers = (
        "mean free path [pc]",
        "kappa at 1 GV [cm^2/s]",
        f"exponent to {LEVER[1]:g} GV",
        "as observed to [GV]",
    )
    header = ("structure", "sizes", "filling", *numbers, "")
    rows = []
    for v in verdicts:
        c = v.candidate
        spans = (
            f"{c.sizes[0]:g}-{c.sizes[1]:g} {c.unit}",
            _span(v.filling),
            _span([path / PC for path in v.path]),
            _span(v.kappa),
        )
        rows.append(
            (
                c.name,
                *spans,
                f"{v.growth:.2f}",
                f"{v.reach:.2g}" if v.reach else "-",
                v.reason or "allowed",
            )
        )
    names = ", ".join(v.candidate.name for v in verdicts if v.allowed) or "none of them"
    return [*aligned(header, rows), f"allowed: {names}"]


def verdicts_on(candidates, target, delta):
    """Return the `Verdict`s on candidates."""
    return [judge(candidate, target, delta) for candidate in candidates]


def _span(ends):
    return f"{sci(ends[0], 0)} .. {sci(ends[1], 0)}"
