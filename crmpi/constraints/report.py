"""What ``crmpi constrain`` says about one sight line and about COS-Halos."""

import math
from dataclasses import replace

from crmpi.constraints import cos_halos
from crmpi.constraints.cgm import KPC, MSUN, injection_rate, kappa_min, prefactor, streaming_speed
from crmpi.constraints.tables import aligned, sci
from crmpi.params.fields import specs

VARIATIONS = (
    ("as assumed", {}),
    ("average star formation, M*/age", {"sfr_from": "average"}),
    ("f = 1 (rho r = m_p N_H/X)", {"geometry": 1.0}),
    ("rho ~ r^-3 (f = 1/2)", {"slope": 3.0, "geometry": None}),
    ("X = 1", {"hydrogen_fraction": 1.0}),
    ("30% of the supernova energy in cosmic rays", {"cr_fraction": 0.3}),
    ("half lost in the disc", {"escape": 0.5}),
    ("10 times the hydrogen, in hot gas", {"nh_factor": 10.0}),
    ("haloes end at 200 critical", {"edge": "200_critical"}),
    ("concentration 6", {"concentration": 6.0}),
)
"""Other choices for COS-Halos, one at a time, dimensionless ones."""

DISTANCES = (50.0, 100.0)


def sight_line_lines(line, assumptions):
    """Return what follows from one sight line; the last line is the bound."""
    kappa = float(kappa_min(line.sfr, line.nh, line.vc, assumptions))
    a = assumptions
    lines = [
        f"cosmic rays into the halo: {sci(injection_rate(line.sfr, a))} erg/s = {a.escape:g} x "
        f"{a.cr_fraction:g} x {sci(a.sn_energy)} erg"
        f" per {a.sn_mass / MSUN:g} Msun of stars",
        f"gas: rho r = {a.path:.4g} x {a.nh_factor:g} m_p N_H/{a.hydrogen_fraction:g}",
        f"kappa_min = {sci(prefactor(a))} cm^2/s (SFR/Msun yr^-1) (1e19 cm^-2/N_H) (200 km/s/vc)^2",
    ]
    if line.impact is not None:
        speeds = [
            streaming_speed(kappa, line.impact, tangled=tangled) / 1e5 for tangled in (False, True)
        ]
        place = f"{line.impact / KPC:g} kpc"
        lines.append(
            f"streaming instead, at {place}: faster than {speeds[0]:.3g} km/s radially, "
            f"{speeds[1]:.3g} along a tangled field"
        )
    return [*lines, f"kappa_min = {sci(kappa)} cm^2/s"]


def bounds_columns(result):
    """Return the columns of the table of COS-Halos for a CSV file, units in the names."""
    return {
        "system": result.system,
        "impact_kpc": result.impact,
        "sfr_msun_yr": result.sfr,
        "nh_cm2": result.nh,
        "vc_km_s": result.vc / 1e5,
        "kappa_min_low_cm2_s": result.low,
        "kappa_min_cm2_s": result.kappa,
        "kappa_min_high_cm2_s": result.high,
        "v_stream_km_s": result.stream / 1e5,
        "kappa_arrival_cm2_s": result.arrival,
        "is_lower_bound": result.is_bound,
        "nh_weak": result.weak,
    }


def bounds_lines(result):
    """Return the table of COS-Halos for users, from the inside out."""
    header = (
        "sight line",
        "b [kpc]",
        "SFR",
        "log N_H",
        "vc [km/s]",
        "kappa_min [cm^2/s]",
        "for the range of N_H",
        "v_stream [km/s]",
        "",
    )
    rows = []
    for i in result.impact.argsort(kind="stable"):
        rate = f"{'' if result.is_bound[i] else '<'}{result.sfr[i]:.3g}"
        span = f"{sci(result.low[i], 1)} .. {sci(result.high[i], 1)}"
        sign = ">" if result.is_bound[i] else ">(<"
        bound = f"{sign} {sci(result.kappa[i])}" + ("" if result.is_bound[i] else ")")
        note = "weak" if result.weak[i] else ""
        row = (
            result.system[i],
            f"{result.impact[i]:.0f}",
            rate,
            _log10(result.nh[i]),
            f"{result.vc[i] / 1e5:.0f}",
            bound,
            span,
        )
        rows.append((*row, f"{result.stream[i] / 1e5:.0f}", note))
    return aligned(header, rows)


def summary_lines(rows, assumptions, halo, sfr_from):
    """Return how the sight lines beyond some distances bound kappa, and how that moves with what is
    assumed."""
    header = (
        "kappa_min [cm^2/s]",
        *(f"{text} > {r:g} kpc" for r in DISTANCES for text in ("median,", "above 1e30,")),
    )
    table = []
    for label, change in VARIATIONS:
        groups = (
            replace(group, **{name: change[name] for name in specs(type(group)) if name in change})
            for group in (assumptions, halo)
        )
        result = cos_halos.bounds(rows, *groups, change.get("sfr_from", sfr_from))
        cells = []
        for r in DISTANCES:
            numbers = cos_halos.beyond(result, r)
            cells += (
                [sci(numbers["median"]), f"{numbers['above_1e30']} of {numbers['count']}"]
                if numbers["count"]
                else ["-", "-"]
            )
        table.append((label, *cells))
    return aligned(header, table)


def headline(result):
    """Return one sentence on the sight lines beyond each of `DISTANCES`."""
    lines = []
    for r in DISTANCES:
        n = cos_halos.beyond(result, r)
        if not n["count"]:
            lines.append(
                f"no sight line with measured star formation and constrained N_H beyond {r:g} kpc"
            )
            continue
        span = f"median of {n['count']}, {sci(n['lowest'], 1)} .. {sci(n['highest'], 1)}"
        above = (
            f"above 1e30: {n['above_1e30']}, {n['surely_above_1e30']} of them for any N_H "
            "in its range"
        )
        lines.append(
            f"beyond {r:g} kpc: kappa_min {sci(n['median'], 1)} cm^2/s ({span}); {above}; or "
            f"streaming at {n['stream']:.0f} km/s"
        )
    return lines


def halo_columns(result):
    """Return the columns of the table of a simulated halo for a CSV file, units in the names."""
    return {
        "impact_kpc": result.impact,
        "nh_cm2": result.nh,
        "nh_low_cm2": result.nh_low,
        "nh_high_cm2": result.nh_high,
        "vc_km_s": result.vc / 1e5,
        "kappa_min_cm2_s": result.kappa,
        "kappa_true_cm2_s": [result.kappa_true] * len(result.impact),
        "arrived": result.arrived,
    }


def halo_lines(result):
    """Return the bounds of a simulated halo for users; the last line says whether they hold."""
    lines = [f"source of cosmic rays: the star formation of {result.sfr:.3g} Msun/yr"]
    header = (
        "b [kpc]",
        "log N_H",
        "its range",
        "vc [km/s]",
        "kappa_min [cm^2/s]",
        "kappa_min/kappa",
        "arrived",
        "",
    )
    rows = []
    for i, b in enumerate(result.impact):
        notes = [
            text
            for text, holds in (
                ("gas is pushed out", result.pushed[i]),
                ("not filled", result.arrived[i] <= 0.5),
            )
            if holds
        ]
        ends = f"{_log10(result.nh_low[i])} .. {_log10(result.nh_high[i])}"
        bound = (
            f"> {sci(result.kappa[i])}",
            f"{result.kappa[i] / result.kappa_true:.3f}",
            f"{result.arrived[i]:.2f}",
        )
        rows.append(
            (
                f"{b:g}",
                _log10(result.nh[i]),
                ends,
                f"{result.vc[i] / 1e5:.0f}",
                *bound,
                ", ".join(notes),
            )
        )
    lines += aligned(header, rows)
    if math.isnan(result.kappa_true):
        return [*lines, "kappa of the run is not one number: the bounds are not compared"]
    below = int((result.kappa < result.kappa_true).sum())
    true = f"kappa of the run: {sci(result.kappa_true)} cm^2/s"
    return [
        *lines,
        f"{true}; kappa_min is below it for {below} of {len(result.impact)} sight lines",
    ]


def _log10(value):
    return f"{math.log10(value):.2f}" if value > 0 else "-"
