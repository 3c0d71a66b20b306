"""A change of the mesh: which blocks come, go or stay, and how the new ones get their state.

The mesh follows from flags that are the same on every rank. Old blocks travel to the ranks that
make new ones of them: a block that stays is copied, one that is refined is prolonged from its
parent, with the same sums and a field free of divergence, siblings that are joined are averaged.
Faces that a new block shares with one that was there take its values. All that the pool keeps by
name (`crmpi.mesh.pool.Kept`) follows; amounts in ledgers stay with the first child.
"""

import numpy as np

from crmpi.constants import ENER
from crmpi.mesh import partition
from crmpi.mesh.coordinates import array_axis
from crmpi.mesh.leaves import OFFSETS
from crmpi.mesh.links import EQUAL, relations
from crmpi.mesh.parents import block_shape
from crmpi.mesh.partition import block_costs
from crmpi.model import hooks
from crmpi.model.problem import primitives
from crmpi.numerics.levels.conserved import prolong_conserved
from crmpi.numerics.levels.prolongation import (
    PROLONG_COLUMNS,
    WRITES,
    fill_inner_faces,
    make_ratio,
    prolong_outer_faces,
)
from crmpi.numerics.levels.restriction import RESTRICT_COLUMNS, make_span, restrict
from crmpi.parallel.exchange import Exchange, Part, Routes
from crmpi.parallel.halo import find_peers, places
from crmpi.parallel.staging import Staging
from crmpi.physics.operators import Declaration, Phase
from crmpi.refinement.adapt import next_leaves, sources_of
from crmpi.refinement.base import DEREFINE, KEEP, REFINE, criteria_classes, flags_of
from crmpi.refinement.regions import region_levels
from crmpi.refinement.view import View

STAYS, REFINED, JOINED = 0, 1, -1
"""Where a new block comes from: itself, its parent, its children."""


class Remesher:
    """Adapts the mesh of a simulation to its state.

    Parameters
    ----------
    sim : crmpi.run.simulation.Simulation

    Attributes
    ----------
    ages : int array (nblock,)
        steps since a block of this rank was made by refinement, part of the state of a run
    full : str
        a sentence, the same on every rank, once the mesh would need more blocks than it may have
    """

    def __init__(self, sim):
        self.sim, self.params = sim, sim.config.mesh.refinement
        known = criteria_classes()
        self.criteria = [known[p.name](p, sim.units, sim.fluid.eos) for p in self.params.criteria]
        for criterion in self.criteria:
            if criterion.name == "user" and sim.problem.has("refine"):
                criterion.hook = self._user
        self.full = ""
        self._checked = False
        self._begin()

    def _begin(self):
        """Make the ages of the blocks of a new mesh, which are kept if it adapts."""
        pool, start = self.sim.pack.pool, self.params.min_age
        self.ages = (
            pool.ages("mesh.ages", start) if self.criteria else pool.numbers(dtype=int, fill=start)
        )

    def declared(self):
        """Return the `Declaration` of refinement, if the mesh adapts, in a list."""
        if not self.criteria:
            return []
        fields = tuple(field.name for field in self.sim.pack.fields)
        fields += ("b",) if self.sim.pack.magnetic else ()
        return [Declaration("mesh.refinement", (Phase.AFTER_STEP,), fields)]

    def due(self, step):
        """Return whether the criteria are evaluated after this step."""
        return bool(self.criteria) and step % self.params.interval == 0

    def adapt(self):
        """Adapt the mesh; return whether it changed; collective. Ghosts and primitives are valid
        before and after."""
        self.ages += self.params.interval
        leaves = next_leaves(self.sim.tree, self.flags())
        if leaves is self.sim.tree.leaves:
            return False
        if len(leaves) > self.params.max_blocks:
            self.full = (
                f"the mesh would need {len(leaves)} blocks, more than "
                f"'mesh.refinement.max_blocks' = {self.params.max_blocks}; "
                "raise it, or the thresholds of the criteria, and restart"
            )
            return False
        self.change(self.sim.tree.with_leaves(leaves))
        return True

    def settle(self):
        """Refine the initial state, and set it anew, until the mesh stands still."""
        for _ in range(self.params.top + 1):
            flags = np.maximum(self.flags(), KEEP)
            leaves = next_leaves(self.sim.tree, flags)
            if leaves is self.sim.tree.leaves or len(leaves) > self.params.max_blocks:
                return
            self.sim.assemble(self.sim.tree.with_leaves(leaves))
            self.sim.initialise()
            self._begin()

    def _view(self):
        sim = self.sim
        return View(sim.pack, sim.fluid.eos, sim.units, sim.time)

    def check(self):
        """Raise `CrmpiError` if the run lacks what a criterion needs."""
        view = self._view()
        for criterion in self.criteria:
            criterion.check(view)

    def flags(self):
        """Return the flag of every block of the mesh (tree.nblock,), the same on every rank;
        collective."""
        sim, pack = self.sim, self.sim.pack
        view = self._view()
        if not self._checked:
            self.check()
            self._checked = True
        mine = pack.pool.numbers(dtype=int, fill=DEREFINE)
        for piece in view.pieces():
            for criterion in self.criteria:
                flags = flags_of(criterion, piece, self.params.top)
                mine[piece.blocks] = np.maximum(mine[piece.blocks], flags)
        fixed = region_levels(self.params.regions, sim.tree, sim.tree.leaves[pack.gids])
        held = (pack.levels == fixed) | (self.ages < self.params.min_age)
        mine = np.where(pack.levels < fixed, REFINE, np.where(held, np.maximum(mine, KEEP), mine))
        gids, values = sim.comm.gather_rows(np.stack([pack.gids, mine], axis=1)).T
        flags = np.empty(sim.tree.nblock, dtype=np.int64)
        flags[gids] = values
        return flags

    def change(self, tree):
        """Move the state to another mesh that differs by one level per block at most;
        collective."""
        sim = self.sim
        old = _Old(sim)
        kind, source = sources_of(old.tree, tree)
        costs = block_costs(tree, sim.config.mesh.refinement.fluid_levels)
        owner = partition(tree, sim.comm.nranks, costs)
        wanted = _wanted(old, kind, source, owner)
        staging = Staging(sim.comm, old.owner, old.gids, wanted)
        heavy = Staging(
            sim.comm, old.owner, old.gids, _that_change(wanted, old, kind, source, owner)
        )
        state = {name: heavy.bring(array) for name, array in old.arrays.items()}
        kept = {name: staging.bring(array) for name, array in old.kept.items()}
        sim.assemble(tree, owner, kept=tuple(old.arrays.values()))
        self._begin()
        _Transfer(sim, kind, source, heavy, state, old).run()
        for name, (array, joined) in sim.pack.pool.kept.items():
            follow = _FOLLOW[joined]
            array[...] = follow(
                sim.pack.gids, kind, source, staging, kept[name], old.tree, sim.tree
            )
        sim.refresh()

    def _user(self, b, time):
        """Return the indicator of the problem's hook for block `b`."""
        sim = self.sim
        w = primitives(sim.pack, b, {"temp": sim.temperature(b)})
        value = hooks.call(sim.problem, "refine", sim.positions[b], w, time, sim.problem.p)
        return hooks.finite(sim.problem, "refine", "refine", value, sim.positions[b])


class _Old:
    """What is kept of the mesh before a change: tree, owners, and the arrays whose blocks
    travel."""

    def __init__(self, sim):
        self.tree, self.owner, self.gids = sim.tree, sim.owner, sim.pack.gids
        self.arrays = {"u": sim.pack.u0, "b": sim.pack.b0}
        self.kept = {
            name: np.ascontiguousarray(kept.array) for name, kept in sim.pack.pool.kept.items()
        }


def _children(old, gid_of_first):
    """Return the gids (n, 2^d) of the siblings that begin with these."""
    # siblings follow each other on the curve
    return gid_of_first[:, None] + np.arange(len(old.roots.children))


def _that_change(wanted, old, kind, source, owner):
    """Return the rows of `wanted` without blocks that stay on their rank: those are copied from
    pack to pack."""
    stays = np.zeros(old.tree.nblock, bool)
    stays[source[(kind == STAYS) & (owner == old.owner[source])]] = True
    return wanted[~(stays[wanted[:, 1]] & (wanted[:, 0] == old.owner[wanted[:, 1]]))]


def _wanted(old, kind, source, owner):
    """Return the unique (rank, old gid) pairs of blocks that ranks need."""
    old = old.tree
    pairs = [np.stack([owner[kind != JOINED], source[kind != JOINED]], axis=1)]
    family = _children(old, source[kind == JOINED])
    pairs.append(
        np.stack([np.repeat(owner[kind == JOINED], family.shape[1]), family.ravel()], axis=1)
    )
    return np.unique(np.concatenate(pairs), axis=0)


def _summed(gids, kind, source, staging, values, old, new):
    """Return amounts: of blocks that stay, sums of those that are joined; a refined block's are its
    first child's."""
    result = np.zeros((len(gids), *values.shape[1:]), values.dtype)
    present = ~np.array(new.missing)
    for n, gid in enumerate(gids):
        if kind[gid] == JOINED:
            result[n] = values[staging.place[_children(old, source[gid : gid + 1])[0]]].sum(axis=0)
        elif kind[gid] == STAYS or not (new.leaves[gid, 1:] & 1)[present].any():
            result[n] = values[staging.place[source[gid]]]
    return result


def _aged(gids, kind, source, staging, values, old, new):
    """Return ages: of blocks that stay, the smallest of those that are joined, 0 of new ones."""
    result = np.zeros((len(gids), *values.shape[1:]), values.dtype)
    for n, gid in enumerate(gids):
        if kind[gid] == STAYS:
            result[n] = values[staging.place[source[gid]]]
        elif kind[gid] == JOINED:
            result[n] = values[staging.place[_children(old, source[gid : gid + 1])[0]]].min(axis=0)
    return result


_FOLLOW = {"sum": _summed, "minimum": _aged}
"""How arrays of the new mesh follow from those of the old one, by `crmpi.mesh.pool.Kept.joined`."""


class _Transfer:
    """Fills the pack of a new mesh from staged old blocks."""

    def __init__(self, sim, kind, source, staging, state, old):
        self.sim, self.pack, self.tree = sim, sim.pack, sim.tree
        self.kind, self.source, self.staging, self.old = kind, source, staging, old.tree
        self._before, self._slots = old.arrays, places(old.gids, old.tree.nblock)
        self.u, self.b = (np.ascontiguousarray(state[name]) for name in ("u", "b"))
        self.shape = block_shape(self.pack.grid)
        self.ratio = make_ratio(self.tree.missing)
        self.up = tuple(int(g > 0) for g in self.shape.ng)

    def run(self):
        """Fill active cells and faces; collective."""
        pack, table = self.pack, self._refined()
        self._copy()
        self._join()
        if pack.magnetic:
            for axis in range(3):
                prolong_outer_faces(self.b, pack.b0, axis, table, self.ratio)
            self._take_shared_faces()
            for part in pack.parts:
                inside = (table[:, 0] >= part.blocks.start) & (table[:, 0] < part.blocks.stop)
                g = part.grid
                areas = (g.dx2 * g.dx3, g.dx3 * g.dx1, g.dx1 * g.dx2)
                fill_inner_faces(pack.b0, np.ascontiguousarray(table[inside]), self.ratio, areas)
        first_scalar = ENER + 1 + pack.has_cr + len(pack.tracers)
        prolong_conserved(
            (self.u, self.b), (pack.u0, pack.b0), table, self.ratio, self.up, first_scalar
        )

    def _copy(self):
        for n in np.flatnonzero(self.kind[self.pack.gids] == STAYS):
            gid = self.source[self.pack.gids[n]]
            place = self.staging.place[gid]
            if place >= 0:
                self.pack.u0[n], self.pack.b0[n] = self.u[place], self.b[place]
            else:
                slot = self._slots[gid]
                self.pack.u0[n], self.pack.b0[n] = self._before["u"][slot], self._before["b"][slot]

    def _join(self):
        """Average siblings."""
        rows = []
        for n in np.flatnonzero(self.kind[self.pack.gids] == JOINED):
            family = _children(self.old, self.source[self.pack.gids[n : n + 1]])[0]
            for child, gid in zip(self.tree.roots.children, family, strict=True):
                rows.append(
                    [
                        self.staging.place[gid],
                        n,
                        *self._corner(),
                        *self._place(child),
                        *self._half()[::-1],
                    ]
                )
        table = np.array(rows, dtype=np.int64).reshape(-1, RESTRICT_COLUMNS)
        restrict(self.u, self.pack.u0, 0, self.pack.nvar, table, make_span(self.tree.missing))
        for axis in range(3) if self.pack.magnetic else ():
            faces = table.copy()
            faces[:, 10 - axis] += self.up[axis]
            restrict(
                self.b, self.pack.b0, axis, axis + 1, faces, make_span(self.tree.missing, axis)
            )

    def _refined(self):
        """Return the table of blocks to be prolonged from their parents."""
        chosen = np.flatnonzero(self.kind[self.pack.gids] == REFINED)
        table = np.zeros((len(chosen), PROLONG_COLUMNS), np.int64)
        table[:, 0] = chosen
        table[:, 1] = self.staging.place[self.source[self.pack.gids[chosen]]]
        table[:, WRITES:] = 1
        child = self.tree.leaves[self.pack.gids[chosen], 1:] & 1
        for axis in range(3):
            g, half = self.shape.ng[axis], self._half()[axis]
            table[:, 4 - axis], table[:, 10 - axis] = g, half
            table[:, 7 - axis] = g + (child[:, axis] * half if g else 0)
        return table

    def _take_shared_faces(self):
        """Let new blocks take the faces that they share with blocks that were there, equal or
        finer."""
        sim, kind = self.sim, self.kind
        peers = find_peers(sim.comm.rank, self.tree, sim.owner)
        routes, slots = (
            Routes(sim.comm.rank, sim.owner, peers),
            places(self.pack.gids, self.tree.nblock),
        )
        parts = []
        for axis in range(3):
            links = self._equal_faces(axis, kind)
            parts.append(
                Part(0, 0, axis, axis + 1, routes.tables(links, slots[links[1]], slots[links[0]]))
            )
        Exchange(sim.comm, peers, parts).run((self.pack.b0,))
        if self.sim.ghosts.crossing:
            buffers = self.sim.ghosts.crossing.buffers((), (self.pack.b0,))
            self.sim.ghosts.halo.share(self.pack.b0, buffers[0])

    def _equal_faces(self, axis, kind):
        """Return (targets, sources, boxes) of planes of faces from blocks that stay to equal ones
        that are new."""
        relation, found = relations(self.tree), []
        n, g = self.shape.n, self.shape.ng
        for side in (-1, 1) if g[axis] else ():
            offset = tuple(side if a == axis else 0 for a in range(3))
            column = OFFSETS.index(offset)
            targets = np.flatnonzero((relation[:, column] == EQUAL) & (kind == REFINED))
            sources = self.tree.neighbours[targets, column]
            stays = kind[sources] == STAYS
            box = np.zeros(9, np.int64)
            for a in range(3):
                place = array_axis(a)
                box[place], box[3 + place], box[6 + place] = g[a], g[a], n[a]
            place = array_axis(axis)
            box[place] = g[axis] + (n[axis] if side < 0 else 0)
            box[3 + place] = g[axis] + (0 if side < 0 else n[axis])
            box[6 + place] = 1
            found.append((targets[stays], sources[stays], np.tile(box, (int(stays.sum()), 1))))
        if not found:
            return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, 9), np.int64)
        targets, sources, boxes = (np.concatenate(part) for part in zip(*found, strict=True))
        order = np.lexsort((boxes[:, 3 + array_axis(axis)], sources, targets))
        return targets[order], sources[order], boxes[order]

    def _half(self):
        return tuple(n // 2 if g else n for n, g in zip(self.shape.n, self.shape.ng, strict=True))

    def _corner(self):
        return self.shape.ng[::-1]

    def _place(self, child):
        """Return the first cell (k, j, i) of the part of a block that a child covers."""
        half = self._half()
        return [
            self.shape.ng[a] + (child[a] * half[a] if self.shape.ng[a] else 0) for a in (2, 1, 0)
        ]
