"""Gas, magnetic field and adiabatic cosmic-ray fluid: the stages of a step.

A step is a list of stages (`crmpi.physics.integrators`). They are out of place, so the state at the
start survives until the last one. Cosmic rays are part of the Riemann fan
(`crmpi.numerics.fluid.riemann`); gravity is part of each stage.
"""

import numpy as np

from crmpi.constants import DENS, ENER
from crmpi.diagnostics.box_ledger import BoxLedger, is_energy_of_rays
from crmpi.diagnostics.floor_ledger import FloorLedger
from crmpi.errors import CrmpiError
from crmpi.mesh.groups import make_groups
from crmpi.mesh.pool import aligned_zeros
from crmpi.numerics.fluid.blend import blend
from crmpi.numerics.fluid.convert import Conversion
from crmpi.numerics.fluid.frozen import advect_frozen, fastest_flow
from crmpi.numerics.fluid.riemann import HLLE, LLF
from crmpi.numerics.fluid.stage import Fields, Floors, Health
from crmpi.numerics.fluid.stage import Stage as KernelStage
from crmpi.numerics.levels.crossing import Crossing
from crmpi.numerics.levels.interfaces import replace_electric, replace_fluxes
from crmpi.params.composition import CompositionParams
from crmpi.physics.fluid_params import make_scheme
from crmpi.physics.fluid_stages import FluidStages
from crmpi.physics.integrators import INTEGRATORS
from crmpi.physics.operators import Declaration, Operator, Phase
from crmpi.types import EOS


class Fluid(Operator):
    """The fluid on the blocks of one rank.

    Parameters
    ----------
    params : FluidParams
        in code units
    pack : crmpi.mesh.pack.Pack
        its arrays are worked on and swapped

    Attributes
    ----------
    stages : tuple of crmpi.physics.integrators.Stage
    troubled : array (nblock, 1, m3, m2, m1)
        1 in cells whose new state would be unphysical, else 0
    valves : bool array (nblock, 6, 3)
        of the faces ix1, ox1, ix2 ... of each block: may gas come in, go out, fall out
        (`crmpi.numerics.fluid.valves`)
    reflux : crmpi.parallel.reflux.Reflux or None
        exchanges fluxes at the boundaries of levels; set on a refined mesh
    ledger : FloorLedger
        what floors and corrections did, per block
    box : BoxLedger
        what crossed the boundary of the mesh and what gravity did, per block
    """

    name = "fluid"
    phases = (Phase.FLUID,)
    limit = "time.cfl times the shortest time that a signal takes across a cell"

    def __init__(self, params, pack, composition=None):
        for problem in params.check():
            raise CrmpiError("fluid.{} {}".format(*problem))
        if params.magnetic != pack.magnetic or params.cosmic_rays != pack.has_cr:
            raise CrmpiError(
                "the fluid and its storage disagree about magnetic field or cosmic rays"
            )
        self.params, self.pack = params, pack
        gas = CompositionParams() if composition is None else composition
        self.eos = EOS(params.gamma, params.gamma_cr, params.mu, gas.X, gas.Z)
        self.scheme = make_scheme(params, len(pack.tracers), on_tube=not pack.metric.turns)
        dimensions = sum(1 for n in (pack.grid.ng1, pack.grid.ng2, pack.grid.ng3) if n)
        resolves = not isinstance(self.scheme.riemann, (HLLE, LLF))  # contacts and shear
        self._dissipate = params.shock_dissipation and resolves and dimensions > 1
        self.floors = Floors(params.floors.dens, params.floors.press, params.floors.ecr)
        self.troubled = pack.allocate(1)
        self.reflux = None
        extents = pack.grid.m3, pack.grid.m2, pack.grid.m1
        self._change = None
        if pack.refined:
            self._change = aligned_zeros((1, 3, *extents)), np.zeros(extents[:2], bool)
        grid = pack.grid
        self.whole = make_groups(pack, int(max(pack.levels, default=0)), 0)[0]
        self.ledger = FloorLedger(pack)
        nblock = pack.nblock
        numbers = pack.pool.numbers
        crossing = Crossing(pack.outer, numbers(pack.nvar))
        counted = (numbers(dtype=kind) for kind in (int, int, float))
        self._health = Health(self.floors, *counted, crossing, numbers(), numbers())
        self.box = BoxLedger(pack, self._box_columns())
        self._rays = [pack.index[field.name] for field in pack.fields if is_energy_of_rays(field)]
        self.stages = INTEGRATORS[params.integrator]
        self._u2 = (
            pack.allocate(pack.nvar) if any(stage.result[0] == 2 for stage in self.stages) else None
        )
        self._weightless = pack.allocate(0)
        self._early = pack.allocate(3) if pack.scalars else None
        self._latest = self.stages[0]  # the stage that was made last
        self._unrecorded = None  # the same, until what its entropy floor did is recorded
        self._kernels = FluidStages(pack)
        first, count = (grid.ng3, grid.ng2, grid.ng1), (grid.n3, grid.n2, grid.n1)
        self._active = np.array([[b, *first, *count] for b in range(nblock)], np.int64).reshape(
            -1, 7
        )
        self._watched = np.zeros((0, 7), np.int64)
        self.valves = numbers(6, 3, dtype=bool, fill=True)
        self._fastest = 0.0  # signal of the active cells of u0, or nan while w0 is not that of u0

    def declared(self, cfl):
        fields = tuple(field.name for field in self.pack.fields)
        fields += ("b",) if self.pack.magnetic else ()
        columns = tuple(column.name for column in self.ledger.filled() + self.box.filled())
        return Declaration(self.name, self.phases, fields, columns, self.limit, self.max_dt(cfl))

    def terms(self):
        """Return the `Declaration`s of what acts inside the stages: gravity, refluxing."""
        made = []
        if self.pack.grav is not None and not self.frozen:
            made.append(Declaration("gravity", self.phases, ("mom", "ener"), ("gravity_work",)))
        if self.reflux is not None:
            made.append(self.declared(1.0)._replace(name="refluxing", columns=(), limit=""))
        return made

    @property
    def corrects(self):
        """Whether troubled cells are redone with first-order fluxes."""
        return self.params.first_order_flux_correction and not self.params.frozen

    @property
    def frozen(self):
        """Whether gas and field stay as they are."""
        return self.params.frozen

    @property
    def converts(self):
        """Whether stages make the primitives that give their fluxes plane by plane, while they are
        in the cache, unless these are those of ``u0``; else a pass makes them before the stage."""
        return self._kernels.converts and not self.frozen

    def stage(self, stage, dt, group=None):
        """Make the forward step of a stage; return whether a cell of this rank is troubled and
        wants `stage_corrected`.

        Parameters
        ----------
        stage : crmpi.physics.integrators.Stage
            ghosts of the register that gives the fluxes must be valid, and ``w0, bcc`` its
            primitives if it is the start of the step; those of others are made here
        dt : float
            the whole step
        group : Group, optional
            the blocks that make the step, see `crmpi.run.level_steps`; all by default
        """
        group = group or self.whole
        convert = stage.fluxes != 0 and self.converts
        if stage.fluxes != 0 and not convert:
            self.primitives(*self.registers(stage.fluxes, stage.fluxes), group)
        if self.frozen:
            self._carry(stage, dt)
            return False
        find, everywhere = self.corrects, self.pack.pool.numbers(dtype=bool, fill=True)
        self._advance(stage, dt, group, everywhere, find=find, correct=False, convert=convert)
        if convert:
            self._fastest = np.nan
            self._record_raised(self._latest.lasts)
        return find and bool(self._health.troubled[group.blocks].any())

    def stage_corrected(self, stage, dt, group=None):
        """Redo the stage in blocks with marked cells, ghosts included, with first-order fluxes at
        all faces of marked cells.

        ``troubled`` must have been exchanged, so that blocks agree about the flux through the face
        they share.
        """
        group = group or self.whole
        self.ledger.counts.add("first_order", group.alone(self._health.troubled))
        marked = self.troubled.any(axis=(1, 2, 3, 4))
        self._advance(stage, dt, group, marked, find=False, correct=True, convert=False)
        if group is not self.whole:
            self.troubled.fill(0.0)  # other groups look for their own

    def reflux_stage(self, stage, dt, group=None):
        """Replace what coarser blocks used on faces and edges that finer blocks of the `group`
        share; collective, on a refined mesh."""
        if self.reflux is None:
            return
        if group is None:
            self.reflux.exchange()
            parts = self.whole.parts
        else:
            for level in group.levels[:-1]:
                self.reflux.exchange(level)
            parts = [part for part in group.parts if part.level in group.levels[:-1]]
        self._replace(dt * stage.part, self.registers(*stage.result), parts)

    def reflux_step(self, dt, group):
        """Replace what the finest blocks of a group used in a whole step by what `reflux` holds of
        finer blocks, in ``u0, b0``."""
        self._health.work.fill(0.0)
        self._replace(dt, self.registers(0, 0), group.finest)
        if self.pack.grav is not None:
            self.box.add("gravity_work", self._health.work)

    def _replace(self, dt, state, parts):
        """Replace fluxes and electric fields in a state (u, b), after a forward step `dt`."""
        reflux, pack, (u, b) = self.reflux, self.pack, state
        grav = self._weightless if pack.grav is None else pack.grav
        for level in parts:
            axes, arrays = level.axes(dt), level.of((u, (pack.w0, grav), self._health.work))
            refluxed, touched = (
                level.boxes(reflux.interfaces.refluxed),
                level.boxes(reflux.interfaces.touched),
            )
            replace_fluxes(
                self.scheme.cr,
                dt,
                level.grid,
                axes,
                refluxed,
                (reflux.kept.planes, reflux.fine),
                *arrays,
            )
            if pack.magnetic:
                replace_electric(
                    level.grid,
                    axes,
                    touched,
                    reflux.kept.planes,
                    reflux.fine,
                    self._change,
                    level.of(b),
                )

    def result(self, stage, group=None):
        """End a stage: blend its forward step with the start and return (u, b).

        The result of the last stage is now ``u0, b0``: of all blocks by swapping registers, of
        those of a `group` by copying.
        """
        self._record()
        pack, (u, b) = self.pack, self.registers(*stage.result)
        own = (group or self.whole).blocks
        if stage.keep:
            blend(stage.keep, pack.u0[own], u[own])
            if pack.magnetic:
                blend(stage.keep, pack.b0[own], b[own])
        self._latest = stage
        if stage is not self.stages[-1]:
            return u, b
        if group is not None:
            pack.u0[own], pack.b0[own] = u[own], b[own]
            return pack.u0, pack.b0
        if self.frozen and self._rays:
            self.box.add(
                "frozen_exchange", pack.sums(u, self._rays) - pack.sums(pack.u0, self._rays)
            )
        pack.u0, pack.u1 = u, pack.u0
        pack.b0, pack.b1, pack.b2 = (
            b,
            *(other for other in (pack.b0, pack.b1, pack.b2) if other is not b),
        )
        return u, b

    def registers(self, cells, faces):
        """Return the register of cells and that of the field with these numbers."""
        pack = self.pack
        return (pack.u0, pack.u1, self._u2)[cells], (pack.b0, pack.b1, pack.b2)[faces]

    def primitives(self, u, b, group=None):
        """Fill ``w0, bcc`` from `u` and `b` on all cells, ghosts included, and find the fastest
        signal of ``u0`` for `max_dt`: to be called whenever a state has changed. For a `group` of
        blocks that signal is returned, and `max_dt` is not known then.

        Values below floors are raised, in `u` too, and counted for active cells. What that adds to
        mass and energy is recorded as far as it will be in the state at the end of the step.
        """
        self._record()
        at_start = u is self.pack.u0
        asked = at_start and not self.frozen
        made = self._conversion(u, b), group or self.whole
        fastest = self._kernels.primitives(self.scheme, *made, asked)
        self._fastest = fastest if asked and group is None else np.nan
        self._record_raised(1.0 if at_start else self._latest.lasts)
        return fastest

    def _conversion(self, u, b):
        """Return the `Conversion` of a state to ``w0, bcc``; nothing has been raised yet."""
        pack = self.pack
        field = (b, pack.bcc) if pack.magnetic else (None, None)
        return Conversion(u, field[0], pack.w0, field[1], self.floors, self.ledger.totals())

    def _record_raised(self, lasts):
        """Record what floors added in a conversion, of which the part `lasts` stays."""
        if self.ledger.has_raised():
            self.ledger.raised(lasts)

    def take_steps(self, number):
        """Let `max_dt` be that of a mesh of whose levels each makes ``number(level)`` steps in
        one."""
        self._kernels.steps = number

    def watch(self, boxes):
        """Let ghost cells limit the time step too: those beyond the mesh, which are no block's
        active cells.

        Parameters
        ----------
        boxes : int array (nbox, 7)
            block, first cell k j i, number of cells k j i
        """
        self._watched = boxes

    def _box_columns(self):
        """Return the columns of the `BoxLedger` that a run like this one can fill."""
        if self.frozen:
            return ["frozen_exchange"]
        boundary = ["boundary_mass", "boundary_energy", "boundary_ecr"][
            : 3 if self.pack.has_cr else 2
        ]
        inside = ["gravity_work"] if self.pack.grav is not None else []
        inside += ["shock_acceleration"] if self.scheme.acceleration is not None else []
        return (boundary if self.pack.is_open else []) + inside

    def max_dt(self, cfl):
        """Return `cfl` times the time the fastest signal, or the frozen flow, takes to cross a
        cell; infinity if nothing moves.

        Active cells count, as `primitives` found them in ``u0``, and the ghost cells passed to
        `watch`.
        """
        if self.frozen:
            rate = max((self._fastest_flow(part) for part in self.pack.parts), default=0.0)
        elif np.isnan(self._fastest):
            raise CrmpiError("between two stages the primitives are not those of u0: no time step")
        else:
            rate = max(self._fastest, self._kernels.fastest_in(self.scheme, self._watched))
        return cfl / rate if rate > 0.0 else np.inf

    def _fastest_flow(self, part):
        """Return the fastest flow, in cells per time, in the blocks of one level."""
        boxes = np.concatenate([part.boxes(self._active), part.boxes(self._watched)])
        return fastest_flow(self.pack.metric.cells, part.axes(1.0), part.of(self.pack.w0), boxes)

    def _advance(self, plan, dt, group, selected, *, find, correct, convert):
        """Run the stage kernel on the selected blocks of a group."""
        pack = self.pack
        part = dt * plan.part
        u_in, b_in = self.registers(plan.start, plan.start)
        u_out, b_out = self.registers(*plan.result)
        bcc, bface = pack.bcc, self.registers(0, plan.fluxes)[1]
        b_first = pack.b0
        if not pack.magnetic:
            b_in = b_out = b_first = None
        if not (pack.magnetic and pack.metric.turns):
            bcc = bface = None  # a field that cannot turn exerts no force and does not change
        if pack.magnetic and not pack.metric.turns:
            b_out[:] = b_in
        grav = self._weightless if pack.grav is None else pack.grav
        passive = pack.nvar - len(pack.scalars)
        registers = (pack.w0, bcc, bface, u_in, b_in, u_out, b_out, grav)
        first = pack.u0, b_first
        marks = self.troubled, self.valves
        conversion = None
        if self.converts:
            conversion = self._conversion(*self.registers(plan.fluxes, plan.fluxes))
        rest = self._early, passive, pack.metric.cells, conversion
        fields = Fields(*registers, *marks, *first, *rest)
        recorded = plan.lasts > 0.0
        seen = self.stages[0].part / plan.part if plan.fluxes != plan.start else 0.0
        stage = KernelStage(
            part,
            plan.first_order,
            correct,
            find,
            recorded,
            plan.keep,
            convert,
            self._dissipate,
            seen,
        )
        mine = fields, self._health, group, selected, self.reflux
        self._kernels.advance(self.scheme, stage, *mine)
        self._unrecorded = plan, group

    def _record(self):
        """Record what the entropy floor did in the last stage, now that it will not be redone."""
        if self._unrecorded is None:
            return
        (stage, group), self._unrecorded = self._unrecorded, None
        health, lasts = self._health, stage.lasts * (1.0 - stage.keep)
        self.ledger.counts.add("entropy", group.alone(health.settled))
        self.ledger.amounts.add("entropy", lasts * group.alone(health.moved))
        if self.pack.is_open:
            came = group.alone(health.crossing.amounts)
            self.box.add("boundary_mass", lasts * came[:, DENS])
            self.box.add("boundary_energy", lasts * came[:, ENER])
            if self._rays:
                self.box.add("boundary_ecr", lasts * came[:, self._rays].sum(axis=1))
        if self.pack.grav is not None:
            self.box.add("gravity_work", lasts * group.alone(health.work))
        if self.scheme.acceleration is not None:
            self.box.add("shock_acceleration", lasts * group.alone(health.accelerated))

    def _carry(self, stage, dt):
        """Advance cosmic rays and scalars with the frozen flow; gas and field are copied."""
        pack = self.pack
        (start, field), (u, b) = (
            self.registers(stage.start, stage.start),
            self.registers(*stage.result),
        )
        u[:], b[:] = start, field
        part = dt * stage.part
        method, cr, cells = self.scheme.reconstruction, self.scheme.cr, pack.metric.cells
        for level in pack.parts:
            arrays = level.of((pack.w0, start, u))
            advect_frozen(method, cr, cells, part, level.axes(part), level.grid, *arrays)
