"""Ranks: communicators, exact reductions and the exchange of ghost zones. The only room that
imports mpi4py."""

from crmpi.parallel.comm import MpiComm, SerialComm, make_comm

__all__ = ["MpiComm", "SerialComm", "make_comm"]
