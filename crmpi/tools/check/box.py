"""The small runs in which plug-ins are tried: waves in gas, field and cosmic rays, in physical
units."""

import io
import tempfile
from pathlib import Path

import numpy as np

from crmpi.model.problem import Problem
from crmpi.output.directory import checkpoint_files
from crmpi.parallel.comm import SerialComm
from crmpi.run import driver
from crmpi.run.configuration import load_run

CELLS, BLOCK, HALVES = (16, 8, 8), (8, 8, 8), (8, 4, 8)
"""Cells of the mesh, and two sizes of blocks."""

OTHER_UNITS = ("units.system=custom", "units.length=2 kpc", "units.velocity=3 km/s")
OTHER_UNITS += ("units.density=0.5 m_p/cm^3",)
"""Code units in which a result must be the same."""


class Waves(Problem):
    """Warm gas with waves of density, pressure, velocity, field and cosmic rays along all axes."""

    name = "plugin_check"

    def setup(self, p):
        units = self.units
        self.scale = {
            "dens": units("1 m_p/cm^3"),
            "press": units("1000 m_p/cm^3 km^2/s^2"),
            "vel": units("10 km/s"),
            "b": units("3 uG"),
        }
        self.length = units("1 kpc")

    def wave(self, x, *numbers):
        """Return 1 plus waves with these numbers of periods along the axes."""
        angle = sum(n * y for n, y in zip(numbers, (x.x1, x.x2, x.x3), strict=True))
        return 1 + 0.2 * np.sin(2 * np.pi * angle / self.length + numbers[0])

    def initial(self, x, p):
        scale = self.scale
        state = {
            "dens": scale["dens"] * self.wave(x, 1, 1, 0),
            "press": scale["press"] * self.wave(x, 1, 0, 1),
            "vel1": scale["vel"] * self.wave(x, 0, 1, 1),
        }
        if self.config.fluid.cosmic_rays:
            state["ecr"] = scale["press"] * self.wave(x, 1, 1, 1)
        if not self.config.fluid.magnetic:  # a tube has no velocity across
            return state
        vel2 = scale["vel"] * self.wave(x, 1, -1, 0)
        return state | {"vel2": vel2, "b1": scale["b"], "b2": 0.5 * scale["b"]}

    def vector_potential(self, x, p):
        angle = 2 * np.pi * (x.x1 + x.x2) / self.length
        return {"a3": 0.05 * self.scale["b"] * self.length * np.sin(angle)}


def words_of(block, steps, folder, words):
    """Return the overrides of a run."""
    return [
        f"mesh.cells={list(CELLS)}",
        f"mesh.block={list(block)}",
        "mesh.lower=[-0.5 kpc, -0.5 kpc, -0.5 kpc]",
        "mesh.upper=[0.5 kpc, 0.5 kpc, 0.5 kpc]",
        "time.end=1 Gyr",
        f"time.max_steps={steps}",
        f"output.dir={folder}",
        *words,
    ]


def run(words, block=BLOCK, steps=1, folder=None, restart=None):
    """Run the box; return the final `Simulation`."""
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch) / "run" if folder is None else folder
        config = load_run(Waves, {}, words_of(block, steps, place, words))
        comm = SerialComm()
        return driver.run(config, Waves, comm, restart=restart, stream=io.StringIO()).sim


def run_in_two(words):
    """Return the `Simulation` of a run of one step that a restart takes to two."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "run"
        run(words, folder=folder)
        return run(words, steps=2, folder=folder, restart=checkpoint_files(folder)[-1])
