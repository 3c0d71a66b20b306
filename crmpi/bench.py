"""Speed of the fluid step on one core, beside the memory bandwidth of the same core in the same minute.

One cycle is what a run does per step: time step, both stages, ghost zones, primitives with floors. Seconds are CPU seconds of the process,
and the best of several repetitions counts, so that other users of the machine disturb little.
"""

import time
from types import SimpleNamespace

import numpy as np

from crmpi.boundary.ghosts import Ghosts
from crmpi.boundary.layers import SIDES
from crmpi.constants import DENS, ECR, ENER, MOM1
from crmpi.jit import kernel
from crmpi.mesh.pack import ECR_FIELD, HYDRO_FIELDS, make_pack
from crmpi.mesh.partition import partition
from crmpi.mesh.tree import BlockTree
from crmpi.parallel.comm import SerialComm
from crmpi.params import make
from crmpi.physics.fluid import Fluid, FluidParams, nghost
from crmpi.stepper import fluid as fluid_step
from crmpi.timers import Timers

CONFIGURATIONS = {
    "mhd": {"magnetic": True, "cosmic_rays": False},
    "cr_mhd": {"magnetic": True, "cosmic_rays": True},
    "hydro": {"magnetic": False, "cosmic_rays": False},
}
_TRIAD_LENGTH = 8_000_000  # three arrays of 64 MB: larger than caches
_CFL = 0.3


def measure(n=64, repetitions=8, configurations=tuple(CONFIGURATIONS)):
    """Return {"triad_bytes_per_second": ..., "mhd": {"zone_cycles_per_second": ..., "seconds": {phase: ...}}, ...} for one n**3 block.

    Parameters
    ----------
    n : int
        cells along each axis
    repetitions : int
        cycles timed; the fastest counts
    configurations : sequence of str
        names in `CONFIGURATIONS`
    """
    results = {"cells": [n, n, n], "triad_bytes_per_second": triad(repetitions)}
    for name in configurations:
        box = periodic_box(n, **CONFIGURATIONS[name])
        cycle(box)  # compiles or loads the kernels
        box.timers = Timers()
        seconds = min(_timed(cycle, box) for _ in range(repetitions))
        phases = {phase: total / repetitions for phase, total in box.timers.seconds.items()}
        results[name] = {"zone_cycles_per_second": n**3 / seconds, "seconds": phases}
    return results


def report(results):
    """Return the results as lines of text."""
    lines = [f"memory bandwidth (triad)  {results['triad_bytes_per_second'] / 1e9:8.2f} GB/s"]
    for name in results.keys() & CONFIGURATIONS.keys():
        rate = results[name]["zone_cycles_per_second"]
        lines.append(f"{name:24}  {rate / 1e6:8.3f} million zone-cycles/s per core, {1e9 / rate:.0f} ns per zone and cycle")
    return "\n".join([lines[0], *sorted(lines[1:])])


def periodic_box(n, **params):
    """Return an object that the stepper takes for a simulation: one periodic n**3 block of waves."""
    parameters = make(FluidParams, **params)
    tree = BlockTree((n, n, n), (n, n, n))
    comm = SerialComm()
    fields = HYDRO_FIELDS + ((ECR_FIELD,) if parameters.cosmic_rays else ())
    pack = make_pack(tree, [0], fields, nghost(parameters), magnetic=parameters.magnetic)
    fluid = Fluid(parameters, pack)
    ghosts = Ghosts(comm, tree, partition(tree, 1), pack, dict.fromkeys(SIDES, "periodic"), fluid.eos)
    _set_waves(pack, parameters.gamma)
    ghosts.fill_fluid(pack.u0, pack.b0, 0.0)
    fluid.primitives(pack.u0, pack.b0)
    return SimpleNamespace(fluid=fluid, pack=pack, ghosts=ghosts, comm=comm, timers=Timers(), time=0.0)


def cycle(box):
    """Advance the box by one time step."""
    with box.timers("time step"):
        dt = box.fluid.max_dt(_CFL)
    fluid_step(box, box.time, dt)
    box.time += dt


def triad(repetitions=8):
    """Return the bytes per second that a = b + s c moves, three arrays counted once each (McCalpin 1995)."""
    a, b, c = (np.full(_TRIAD_LENGTH, value) for value in (0.0, 1.0, 2.0))
    _triad(a, b, c, 3.0)
    return 3 * a.nbytes / min(_timed(_triad, a, b, c, 3.0) for _ in range(repetitions))


@kernel
def _triad(a, b, c, s):
    """Write a = b + s c."""
    for i in range(a.size):
        a[i] = b[i] + s * c[i]


def _timed(function, *arguments):
    """Return the CPU seconds of one call."""
    start = time.process_time()
    function(*arguments)
    return time.process_time() - start


def _set_waves(pack, gamma):
    """Fill the block with subsonic waves along all axes in a uniform field."""
    x1, x2, x3 = (2.0 * np.pi * (x - x[0]) / (x[-1] - x[0]) for x in pack.coords(0))
    u = pack.active(pack.u0)[0]
    velocity = (np.sin(x2)[None, :, None], np.sin(x3)[:, None, None], np.sin(x1)[None, None, :])
    u[DENS] = 1.0 + 0.2 * velocity[0] * velocity[1]
    u[ENER] = 1.0 / (gamma - 1.0)
    for axis in range(3):
        u[MOM1 + axis] = 0.3 * u[DENS] * velocity[axis]
        u[ENER] += 0.5 * u[MOM1 + axis] ** 2 / u[DENS]
    if pack.has_cr:
        u[ECR] = 1.0
    if pack.magnetic:
        field = (0.6, 0.4, 0.2)
        pack.b0[:] = np.reshape(field, (1, 3, 1, 1, 1))
        u[ENER] += 0.5 * np.dot(field, field)
