"""Interface of the transport solvers: how cosmic rays move relative to the gas. One solver is one
file of this folder.

A solver is an operator on (e, its own extra fields) at frozen density, velocity and magnetic field.
It takes as many sub-steps as it needs, so it never limits the time step of the run.
``docs/transport.md`` has the equations and shows how to add a solver.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from crmpi.diagnostics.columns import Account, Column
from crmpi.errors import CrmpiError, RunError
from crmpi.numerics.cr.validity import count_bare
from crmpi.numerics.levels.crossing import Crossing
from crmpi.params import group
from crmpi.physics.operators import Operator, Phase
from crmpi.plugins import TRANSPORT_SOLVERS
from crmpi.transport.fluxes import no_flux
from crmpi.transport.populations import (
    make_populations,
    most_substeps,
    population_fields,
    tracer_rigidities,
)

if TYPE_CHECKING:
    from crmpi.mesh.pack import Pack
    from crmpi.physics.fluid import Fluid
    from crmpi.scattering.base import ScatteringModel
    from crmpi.transport.populations import Population
    from crmpi.types import Field


class TransportSolver(Operator):
    """Base class of transport solvers; a subclass with a `name` is registered under it.

    Parameters
    ----------
    params : Params of the class
        the YAML group ``transport``, in code units
    pack : crmpi.mesh.pack.Pack
        the blocks of this rank
    scattering : crmpi.scattering.base.ScatteringModel
        gives kappa
    ghosts : object with ``comm``, ``fill_cells(q, fields, time)`` and ``fill_fluid(u, b, time)``
        see `crmpi.boundary.ghosts.Ghosts`
    fluid : object with ``frozen``, ``eos.gamma_cr``, ``primitives(u, b)`` and, on a refined mesh,
        ``reflux``
        see `crmpi.physics.fluid.Fluid`

    Attributes
    ----------
    name, doc, equation, reference : str
        value of ``transport.solver``, one line for users, the equation solved, papers
    fields : tuple of crmpi.types.Field
        the solver's own unknowns, scalars of ``u0`` that the fluid step advects; every population
        has its own
    carries_tracers : bool
        the solver moves tracers of other rigidities; if not, a run that asks for them is an error
    populations : tuple of crmpi.transport.populations.Population
        the bulk `ecr`, which alone exchanges momentum and energy with the gas, and the tracers
    energies : tuple of str
        those of the solver's own unknowns that are energy densities and part of the energy of the
        box
    columns : tuple of crmpi.diagnostics.columns.Column
        declarations of what the solver adds up; what it does to the energy of gas, field and cosmic
        rays together is a ``term``, a count of cells where its closure does not hold has a
        ``doubt``
    given_to_gas : tuple of str
        columns of energy that the gas gets: at frozen gas, which gains nothing, it leaves the box
    account : crmpi.diagnostics.columns.Account
        amounts of these columns since the start, per block of this rank, code units
    along_field : bool
        the solver needs a magnetic field
    moves : bool
        the solver does something, so that signals may be faster after it
    scatters : bool
        the solver uses kappa of the scattering model
    on_tube : bool
        the solver supports tubes, see `crmpi.mesh.geometry`
    on_levels : bool
        the solver conserves energy across the levels of a refined mesh
    by_levels : bool
        the solver can take longer sub-steps on coarser levels
    ghosts_needed : int
        ghost zones that the solver reads
    """

    name = ""
    phases = (Phase.AROUND_FLUID, Phase.AFTER_FLUID)
    doc = ""
    equation = ""
    reference = ""
    fields: "tuple[Field, ...]" = ()
    energies: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    given_to_gas = ()
    along_field = False
    moves = True
    scatters = True
    on_tube = False
    on_levels = False
    by_levels = False
    carries_tracers = True
    ghosts_needed = 2
    components: tuple[int, ...] = (1,)
    """Components of the register that is moved, and of what else the solver keeps per cell."""

    conserved: tuple[int, ...] = (0,)
    """Components of the register that are energies: their fluxes agree on both sides of a boundary
    of levels."""

    class Params:
        """A solver without parameters."""

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.Params = group(cls.Params)
        TRANSPORT_SOLVERS.add(cls)

    def __init__(
        self,
        params: Any,
        pack: "Pack",
        scattering: "ScatteringModel | None",
        ghosts: Any,
        fluid: "Fluid",
    ) -> None:
        if self.along_field and not pack.magnetic:
            raise CrmpiError(
                f"transport.solver = {self.name} moves cosmic rays along the magnetic field, "
                "but fluid.magnetic is false;"
                " switch the field on or use isotropic_diffusion",
                everywhere=True,
            )
        if self.scatters and scattering is not None:
            scattering.check(pack)
        if pack.metric.axis is not None and not self.on_tube:
            fitting = ", ".join(name for name, cls in transport_solvers().items() if cls.on_tube)
            raise CrmpiError(
                (
                    f"transport.solver = {self.name} does not run on a tube (mesh.geometry, "
                    f"mesh.spacing); use one of {fitting}"
                ),
                everywhere=True,
            )
        if pack.refined and not self.on_levels:
            fitting = ", ".join(name for name, cls in transport_solvers().items() if cls.on_levels)
            raise CrmpiError(
                (
                    f"transport.solver = {self.name} does not run on a refined mesh "
                    f"(mesh.refinement); use one of {fitting}"
                ),
                everywhere=True,
            )
        self.params, self.pack, self.scattering, self.ghosts, self.fluid = (
            params,
            pack,
            scattering,
            ghosts,
            fluid,
        )
        self.populations = make_populations(self.fields, params, pack.index)
        self.account = Account(self._declared(), pack.pool, "cr_", kept="transport.account")
        self.max_substeps = most_substeps(params)
        self.crossing = Crossing(pack.outer, pack.pool.numbers(self.components[0]))
        self.refluxed = np.array(self.conserved)
        self.reflux = fluid.reflux.of_register(max(self.conserved) + 1) if pack.refined else None

    def _declared(self):
        """Return the columns of this run: the solver's own, and those that all solvers share."""
        own = (
            replace(column, term=-1)
            if self.fluid.frozen and column.name in self.given_to_gas
            else column
            for column in self.columns
        )
        tracers = (_TRACERS,) if self.populations[1:] else ()
        bare = (_BARE,) if self.along_field else ()
        boundary = (_BOUNDARY,) if self.moves and self.pack.is_open else ()
        return *own, *tracers, *bare, *boundary

    @classmethod
    def fields_for(cls, params: Any) -> "tuple[Field, ...]":
        """Return the declarations of all cosmic-ray variables of a run: `ecr`, the solver's own
        unknowns, and those of the tracers."""
        if tracer_rigidities(params) and not cls.carries_tracers:
            raise CrmpiError(
                (
                    f"transport.solver = {cls.name} carries no tracers; leave out "
                    "transport.tracer_rigidities"
                ),
                everywhere=True,
            )
        return population_fields(cls.fields, params)

    def advance(self, dt: float, time: float, phase: Phase = Phase.AROUND_FLUID) -> None:
        """Move the cosmic rays of ``pack.u0`` over [time, time + dt); leaves ghost zones and
        primitives valid.

        ``phase``: AFTER_FLUID right after a call of `after_fluid`, else AROUND_FLUID: the fluid may
        follow.
        """
        for population in self.populations:
            self.move(population, dt, time, phase)
        if self.along_field:
            counts = self.pack.pool.numbers()
            count_bare(self.pack.bcc, self.pack.grid, counts)
            self.account.add("bare_cells", counts)
        self.refresh(time + dt)

    def move(self, population: "Population", dt: float, time: float, phase: Phase) -> None:
        """Move one population over [time, time + dt) in the active cells of ``pack.u0``; the bulk
        comes first and may change the gas.

        Ghost zones of the population's own variables and the primitives are those of `time`;
        ``phase`` as for `advance`.
        """
        raise CrmpiError(f"transport solver '{self.name}' defines no move", everywhere=True)

    def before_fluid(self) -> None:
        """Called right before the fluid advances ``pack.u0``, ghosts valid: a solver keeps here
        what its `after_fluid` needs of this state."""

    def after_fluid(self, dt: float) -> None:
        """Called after the fluid has advanced ``pack.u0`` by `dt`, the solver's own unknowns with
        it, and before the `advance` that may follow; ghosts are valid.

        A solver whose unknowns hold momentum or energy may exchange the difference with the gas
        here, in active cells. Tracers that the step left negative are raised to zero, and counted;
        for the bulk the fluid does that.
        """
        for population in self.populations[1:]:
            energy = self.pack.u0[:, population.places[0]]
            self.account.add(
                "tracer_floored_cells",
                (self.pack.active(self.pack.u0)[:, population.places[0]] < 0.0).sum(axis=(1, 2, 3)),
            )
            np.maximum(energy, 0.0, out=energy)

    between = staticmethod(lambda done, planned: None)
    """``between(done, planned)`` is called now and then during many sub-steps, by all ranks: a run
    may stop there."""

    def begin_substeps(self, planned: int, dt: float, remedy: str) -> None:
        """Refuse more sub-steps than `max_substeps` before the first one; all ranks plan the same
        number."""
        if planned > self.max_substeps:
            raise RunError(
                f"transport.solver = {self.name} needs {planned:.3g} sub-steps for {dt:.3g} of "
                "time, more than transport.max_substeps = "
                f"{self.max_substeps}: {remedy}, or raise transport.max_substeps; earlier "
                "output is intact",
                everywhere=True,
            )
        self.between(0, planned)

    def after_substeps(self, done: int, planned: int, count: int = 1) -> None:
        """Allow the run to stop after every `HEED_EVERY` sub-steps; `count` of them were made
        since the last call."""
        if done // HEED_EVERY > (done - count) // HEED_EVERY:
            self.between(done, planned)

    def step_by_level(self) -> None:
        """Take longer sub-steps on coarser levels of a refined mesh, where the solver can."""

    def came_in(self, densities: np.ndarray) -> None:
        """Record the energy of the bulk that came in through the boundary of the mesh, sums of
        densities over cells (nblock,)."""
        if "boundary" in self.account:
            self.account.add("boundary", densities * self.pack.cell_volumes)

    def relative_flux(self) -> np.ndarray:
        """Return the energy flux of the bulk relative to the gas, see `crmpi.transport.fluxes`."""
        return no_flux(self.pack)

    def ledger(self) -> list["Column"]:
        """Return the columns "cr_<column>": amounts and counts of each block since the start."""
        return self.account.filled()

    def progress(self) -> dict[str, float]:
        """Return {label: number} for the progress lines; cheap, it is called after every step."""
        return {}

    def history(self) -> list["Column"]:
        """Return the columns about the last `advance`, with values; collective."""
        return []

    def refresh(self, time: float) -> None:
        """Make ghost zones and primitives of ``pack.u0`` valid."""
        self.ghosts.fill_fluid(self.pack.u0, self.pack.b0, time)
        self.fluid.primitives(self.pack.u0, self.pack.b0)


# sub-steps between two questions whether the run is to stop: asking all ranks costs a message
HEED_EVERY = 100
# energy that came in through the boundary of the mesh
_BOUNDARY = Column("boundary", "energy", term=+1)
_BARE = Column(
    "bare_cells",
    "none",
    "count",
    doubt="there are cells without magnetic field: nothing moves along it there",
)
_TRACERS = Column("tracer_floored_cells", "none", "count", floor="tracer energy")


def transport_solvers() -> dict[str, type["TransportSolver"]]:
    """Return {name: class} of all solvers, sorted by name."""
    return TRANSPORT_SOLVERS.classes()


def find_solver(name: str) -> type["TransportSolver"]:
    """Return the class of the solver `name`; raises CrmpiError with the names there are."""
    return TRANSPORT_SOLVERS.find(name)


def make_solver(
    params: Any, pack: "Pack", scattering: "ScatteringModel | None", ghosts: Any, fluid: "Fluid"
) -> "TransportSolver":
    """Return the solver that ``params.solver`` names."""
    return find_solver(params.solver)(params, pack, scattering, ghosts, fluid)
