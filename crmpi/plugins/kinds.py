"""The kinds of things that can be added, one `Registry` each: where those of crmpi stand, which
parameter chooses one, and which methods the code calls."""

from crmpi.plugins.registry import Registry

SCATTERING_MODELS = Registry(
    "scattering model",
    "crmpi.scattering",
    "scattering.model = {name}",
    group="scattering",
    hooks=("__init__", "check", "has_perpendicular", "kappa", "limits"),
)
TRANSPORT_SOLVERS = Registry(
    "transport solver",
    "crmpi.transport",
    "transport.solver = {name}",
    group="transport",
    hooks=(
        "__init__",
        "move",
        "advance",
        "before_fluid",
        "after_fluid",
        "relative_flux",
        "progress",
        "history",
    ),
)
SOURCES = Registry(
    "source",
    "crmpi.physics",
    "{name}.enabled = true",
    group="{name}",
    hooks=("__init__", "apply", "ledger"),
)
OBSERVABLES = Registry(
    "observable",
    "crmpi.analysis.measure",
    "observables.compute = [{name}]",
    group="observables.{name}",
    hooks=("setup", "partial", "finish"),
)
REFINEMENT_CRITERIA = Registry(
    "refinement criterion",
    "crmpi.refinement.criteria",
    "mesh.refinement.criteria = [{{name: {name}}}]",
    group="mesh.refinement.criteria",
    hooks=("__init__", "check", "indicator"),
)
GRAVITY_COMPONENTS = Registry(
    "gravity component",
    "crmpi.physics",
    "gravity = {{{name}: ...}}",
    group="gravity.{name}",
    hooks=("__init__", "potential", "acceleration", "phi", "pull"),
    as_defined=True,
)
BOUNDARY_CONDITIONS = Registry(
    "boundary condition",
    "crmpi.boundary",
    "mesh.boundaries = {name}",
    hooks=("__init__", "fluid", "cells"),
    as_defined=True,
)
GEOMETRIES = Registry(
    "geometry",
    "crmpi.mesh.sections",
    "mesh.geometry = {name}",
    hooks=("__init__", "check", "section", "relative", "volumes"),
    as_defined=True,
)
ION_TABLES = Registry(
    "ion table", "crmpi.analysis.ions", "observables.columns.table = {name}", hooks=("table",)
)

KINDS = (
    TRANSPORT_SOLVERS,
    SCATTERING_MODELS,
    SOURCES,
    GRAVITY_COMPONENTS,
    BOUNDARY_CONDITIONS,
    GEOMETRIES,
    REFINEMENT_CRITERIA,
    OBSERVABLES,
    ION_TABLES,
)
"""All registries, in the order of `crmpi models`."""
