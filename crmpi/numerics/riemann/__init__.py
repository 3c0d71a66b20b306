"""Riemann solvers: one file each, and one line here."""

from crmpi.numerics.riemann.base import FaceFlux, State, face_flux, signal_speeds
from crmpi.numerics.riemann.hllc import HLLC
from crmpi.numerics.riemann.hlld import HLLD
from crmpi.numerics.riemann.hlle import HLLE
from crmpi.numerics.riemann.llf import LLF

SOLVERS = {"llf": LLF, "hlle": HLLE, "hllc": HLLC, "hlld": HLLD}

__all__ = ["HLLC", "HLLD", "HLLE", "LLF", "SOLVERS", "FaceFlux", "State", "face_flux", "signal_speeds"]
