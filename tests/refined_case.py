"""Refined meshes for tests: random trees, states that levels must represent exactly, and what is
wrong with ghosts."""

from types import SimpleNamespace

import numpy as np

from crmpi.boundary.ghosts import Ghosts
from crmpi.boundary.layers import SIDES
from crmpi.constants import DENS, ENER, MOM1
from crmpi.mesh import BlockTree, make_pack
from crmpi.mesh.leaves import Lattice, close, root_leaves, split
from crmpi.mesh.pack import ECR_FIELD, HYDRO_FIELDS
from crmpi.types import Field

EOS = SimpleNamespace(gamma=5.0 / 3.0, gamma_cr=4.0 / 3.0)
FIELDS = (*HYDRO_FIELDS, ECR_FIELD, Field("dye"))
MESHES = {
    "1d": ((24, 1, 1), (4, 1, 1)),
    "2d": ((16, 24, 1), (4, 8, 1)),
    "2d_x1_x3": ((16, 1, 16), (8, 1, 4)),
    "3d": ((16, 12, 16), (8, 4, 8)),
}
"""Name: cells of the mesh, cells of a block."""


def random_leaves(lattice, rng, rounds=3, share=0.25):
    """Return the leaves of a tree in which random blocks are refined, `rounds` times."""
    leaves = root_leaves(lattice)
    for _ in range(rounds):
        leaves = close(lattice, split(lattice, leaves, rng.random(len(leaves)) < share))
    return leaves


def random_tree(name, seed, periodic=True, rounds=3, scale=1):
    """Return a randomly refined tree of one of `MESHES`, with `scale` times as many cells along
    every axis."""
    cells, block = ([n if n == 1 else scale * n for n in shape] for shape in MESHES[name])
    missing = tuple(n == 1 for n in cells)
    lattice = Lattice(
        tuple(n // m for n, m in zip(cells, block, strict=True)), (periodic,) * 3, missing
    )
    share = 0.25 if sum(missing) else 0.1
    leaves = random_leaves(lattice, np.random.default_rng(seed), rounds, share)
    upper = (1.0, 1.5, 1.0)
    return BlockTree(cells, block, (0, 0, 0), upper, (periodic,) * 3, leaves=leaves)


def ghosts_of(comm, tree, owner, ng=2, kind="outflow"):
    """Return (pack, ghosts) of this rank."""
    pack = make_pack(tree, np.flatnonzero(owner == comm.rank), FIELDS, ng)
    boundaries = {
        side: "periodic" if tree.periodic[n // 2] else kind for n, side in enumerate(SIDES)
    }
    return pack, Ghosts(comm, tree, owner, pack, boundaries, EOS)


def places(tree, pack, b, axis, faces=False):
    """Return the positions of all cells, or lower faces, of block `b` along an axis, ghosts
    included."""
    grid = pack.grid
    n, g = (grid.n1, grid.n2, grid.n3)[axis], (grid.ng1, grid.ng2, grid.ng3)[axis]
    mesh = tree.at_level(pack.levels[b])
    width = (tree.upper[axis] - tree.lower[axis]) / mesh.cells[axis]
    count = n + 2 * g + (1 if faces and g else 0)
    middle = 0.0 if faces and g else 0.5
    index = pack.origins[b][axis] - g + np.arange(count)
    if tree.periodic[axis] and g:  # the two ends agree to the last bit
        index = index % mesh.cells[axis]
    return tree.lower[axis] + (index + middle) * width


def field_of(tree, pack, b, axis, potential):
    """Return the faces along `axis` of block `b`, ghosts included, of the field with a vector
    potential.

    ``potential(component, x, y)``: of the two coordinates after that of the component, in cyclic
    order, so that its mean over an edge is its value there and levels agree about fluxes.
    """
    faces = [places(tree, pack, b, a, faces=True) for a in range(3)]
    centres = [places(tree, pack, b, a) for a in range(3)]
    mesh = tree.at_level(pack.levels[b])
    total = np.zeros([len(faces[a] if a == axis else centres[a]) for a in (2, 1, 0)])
    for component, along, sign in (
        ((axis + 2) % 3, (axis + 1) % 3, 1.0),
        ((axis + 1) % 3, (axis + 2) % 3, -1.0),
    ):
        if tree.missing[along]:
            continue
        at = [None, None, None]
        for a in range(3):  # on the edge along `component`
            at[a] = centres[a] if a == component or tree.missing[a] else faces[a]
        shaped = [
            x.reshape([-1 if 2 - a == place else 1 for place in range(3)]) for a, x in enumerate(at)
        ]
        first, second = (component + 1) % 3, (component + 2) % 3
        values = potential(component, shaped[first], shaped[second])
        shape = [1, 1, 1]
        for a in range(3):
            shape[2 - a] = len(at[a])
        values = np.broadcast_to(values, shape)
        width = (tree.upper[along] - tree.lower[along]) / mesh.cells[along]
        total += sign * np.diff(values, axis=2 - along) / width
    return total


def linear(tree, pack, b, coefficients):
    """Return a linear function of position on all cells of block `b`."""
    x = [places(tree, pack, b, axis) for axis in range(3)]
    a0, a1, a2, a3 = coefficients
    a1, a2, a3 = (0.0 if gone else a for a, gone in zip((a1, a2, a3), tree.missing, strict=True))
    return a0 + a1 * x[0][None, None, :] + a2 * x[1][None, :, None] + a3 * x[2][:, None, None]


def inside(tree, pack, b, faces=None):
    """Return the slices (k, j, i) of the active cells of a block in an array with ghosts, or of its
    active faces."""
    grid = pack.grid
    result = []
    for axis in (2, 1, 0):
        n, g = (grid.n1, grid.n2, grid.n3)[axis], (grid.ng1, grid.ng2, grid.ng3)[axis]
        result.append(slice(g, g + n + (1 if faces == axis and g else 0)))
    return tuple(result)


def in_mesh(tree, pack, b, margin=0, faces=None):
    """Return where cells (or the faces of an axis) of a block, ghosts included, are in the mesh and
    `margin` cells off its ends."""
    grid, mesh = pack.grid, tree.at_level(pack.levels[b])
    where = np.ones((1, 1, 1), bool)
    for axis in range(3):
        n, g = (grid.n1, grid.n2, grid.n3)[axis], (grid.ng1, grid.ng2, grid.ng3)[axis]
        index = pack.origins[b][axis] - g + np.arange(n + 2 * g + (1 if faces == axis and g else 0))
        good = (index >= margin) & (index < mesh.cells[axis] - margin) if g else np.ones(n, bool)
        where = where & good.reshape([-1 if 2 - axis == place else 1 for place in range(3)])
    return where


def divergence(pack, b):
    """Return |div B| of all cells of a block, ghosts included, in units of the largest |B| over the
    cell width."""
    grid, part = pack.grid, next(part for part in pack.parts if part.level == pack.levels[b])
    field, widths = pack.b0[b], (part.grid.dx1, part.grid.dx2, part.grid.dx3)
    count = [n + 2 * g for n, g in ((grid.n3, grid.ng3), (grid.n2, grid.ng2), (grid.n1, grid.ng1))]
    total = np.zeros(count)
    for axis in range(3):
        if (grid.ng1, grid.ng2, grid.ng3)[axis]:
            lower = [slice(0, n) for n in count]
            upper = list(lower)
            upper[2 - axis] = slice(1, count[2 - axis] + 1)
            total += (field[axis][tuple(upper)] - field[axis][tuple(lower)]) / widths[axis]
    return np.abs(total) * min(widths) / max(np.abs(field).max(), 1e-300)


def set_uniform(pack):
    """Set a uniform moving gas with cosmic rays and a scalar in all active cells; the field is left
    alone."""
    active = pack.active(pack.u0)
    active[:, DENS] = 2.0
    for axis, velocity in enumerate((0.3, -0.2, 0.1)):
        active[:, MOM1 + axis] = 2.0 * velocity
    active[:, ENER] = 1.5 + 0.5 * 2.0 * (0.09 + 0.04 + 0.01)
    active[:, pack.index["ecr"]] = 0.7
    active[:, pack.index["dye"]] = 2.0 * 0.25
