"""What closures need of the local plasma, on all cells of a pack, ghost zones included.

Arrays have the shape (nblock, m3, m2, m1). Cells that hold nothing (padding of rows) get harmless
numbers. Centred differences are valid everywhere but in the outermost layer of ghost zones, which
no solver reads. All is in double precision: closures multiply numbers far apart.
"""

import numpy as np

from crmpi.constants import DENS, ECR, GYRO_RATE, PRES
from crmpi.eos.ionisation import neutral_helium, neutral_hydrogen, rahmati2013
from crmpi.mesh.gradients import along_field, field_strength

_BACKGROUND_CROSS_SECTION = 2.68e-18
"""Of hydrogen for the background of Haardt & Madau (2012) at z = 0, cm^2: Rahmati et al. 2013,
table 2."""

_NO_FIELD = 1e-20  # code units: stands for no field, and its square is still a number


def gyro_radius(rigidity, field, units):
    """Return the Larmor radius c/Omega of cosmic rays of `rigidity` in GV in a magnetic `field`,
    code units."""
    return rigidity * units.c * units.factor("uG") / (GYRO_RATE * units.factor("1/s") * field)


class Plasma:
    """Local quantities of a pack, code units unless said; every method computes anew.

    Parameters
    ----------
    pack : crmpi.mesh.pack.Pack
        with valid ``w0`` and ``bcc``
    units : crmpi.units.Units
    eos : crmpi.types.EOS
    """

    def __init__(self, pack, units, eos):
        self.pack, self.units, self.eos = pack, units, eos

    def density(self):
        """Return the mass density; empty cells have the largest one of the pack."""
        dens = self.pack.w0[:, DENS].astype(float)
        return np.where(dens > 0.0, dens, dens.max(initial=1e-30))

    def nucleon_density(self):
        """Return the number of nucleons per cm^3, rho/m_p, whatever they are bound to."""
        return self.density() / self.units.factor("m_p/cm^3")

    def neutral_hydrogen(self, ionisation):
        """Return the neutral share of hydrogen at the balance of ionisation and recombination, see
        `crmpi.eos.ionisation`.

        Parameters
        ----------
        ionisation : IonisationParams
            rates of cosmic rays and of the ultraviolet background, dimmed in dense gas as Rahmati
            et al. (2013) found
        """
        nh, temp = self._hydrogen()
        return neutral_hydrogen(nh, temp, self._ionising(nh, temp, ionisation))

    def neutral_helium(self, ionisation, hydrogen):
        """Return the neutral share of helium in gas with the neutral share `hydrogen`."""
        nh, temp = self._hydrogen()
        return neutral_helium(nh, temp, hydrogen, self._ionising(nh, temp, ionisation))

    def _hydrogen(self):
        """Return hydrogen nuclei per cm^3 and temperature."""
        return self.eos.hydrogen * self.nucleon_density(), np.clip(self.temperature(), 1.0, 1e10)

    def _ionising(self, nh, temp, ionisation):
        """Return the rate per atom of cosmic rays and light, 1/s."""
        per_second = self.units.factor("1/s")
        zeta, light = (
            ionisation.cosmic_ray_ionisation / per_second,
            ionisation.photo_ionisation / per_second,
        )
        return (
            zeta + light * rahmati2013(nh, temp, light, _BACKGROUND_CROSS_SECTION)
            if light > 0.0
            else zeta
        )

    def temperature(self):
        """Return the temperature in K."""
        scale = self.eos.mu * self.units.m_p / self.units.k_B
        return np.maximum(self.pack.w0[:, PRES], 0.0) / self.density() * scale

    def sound_speed(self):
        """Return the adiabatic sound speed of the gas."""
        return np.sqrt(self.eos.gamma * np.maximum(self.pack.w0[:, PRES], 0.0) / self.density())

    def field(self):
        """Return the strength of the magnetic field, never zero."""
        return field_strength(self.pack) + _NO_FIELD

    def alfven_speed(self):
        """Return |B|/sqrt(rho)."""
        return self.field() / np.sqrt(self.density())

    def gyro_radius(self, rigidity):
        """Return the Larmor radius c/Omega of cosmic rays of `rigidity` in GV."""
        return gyro_radius(rigidity, self.field(), self.units)

    def along_field(self, values):
        """Return b.grad of an array (nblock, m3, m2, m1), centred differences."""
        return along_field(self.pack, values)

    def ecr(self):
        """Return the energy density of the cosmic rays, not negative."""
        return np.maximum(self.pack.w0[:, ECR], 0.0, dtype=float)

    def curvature(self):
        """Return |b.grad b|, the inverse radius of curvature of the field lines."""
        size = self.field()
        return np.sqrt(sum(self.along_field(self.pack.bcc[:, c] / size) ** 2 for c in range(3)))
