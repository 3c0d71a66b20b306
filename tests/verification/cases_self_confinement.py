"""The instability of self-confinement (Hopkins, Squire, Butsky & Ji 2022), in the form that the
closure gives it.

It stands with V13 in the table: closures of the scattering against what their own flux function
says.
"""

import numpy as np

from crmpi.exact import self_confinement
from tests.stepping import begin
from tests.verification.runs import order, run_problem
from tests.verification.table import Check, case

COMMAND = "crmpi run sc_instability"
SLOPE = (
    "problem.profile=slope",
    "transport={solver: two_moment, vmax: 1e4 km/s, streaming: false}",
)
LANDAU = ("scattering.nonlinear_landau=true", "scattering.turbulent=false")


class Gas:
    """The gas of the problem in cgs, and the flux that self-confinement lets pass."""

    def __init__(self):
        sim = begin("sc_instability")
        p, units = sim.problem.p, sim.units
        self.units, self.half_width = units, units.from_code(p.half_width, "cm")
        self.field, self.dens = units.from_code(p.field, "G"), units.from_code(p.dens, "g/cm^3")
        self.e, self.outside = (
            units.from_code(p.ecr, "erg/cm^3"),
            units.from_code(p.outside, "erg/cm^3"),
        )
        self.alfven = units.from_code(p.field / np.sqrt(p.dens), "cm/s")
        self.sound = units.from_code(
            np.sqrt(sim.config.fluid.gamma * sim.problem.pressure(p) / p.dens), "cm/s"
        )
        self.kpc, self.slope = (
            units.from_code(1.0, "cm"),
            units.from_code(sim.problem.slope, "erg/cm^4"),
        )
        damping = self_confinement.linear_damping(
            self.field, self.dens, self.sound, 0.1 * self.kpc, 1e6
        )
        self.limit = self_confinement.limiting_flux(self.field, self.dens, damping)

    def landau(self, slope):
        """Return the flux of nonlinear Landau damping alone on a gradient."""
        damping = self_confinement.nonlinear_damping(self.field, self.dens, self.sound, slope)
        return self_confinement.limiting_flux(self.field, self.dens, damping)


def decay_rate(gas, flux, cells, *overrides):
    """Return the decay rate of the mode over k^2 in cm^2/s, between a quarter and the end of the
    run."""
    outcome = run_problem(
        "sc_instability",
        *SLOPE,
        f"problem.flux={flux:.17g}",
        *overrides,
        cells=(cells, 1, 1),
        every=1,
    )
    time, mode = outcome.history["time"], outcome.history["mode"]
    first = len(time) // 4
    rate = np.log(mode[first] / mode[-1]) / (time[-1] - time[first])
    return rate / outcome.sim.problem.k**2 / gas.units.factor("cm^2/s")


@case(
    "V13",
    "self-confinement: a mode on a gradient",
    f"{COMMAND} problem.profile=slope transport.streaming=false",
    solver="two_moment",
    model="self_confinement",
)
def mode_on_gradient(full):
    """df/d|grad e| is all that could damp a mode: kappa for constant kappa, half of it with
    nonlinear Landau, none with linear damping."""
    gas, cells = Gas(), 128 if full else 64
    slope = 0.3 * gas.e / gas.kpc
    kappa = gas.limit / slope
    waves = 0.5 * (np.pi / cells) ** 2 * 4  # the second-order error of k^2 and of the flux, twice
    model = f"scattering={{model: constant, kappa_par: {kappa:.17g}}}"
    constant = decay_rate(gas, gas.limit, cells, model, "time.end=0.5 Myr", "time.dt_max=0.01 Myr")
    yield Check(
        "constant kappa: relative error of the decay rate kappa k^2",
        abs(constant / kappa - 1),
        "<",
        0.02,
    )
    linear = decay_rate(gas, gas.limit, cells, "time.end=5 Myr")
    yield Check(
        "turbulent damping: decay rate over that of constant kappa; the closure says 0",
        abs(linear / kappa),
        "<",
        waves,
    )
    flux = gas.landau(slope)
    landau = decay_rate(gas, flux, cells, *LANDAU, "time.end=5 Myr")
    error = abs(landau / (0.5 * flux / slope) - 1)
    yield Check(
        "nonlinear Landau damping: relative error of the decay rate k^2 f/(2 |grad e|)",
        error,
        "<",
        0.02,
    )


def layer_run(gas, cells, supply, *overrides, end):
    """Return e of the layer at the end over that at the start, and what the balance of source and
    flux says."""
    outcome = run_problem(
        "sc_instability",
        f"problem.supply={supply}",
        f"problem.flux={gas.limit:.17g}",
        f"time.end={end} Myr",
        f"time.dt_max={1.28 / cells} Myr",
        *overrides,
        cells=(cells, 1, 1),
    )
    times = outcome.history["time"] / gas.units.factor("s")
    exact = self_confinement.layer(
        times, supply * gas.limit, gas.limit, gas.e, gas.slope, gas.half_width, gas.alfven
    )
    return outcome.history["layer"][-1] / outcome.history["layer"][0], exact[-1] / gas.e


@case(
    "V13",
    "self-confinement: a layer with a source runs away",
    f"{COMMAND} problem.supply=1.5",
    solver="two_moment",
    model="self_confinement",
)
def runaway(full):
    """A source beyond the flux that can pass fills the layer, one below it empties it: at the rate
    of the difference, whatever e is."""
    gas, errors = Gas(), []
    meshes, end = ((128, 256, 512), 3) if full else ((128, 256), 1.5)
    for n in meshes:
        found, exact = layer_run(gas, n, 1.5, end=end)
        errors.append(abs((found - 1) / (exact - 1) - 1))
    # a layer that fills ends in a step, and the step takes two cells of the layer
    yield Check(
        f"filling: relative error of the growth, N = {meshes[-1]}",
        errors[-1],
        "<",
        2.0 * (2.0 / meshes[-1]) / 0.125,
    )
    yield Check("filling: order", order(*errors[-2:]), ">", 0.7)
    found, exact = layer_run(gas, 128, 0.5, end=end)
    yield Check(
        "emptying: relative error of the loss, N = 128",
        abs((1 - found) / (1 - exact) - 1),
        "<",
        0.01,
    )
    if full:
        found, exact = layer_run(gas, 128, 1.5, end=20)
        yield Check(
            "filling: e after 20 Myr over that of constant kappa in its steady state",
            found / steady(gas, 1.5),
            ">",
            2,
        )
    kappa = f"scattering={{model: constant, kappa_par: {gas.limit / gas.slope:.17g}}}"
    found, _ = layer_run(gas, 128, 1.5, kappa, "time.dt_max=0.1 Myr", end=20)
    yield Check(
        "constant kappa: e after 20 Myr over its upper bound, the steady state without streaming",
        found / steady(gas, 1.5),
        "<",
        1,
    )


def steady(gas, supply):
    """Return e in the middle of the layer over that at the start: constant kappa = F0/slope in its
    steady state, without streaming."""
    # the flux is that of the source, F0 x/h in the layer
    rise = supply * gas.slope * (gas.kpc - 0.5 * gas.half_width)
    return (gas.outside + rise) / gas.e
