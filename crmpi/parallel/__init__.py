"""Ranks: communicators, exact reductions and the exchange of ghost zones. The only room that imports mpi4py."""
