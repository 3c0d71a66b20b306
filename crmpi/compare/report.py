"""A comparison put together: runs found, seen, judged, and written as a page or a table."""

import csv
import io
from pathlib import Path
from typing import NamedTuple

import numpy as np

from crmpi.compare import data as published
from crmpi.compare.control import answer, settle
from crmpi.compare.measure import observe
from crmpi.compare.runs import differences, find_runs
from crmpi.compare.tension import Criterion
from crmpi.compare.verdicts import HYDROGEN, LOW_IONS, all_data, doubt, judge_run
from crmpi.constraints.cos_halos import read_cos_halos
from crmpi.errors import CrmpiError
from crmpi.params import group, par

ONLY_SHOWN = ("C IV",)
"""Ions that are drawn though COS-Halos has no data of them."""


@group
class Choices:
    """How runs are seen and held against data."""

    criterion: Criterion
    halo_mass: float = par(
        12.0,
        gt=0,
        doc="log10 of the halo mass (Msun) about which galaxies of COS-Halos are chosen",
    )
    mass_window: float = par(0.5, gt=0, doc="how far the halo mass of a galaxy may be from it, dex")
    metallicity: float = par(0.3, gt=0, doc="of the gas, solar units, for the columns of metals")
    redshift: float = par(0.2, ge=0, doc="of the ultraviolet background")
    impacts: tuple[float, ...] = par(
        [10.0, 20.0, 30.0, 40.0, 55.0, 70.0, 85.0, 100.0, 115.0, 130.0, 145.0, 160.0, 200.0],
        gt=0,
        doc="kpc",
    )


class Report(NamedTuple):
    """Everything a page shows. Dictionaries run over models, in one order."""

    seen: dict
    verdicts: dict
    numbers: dict
    data: dict
    missing: dict
    differences: dict
    identity: dict
    criterion: Criterion
    assumptions: list
    command: str


def compare(paths, choices, command="", say=print):
    """Return the `Report` on the runs in folders.

    Parameters
    ----------
    paths : sequence of path
        folders of sweeps or of single runs
    choices : Choices
    command : str
        shown on the page
    say : callable
        told of every run, for it takes seconds

    Raises
    ------
    CrmpiError
        nothing to compare, or no galaxy of this mass in COS-Halos
    """
    found = find_runs(paths)
    rows = published.near(read_cos_halos(), choices.halo_mass, choices.mass_window)
    if not len(rows):
        raise CrmpiError(
            f"COS-Halos has no galaxy within {choices.mass_window:g} dex of a halo of "
            f"10^{choices.halo_mass:g} Msun"
        )
    data = all_data(rows)
    ions = [HYDROGEN, *published.IONS.values(), *ONLY_SHOWN]
    seen = {}
    for number, run in enumerate(found.runs, start=1):
        say(f"[{number}/{len(found.runs)}] {run.label}: {run.snapshot}")
        seen[run.label] = observe(run, ions, choices)
    judged = {label: judge_run(one, data, choices.criterion) for label, one in seen.items()}
    verdicts = settle(found.runs, seen, judged, data, choices.criterion)
    missing = _missing(found, seen, choices.criterion)
    return Report(
        seen,
        verdicts,
        {label: one.numbers for label, one in seen.items()},
        data,
        missing,
        differences(found.runs),
        {run.label: _identity(run) for run in found.runs},
        choices.criterion,
        _assumptions(choices, rows),
        command,
    )


def _missing(found, seen, criterion):
    """Return {model: why it, its end or some observable of it is not there}."""
    notes = {}
    for run in found.runs:
        parts = (
            []
            if run.complete
            else [
                f"has not reached its end: seen at {seen[run.label].numbers['time [Myr]']:.0f} Myr"
            ]
        )
        parts += [reason] if (reason := doubt(seen[run.label], criterion)) else []
        parts += [f"{what}: {why}" for what, why in seen[run.label].absent.items()]
        if parts:
            notes[run.label] = "; ".join(parts)
    return {**found.missing, **notes}


def _identity(run):
    """Return what tells a run apart from all others; nothing about the machine it ran on."""
    provenance = run.provenance
    return {
        "run id": provenance.get("run_id", ""),
        "crmpi": provenance.get("crmpi", ""),
        "commit": provenance.get("git", "")[:12],
        "ranks": provenance.get("ranks", ""),
        "parameters (hash)": run.fingerprint,
        "end": "reached" if run.complete else "not reached",
        "snapshot": run.snapshot.stem,
    }


def _assumptions(choices, rows):
    """Return what the comparison takes for granted, one sentence each."""
    return [
        f"Columns: {len(rows)} sight lines of COS-Halos, halo masses within "
        f"{choices.mass_window:g} dex of 10^{choices.halo_mass:g} Msun; "
        "impact parameters are compared in kpc.",
        f"Ions: equilibrium at redshift {choices.redshift:g}, {choices.metallicity:g} solar "
        "metals; model sight lines along x1, x2 and x3. "
        f"Low ions ({', '.join(LOW_IONS)}) occur in small clouds: they exclude no run with cells "
        f"above {choices.criterion.cloud:g} kpc.",
        "kappa: the model's own kappa at a sight line must not be below kappa_min for the "
        "column of all hydrogen that the run has there; "
        "only measured star formation counts, and only sight lines that cosmic rays of this "
        "kappa reach in the age of the universe.",
        "Gamma rays: the halo must not outshine galaxies of its star formation rate (dispersion "
        "0.2 dex, and a factor of two for the "
        "efficiency of supernovae and the pion losses instead of the scatter above). The disc "
        "is not in the box: a faint halo is no fault.",
        "A run in which floors, that of the temperature too, added more than "
        f"{choices.criterion.floors:g} of the energy of its cosmic "
        "rays is not judged.",
        "A model is judged beside a control, the same set-up on the same mesh without cosmic "
        "rays, by observables that do not exclude "
        "the control, and only if its two finest meshes agree: the same answer, offsets and "
        "P_cr/P_gas within "
        f"{choices.criterion.agreement:g} dex. Where supernovae are drawn at random, two series of "
        "them must agree as well.",
        (
            "Observables are judged one by one; many observables make a false exclusion by one of "
            "them more probable."
        ),
    ]


def write_csv(report, path):
    """Write model x observable: state, violated, count, chance, offset; one line each, then the
    numbers of every model."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        [
            "model",
            "observable",
            "state",
            "violated",
            "count",
            "chance",
            "offset_dex",
            "minus_control_dex",
            "reason",
            "value",
        ]
    )
    for label, verdicts in report.verdicts.items():
        for name, v in verdicts.items():
            writer.writerow(
                [
                    label,
                    name,
                    v.state,
                    v.violated,
                    v.count,
                    f"{v.chance:.3g}",
                    _plain(v.offset),
                    _plain(v.difference),
                    v.reason,
                    "",
                ]
            )
        for name, value in report.numbers[label].items():
            writer.writerow([label, name, "", "", "", "", "", "", "", f"{value:.6g}"])
    _write(path, text.getvalue())


def write_page(report, path, title, figures=None):
    """Write the page, and its figures as files too if a folder is named; runs that are not judged
    are not drawn."""
    from crmpi.compare.figures import draw_columns, draw_transport, svg
    from crmpi.compare.page import page

    seen = {
        label: one for label, one in report.seen.items() if not doubt(one, report.criterion)
    } or report.seen
    ions = [
        ion
        for ion in [*published.IONS.values(), *ONLY_SHOWN]
        if any(ion in one.columns for one in seen.values())
    ]
    drawn = []
    if ions:
        caption = (
            "Columns: median and 16-84% of the model's sight lines; dots: measured, "
            "triangles up: lower limits, down: upper limits."
        )
        drawn.append(("columns", caption, draw_columns(seen, report.data, ions)))
    caption = (
        "O VI, cosmic-ray pressure, effective diffusion coefficient, and gamma rays "
        "above "
        "1 GeV over the light of young stars."
    )
    drawn.append(("transport", caption, draw_transport(seen, report.data)))
    _write(path, page(title, report, [(caption, svg(figure)) for _, caption, figure in drawn]))
    for name, _, figure in drawn if figures else ():
        Path(figures).mkdir(parents=True, exist_ok=True)
        figure.savefig(Path(figures) / f"{name}.png", dpi=130)


def lines(report):
    """Return the table for the terminal."""
    width = max(len(label) for label in report.verdicts)
    return [
        f"{label.ljust(width)}  {answer(verdicts)}" for label, verdicts in report.verdicts.items()
    ]


def _plain(value):
    return f"{value:.3f}" if np.isfinite(value) else str(value)


def _write(path, text):
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text, encoding="utf-8")
    except OSError as problem:
        raise CrmpiError(f"cannot write {path}: {problem.strerror.lower()}") from None
