"""A run assembled from its parts: configuration, problem and communicator become mesh, state and
operators."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from crmpi.analysis.measure.stream import Observing
from crmpi.boundary.ghosts import Ghosts
from crmpi.constants import DENS, ENER
from crmpi.diagnostics import first_state
from crmpi.diagnostics.columns import labelled
from crmpi.errors import CrmpiError
from crmpi.jit import working_seconds
from crmpi.mesh import BlockTree, make_pack, partition
from crmpi.mesh.geometry import make_geometry
from crmpi.mesh.pack import HYDRO_FIELDS
from crmpi.mesh.partition import block_costs
from crmpi.model import hooks
from crmpi.model.boundaries import UserBoundary
from crmpi.model.injection import ProblemInjection
from crmpi.model.problem import (
    block_coordinates,
    set_gravity,
    set_initial_state,
)
from crmpi.parallel.reflux import Reflux
from crmpi.physics.base import make_sources
from crmpi.physics.fluid import Fluid
from crmpi.physics.fluid_params import nghost
from crmpi.physics.gravity import Gravity
from crmpi.plugins import use
from crmpi.refinement.static import first_tree
from crmpi.run.clock import Clock
from crmpi.run.history import History
from crmpi.run.level_steps import LevelSteps
from crmpi.run.remesh import Remesher
from crmpi.run.scalars import scalar_fields
from crmpi.run.timers import Timers
from crmpi.scattering.base import make_scattering
from crmpi.transport.base import find_solver, make_solver
from crmpi.transport.populations import Followers

if TYPE_CHECKING:
    from crmpi.diagnostics.columns import Column
    from crmpi.model.problem import Problem
    from crmpi.output.checkpoint import Checkpoint
    from crmpi.parallel.comm import MpiComm, SerialComm
    from crmpi.params.config import Config
    from crmpi.physics.operators import Declaration, Operator, Phase


class Simulation:
    """State and operators of one run on this rank.

    Attributes
    ----------
    config, problem, units, comm
        what the run was made from
    tree, owner, pack
        all blocks, who owns them, the storage of this rank's blocks
    positions : list of Coordinates
        of the active cells of each block of this rank
    fluid, transport, sources
        the operators of a step; ``transport`` is None without cosmic rays
    operators : tuple of crmpi.physics.operators.Operator
        all of these, in the order in which they act
    followers : Followers
        applies sources so that cosmic-ray tracers take part
    observing : Observing
        what the parameters `observables` ask for
    ghosts : Ghosts
        fills ghost zones from neighbours and physical boundaries
    clock : Clock
        time and step
    parts : int
        fluid steps of the last step, see `crmpi.run.stepper`
    between : callable
        see `stop_between`
    history : History
        makes the rows of the history
    changed : bool
        cells of this rank were changed from outside (`crmpi.model.changes`)
    """

    def __init__(
        self,
        config: "Config",
        problem_class: type["Problem"],
        comm: "SerialComm | MpiComm",
        leaves: np.ndarray | None = None,
    ) -> None:
        self.config, self.comm, self.units = config, comm, config.units
        use(config.plugins.paths, problem_class.source_path)
        self.problem = problem_class(config.problem, config.units, config)
        mesh = config.mesh
        periodic = [getattr(mesh.boundaries, f"ix{axis}") == "periodic" for axis in (1, 2, 3)]
        root = BlockTree(
            mesh.cells,
            mesh.block,
            mesh.lower,
            mesh.upper,
            periodic,
            make_geometry(mesh, self._own_area()),
        )
        self.timers = Timers(working_seconds)
        self.clock = Clock()
        self.gravity = Gravity(config.gravity, self.units)
        self.between = lambda done, planned: None
        self.history = History(self)
        self.parts = 0
        self.pack: Any = None
        self._on_remesh: list[Callable[[], None]] = []
        self.changed = False
        self.assemble(
            first_tree(root, mesh.refinement) if leaves is None else root.with_leaves(leaves)
        )
        self.remesher = Remesher(self)

    def assemble(
        self, tree: BlockTree, owner: np.ndarray | None = None, kept: Sequence[np.ndarray] = ()
    ) -> None:
        """Make storage and operators on a mesh, without a state, in the memory of the earlier ones.

        Parameters
        ----------
        tree : BlockTree
        owner : int array (tree.nblock,), optional
            rank of each block
        kept : sequence of arrays, optional
            of the earlier mesh, which are still read
        """
        config, comm, mesh = self.config, self.comm, self.config.mesh
        # another simulation of this process may have other plug-ins
        use(config.plugins.paths, self.problem.source_path)
        self.tree = tree
        costs = block_costs(tree, mesh.refinement.fluid_levels)
        self.owner = partition(tree, comm.nranks, costs) if owner is None else owner
        self.pack = self._make_pack([] if self.pack is None else self.pack.pool.release(kept))
        self.positions = [
            block_coordinates(self.pack, self.tree, b) for b in range(self.pack.nblock)
        ]
        self.fluid = Fluid(config.fluid, self.pack, config.composition)
        user = UserBoundary(self.problem, self.tree, mesh.inflow, config.scalars.names)
        self.ghosts = Ghosts(
            comm, self.tree, self.owner, self.pack, mesh.boundaries, self.fluid.eos, user=user
        )
        self.fluid.watch(self.ghosts.beyond())
        self.fluid.valves[...] = self.ghosts.valves()
        self.fluid.reflux = (
            Reflux(comm, self.tree, self.owner, self.pack) if self.tree.max_level else None
        )
        self.level_steps = self._make_level_steps()
        self.transport = self._make_transport()
        self.sources = self._make_sources()
        moving = () if self.transport is None else (self.transport,)
        self.operators = (*self.sources, *moving, self.fluid)
        self.followers = Followers(self.pack)
        self.observing = Observing(self)
        self.pack.pool.settle()
        for call in self._on_remesh:
            call()

    def on_remesh(self, call: Callable[[], None]) -> None:
        """Let ``call()`` be called whenever the mesh has changed: plans and caches that depend on
        the blocks are made anew there, or keyed by ``pack.pool.version``."""
        self._on_remesh.append(call)

    def stop_between(self, make: Callable[[], Callable[[int, int], None]]) -> None:
        """Call ``between = make(); between(done, planned)`` now and then in long steps, on all
        ranks: what it raises ends the run."""
        self.between = make()
        if self.transport is not None:
            self.transport.between = make()
            self.on_remesh(lambda: setattr(self.transport, "between", make()))

    def acting(self, phase: "Phase") -> list["Operator"]:
        """Return the list of the operators that act in a phase, in their order."""
        return [operator for operator in self.operators if phase in operator.phases]

    def declared(self) -> list["Declaration"]:
        """Return the `Declaration` of everything that acts in a step, in no order."""
        own = [operator.declared(self.config.time.cfl) for operator in self.operators]
        return own + self.fluid.terms() + self.remesher.declared()

    def _own_area(self):
        """Return the relative cross-section that the problem gives to a tube of its own, a function
        of the position, or None."""
        if self.config.mesh.geometry != "own":
            return None
        if not self.problem.has("area"):
            name = self.problem.name
            raise CrmpiError(
                f"'mesh.geometry' = 'own', but problem '{name}' has no method area(self, s, p)",
                everywhere=True,
            )
        return lambda position: hooks.area(self.problem, position)

    def _make_pack(self, spare):
        fluid, fields = self.config.fluid, HYDRO_FIELDS
        ng = nghost(fluid)
        if fluid.cosmic_rays:
            solver = find_solver(self.config.transport.solver)
            fields = fields + solver.fields_for(self.config.transport)
            ng = max(ng, solver.ghosts_needed)
        fields = fields + scalar_fields(self.config.scalars.names)
        if self.config.mesh.refinement.levels:
            ng += ng % 2  # pairs of cells become one of the coarser level
        gids = np.flatnonzero(self.owner == self.comm.rank)
        static = bool(self.gravity) or self.problem.has("gravity")
        arrays = {"magnetic": fluid.magnetic, "gravity": static, "spare": spare}
        pack = make_pack(self.tree, gids, fields, ng, **arrays)
        if self.gravity:
            self.gravity.fill(pack)
        if self.problem.has("gravity"):
            set_gravity(self.problem, pack, self.tree)
        return pack

    def _make_level_steps(self):
        apart, top = self.config.mesh.refinement.fluid_levels, self.tree.max_level
        if not (apart and top) or self.fluid.frozen:
            return None
        return LevelSteps(self.fluid, self.ghosts, self.comm, top, apart)

    def _make_transport(self):
        if not self.config.fluid.cosmic_rays:
            return None
        scattering = make_scattering(self.config.scattering, self.units, self.fluid.eos, self.tree)
        if self.config.transport.solver != "none":
            self.ghosts.let_move()
        solver = make_solver(self.config.transport, self.pack, scattering, self.ghosts, self.fluid)
        if self.pack.refined and self.config.mesh.refinement.subcycle == "level":
            solver.step_by_level()
        return solver

    def _make_sources(self):
        made = make_sources(self.config, self.pack, self.fluid.eos, self.units, self.tree)
        for source in made:
            source.comm = self.comm
        if self.problem.has("inject"):
            made.append(ProblemInjection(self.problem, self.pack, self.tree, self.temperature))
        return made

    @property
    def time(self) -> float:
        """Simulated time in code units."""
        return self.clock.time

    def initialise(self) -> None:
        """Set the initial state of the problem.

        Raises
        ------
        CrmpiError
            on all ranks alike, when any rank finds an impossible value, or floors made the state
        """
        complaint = set_initial_state(
            self.problem, self.pack, self.tree, self.config.fluid.gamma, self.comm
        )
        self.raise_together(complaint)
        self.refresh()
        self.raise_together(first_state.complaint(self))

    def adapt(self) -> bool:
        """Adapt the mesh to the state if that is due after this step; return whether it changed;
        collective."""
        with self.timers("refinement"):
            return self.remesher.due(self.clock.step) and self.remesher.adapt()

    def restore(self, checkpoint: "Checkpoint") -> None:
        """Continue from a `crmpi.output.checkpoint.Checkpoint` of this rank's blocks."""
        checkpoint.restore(self.pack)
        self.clock = Clock(
            checkpoint.time, checkpoint.time_compensation, checkpoint.step, checkpoint.dt
        )
        for name, array in self.block_state().items():
            if name not in checkpoint.blocks:
                raise CrmpiError(
                    f"{checkpoint.path} lacks '{name}': it comes from a run with other sources "
                    "or another transport solver"
                )
            array[...] = checkpoint.blocks[name]
        self.refresh()

    def block_state(self) -> dict[str, np.ndarray]:
        """Return the arrays of blocks that a restart needs, {'module.array': array}, views to be
        written in place: what the pool keeps."""
        return {name: kept.array for name, kept in self.pack.pool.kept.items()}

    def refresh(self) -> None:
        """Make ghost zones and primitives valid for ``u0``, ``b0``."""
        self.ghosts.fill_fluid(self.pack.u0, self.pack.b0, self.time)
        self.fluid.primitives(self.pack.u0, self.pack.b0)

    def take_changes(self) -> bool:
        """Make ghost zones and primitives valid if cells were changed from outside, and return
        whether any were; collective."""
        changed = self.comm.any(self.changed)
        self.changed = False
        if changed:
            self.refresh()
        return changed

    def raise_together(self, complaint: str | None) -> None:
        """Raise `CrmpiError` on every rank with the first complaint (a sentence or None) of any
        rank."""
        sentence = self.comm.first(complaint)
        if sentence is not None:
            raise CrmpiError(sentence, everywhere=True)

    def temperature(self, b: int) -> np.ndarray | None:
        """Return the temperature in K of the active cells of block `b`, or None in a dimensionless
        run."""
        if self.units.dimensionless:
            return None
        # m_p and k_B are too small for single precision
        w = self.pack.active(self.pack.w0)[b].astype(float)
        return w[ENER] / w[DENS] * self.config.fluid.mu * self.units.m_p / self.units.k_B

    @property
    def zones(self) -> int:
        """Number of cells of all blocks."""
        return int(np.prod(self.tree.block)) * self.tree.nblock

    def progress(self) -> dict[str, float]:
        """Return {label: number} of the last step for the progress lines."""
        own = self.transport.progress() if self.transport is not None else {}
        return own | ({"fluid steps": self.parts} if self.parts > 1 else {})

    def ledger(self) -> list["Column"]:
        """Return the columns of what floors, boundary, gravity, transport and sources did in each
        block of this rank since the start."""
        modules = [module for module in (self.transport, *self.sources) if module is not None]
        fluid = self.fluid.ledger.filled() + self.fluid.box.filled()
        return fluid + [column for module in modules for column in module.ledger()]

    def history_row(self) -> dict[str, float]:
        """Return one row of the history, {'name [unit]': value}; collective."""
        return labelled(self.history.row())
