"""Where floors act: the one list of all places that raise or refill a number to keep it physical.

A column of the history that counts what a floor did names it (`crmpi.diagnostics.columns.Column`).
docs/fluid.md shows this table.
"""

from typing import NamedTuple


class Floor(NamedTuple):
    """A floor.

    Attributes
    ----------
    name : str
    parameter : str
        key that sets it; empty: it has none
    where : str
        module and function that applies it, 'crmpi.module.function'
    does : str
        what happens there
    columns : tuple of str
        columns of the history that count what it does
    limited : bool
        the energy it gives to the box counts towards ``fluid.floors.energy_limit``
    """

    name: str
    parameter: str
    where: str
    does: str
    columns: tuple
    limited: bool = False


FLOORS = (
    Floor(
        "first-order fluxes",
        "fluid.first_order_flux_correction",
        "crmpi.physics.fluid.Fluid.stage_corrected",
        "a stage is redone at the faces of cells that would fall below a floor",
        ("floor_first_order",),
    ),
    Floor(
        "entropy",
        "",
        "crmpi.numerics.fluid.health.settle_row",
        "energy moves between gas and cosmic rays; their sum is kept",
        ("floor_entropy", "floor_added_entropy"),
    ),
    Floor(
        "density",
        "fluid.floors.dens",
        "crmpi.numerics.fluid.convert.primitives",
        "density is raised; momentum is kept, or zero in a cell without mass or energy for it",
        ("floor_dens", "floor_added_mass"),
    ),
    Floor(
        "pressure",
        "fluid.floors.press",
        "crmpi.numerics.fluid.convert.primitives",
        "gas pressure is raised",
        ("floor_press", "floor_added_energy"),
        limited=True,
    ),
    Floor(
        "cosmic-ray energy",
        "fluid.floors.ecr",
        "crmpi.numerics.fluid.convert.primitives",
        "cosmic-ray energy is raised",
        ("floor_ecr", "floor_added_ecr"),
        limited=True,
    ),
    Floor(
        "not finite",
        "",
        "crmpi.numerics.fluid.convert.primitives",
        "cells that are not finite are counted and left alone: the run ends",
        ("floor_nan",),
    ),
    Floor(
        "transported energy",
        "",
        "crmpi.numerics.cr.exchange.exchange_with_gas",
        "negative cosmic-ray energy, of sub-steps too, is raised to zero",
        ("cr_floored", "cr_floored_cells"),
    ),
    Floor(
        "tracer energy",
        "",
        "crmpi.transport.base.TransportSolver.after_fluid",
        "negative energy of tracers, after transport too, is raised to zero",
        ("cr_tracer_floored_cells",),
    ),
    Floor(
        "wave energy",
        "transport.wave_floor",
        "crmpi.numerics.cr.alfven.correct_wave_rows",
        "Alfven waves are raised to their seeds; the energy is taken from the cosmic rays",
        ("cr_waves_made",),
    ),
    Floor(
        "undershoots",
        "",
        "crmpi.numerics.cr.undershoots.grant_shares",
        "cells below the smallest e before a super-step take energy from their neighbours",
        ("cr_lifted",),
    ),
    Floor(
        "temperature",
        "cooling.temp_floor",
        "crmpi.physics.cooling.cool_pack",
        "colder gas is heated to the floor",
        ("cooling_floored",),
    ),
    Floor(
        "effective temperature",
        "cooling.dense_temp",
        "crmpi.physics.cooling.cool_pack",
        "dense gas is heated to a temperature that stands for motions not resolved",
        ("cooling_supported",),
    ),
)

_LIMITED = frozenset(floor.name for floor in FLOORS if floor.limited)


def is_limited(column):
    """Return whether the energy in a column counts towards ``fluid.floors.energy_limit``."""
    return column.floor in _LIMITED


def counts_of_cells(columns):
    """Return the columns that count cells at a floor, of a sequence of `Column`."""
    return [column for column in columns if column.floor and column.kind == "count"]
