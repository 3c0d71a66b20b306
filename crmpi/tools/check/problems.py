"""The checks of a problem, on a small mesh of its own configuration."""

import io
import tempfile
from pathlib import Path

import numpy as np

from crmpi.model.files import find_problem
from crmpi.output.directory import checkpoint_files
from crmpi.parallel.comm import SerialComm
from crmpi.params.fields import specs
from crmpi.run import driver
from crmpi.run.configuration import load_run
from crmpi.tools.small import small_mesh


class Small:
    """A problem on a small mesh.

    Parameters
    ----------
    target : str
        name, folder or YAML file of the problem
    words : sequence of str
        'key=value'
    """

    def __init__(self, target, words):
        self.found = find_problem(target)
        self.problem, self.words = self.found.problem_class, tuple(words)
        self.mesh = small_mesh(self.problem, self.found.yaml, self.words)

    def run(self, block=None, steps=1, folder=None, restart=None):
        """Return the final `Simulation` of a short run."""
        with tempfile.TemporaryDirectory() as scratch:
            words = [
                f"mesh.cells={self.mesh.cells}",
                f"mesh.block={block or self.mesh.block}",
                f"time.max_steps={steps}",
                f"output.dir={Path(scratch) / 'run' if folder is None else folder}",
            ]
            config = load_run(self.problem, self.mesh.yaml, [*words, *self.words])
            comm = SerialComm()
            return driver.run(config, self.problem, comm, restart=restart, stream=io.StringIO()).sim


def whole(sim):
    """Return {variable: array [x3, x2, x1]} of the mesh; of a refined one {variable: array [block,
    x3, x2, x1]}, and where the blocks are."""
    pack, g = sim.pack, sim.pack.grid
    names, active = pack.variable_names(), pack.active(pack.u0)
    if pack.refined:
        found = {name: active[:, v].copy() for v, name in enumerate(names)}
        found["blocks of the mesh"] = np.column_stack([pack.levels, pack.origins])
        return found | {"time": np.array(sim.time)}
    found = {name: np.zeros(sim.config.mesh.cells[::-1]) for name in names}
    for b in range(pack.nblock):
        i, j, k = (int(first) for first in pack.origins[b])
        place = (slice(k, k + g.n3), slice(j, j + g.n2), slice(i, i + g.n1))
        for v, name in enumerate(names):
            found[name][place] = active[b, v]
    return found | {"time": np.array(sim.time)}


def difference(one, other):
    """Return the name of the first variable that differs in any bit, or ''."""
    return next((name for name in one if not np.array_equal(one[name], other[name])), "")


def documented(small):
    """A docstring, and a line about every parameter."""
    if not small.problem.__doc__:
        return "has no docstring: say what it is"
    for name, spec in specs(small.problem.Params).items():
        if not spec.nested and not spec.par.doc:
            return f"parameter '{name}' has no doc"
    return ""


def one_step(small):
    """A step ends with finite numbers."""
    values = whole(small.run())
    return next(
        (f"'{n}' is not finite after a step" for n in values if not np.isfinite(values[n]).all()),
        "",
    )


def blocks_agree(small):
    """Another layout of blocks gives bitwise identical results."""
    if small.mesh.halves is None:
        return ""
    sims = [small.run(block) for block in (None, small.mesh.halves)]
    if any(sim.pack.refined for sim in sims):
        return ""
    name = difference(*map(whole, sims))
    return name and f"'{name}' depends on the layout of blocks: hooks may use positions and w only"


def restart_agrees(small):
    """Two steps, and one step with a restart and another one, are bitwise identical."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "run"
        small.run(folder=folder)
        parts = small.run(steps=2, folder=folder, restart=checkpoint_files(folder)[-1])
    name = difference(whole(small.run(steps=2)), whole(parts))
    return name and f"'{name}' depends on a restart: hooks may keep nothing from step to step"


CHECKS = {
    "documentation": documented,
    "one step": one_step,
    "layout of blocks": blocks_agree,
    "restart": restart_agrees,
}
