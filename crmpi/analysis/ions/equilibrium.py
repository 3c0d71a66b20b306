"""Balance of ionisation and recombination: electrons first, from hydrogen and helium, then every
element for itself.

Ionisation by electrons, by light and by exchange with H+ against recombination and exchange with H.
Elements heavier than helium give no electrons, and hydrogen does not feel what they exchange with
it.
"""

import numpy as np

from crmpi.analysis.ions import rates
from crmpi.analysis.ions.names import ELEMENTS

BISECTIONS = 60
SMALLEST = 1e-300  # stands for rates that are 0, in logarithms


class Gas:
    """Hydrogen, helium and electrons in equilibrium at given `nh` (cm^-3) and `temp` (K), arrays of
    the same shape.

    Parameters
    ----------
    nh, temp : array
    background : Background
    helium : float
        helium atoms per hydrogen atom
    shielded : bool
        whether dense gas shields itself
    """

    def __init__(self, nh, temp, background, helium, shielded=True):
        self.nh, self.temp, self._background = nh, temp, background
        self._column = background.shielding_column(nh, temp) if shielded else np.zeros_like(nh)
        self._ladders = {element: self._electron_rates(element) for element in ("H", "He")}
        self.electrons = self._electrons(helium)
        neutral, ionised = self._ladder_fractions("H", self.electrons)
        self.neutral_hydrogen, self.ionised_hydrogen = neutral * nh, ionised * nh

    def fractions(self, element):
        """Return the share of every ion of an element, array (ion, ...) from neutral to bare."""
        if element in self._ladders:
            return self._ladder_fractions(element, self.electrons)
        up, down = self._rates(element, self.electrons)
        for charge in range(len(up)):
            electrons = ELEMENTS[element].number - charge
            up[charge] += self.ionised_hydrogen * rates.exchange(
                "lose", element, electrons, self.temp
            )
            down[charge] += self.neutral_hydrogen * rates.exchange(
                "take", element, electrons, self.temp
            )
        return ladder(up, down)

    def _rates(self, element, electrons):
        """Return ([rate up], [rate down]) in 1/s between an ion and the next."""
        pushed, caught, lit = self._ladders.get(element) or self._electron_rates(element)
        return [electrons * c + light for c, light in zip(pushed, lit, strict=True)], [
            electrons * a for a in caught
        ]

    def _electron_rates(self, element):
        number = ELEMENTS[element].number
        pushed = [rates.collisional(element, n, self.temp) for n in range(number, 0, -1)]
        caught = [rates.recombination(element, n - 1, self.temp) for n in range(number, 0, -1)]
        return pushed, caught, [self._light(element, n) for n in range(number, 0, -1)]

    def _light(self, element, electrons):
        """Return the rate of photo-ionisation, interpolated over the columns that are in use."""
        columns = np.concatenate(
            [[0.0], np.geomspace(1e14, max(float(self._column.max()), 1e15), 120)]
        )
        return np.interp(self._column, columns, self._background.rate(element, electrons, columns))

    def _ladder_fractions(self, element, electrons):
        return ladder(*self._rates(element, electrons))

    def _electrons(self, helium):
        """Return the density of electrons: the one that hydrogen and helium give when they stand in
        it."""
        low, high = np.log(self.nh) - 60.0, np.log(self.nh * (1.0 + 2.0 * helium))
        for _ in range(BISECTIONS):
            middle = 0.5 * (low + high)
            given = np.exp(middle)
            hydrogen, shares = (
                self._ladder_fractions("H", given),
                self._ladder_fractions("He", given),
            )
            freed = self.nh * (hydrogen[1] + helium * (shares[1] + 2.0 * shares[2]))
            more = freed > given
            low, high = np.where(more, middle, low), np.where(more, high, middle)
        return np.exp(0.5 * (low + high))


def ladder(up, down):
    """Return the shares of the rungs of a ladder in equilibrium, from the rates up from a rung and
    down to it."""
    steps = [
        np.log(np.maximum(u, SMALLEST)) - np.log(np.maximum(d, SMALLEST))
        for u, d in zip(up, down, strict=True)
    ]
    heights = np.cumsum(np.stack([np.zeros_like(steps[0]), *steps]), axis=0)
    shares = np.exp(heights - heights.max(axis=0))
    return shares / shares.sum(axis=0)
