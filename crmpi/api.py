"""Everything a problem or a plug-in imports: ``from crmpi.api import Problem, np, par``.

A name is imported from its module when it is first used, so a problem loads no more than it needs.
"""

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np

from crmpi.errors import CrmpiError
from crmpi.params import group, par

# fmt: off
if TYPE_CHECKING:  # the names of `_WHERE`, for type checkers and editors
    from crmpi import exact as exact  # noqa: I001 (one line a module)
    from crmpi.analysis.draw.style import STYLE as STYLE, new_figure as new_figure
    from crmpi.analysis.ions.base import IonModel as IonModel
    from crmpi.analysis.ions.tables import IonTable as IonTable
    from crmpi.analysis.measure.base import Observable as Observable
    from crmpi.analysis.read.readers import open_snapshot as open_snapshot
    from crmpi.boundary.conditions import (
        Diode as Diode, Hydrostatic as Hydrostatic, Outflow as Outflow, Reflect as Reflect,
    )
    from crmpi.constants import (
        B1 as B1, B2 as B2, B3 as B3, DENS as DENS, ECR as ECR, ENER as ENER, MOM1 as MOM1,
        MOM2 as MOM2, MOM3 as MOM3, PRES as PRES, VEL1 as VEL1, VEL2 as VEL2, VEL3 as VEL3,
        SUPERNOVA_ENERGY as SUPERNOVA_ENERGY,
    )
    from crmpi.diagnostics.columns import Account as Account, Column as Column
    from crmpi.diagnostics.reductions import (
        maximum as maximum, mean as mean, minimum as minimum, total as total,
    )
    from crmpi.exact.frames import (
        along as along, coordinate as coordinate, to_grid as to_grid,
        wave_frame as wave_frame, wave_vector as wave_vector,
    )
    from crmpi.jit import device as device, kernel as kernel
    from crmpi.mesh.sections.base import CrossSection as CrossSection
    from crmpi.model.problem import Problem as Problem
    from crmpi.numerics.counter_random import uniform_pair as uniform_pair
    from crmpi.output.history import read_history as read_history
    from crmpi.parallel.comm import SerialComm as SerialComm
    from crmpi.physics.base import Source as Source, SourceParams as SourceParams
    from crmpi.physics.gravity import (
        Centred as Centred, Component as Component, Gravity as Gravity,
        Spherical as Spherical,
    )
    from crmpi.physics.losses import RATES as RATES
    from crmpi.refinement.base import Criterion as Criterion
    from crmpi.run import stepper as stepper
    from crmpi.run.configuration import configure as configure
    from crmpi.run.simulation import Simulation as Simulation
    from crmpi.scattering.base import (
        KAPPA_PAR as KAPPA_PAR, KAPPA_PERP as KAPPA_PERP, ClosureParams as ClosureParams,
        IonisationParams as IonisationParams, ScatteringModel as ScatteringModel,
    )
    from crmpi.transport.base import TransportSolver as TransportSolver
    from crmpi.transport.fluxes import wave_share as wave_share
    from crmpi.types import Field as Field
# fmt: on

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
    "crmpi.mesh.sections.base": ("CrossSection",),
    "crmpi.analysis.ions.base": ("IonModel",),
    "crmpi.analysis.ions.tables": ("IonTable",),
    # variables, storage, kernels
    "crmpi.constants": (
        "B1", "B2", "B3", "DENS", "ECR", "ENER", "MOM1", "MOM2", "MOM3",
        "PRES", "VEL1", "VEL2", "VEL3",
        "SUPERNOVA_ENERGY",
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


def __getattr__(name: str) -> Any:
    if name in _PACKAGES:
        value = importlib.import_module(_PACKAGES[name])
    elif name in _MODULE:
        value = getattr(importlib.import_module(_MODULE[name]), name)
    else:
        raise AttributeError(f"crmpi.api has no '{name}'")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
