"""Everything a problem or a plug-in imports: ``from crmpi.api import Problem, np, par``.

A name is looked up where it stands when it is first used, so a problem loads no more than it needs.
"""

import importlib

import numpy as np

from crmpi.errors import CrmpiError
from crmpi.params import group, par

_WHERE = {
    "crmpi.model.problem": ("Problem",),
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
    # exact solutions
    "crmpi.exact.alfven_waves": ("amplitudes", "rates"),
    "crmpi.exact.frames": ("along", "coordinate", "to_grid", "wave_frame", "wave_vector"),
}  # fmt: skip

_MODULE = {name: module for module, names in _WHERE.items() for name in names}

__all__ = ["CrmpiError", "group", "np", "par", *_MODULE]  # noqa: PLE0604


def __getattr__(name):
    if name not in _MODULE:
        raise AttributeError(f"crmpi.api has no '{name}'")
    value = getattr(importlib.import_module(_MODULE[name]), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted(__all__)
