"""Snapshots of gas with a given density and temperature, for tests of columns."""

import numpy as np

from crmpi.constants import DENS, ECR, PRES, VEL1
from crmpi.mesh.pack import ECR_FIELD, HYDRO_FIELDS
from crmpi.mesh.tree import BlockTree
from crmpi.output.snapshot import write_snapshot
from tests.output_case import make_case
from tests.refined_case import random_leaves


def cube(n, block=None, half=1.0):
    """Return the tree of a cube of n^3 cells around the origin."""
    block = block or n
    return BlockTree((n, n, n), (block, block, block), (-half,) * 3, (half,) * 3, (False,) * 3)


def refined_cube(n, block, seed, half=1.0, rounds=3, periodic=False):
    """Return the tree of a cube around the origin, n^3 cells on level 0, in which random blocks are
    refined."""
    root = BlockTree((n, n, n), (block, block, block), (-half,) * 3, (half,) * 3, (periodic,) * 3)
    return root.with_leaves(random_leaves(root.roots, np.random.default_rng(seed), rounds, 0.15))


def write_gas(path, tree, density, temperature=1e4, units="galactic", velocity=None, ecr=None):
    """Write a snapshot; `density` is a function of x1, x2, x3 in code units, `temperature` a number
    of K or such a function.

    ``velocity(x1, x2, x3)`` returns three numbers or arrays; `ecr` is a number, the energy density
    of cosmic rays.
    """
    fields = HYDRO_FIELDS if ecr is None else (*HYDRO_FIELDS, ECR_FIELD)
    state, record, writer, _ = make_case(tree=tree, units=units, magnetic=False, fields=fields)
    pack = state.pack
    for b in range(pack.nblock):
        x = pack.coords(b)
        x1, x2, x3 = x[0][None, None, :], x[1][None, :, None], x[2][:, None, None]
        dens = density(x1, x2, x3) + 0.0 * (x1 + x2 + x3)
        temp = temperature(x1, x2, x3) if callable(temperature) else temperature
        k_over_m = 1.0 if units == "none" else record.units.k_B / record.units.m_p
        cells = pack.active(pack.w0)[b]
        cells[DENS], cells[PRES] = dens, dens * k_over_m * temp / record.mu
        if velocity is not None:
            for axis, component in enumerate(velocity(x1, x2, x3)):
                cells[VEL1 + axis] = component
        if ecr is not None:
            cells[ECR] = ecr
    write_snapshot(path, state, record, writer, "f8")
    return record
