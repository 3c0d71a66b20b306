"""What crossed the boundary of the mesh and what gravity did: terms of the balance of the box."""

from crmpi.diagnostics.columns import CellAccount, Column

COLUMNS = (
    Column("boundary_mass", "mass"),
    Column("boundary_energy", "energy", term=+1),
    Column("boundary_ecr", "energy", term=+1),
    Column("gravity_work", "energy", term=+1),
    Column("frozen_exchange", "energy", term=+1),
    Column("shock_acceleration", "energy"),
)


def is_energy_of_rays(field):
    """Return whether a variable is an energy density of the cosmic rays or of their waves, and part
    of the energy of the box."""
    return field.unit == "pressure" and field.name != "ener" and not field.population


class BoxLedger(CellAccount):
    """Amounts since the start, per block, integrated over volume, code units; what the box gained
    counts positive.

    ``boundary_mass``, ``boundary_energy`` (gas and field), ``boundary_ecr`` (cosmic rays with their
    waves): carried by the fluid step through the outer faces of the mesh. ``gravity_work``: of the
    static acceleration on the gas. ``frozen_exchange``: where the gas is kept as it is, all that
    its flow did to the cosmic rays, less what sources would have given to the gas.
    ``shock_acceleration``: given by the gas to the cosmic rays at shocks; their sum does not
    change.

    Parameters
    ----------
    pack : crmpi.mesh.pack.Pack
    used : sequence of str
        columns that this run can fill
    """

    def __init__(self, pack, used):
        super().__init__(COLUMNS, pack, kept="box.sums")
        self.used = tuple(used)

    def filled(self):
        """Return the columns that this run can fill, with their amounts."""
        columns = {column.name: column for column in self.columns}
        return [columns[name].filled(self[name]) for name in self.used]
