"""What the rows of the scratch buffers of the fluid step are."""

# one reconstructed state at a face, vectors in the order normal, first, second transverse; from STATE on the numbering of w0
BT1, BT2 = 0, 1  # transverse magnetic field
STATE = 2

# one face; from FLUX on the numbering of u0
WEIGHT = 0  # 1 where the mass flux says upwind is the lower cell, 0 the upper one, linear between (Gardiner & Stone 2005)
ET1, ET2 = 1, 2  # electric field along the transverse axes
VFACE = 3  # velocity through the face, of the P div v work
FROM_LOWER, FROM_UPPER, SQUEEZE = 4, 5, 6  # (FROM_LOWER e_lower + FROM_UPPER e_upper) SQUEEZE is a flux of cosmic-ray energy; for tracers
FLUX = 7
