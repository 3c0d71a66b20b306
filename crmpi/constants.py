"""Names of the variables: the one table of indices used by kernels and by Python.

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
