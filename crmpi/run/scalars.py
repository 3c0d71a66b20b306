"""Passive scalars: concentrations that the gas carries along, named by the key ``scalars``."""

import re

from crmpi.analysis.read.derived import DERIVED
from crmpi.errors import CrmpiError
from crmpi.params import group, par
from crmpi.params.core import FACES
from crmpi.types import Field

LONGEST = 20
"""Characters of a name: what the attributes of snapshots have room for."""

TAKEN = {
    *("dens", "press", "ener", "ecr", "fcr", "ewp", "ewm", "eth", "emag", "mass", "temp"),
    *(f"{stem}{axis}" for stem in ("vel", "mom", "b", "a", "g", "x", "fecr") for axis in (1, 2, 3)),
    *("r", "rho", "ec", "time", "step", "dt", "block", "level", "levels", "blocks", "none"),
    *(name for name in DERIVED if name != "metallicity"),
}
"""Names of what a run has already."""


@group
class ScalarParams:
    """Group ``scalars``; a list of names given for the whole group stands for ``scalars.names``."""

    names: tuple[str, ...] = par(
        (), doc="passive scalars carried by the gas, such as [colour, metals]"
    )

    @classmethod
    def expand(cls, value):
        """Spell out a list of names, or one name."""
        names = value if isinstance(value, (list, tuple)) else [value]
        names = [] if list(names) == ["none"] else names
        return {"names": list(names)}

    def check(self):
        """Names are plain words that nothing else in a run has."""
        for name in self.names:
            if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
                yield (
                    "names",
                    f"has '{name}'; a name is a lower-case letter, then letters, digits and _",
                )
            elif len(name) > LONGEST:
                yield "names", f"has '{name}'; a name has at most {LONGEST} characters"
            elif name in TAKEN or re.fullmatch(r"(ecr|fcr|ewp|ewm).*", name):
                yield "names", f"has '{name}', which is a variable of the code; choose another name"
            elif self.names.count(name) > 1:
                yield "names", f"has '{name}' twice; leave one out"
                return


def scalar_fields(names):
    """Return the declarations of passive scalars, which follow all other variables of ``u0``."""
    return tuple(Field(name, title=name, passive=True) for name in names)


def check_inflow(config):
    """Refuse concentrations in ``mesh.inflow`` that are not one for each scalar.

    Raises
    ------
    CrmpiError
    """
    names = config.scalars.names
    for side in FACES:
        state = getattr(config.mesh.inflow, side)
        if state is not None and state.scalars and len(state.scalars) != len(names):
            need = (
                f"one concentration for each of the scalars, {', '.join(names)}"
                if names
                else "scalars=[...], their names"
            )
            given = list(state.scalars)
            raise CrmpiError(f"'mesh.inflow.{side}.scalars' = {given} needs {need}")
