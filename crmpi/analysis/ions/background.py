"""Ultraviolet light from outside: rates of photo-ionisation, in the open and behind neutral
hydrogen."""

import numpy as np

from crmpi.analysis.ions.coefficients import backgrounds, spectrum
from crmpi.analysis.ions.rates import cross_section
from crmpi.eos.ionisation import rahmati2013
from crmpi.errors import CrmpiError

PLANCK = 6.62607015e-27  # erg s
# energies per bin of the spectrum: edges of ions inside of a bin are met to 1/12 of its width
NODES = 12
# of H I, behind which rates are tabulated
COLUMNS = np.concatenate([[0.0], np.logspace(15.0, 24.0, 91)])


class Background:
    """Isotropic light of a spectrum in bins of energy.

    Parameters
    ----------
    name : str
        "hm12" (Haardt & Madau 2012) or "ks19" (Khaire & Srianand 2019); "none" for no light
    redshift : float
        between 0 and 1
    scale : float
        factor on the spectrum
    """

    def __init__(self, name, redshift, scale=1.0):
        if name == "none":
            self.energy, self.photons = np.ones(1), np.zeros(1)
            return
        if name not in backgrounds():
            raise CrmpiError(
                f"there is no ultraviolet background '{name}'; known are "
                f"{', '.join(backgrounds())} and none"
            )
        low, high, redshifts, intensity = spectrum(name)
        if not redshifts[0] <= redshift <= redshifts[-1]:
            reach = f"{redshifts[0]:g} to {redshifts[-1]:g}"
            raise CrmpiError(
                f"the background {name} is there for redshifts {reach}, not {redshift:g}; use a "
                "table of your own"
            )
        step = np.log(high / low) / NODES
        self.energy = (low[:, None] * np.exp(step[:, None] * (np.arange(NODES) + 0.5))).ravel()
        j = np.exp([np.interp(redshift, redshifts, row) for row in np.log(intensity)])
        # per s and cm^2, all directions
        self.photons = scale * (4.0 * np.pi / PLANCK * j * step).repeat(NODES)

    def rate(self, element, electrons, column=0.0):
        """Return the rate in 1/s at which an ion loses an electron behind a `column` (cm^-2, number
        or array) of neutral hydrogen."""
        passed = np.exp(-np.multiply.outer(column, cross_section("H", 1, self.energy)))
        return passed @ (self.photons * cross_section(element, electrons, self.energy))

    def mean_cross_section(self):
        """Return the cross-section of hydrogen averaged over the photons between its edge and that
        of He II."""
        hard = (self.energy >= 13.6) & (self.energy < 54.42)
        return np.average(cross_section("H", 1, self.energy[hard]), weights=self.photons[hard])

    def shielding_column(self, nh, temp):
        """Return the column of neutral hydrogen that dims the light of hydrogen as much as a gas of
        density `nh` does (`rahmati2013`)."""
        open_rate = self.rate("H", 1)
        if open_rate == 0.0:
            return np.zeros(np.broadcast_shapes(np.shape(nh), np.shape(temp)))
        share = self.rate("H", 1, COLUMNS) / open_rate
        wanted = rahmati2013(nh, temp, open_rate, self.mean_cross_section())
        return np.interp(-np.log(wanted), -np.log(share), COLUMNS)
