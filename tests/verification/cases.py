"""All verification cases: importing the modules that define them fills the list."""

from tests.verification import cases_cr, cases_mhd, cases_stress
from tests.verification.table import CASES

__all__ = ["CASES", "cases_cr", "cases_mhd", "cases_stress"]
