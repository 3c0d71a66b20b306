"""Physical boundaries, and the ghost fill that joins them with the exchange between blocks."""
