"""Riemann solvers: one file each, and one line here."""

from crmpi.numerics.fluid.riemann.base import FaceFlux, State, face_flux, signal_speeds
from crmpi.numerics.fluid.riemann.hllc import HLLC
from crmpi.numerics.fluid.riemann.hlld import HLLD
from crmpi.numerics.fluid.riemann.hlle import HLLE
from crmpi.numerics.fluid.riemann.llf import LLF

SOLVERS = {"llf": LLF, "hlle": HLLE, "hllc": HLLC, "hlld": HLLD}

__all__ = [
    "HLLC",
    "HLLD",
    "HLLE",
    "LLF",
    "SOLVERS",
    "FaceFlux",
    "State",
    "face_flux",
    "signal_speeds",
]
