"""Everything a problem or a plug-in imports: ``from crmpi.api import Problem, np, par``.

A name is looked up where it stands when it is first used, so a problem loads no more than it needs.
"""

import importlib

import numpy as np

from crmpi.errors import CrmpiError
from crmpi.params import group, par

_WHERE = {
    "crmpi.model.problem": ("Problem",),
    "crmpi.diagnostics.columns": ("Account", "Column"),
    "crmpi.diagnostics.reductions": ("maximum", "mean", "minimum", "total"),
    # base classes of plug-ins
    "crmpi.scattering.base": (
        "KAPPA_PAR", "KAPPA_PERP", "ClosureParams", "IonisationParams", "ScatteringModel",
    ),
    "crmpi.transport.base": ("TransportSolver",),
    "crmpi.physics.base": ("Source", "SourceParams"),
    "crmpi.physics.gravity": ("Centred", "Component", "Gravity", "Spherical"),
    "crmpi.analysis.measure.base": ("Observable",),
    "crmpi.refinement.base": ("Criterion",),
    "crmpi.boundary.conditions": ("Diode", "Hydrostatic", "Outflow", "Reflect"),
    "crmpi.analysis.ions.base": ("IonModel",),
    "crmpi.analysis.ions.tables": ("IonTable",),
    # variables, storage, kernels
    "crmpi.constants": (
        "B1", "B2", "B3", "DENS", "ECR", "ENER", "MOM1", "MOM2", "MOM3",
        "PRES", "VEL1", "VEL2", "VEL3",
    ),
    "crmpi.types": ("Field",),
    "crmpi.jit": ("device", "kernel"),
    "crmpi.numerics.counter_random": ("uniform_pair",),
    "crmpi.physics.losses": ("RATES",),
    "crmpi.transport.fluxes": ("wave_share",),
    # positions and directions of waves along any axis; exact solutions are `exact.<module>.<name>`
    "crmpi.exact.frames": ("along", "coordinate", "to_grid", "wave_frame", "wave_vector"),
    # runs from Python, and their results
    "crmpi.run.configuration": ("configure",),
    "crmpi.run.simulation": ("Simulation",),
    "crmpi.parallel.comm": ("SerialComm",),
    "crmpi.output.history": ("read_history",),
    "crmpi.analysis.read.readers": ("open_snapshot",),
    "crmpi.analysis.draw.style": ("STYLE", "new_figure"),
}  # fmt: skip

_MODULE = {name: module for module, names in _WHERE.items() for name in names}
_PACKAGES = {"exact": "crmpi.exact", "stepper": "crmpi.run.stepper"}

__all__ = ["CrmpiError", "group", "np", "par", *_MODULE, *_PACKAGES]  # noqa: PLE0604


def __getattr__(name):
    if name in _PACKAGES:
        value = importlib.import_module(_PACKAGES[name])
    elif name in _MODULE:
        value = getattr(importlib.import_module(_MODULE[name]), name)
    else:
        raise AttributeError(f"crmpi.api has no '{name}'")
    globals()[name] = value
    return value


def __dir__():
    return sorted(__all__)
