"""Dense gas, and mass per cell."""

from crmpi.params import par
from crmpi.refinement.base import Criterion


class Density(Criterion):
    """Density over a threshold that grows with the level."""

    name = "density"
    doc = "gas above a density; each level begins at a higher one"

    class Params:
        threshold: float = par(
            1.0, unit="density", gt=0, doc="blocks of level 0 with gas above it are refined"
        )
        growth: float = par(
            1.0, gt=0, doc="factor of the threshold from level to level; 8 keeps the mass of a cell"
        )

    def indicator(self, view):
        threshold = self.params.threshold * self.params.growth ** view.levels[:, None, None, None]
        return view["dens"] / threshold


class MassPerCell(Criterion):
    """Mass of a cell over a mass: cells follow the gas, as in Lagrangian codes."""

    name = "mass"
    doc = "mass of a cell above a limit"

    class Params:
        mass: float = par(unit="mass", gt=0, doc="a block with a cell of more mass is refined")
        derefine: float = par(
            0.1,
            ge=0,
            doc=(
                "a block may be derefined where all masses are below this share; eight cells "
                "become one"
            ),
        )

    def indicator(self, view):
        return view["dens"] * view.volume / self.params.mass
