"""Parameters of the fluid step, and what they choose: schemes of a stage, number of ghost zones."""

from crmpi.eos.gas import cosmic_rays, ideal_gas
from crmpi.numerics.fluid.reconstruct import RECONSTRUCTIONS
from crmpi.numerics.fluid.riemann import SOLVERS
from crmpi.numerics.fluid.shock_acceleration import REACH, make_acceleration
from crmpi.numerics.fluid.stage import Scheme
from crmpi.params import group, par
from crmpi.physics.integrators import INTEGRATORS


@group
class FloorParams:
    """Smallest values the fluid step accepts; every use is counted."""

    dens: float = par(1e-12, unit="density", gt=0, doc="density")
    press: float = par(1e-14, unit="pressure", gt=0, doc="gas pressure")
    ecr: float = par(0.0, unit="pressure", ge=0, doc="cosmic-ray energy density")
    energy_limit: float = par(
        0.1,
        gt=0,
        doc=(
            "share of the energy of the box that floors may add in 20 steps; beyond it the run ends"
        ),
    )


@group
class FluidParams:
    """Group ``fluid``."""

    magnetic: bool = par(True, doc="evolve a magnetic field")
    cosmic_rays: bool = par(True, doc="evolve a cosmic-ray fluid")
    gamma: float = par(5.0 / 3.0, gt=1, doc="adiabatic index of the gas")
    gamma_cr: float = par(4.0 / 3.0, gt=1, doc="adiabatic index of the cosmic rays")
    mu: float = par(0.6, gt=0, doc="mean molecular weight in units of m_p, for temperatures")
    riemann: str = par(
        "auto",
        choices=["auto", *SOLVERS],
        doc="Riemann solver; auto: hlld with magnetic field, hllc without",
    )
    reconstruction: str = par(
        "plm", choices=list(RECONSTRUCTIONS), doc="reconstruction of the primitive variables"
    )
    integrator: str = par(
        "vl2",
        choices=list(INTEGRATORS),
        doc="vl2: predictor-corrector of van Leer; rk3: Runge-Kutta, third order",
    )
    first_order_flux_correction: bool = par(
        True, doc="redo unphysical cells with first-order fluxes before any floor acts"
    )
    shock_dissipation: bool = par(True, doc="HLLE fluxes at faces transverse to strong shocks")
    frozen: bool = par(
        False, doc="keep gas and field as they are and only carry cosmic rays and scalars along"
    )
    shock_acceleration: float = par(
        0.0, ge=0, lt=1, doc="share of the energy dissipated at shocks that cosmic rays get"
    )
    shock_mach_min: float = par(
        1.3, ge=1.1, doc="Mach number up to which shocks do not accelerate cosmic rays"
    )
    floors: FloorParams

    def check(self):
        """Yield what is wrong with the group as a whole."""
        solver = SOLVERS.get(self.riemann)
        if solver is not None and self.magnetic not in solver.fields:
            fitting = [name for name, other in SOLVERS.items() if self.magnetic in other.fields]
            field = "a" if self.magnetic else "no"
            yield (
                "riemann",
                (
                    f"cannot be used with {field} magnetic field: choose one of "
                    f"{', '.join(fitting)}, or auto"
                ),
            )
        if self.shock_acceleration > 0 and (self.frozen or not self.cosmic_rays):
            yield (
                "shock_acceleration",
                (
                    "needs gas that moves and cosmic rays: set it to 0, or fluid.frozen=false "
                    "fluid.cosmic_rays=true"
                ),
            )
        if self.shock_acceleration > 0 and any(
            stage.keep for stage in INTEGRATORS[self.integrator]
        ):
            yield (
                "shock_acceleration",
                "cannot be used with this fluid.integrator: set it to 0, or fluid.integrator=vl2",
            )


def nghost(params):
    """Return the number of ghost zones that the fluid step needs."""
    return max(
        2,
        RECONSTRUCTIONS[params.reconstruction].ghosts,
        REACH if params.shock_acceleration > 0 else 0,
    )


def make_scheme(params, tracers=0, on_tube=False):
    """Return the `Scheme` that the parameters choose, for this number of passive cosmic-ray
    populations.

    A field along a tube does not act on the gas, and hlld without field is hllc.
    """
    name = params.riemann if params.riemann != "auto" else ("hlld" if params.magnetic else "hllc")
    name = "hllc" if on_tube and name == "hlld" else name
    cr = cosmic_rays(params.gamma_cr, tracers) if params.cosmic_rays else None
    acceleration = make_acceleration(params.shock_acceleration, params.shock_mach_min, params.gamma)
    return Scheme(
        SOLVERS[name](),
        RECONSTRUCTIONS[params.reconstruction](),
        ideal_gas(params.gamma),
        cr,
        acceleration,
    )
