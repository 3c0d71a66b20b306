"""Ion tables by name: a class that makes an `IonTable`, for tables computed or converted."""

from crmpi.analysis.ions.tables import IonTable
from crmpi.errors import CrmpiError
from crmpi.plugins import ION_TABLES


class IonModel:
    """Base class; a subclass with a `name` is chosen by it in place of the file of a table.

    Attributes
    ----------
    name, doc, reference : str
        word for ``--table`` and ``observables.columns.table``, one line for users, papers
    """

    name = ""
    doc = ""
    reference = ""

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        ION_TABLES.add(cls)

    def table(self, redshift):
        """Return the `IonTable` at a redshift."""
        raise CrmpiError(f"ion table '{self.name}' defines no table", everywhere=True)


def table_of(name, redshift):
    """Return the `IonTable` of a file, or of the class with this name."""
    if name not in ION_TABLES:
        return IonTable.read(name, redshift)
    made = ION_TABLES[name]().table(redshift)
    if not isinstance(made, IonTable):
        raise CrmpiError(
            f"ion table '{name}': table() returns {type(made).__name__}; it must return an IonTable"
        )
    return made
