"""Which share of an element is in which ion: rates, ultraviolet background, equilibrium, tables.
See docs/ions.md."""

from crmpi.analysis.ions.names import parse_ion
from crmpi.analysis.ions.tables import IonTable, computed_table, ion_fraction

__all__ = ["IonTable", "computed_table", "ion_fraction", "parse_ion"]
