"""The mirror image of a state evolves into the mirror image, to the last bit: of two sides, cells
or waves with equal standing none comes first in a sum."""

import numpy as np
import pytest

import crmpi
from crmpi.api import Problem, par
from tests.selection import mostly_full

CASES = {
    "gas": ((16, 16, 1), {"fluid.magnetic": False, "transport.solver": "none"}),
    "field": ((16, 16, 16), {"transport.solver": "none"}),
    "levels": (
        (16, 16, 1),
        {
            "transport.solver": "none",
            "mesh.block": [4, 4, 1],
            "mesh.refinement.max_level": 1,
            "mesh.refinement.interval": 2,
            "mesh.refinement.criteria": [
                {"name": "gradient", "variable": "press", "refine": 0.3, "derefine": 0.1}
            ],
        },
    ),
    "isotropic": ((16, 16, 1), {"transport.solver": "isotropic_diffusion"}),
    "anisotropic": ((16, 16, 1), {"transport.solver": "anisotropic_diffusion"}),
    "streaming": ((16, 1, 1), {"transport.solver": "streaming_diffusion"}),
    "streaming in 3-D": ((8, 8, 8), {"transport.solver": "streaming_diffusion"}),
    "two_moment": ((16, 16, 1), {"transport.solver": "two_moment", "transport.vmax": 30}),
    "alfven": (
        (16, 16, 1),
        {
            "transport.solver": "alfven_regulated",
            "transport.vmax": 30,
            "transport.gyro_rate": 100,
            "transport.light_speed": 1000,
        },
    ),
}
QUICK = ["gas", "levels", "anisotropic", "streaming"]
"""Those that need few kernels of their own."""


class Lumps(Problem):
    """Gas, flow and cosmic rays without any symmetry in a uniform oblique field, seen in a mirror
    or not; B has the image of a velocity, which ideal MHD cannot tell from the true one."""

    class Params:
        sides: tuple[int, int, int] = par((1, 1, 1), doc="-1 along an axis that is turned around")

    def initial(self, x, p):
        # centres of cells of a box whose sides are 1 are exact in binary, and so are mirror images
        places = (x.x1, x.x2, x.x3)
        cells = self.config.mesh.cells
        s1, s2, s3 = (
            p.sides[a] * 2 * np.pi * (places[a] + np.zeros(x.shape)) if cells[a] > 1 else 0.0
            for a in range(3)
        )
        spot = (s1 - 0.6) ** 2 + (s2 + 0.3) ** 2 + s3**2 < 1.6
        state = {
            "dens": 1 + 0.3 * np.cos(s1) * np.sin(s2 + 0.3) + 0.2 * np.sin(s1 + 2 * s3 + 1),
            "press": 1 + 0.4 * np.sin(s1 - s2 + 0.2) + 3.0 * spot,
            "ecr": 0.8 + 0.5 * np.cos(s1 + 0.7) * np.cos(s2) + 0.1 * np.sin(s3) + 2.0 * spot,
        }
        flow = (
            0.5 * np.sin(s2 + 0.1) + 0.1 * np.cos(s1),
            0.4 * np.sin(s1) + 0.3 * np.cos(s3 + 0.4),
            0.3 * np.cos(s1 + s2),
        )
        state |= {f"vel{a + 1}": p.sides[a] * flow[a] for a in range(3)}
        if self.config.fluid.magnetic:
            state |= {f"b{a + 1}": p.sides[a] * b for a, b in enumerate((0.7, 0.45, 0.3))}
        return state


def evolve(cells, parameters, sides):
    """Return {variable: array [k, j, i]} after ten steps, turned back, and the time."""
    mesh = {"cells": cells, "block": [min(8, n) for n in cells], "lower": [-0.5] * 3}
    given = {f"mesh.{key}": value for key, value in (mesh | {"upper": [0.5] * 3}).items()}
    given |= {"units.system": "none", "time.end": 10.0, "problem.sides": sides}
    if parameters["transport.solver"] not in ("none", "alfven_regulated"):
        given |= {"scattering.model": "constant", "scattering.kappa_par": 0.05}
    sim = crmpi.Simulation(Lumps, given | parameters)
    sim.run(steps=10)
    turned = tuple(2 - axis for axis in range(3) if sides[axis] < 0)
    names = [name for name in sim.names if name in ("dens", "press", "ecr") or name[:3] == "fcr"]
    found = {name: np.flip(np.asarray(sim[name]), turned) for name in names}
    for a in range(3):
        for name in (f"vel{a + 1}", f"b{a + 1}"):
            if name in sim:
                found[name] = sides[a] * np.flip(np.asarray(sim[name]), turned)
    return found, sim.time


@pytest.mark.parametrize("name", mostly_full(CASES, QUICK))
def test_mirror_images_stay_mirror_images(name):
    cells, parameters = CASES[name]
    expected, end = evolve(cells, parameters, [1, 1, 1])
    assert np.ptp(expected["dens"]) > 0.3
    for axis in range(3):
        if cells[axis] > 1:
            sides = [-1 if a == axis else 1 for a in range(3)]
            found, time = evolve(cells, parameters, sides)
            assert time == end
            for variable, values in expected.items():
                assert np.array_equal(found[variable], values), (axis, variable)
