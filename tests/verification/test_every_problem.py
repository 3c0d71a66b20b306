"""Every problem and variant runs a few steps at low resolution and gives its recorded numbers.

``python -m tests.verification.test_every_problem`` records them anew into
``problems/<name>/reference.json``; say why in the changelog.
"""

import json

import numpy as np
import pytest

from crmpi.units import HISTORY_UNITS
from tests.selection import in_full
from tests.verification.runs import run_problem
from tests.verification.shrunk import PROBLEMS, corners, is_piece, shrink, source_of, without_nests

STEPS = 5
# processors may differ in the last bit of exp or sin; five steps do not amplify this
TOLERANCE = 1e-8
ROUND_OFF = 1e-15  # of the terms that cancel in a sum, see `terms`
MOMENTS = (("wave_cos", "wave_sin"), ("pulse_s1", "pulse_s2"))  # of cosmic rays, over the box
EXCHANGED = (
    "cr_work",
    "cr_wave_work",
    "cr_lifted",
    "cr_floored",
    "cr_boundary",
    "boundary_energy",
    "floor_added_entropy",
)
# limited gradients across the field are differences at round-off, whose sign decides which one is
# taken: between processors the moments of the pulse differ by 4e-5 of themselves
LIMITED = {"patchy_box/patchy_box": {"pulse_s1": 1e-4, "pulse_s2": 1e-4}}
# sums over the box of momentum times a wave: their terms are those of the momentum
OF_MOMENTUM = {"parker/parker": ("wave_cos", "wave_sin")}
# an odd mode of an even state: its terms are as large as the energy in the layer
ODD = {"sc_instability/sc_instability": {"mode": "layer"}}


def variants():
    """Return 'name' or 'name/variant' of every YAML file that stands beside a recorded
    reference."""
    return [
        f"{path.parent.name}/{path.stem}"
        for path in sorted(PROBLEMS.glob("*/*.yaml"))
        if (path.parent / "problem.py").is_file()
    ]


def small(target):
    """Return the overrides that shrink a configuration to a few cells in one block."""
    source = source_of(target)
    few = [max(8, n // shrink(source)) if n > 1 else 1 for n in source["mesh"]["cells"]]
    overrides = f"mesh.cells={few}", f"mesh.block={few}", f"time.max_steps={STEPS}"
    if is_piece(source):
        lower, upper = corners(source, few)
        overrides += f"mesh.lower={lower}", f"mesh.upper={upper}"
    return overrides + without_nests(source)


def numbers(target):
    """Return (recorded quantities of a short run, `terms` of those that cancel)."""
    outcome = run_problem(target, *small(target))
    last = {
        name: float(column[-1])
        for name, column in outcome.history.items()
        if name not in ("step", "dt")
    }
    found = last | {f"L1 {name}": norm["L1"] for name, norm in outcome.norms.items()}
    limited = {
        name: share / ROUND_OFF * abs(found[name])
        for name, share in LIMITED.get(target, {}).items()
    }
    size = terms(found, outcome)
    limited |= dict.fromkeys(OF_MOMENTUM.get(target, ()), size["mom3"])
    limited |= {name: abs(found[other]) for name, other in ODD.get(target, {}).items()}
    return found, size | limited


def terms(found, outcome):
    """Return {column: size of the terms that cancel in it}, in the unit of the column.

    The scale has the dimension of the column. Momentum cancels over the box: mass and energy of the
    box bound its terms. What parts of the code exchange, and what crosses the boundary, is a sum
    over terms of both signs that the energies and the mass of the box bound. div B is a difference
    of fields over the field. Moments of one kind cancel down to a few hundredths of each other. An
    error norm is a mean of differences of a variable. Heat of supernovae is what is left of their
    energy beside motions. All other columns have terms of one sign: their round-off is relative to
    themselves.
    """
    units = outcome.sim.units
    in_code = {"mass": 1.0, "energy": 1.0, "momentum": 1.0}
    if not units.dimensionless:
        in_code = {name: units.factor(HISTORY_UNITS[name]) for name in in_code}
    energy = sum(abs(found.get(name, 0.0)) for name in ("ener", "ecr"))
    mass = found["mass"] * in_code["mass"]
    momentum = (2.0 * mass * energy * in_code["energy"]) ** 0.5 / in_code["momentum"]
    size = dict.fromkeys(("mom1", "mom2", "mom3"), momentum)
    size |= dict.fromkeys(EXCHANGED, energy) | {"boundary_mass": found["mass"], "divb_max": 1.0}
    size["injection_thermal"] = abs(found.get("injection_kinetic", 0.0))
    for kind in MOMENTS:
        size |= {name: 100.0 * max(abs(found.get(other, 0.0)) for other in kind) for name in kind}
    return size | {
        f"L1 {name}": float(np.abs(outcome.cells(name)).mean()) for name in outcome.norms
    }


def deviations(found, size, reference):
    """Return a line for every recorded number that differs from the one found."""
    return [
        f"{name}: {found.get(name)!r}, recorded {value!r}"
        for name, value in reference.items()
        if found.get(name)
        != pytest.approx(value, rel=TOLERANCE, abs=ROUND_OFF * size.get(name, 0.0))
    ]


# the large meshes of the galaxy differ in where their cells are, which shrinks to much the same
LARGE = [f"isolated_galaxy/{name}" for name in ("coarse1280", "halo1280", "inner320", "inner160")]
LARGE += ["galactic_wind/tall16"]
LARGE += [f"isolated_galaxy/{name}" for name in ("disc320", "disc160", "laptop640", "laptop320")]


@pytest.mark.parametrize(
    "target", [in_full(target)[0] if target in LARGE else target for target in variants()]
)
def test_problem_gives_its_reference(target):
    """Every number is the recorded one, and a number that were another would be noticed."""
    folder, variant = target.split("/")
    reference = json.loads((PROBLEMS / folder / "reference.json").read_text())[variant]
    found, size = numbers(target)
    wrong = deviations(found, size, reference)
    assert not wrong, "\n".join(wrong)
    assert set(found) == set(reference), "columns came or went"
    for name, value in reference.items():
        # else the number is round-off itself
        if abs(value) > 100.0 * ROUND_OFF * size.get(name, 0.0):
            assert deviations(found | {name: 1.001 * value}, size, reference), (
                f"{name} may be anything"
            )
            assert deviations(found | {name: 0.0}, size, reference), f"{name} may vanish"


def record():
    """Write all references."""
    for folder in sorted({target.split("/")[0] for target in variants()}):
        found = {
            target.split("/")[1]: numbers(target)[0]
            for target in variants()
            if target.split("/")[0] == folder
        }
        (PROBLEMS / folder / "reference.json").write_text(
            json.dumps(found, indent=1, sort_keys=True) + "\n"
        )


if __name__ == "__main__":
    record()
