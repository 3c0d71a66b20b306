"""Runs on refined meshes in this process: errors, sums and what is wrong with the field, level by
level."""

import numpy as np

from crmpi.model.problem import primitives
from crmpi.run import stepper
from crmpi.run.inline import run_to_end
from tests.refined_case import divergence, inside
from tests.verification.runs import begin

GAS = ("dens", "vel1", "vel2", "vel3", "press", "b1", "b2", "b3")


def refined(target, n, *overrides, block=8, watch=None):
    """Return the simulation of a problem at its end, on `n` cells (x1, x2, x3) of level 0 in blocks
    of `block` per axis."""
    shape = [block if m > 1 else 1 for m in n]
    sim = begin(target, f"mesh.cells={list(n)}", f"mesh.block={shape}", *overrides)
    sim.remesher.settle()
    sim.history = run_to_end(sim, watch=watch)
    return sim


def on_level(sim, name, level):
    """Return a primitive on a uniform mesh with the cells of a level: coarser cells repeated, finer
    ones averaged."""
    missing, cells = sim.tree.missing, sim.tree.at_level(level).cells
    whole = np.zeros(cells[::-1])
    for b in range(sim.pack.nblock):
        values = getattr(primitives(sim.pack, b), name)
        places = sim.pack.origins[b]
        for axis in (a for a in range(3) if not missing[a]):
            place, up = 2 - axis, level - int(sim.pack.levels[b])
            if up >= 0:
                values = values.repeat(2**up, axis=place)
            else:
                shape = list(values.shape)
                shape[place : place + 1] = [shape[place] // 2**-up, 2**-up]
                values = values.reshape(shape).mean(axis=place + 1)
        ratio = 2.0 ** (level - int(sim.pack.levels[b]))
        first = [int(o if gone else o * ratio) for o, gone in zip(places, missing, strict=True)][
            ::-1
        ]
        whole[tuple(slice(f, f + m) for f, m in zip(first, values.shape, strict=True))] = values
    return whole


def rms_error(sim):
    """Return the root of the sum of squares of the L1 errors of all conserved variables, weighted
    with the volumes of cells."""
    total, gamma = {}, sim.config.fluid.gamma
    for b, volume in enumerate(sim.pack.cell_volumes / _volume(sim)):
        found = _conserved(
            {name: getattr(primitives(sim.pack, b), name) for name in _names(sim)}, gamma
        )
        exact = {name: getattr(primitives(sim.pack, b), name) for name in _names(sim)}
        exact |= sim.problem.exact(sim.positions[b], sim.time, sim.problem.p)
        for name, values in _conserved(exact, gamma).items():
            total[name] = total.get(name, 0.0) + volume * np.abs(found[name] - values).sum()
    return float(np.sqrt(sum(value**2 for value in total.values())))


def _volume(sim):
    """Return the volume of the mesh in the units of `Pack.cell_volumes`."""
    return (sim.pack.active(sim.pack.u0)[0, 0].size * sim.pack.cell_volumes).sum()


def _names(sim):
    return GAS + (("ecr",) if sim.pack.has_cr else ())


def _conserved(w, gamma):
    """Return the conserved variables of primitives, {name: array}."""
    u = (
        {"dens": w["dens"]}
        | {f"mom{a}": w["dens"] * w[f"vel{a}"] for a in (1, 2, 3)}
        | {f"b{a}": w[f"b{a}"] for a in (1, 2, 3)}
    )
    moving = sum(w[f"vel{a}"] ** 2 for a in (1, 2, 3))
    u["ener"] = (
        w["press"] / (gamma - 1)
        + 0.5 * w["dens"] * moving
        + 0.5 * sum(w[f"b{a}"] ** 2 for a in (1, 2, 3))
    )
    return u | ({"ecr": w["ecr"]} if "ecr" in w else {})


def largest_divergence(sim):
    """Return max |div B| dx / max |B| of all cells, ghosts included; max |B| is that of the
    mesh."""
    field = np.abs(sim.pack.b0).max(axis=(1, 2, 3, 4))
    return (
        max(divergence(sim.pack, b).max() * field[b] for b in range(sim.pack.nblock)) / field.max()
    )


def unequal_faces(sim):
    """Return how many faces that two blocks of one level share differ between them."""
    pack, tree, g = sim.pack, sim.tree, sim.pack.grid
    slot = {int(gid): b for b, gid in enumerate(pack.gids)}
    first, count, wrong = (g.ng1, g.ng2, g.ng3), (g.n1, g.n2, g.n3), 0
    for axis in (a for a in range(3) if first[a]):
        offset = [int(a == axis) for a in range(3)]
        inside = [slice(first[a], first[a] + count[a]) for a in (2, 1, 0)]
        ends = [list(inside), list(inside)]
        ends[0][2 - axis], ends[1][2 - axis] = first[axis] + count[axis], first[axis]
        for b, gid in enumerate(pack.gids):
            other = tree.neighbour(gid, offset)
            if other is not None and tree.levels[other] == tree.levels[gid]:
                pair = pack.b0[b, axis][tuple(ends[0])], pack.b0[slot[other], axis][tuple(ends[1])]
                wrong += int((pair[0] != pair[1]).sum())
    return wrong


def adaptive_steps(sim, count, before=None):
    """Yield whether the mesh changed after each of `count` steps; `before(sim)` is called ahead of
    each."""
    for _ in range(count):
        if before is not None:
            before(sim)
        dt = sim.comm.min(sim.fluid.max_dt(0.3))
        stepper.advance(sim, dt)
        sim.clock.tick(dt)
        yield bool(sim.adapt())


def sums(sim):
    """Return mass, momenta, energy of gas and cosmic rays, and the magnetic flux through the lower
    end of each axis."""
    row, pack = sim.history_row(), sim.pack
    energy = row["ener [code]"] + row.get("ecr [code]", 0.0)
    first, fluxes = (pack.grid.ng1, pack.grid.ng2, pack.grid.ng3), []
    for axis in range(3):
        flux = 0.0
        for b in np.flatnonzero(pack.origins[:, axis] == 0):
            plane = list(inside(sim.tree, pack, b))
            plane[2 - axis] = first[axis]
            flux += (
                pack.b0[b, axis][tuple(plane)].sum() * pack.cell_volumes[b] / pack.widths(axis)[b]
            )
        fluxes.append(flux)
    return np.array(
        [row["mass [code]"], *(row[f"mom{a} [code]"] for a in (1, 2, 3)), energy, *fluxes]
    )
