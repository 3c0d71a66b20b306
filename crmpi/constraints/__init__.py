"""From observation to constraint: which transport of cosmic rays the gas around galaxies, and
inside them, allows."""
