"""Observed and simulated small structures of the interstellar gas as the patches that scatter."""

from crmpi.params import par
from crmpi.scattering.patchy import Patchy, PatchyParams

STRUCTURES = {
    # smallest and largest size in au, volume over cross-section over size
    "plasmoids": (0.1, 1000.0, 4.0 / 3.0),
    "au_sheets": (0.1, 30.0, 2.0),
}
"""Plasmoids are spheres of the sizes seen in Fielding et al. 2023. Sheets of thickness R have the
area f_V/R per volume and are met at random angles, <|cos|> = 1/2: mean free path 2 R/f_V; sizes
from quasar scattering (Stanimirovic & Zweibel 2018; Ocker et al. 2024). Sizes are recalled."""


class Microstructure(Patchy):
    """The closure of `patchy` with the sizes of plasmoids or of au-scale sheets."""

    name = "microstructure"
    doc = "plasmoids or au-scale sheets as patches: presets of sizes of the patchy closure"
    equation = (
        "kappa = c l/3, l = geometry x thickness/f_V averaged over sizes as in patchy; "
        "geometry 4/3 for spheres, 2 for sheets"
    )
    reference = (
        "Fielding, Ripperda & Philippov 2023, ApJ 949, L5 (plasmoids); Stanimirovic & Zweibel "
        "2018, ARA&A 56, 489; Ocker et al. 2024;"
        " Kempski et al. 2025 (sheets)"
    )

    class Params(PatchyParams):
        structure: str = par("au_sheets", choices=list(STRUCTURES), doc="which structures")
        size_factor: float = par(1.0, gt=0, doc="multiplies their sizes")

    @property
    def sizes(self):
        """Smallest and largest size, code units."""
        scale = self.params.size_factor * self.units.factor("au")
        return tuple(scale * size for size in STRUCTURES[self.params.structure][:2])

    @property
    def geometry(self):
        """Volume over cross-section over size."""
        return STRUCTURES[self.params.structure][2]
