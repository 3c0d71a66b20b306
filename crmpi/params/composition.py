"""The group ``composition``: what the gas is made of, for all that asks."""

from crmpi.constants import HYDROGEN_FRACTION, SOLAR_METALS
from crmpi.params.fields import group, par

STATES = ("ionised", "atomic", "molecular")


@group
class CompositionParams:
    """Mass fractions of the gas; read by cooling, losses, ionisation, star formation, X-rays, ions
    and constraints."""

    X: float = par(HYDROGEN_FRACTION, gt=0, le=1, doc="mass fraction of hydrogen")
    Y: float | None = par(None, ge=0, lt=1, doc="mass fraction of helium; none: 1 - X - Z")
    Z: float = par(
        0.0,
        ge=0,
        lt=1,
        doc=(
            f"mass fraction of metals, {SOLAR_METALS} in the Sun; unless it is 0 it sets the "
            "metallicity where none is given"
        ),
    )
    mu: str = par(
        "given",
        choices=["given", *STATES],
        doc="mean molecular weight: given as fluid.mu, or derived for gas in this state",
    )

    def check(self):
        """All mass is hydrogen, helium or metals."""
        if self.Y is None and self.X + self.Z > 1.0:
            yield "Z", f"leaves no mass for helium: X + Z = {self.X + self.Z:g}"
        if self.Y is not None and abs(self.X + self.Y + self.Z - 1.0) > 1e-6:
            yield "Y", f"does not complete the mass: X + Y + Z = {self.X + self.Y + self.Z:g}"

    @property
    def helium(self):
        """Mass fraction of helium."""
        return 1.0 - self.X - self.Z if self.Y is None else self.Y

    def weight(self, state):
        """Return the mean molecular weight in units of m_p of gas that is all ionised, atomic or
        molecular.

        A fully ionised atom of mass A gives 1 + Z_nucleus particles: 2 of hydrogen, 3 of helium,
        about A/2 of metals; neutral metals, of 16 m_p each, hardly count.
        """
        particles = {
            "ionised": 2.0 * self.X + 0.75 * self.helium + 0.5 * self.Z,
            "atomic": self.X + 0.25 * self.helium + self.Z / 16.0,
            "molecular": 0.5 * self.X + 0.25 * self.helium + self.Z / 16.0,
        }
        return 1.0 / particles[state]

    def doubt(self, mu):
        """Return the sentence about a mean molecular weight that no state of the gas has, or ''."""
        low, high = self.weight("ionised"), self.weight("molecular")
        if 0.97 * low <= mu <= 1.03 * high:
            return ""
        return (
            f"'fluid.mu' = {mu:g} is that of no gas with composition.X = {self.X:g}, Z = "
            f"{self.Z:g}: {low:.3g} if ionised, {self.weight('atomic'):.3g} if atomic, {high:.3g} "
            "if molecular"
        )
