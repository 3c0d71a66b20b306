"""How kernels walk through memory."""
