"""A run assembled from its parts: configuration, problem and communicator become mesh, state and
operators."""

import numpy as np

from crmpi.analysis.measure.stream import Observing
from crmpi.boundary.ghosts import Ghosts
from crmpi.constants import DENS, ENER, MOM1
from crmpi.diagnostics.reductions import join
from crmpi.errors import CrmpiError
from crmpi.jit import working_seconds
from crmpi.mesh import BlockTree, make_pack, partition
from crmpi.mesh.geometry import make_geometry
from crmpi.mesh.pack import HYDRO_FIELDS
from crmpi.mesh.partition import block_costs
from crmpi.model import hooks
from crmpi.model.boundaries import UserBoundary
from crmpi.model.problem import (
    ProblemInjection,
    block_coordinates,
    known_variables,
    primitives,
    set_gravity,
    set_initial_state,
)
from crmpi.numerics.fluid.solenoidal import largest_divergence
from crmpi.parallel.reflux import Reflux
from crmpi.physics.base import make_sources
from crmpi.physics.fluid import Fluid
from crmpi.physics.fluid_params import nghost
from crmpi.physics.gravity import Gravity
from crmpi.plugins import use
from crmpi.refinement.static import first_tree
from crmpi.run.clock import Clock
from crmpi.run.remesh import Remesher
from crmpi.run.scalars import scalar_fields
from crmpi.run.timers import Timers
from crmpi.scattering.base import make_scattering
from crmpi.transport.base import find_solver, make_solver
from crmpi.transport.populations import Followers
from crmpi.units import HISTORY_UNITS


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
    kappa_clipped : float
        share of cells with kappa at a limit of the scattering model, at the last row of the history
    """

    def __init__(self, config, problem_class, comm, leaves=None):
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
        self.between, self._make_between = lambda done, planned: None, None
        self.kappa_clipped = 0.0
        self.parts = 0
        self.assemble(
            first_tree(root, mesh.refinement) if leaves is None else root.with_leaves(leaves)
        )
        self.remesher = Remesher(self)

    def assemble(self, tree, owner=None):
        """Make storage and operators on a mesh, without a state.

        Parameters
        ----------
        tree : BlockTree
        owner : int array (tree.nblock,), optional
            rank of each block
        """
        config, comm, mesh = self.config, self.comm, self.config.mesh
        self.tree = tree
        self.owner = partition(tree, comm.nranks, block_costs(tree)) if owner is None else owner
        self.pack = self._make_pack()
        self.positions = [
            block_coordinates(self.pack, self.tree, b) for b in range(self.pack.nblock)
        ]
        self.fluid = Fluid(config.fluid, self.pack)
        user = UserBoundary(self.problem, self.tree, mesh.inflow, config.scalars.names)
        self.ghosts = Ghosts(
            comm, self.tree, self.owner, self.pack, mesh.boundaries, self.fluid.eos, user=user
        )
        self.fluid.watch(self.ghosts.beyond())
        self.fluid.valves[...] = self.ghosts.valves()
        self.fluid.reflux = (
            Reflux(comm, self.tree, self.owner, self.pack) if self.tree.max_level else None
        )
        self.transport = self._make_transport()
        self.sources = self._make_sources()
        moving = () if self.transport is None else (self.transport,)
        self.operators = (*self.sources, *moving, self.fluid)
        self.followers = Followers(self.pack)
        self.observing = Observing(self)

    def stop_between(self, make):
        """Call ``between = make(); between(done, planned)`` now and then in long steps, on all
        ranks: what it raises ends the run."""
        self._make_between = make
        self.between = make()
        if self.transport is not None:
            self.transport.between = make()

    def acting(self, phase):
        """Return the list of the operators that act in a phase, in their order."""
        return [operator for operator in self.operators if phase in operator.phases]

    def declared(self):
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

    def _make_pack(self):
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
        pack = make_pack(self.tree, gids, fields, ng, magnetic=fluid.magnetic, gravity=static)
        if self.gravity:
            self.gravity.fill(pack)
        if self.problem.has("gravity"):
            set_gravity(self.problem, pack, self.tree)
        return pack

    def _make_transport(self):
        if not self.config.fluid.cosmic_rays:
            return None
        scattering = make_scattering(self.config.scattering, self.units, self.fluid.eos, self.tree)
        if self.config.transport.solver != "none":
            self.ghosts.let_move()
        solver = make_solver(self.config.transport, self.pack, scattering, self.ghosts, self.fluid)
        if self.pack.refined and self.config.mesh.refinement.subcycle == "level":
            solver.step_by_level()
        if self._make_between is not None:  # the mesh has changed
            solver.between = self._make_between()
        return solver

    def _make_sources(self):
        made = make_sources(self.config, self.pack, self.fluid.eos, self.units, self.tree)
        for source in made:
            source.comm = self.comm
        if self.problem.has("inject"):
            made.append(ProblemInjection(self.problem, self.pack, self.tree, self.temperature))
        return made

    @property
    def time(self):
        """Simulated time in code units."""
        return self.clock.time

    def initialise(self):
        """Set the initial state of the problem.

        Raises
        ------
        CrmpiError
            on all ranks alike, when any rank finds an impossible value
        """
        complaint = set_initial_state(
            self.problem, self.pack, self.tree, self.config.fluid.gamma, self.comm
        )
        self.raise_together(complaint)
        self.refresh()

    def adapt(self):
        """Adapt the mesh to the state if that is due after this step; return whether it changed;
        collective."""
        with self.timers("refinement"):
            return self.remesher.due(self.clock.step) and self.remesher.look()

    def restore(self, checkpoint):
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

    def block_state(self):
        """Return the per-block arrays that a restart needs, {'module.array': array}, views to be
        written in place."""
        ages = {"mesh.ages": self.remesher.ages} if self.remesher.criteria else {}
        return self.amounts() | ages

    def amounts(self):
        """Return the per-block arrays of modules, amounts since the start, {'module.array': array},
        views."""
        modules = {"floors": self.fluid.ledger, "box": self.fluid.box, "transport": self.transport}
        modules |= {source.name: source for source in self.sources}
        return {
            f"{m}.{name}": array
            for m, module in modules.items()
            if module is not None
            for name, array in module.state().items()
        }

    def refresh(self):
        """Make ghost zones and primitives valid for ``u0``, ``b0``."""
        self.ghosts.fill_fluid(self.pack.u0, self.pack.b0, self.time)
        self.fluid.primitives(self.pack.u0, self.pack.b0)

    def raise_together(self, complaint):
        """Raise `CrmpiError` on every rank with the first complaint (a sentence or None) of any
        rank."""
        if self.comm.any(complaint is not None):
            sentence = next(c for c in self.comm.allgather_object(complaint) if c is not None)
            raise CrmpiError(sentence, everywhere=True)

    def temperature(self, b):
        """Return the temperature in K of the active cells of block `b`, or None in a dimensionless
        run."""
        if self.units.dimensionless:
            return None
        # m_p and k_B are too small for single precision
        w = self.pack.active(self.pack.w0)[b].astype(float)
        return w[ENER] / w[DENS] * self.config.fluid.mu * self.units.m_p / self.units.k_B

    @property
    def zones(self):
        """Number of cells of all blocks."""
        return int(np.prod(self.tree.block)) * self.tree.nblock

    def not_finite(self):
        """Tell whether this rank found a cell that is not a number."""
        unseen = (*self.pack.tracers, *self.pack.scalars)  # the fluid looks at the others
        sums = (self.pack.active(self.pack.u0)[:, self.pack.index[name]].sum() for name in unseen)
        lost = any(not np.isfinite(total) for total in sums)
        return lost or bool(
            self.fluid.ledger.counts[:, self.fluid.ledger.count_names.index("nan")].any()
        )

    # ------------------------------------------------------------------ numbers for people

    def progress(self):
        """Return {label: number} of the last step for the progress lines."""
        own = self.transport.progress() if self.transport is not None else {}
        return own | ({"fluid steps": self.parts} if self.parts > 1 else {})

    def history_row(self):
        """Return one row of the history, {'column [unit]': value}, the same bits for any number of
        ranks; collective."""
        flux = (
            self.pack.active(self.transport.relative_flux())
            if self.transport is not None and self.problem.has("history")
            else None
        )
        blocks, given = zip(
            *(self._block_sums(b, flux) for b in range(self.pack.nblock)), strict=True
        )
        columns = {name: np.array([block[name] for block in blocks]) for name in blocks[0]}
        columns |= self.ledgers()
        columns = {
            f"{name} [{unit}]": values / scale
            for name, values in columns.items()
            for unit, scale in [self._unit(name)]
        }
        sums = self.comm.block_sums(np.stack(list(columns.values()), axis=1))
        row = dict(zip(columns, map(float, sums), strict=True))
        hooks.same_columns(self.problem, self.comm, given)
        problem = join(self.comm, self.positions, given)
        more = self._mesh_columns() | self.observing.columns()
        if self.transport is not None:
            more = (
                {f"{name} [1]": value for name, value in self.transport.history().items()}
                | self._kappa_columns()
                | more
            )
        if problem:
            hooks.own_columns(self.problem, problem, row | more)
        return row | problem | more

    def _mesh_columns(self):
        """Return the numbers of blocks and of levels, and the largest |div B| dx / |B|, ghosts left
        out."""
        columns = {
            "blocks [1]": float(self.tree.nblock),
            "levels [1]": float(self.tree.max_level + 1),
        }
        if not self.pack.magnetic or self.pack.tube is not None:
            return columns
        found = [
            largest_divergence(part.of(self.pack.b0), part.grid, part.axes(1.0))
            for part in self.pack.parts
        ]
        worst, largest = (self.comm.max(max(numbers)) for numbers in zip(*found, strict=True))
        return columns | {"divb_max [1]": worst / largest if largest > 0.0 else 0.0}

    def ledgers(self):
        """Return {column: array (nblock,)}: what floors, boundary, gravity, transport and sources
        did since the start, code units."""
        modules = (self.transport, *self.sources)
        columns = self.fluid.ledger.columns() | self.fluid.box.columns()
        for module in modules:
            columns |= module.ledger() if module is not None else {}
        return columns

    def _kappa_columns(self):
        """Return what the scattering model says about kappa; nothing where the solver has no use
        for it."""
        if not self.transport.scatters:
            return {}
        unit = "code" if self.units.dimensionless else "cm^2/s"
        columns = self.transport.scattering.history(self.pack, self.comm)
        self.kappa_clipped = columns.pop("kappa_clipped")
        share = {"kappa_clipped [1]": self.kappa_clipped}
        return {
            f"{name} [{unit}]": value / (1.0 if unit == "code" else self.units.factor(unit))
            for name, value in columns.items()
        } | share

    def _unit(self, name):
        """Return (unit, its size in code units) of a summed column."""
        dimension = self._dimension(name)
        if dimension == "none":
            return "1", 1.0
        if self.units.dimensionless:
            return "code", 1.0
        unit = HISTORY_UNITS[dimension]
        return unit, self.units.factor(unit)

    def _dimension(self, name):
        """Return the name of the dimension of a summed column."""
        if name in self.count_columns():
            return "none"
        for source in self.sources:
            if name in source.ledger_dimensions():
                return source.ledger_dimensions()[name]
        return "mass" if "mass" in name else "momentum" if name.startswith("mom") else "energy"

    def count_columns(self):
        """Return the names of the columns that count cells."""
        counted = [f"floor_{name}" for name in self.fluid.ledger.count_names]
        return counted + [
            name
            for name in (self.transport.ledger() if self.transport else ())
            if name.endswith("cells")
        ]

    def doubts(self):
        """Return {history column: (number on this rank, sentence)} of what says that the transport
        model is used beyond its validity."""
        if self.transport is None:
            return {}
        counts = self.transport.ledger()
        doubts = {
            f"cr_{column}": (counts[f"cr_{column}"].sum(), sentence)
            for column, sentence in self.transport.doubts.items()
        }
        return doubts | {
            "kappa_clipped": (
                self.kappa_clipped,
                "kappa is clipped to scattering.kappa_min or kappa_max in some cells",
            )
        }

    def _block_sums(self, b, flux):
        """Return the sums of a block, and {label: reduction} of the problem.

        `flux`: of cosmic rays relative to the gas, what problems see as fecr1, fecr2, fecr3.
        """
        x = self.positions[b]
        extra = {f"fecr{a + 1}": 0.0 if flux is None else flux[b, a] for a in range(3)}
        w = primitives(self.pack, b, {"temp": self.temperature(b)} | extra)
        u = self.pack.active(self.pack.u0)[b]
        kinetic = sum(0.5 * u[MOM1 + a] ** 2 for a in range(3)) / u[DENS]
        magnetic = 0.5 * (w.b1**2 + w.b2**2 + w.b3**2)
        sums = {"mass": x.integral(u[DENS])}
        sums |= {f"mom{a + 1}": x.integral(u[MOM1 + a]) for a in range(3)}
        sums |= {
            "ekin": x.integral(kinetic),
            "emag": x.integral(magnetic),
            "ener": x.integral(u[ENER]),
        }
        if self.pack.has_cr:
            energies = (
                "ecr",
                *self.pack.tracers,
                *(self.transport.energies if self.transport else ()),
            )
            sums |= {name: x.integral(getattr(w, name)) for name in energies}
        sums |= {f"mass_{name}": x.integral(u[self.pack.index[name]]) for name in self.pack.scalars}
        given = hooks.history(self.problem, x, w) if self.problem.has("history") else {}
        return sums, {
            name if "[" in name else f"{name} [code]": value for name, value in given.items()
        }

    def error_norms(self):
        """Return {variable: {'L1', 'L2', 'Linf'}} against the problem's exact solution, {} if it
        has none; collective."""
        if not self.problem.has("exact"):
            return {}
        sums, largest = [], []
        for b in range(self.pack.nblock):
            w = primitives(self.pack, b)
            x = self.positions[b]
            exact = hooks.call(self.problem, "exact", x, self.time, self.problem.p)
            hooks.known_names(self.problem, "exact", exact, known_variables(self.pack))
            names = [name for name in exact if hasattr(w, name)]
            given = {
                name: hooks.array(self.problem, "exact", name, exact[name], x.shape)
                for name in names
            }
            errors = [np.abs(getattr(w, name) - given[name]) for name in names]
            sums.append([s for e in errors for s in (e.sum(), (e**2).sum())])
            largest.append([e.max() for e in errors])
        # of a cell in one of level 0
        shares = 0.5 ** (self.pack.levels * sum(not gone for gone in self.tree.missing))
        means = self.comm.block_sums(np.array(sums) * shares[:, None]) / np.prod(self.tree.cells)
        peaks = [self.comm.max(float(peak)) for peak in np.max(largest, axis=0)]
        return {
            name: {
                "L1": float(means[2 * n]),
                "L2": float(np.sqrt(means[2 * n + 1])),
                "Linf": peaks[n],
            }
            for n, name in enumerate(names)
        }

    def describe_not_finite(self):
        """Return where the state of this rank is not finite, or None."""
        names = self.pack.variable_names()
        bad = np.argwhere(~np.isfinite(self.pack.active(self.pack.u0)))
        if not len(bad):
            return None
        b, v, k, j, i = bad[0]
        x = self.positions[b]
        return f"{names[v]} at x1={x.x1.flat[i]:.6g}, x2={x.x2.flat[j]:.6g}, x3={x.x3.flat[k]:.6g}"
