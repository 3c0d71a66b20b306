"""The one convention for what can be added to crmpi: registries by kind, and how files and packages
are found. `docs/plugins.md` describes it."""

from crmpi.plugins.discovery import active_files, use
from crmpi.plugins.kinds import (
    BOUNDARY_CONDITIONS,
    GEOMETRIES,
    GRAVITY_COMPONENTS,
    ION_TABLES,
    KINDS,
    OBSERVABLES,
    REFINEMENT_CRITERIA,
    SCATTERING_MODELS,
    SOURCES,
    TRANSPORT_SOLVERS,
)
from crmpi.plugins.registry import Registry

__all__ = [
    "BOUNDARY_CONDITIONS",
    "GEOMETRIES",
    "GRAVITY_COMPONENTS",
    "ION_TABLES",
    "KINDS",
    "OBSERVABLES",
    "REFINEMENT_CRITERIA",
    "SCATTERING_MODELS",
    "SOURCES",
    "TRANSPORT_SOLVERS",
    "Registry",
    "active_files",
    "use",
]
