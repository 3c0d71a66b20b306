"""What a run will need, as ``crmpi run --dry-run`` prints it: blocks of each level, memory, cells
updated in a step, core-hours."""

import math

import numpy as np

from crmpi.mesh.census import census
from crmpi.mesh.groups import steps_of
from crmpi.mesh.tree import BlockTree
from crmpi.refinement.static import asked_blocks, first_tree


def root_of(mesh):
    """Return the `BlockTree` of the parameters `mesh` without refinement."""
    periodic = [getattr(mesh.boundaries, f"ix{axis}") == "periodic" for axis in (1, 2, 3)]
    return BlockTree(mesh.cells, mesh.block, mesh.lower, mesh.upper, periodic)


def expectation(config, sim):
    """Return lines on the mesh at the start of a run, its memory and the work of a step.

    Parameters
    ----------
    config : Config
    sim : Simulation
        the same run assembled with some of its blocks, which may be smaller, see
        `crmpi.run.rehearsal`
    """
    mesh, params = config.mesh, config.mesh.refinement
    root = root_of(mesh)
    tree = first_tree(root, params)
    lines = ["mesh: " + "\n  ".join(census(mesh.cells, mesh.block, tree.leaves))]
    if params.regions:
        asked = asked_blocks(root, params)
        lines.append(
            f"  regions need {asked} blocks, 2:1 between neighbours adds {tree.nblock - asked}"
        )
    if params.criteria:
        most = f"level {params.top}, with at most {params.max_blocks} blocks"
        lines.append(f"  criteria may refine up to {most}: what follows is without them")
    own, shared = memory(sim)
    block = own * _padded(mesh.block, mesh.cells, sim) / _padded(sim.tree.block, mesh.cells, sim)
    lines.append(
        f"memory: at most about {_size(block * tree.nblock)} in arrays of cells and messages, "
        f"{_size(block)} for a block of its own rank; "
        f"on every rank {_size(shared)} of tables, and what Python and compiled kernels take "
        "(about 0.3 GB)"
    )
    apart = params.fluid_levels if tree.max_level else 0
    cells, stages = math.prod(mesh.block) * _block_steps(tree, apart), len(sim.fluid.stages)
    length = "with the time step of the smallest cells"
    if apart:
        base = max(tree.max_level - apart, 0)
        length = f"levels above {base} in steps that halve from level to level"
    lines.append(f"a step: {cells} zone updates in {stages} stages, {length}")
    return lines


def _block_steps(tree, apart):
    """Return how many blocks are advanced in a step."""
    return int(steps_of(tree.levels, tree.max_level, apart).sum())


PER_CELL = 0.9e-6
"""Seconds of one core for a cell, ghosts included, and a stage of a run with all physics: cooling,
star formation, two moments or diffusion (docs/galaxy.md)."""


def duration(config, sim, declared):
    """Return lines on the steps and core-hours of a run, from the time step that the `Declaration`s
    of what acts in a step allow."""
    longest = min((one.max_dt for one in declared), default=math.inf)
    longest = min(longest, config.time.dt_max)
    if not 0.0 < longest < math.inf:
        return []
    mesh = config.mesh
    steps = config.time.end / longest
    if config.time.max_steps is not None:
        steps = min(steps, config.time.max_steps)
    tree = first_tree(root_of(mesh), mesh.refinement)
    blocks = _block_steps(tree, mesh.refinement.fluid_levels)
    step = PER_CELL * _padded(mesh.block, mesh.cells, sim) * blocks * len(sim.fluid.stages)
    return [
        f"work: {steps:.3g} steps as short as the first one are {steps * step / 3600.0:.2g} "
        f"core-hours, at {step:.2g} s of one core for a step with all physics; steps become "
        "shorter where gas becomes faster ('crmpi bench' measures this machine)"
    ]


def _padded(block, cells, sim):
    """Return the cells of a block with its ghosts."""
    grid = sim.pack.grid
    ghosts = (grid.ng1, grid.ng2, grid.ng3)
    return math.prod(
        n + 2 * g if total > 1 else n for n, g, total in zip(block, ghosts, cells, strict=True)
    )


def memory(sim):
    """Return (bytes in arrays for each block of this rank, its messages included; bytes in tables
    that do not grow with blocks)."""
    own = array_bytes([sim.pack, sim.fluid, sim.ghosts, sim.transport]) - array_bytes(sim.tree)
    return own / sim.pack.nblock, array_bytes(sim) - own


def array_bytes(thing):
    """Return the bytes of all arrays that `thing` holds, those of the objects in it too; each
    counts once."""
    seen, todo, total = set(), [thing], 0
    while todo:
        item = todo.pop()
        if isinstance(item, np.ndarray):
            while isinstance(item.base, np.ndarray):
                item = item.base
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, np.ndarray):
            total += item.nbytes
        elif isinstance(item, dict):
            todo += item.values()
        elif isinstance(item, (list, tuple, set)):
            todo += item
        elif type(item).__module__.startswith("crmpi."):
            todo += getattr(item, "__dict__", {}).values()
    return total


def _size(size):
    power = min(int(math.log10(max(size, 1.0)) / 3), 4)
    return f"{size / 1000.0**power:.3g} {('B', 'kB', 'MB', 'GB', 'TB')[power]}"
