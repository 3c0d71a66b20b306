"""Names of the variables: the one table of indices used by kernels and by Python; and the numbers
that more than one room assumes.

Conserved ``u`` and primitive ``w`` share their numbering, so a variable keeps its place when it is
converted.
"""

# conserved                       primitive
DENS = 0  # mass density          mass density
MOM1 = 1  # momentum density      VEL1
MOM2 = 2
MOM3 = 3
ENER = 4  # gas + magnetic energy PRES, gas pressure
ECR = 5  # cosmic-ray energy density; present when the run has cosmic rays, scalars follow

VEL1, VEL2, VEL3, PRES = MOM1, MOM2, MOM3, ENER
NHYDRO = 5

B1, B2, B3 = 0, 1, 2  # components of a face or cell-centred magnetic field

AXES = (0, 1, 2)  # x1, x2, x3

# Numbers of nature that are choices; constants of nature with a dimension are in `crmpi.units`.

HYDROGEN_FRACTION = 0.76
"""Mass fraction X of hydrogen where a run does not say otherwise: n_H = X rho/m_p."""

SOLAR_METALS = 0.0134
"""Share of metals in the mass of the Sun (Asplund, Grevesse, Sauval & Scott 2009, table 4)."""

SUPERNOVA_ENERGY = 1e51
"""Energy of a supernova in erg."""

LIGHT_SPEED = 2.99792458e10
"""Speed of light in cm/s."""

GYRO_RATE = 0.00898734
"""Gyration frequency of a relativistic nucleus of 1 GV per magnetic field, 1/(s uG)."""
