"""The checks of a plug-in, each a sentence if it fails."""

from typing import NamedTuple

import numpy as np

from crmpi import plugins
from crmpi.errors import CrmpiError
from crmpi.params.fields import specs
from crmpi.tools.check import box, problems
from crmpi.tools.check.shapes import SHAPES
from crmpi.units import HISTORY_UNITS

ROUND_OFF = 1e-9
"""Relative difference of the same run in other code units; stages amplify rounding errors."""


class Outcome(NamedTuple):
    """One check: of what, which, and what is wrong ('' if nothing is)."""

    subject: str
    check: str
    complaint: str


class Subject(NamedTuple):
    """What is tried: its registry, name and class, and the overrides that switch it on."""

    registry: plugins.Registry
    name: str
    cls: type
    words: tuple

    @property
    def label(self):
        """'scattering model density_law'."""
        return f"{self.registry.kind} {self.name}"


def check_all(subjects, paths, words=()):
    """Yield the `Outcome` of every check.

    Parameters
    ----------
    subjects : list of (Registry, name)
    paths : sequence of str
        of plug-in files and folders, for the runs
    words : sequence of str
        'key=value' of the user, for parameters without a default
    """
    named = [f"plugins=[{', '.join(map(str, paths))}]"] if paths else []
    for registry, name in subjects:
        own = switched_on(registry, name)
        subject = Subject(registry, name, registry[name], (*named, *own, *words))
        for check in CHECKS:
            if (registry.kind, check) not in NOT_APPLICABLE:
                yield Outcome(subject.label, check, _complaint(CHECKS[check], subject))


def switched_on(registry, name):
    """Return the overrides (tuple of str) that switch one of a kind on in the small runs."""
    words = tuple(text.replace("NAME", name) for text in SETTINGS.get(registry.kind, ()))
    needs_height = getattr(registry[name], "needs_height", False)
    return (*words, "mesh.tube_height=0.3 kpc") if needs_height else words


def check_problem(target, words=()):
    """Yield the `Outcome` of every check of a problem: a name, a folder or a YAML file."""
    small = problems.Small(target, words)
    for check, function in problems.CHECKS.items():
        yield Outcome(f"problem {small.problem.name}", check, _complaint(function, small))


def _complaint(function, subject):
    """Return what a check says; an error that it meets is what it says."""
    try:
        return function(subject) or ""
    except CrmpiError as error:
        return " ".join(str(error).split())
    except Exception as error:  # in code of crmpi that was given something strange
        return f"{type(error).__name__}: {' '.join(str(error).split())}"


SETTINGS = {
    "transport solver": ("transport.solver=NAME",),
    "scattering model": ("transport.solver=anisotropic_diffusion", "scattering.model=NAME"),
    "source": ("NAME.enabled=true",),
    "gravity component": (
        "gravity.NAME={}", "mesh.boundaries=[outflow, outflow, outflow]",
    ),
    "boundary condition": ("mesh.boundaries=[NAME, periodic, periodic]",),
    "geometry": (
        "mesh.geometry=NAME",
        "mesh.cells=[16,1,1]",
        "mesh.block=[16,1,1]",
        "mesh.boundaries=outflow",
        "fluid.magnetic=false",
    ),
    "refinement criterion": (
        "mesh.refinement.max_level=1",
        "mesh.refinement.interval=1",
        "mesh.refinement.criteria=[{name: NAME}]",
    ),
    "observable": ("observables.compute=[NAME]",),
    "ion table": (
        "observables.compute=[columns]",
        "observables.columns.table=NAME",
        "observables.columns.ions=[H I]",
        "observables.columns.impacts=[0.1 kpc]",
        "observables.columns.lines=2",
    ),
}  # fmt: skip
"""What switches one of each kind on in the small runs."""


def documented(subject):
    """One line for users, and a paper or page; every parameter says what it is."""
    cls = subject.cls
    if not (getattr(cls, "doc", "") or cls.__doc__):
        return "has no doc: say in one line what it is"
    if hasattr(cls, "reference") and not cls.reference:
        return "has no reference: name a paper or a page"
    if hasattr(cls, "equation") and not cls.equation:
        return "has no equation: write down what it solves"
    for name, spec in specs(cls.Params).items() if hasattr(cls, "Params") else ():
        if not spec.nested and not spec.par.doc:
            return f"parameter '{name}' has no doc"
    return ""


def one_step(subject):
    """A step ends with finite numbers."""
    sim = box.run(subject.words)
    for name, values in _values(sim).items():
        if not np.isfinite(values).all():
            return f"'{name}' is not finite after a step"
    return ""


def _values(sim):
    active = sim.pack.active(sim.pack.u0)
    return {name: active[:, v] for v, name in enumerate(sim.pack.variable_names())}


def units_agree(subject):
    """The same run in other code units gives the same numbers."""
    sims = [box.run((*subject.words, *more)) for more in ((), box.OTHER_UNITS)]
    found = [_physical(sim) for sim in sims]
    for name, first in found[0].items():
        size = np.abs(first).max()
        if np.abs(found[1][name] - first).max() > ROUND_OFF * size:
            return (
                f"'{name}' depends on the code units: declare units of parameters with par(unit=), "
                "and convert numbers with self.units"
            )
    return ""


def _physical(sim):
    """Return density, momentum and energies of all cells in cgs, and the time."""
    units, kinds = sim.units, {"dens": "density", "ener": "pressure", "ecr": "pressure"}
    values = _values(sim)
    found = {name: values[name] * units.cgs(kind) for name, kind in kinds.items()}
    found["momentum"] = np.stack([values[f"mom{a}"] for a in (1, 2, 3)])
    found["momentum"] = found["momentum"] * units.cgs("density") * units.cgs("velocity")
    return found | {"time": np.array(sim.time * units.cgs("time"))}


def blocks_agree(subject):
    """Another layout of blocks gives bitwise identical results."""
    sims = [box.run(subject.words, block) for block in (box.BLOCK, box.HALVES)]
    name = problems.difference(*map(problems.whole, sims))
    return name and (
        f"'{name}' depends on the layout of blocks: read neighbours from ghost zones only, and sum "
        "over the mesh with comm.block_sums"
    )


def restart_agrees(subject):
    """Two steps, and one step with a restart and another one, are bitwise identical."""
    whole, parts = box.run(subject.words, steps=2), box.run_in_two(subject.words)
    name = problems.difference(
        *(_values(sim) | {"time": np.array(sim.time)} for sim in (whole, parts))
    )
    return name and (
        f"'{name}' depends on a restart: keep what lasts from step to step in an account, "
        "pack.pool.account(name, columns)"
    )


def shapes_fit(subject):
    """What its methods return and fill has the shape and range that the code expects."""
    return SHAPES[subject.registry.kind](box.run(subject.words), subject)


def columns_fit(subject):
    """Columns have a dimension that the history knows."""
    for column in getattr(subject.cls, "columns", ()):
        if column.dimension not in HISTORY_UNITS:
            return f"column '{column.name}' has the unknown dimension '{column.dimension}'"
    return ""


CHECKS = {
    "documentation": documented,
    "columns": columns_fit,
    "one step": one_step,
    "shapes": shapes_fit,
    "code units": units_agree,
    "layout of blocks": blocks_agree,
    "restart": restart_agrees,
}

NOT_APPLICABLE = {
    ("refinement criterion", "layout of blocks"),  # blocks are what it refines
    ("refinement criterion", "code units"),
    ("geometry", "layout of blocks"),  # it is asked for positions alone
    *((kind, "columns") for kind in SETTINGS if kind not in ("source", "transport solver")),
}
"""Checks that say nothing of a kind."""
