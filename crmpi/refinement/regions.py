"""Regions of static refinement: boxes, spheres and cylinders with a level each."""

import numpy as np

from crmpi.mesh.leaves import BITS
from crmpi.params import group, par

SHAPES = ("box", "sphere", "cylinder")

ROUND_OFF = 1e-9
"""Share of a block by which a region reaches into it at least: one that ends where the block begins
does not, whatever the last bits."""


@group
class RegionParams:
    """A region that is covered by blocks of at least a level; a missing axis does not count."""

    level: int = par(
        ge=1, le=BITS - 1, doc="refinement level; cells are 2^level times smaller than on level 0"
    )
    shape: str = par(
        "box",
        choices=SHAPES,
        doc="box: lower to upper; sphere: centre and radius; cylinder about x3, of half a height",
    )
    lower: tuple[float, float, float] | None = par(None, unit="length", doc="box: lower corner")
    upper: tuple[float, float, float] | None = par(None, unit="length", doc="box: upper corner")
    center: tuple[float, float, float] = par(
        (0.0, 0.0, 0.0), unit="length", doc="sphere, cylinder: centre"
    )
    radius: float | None = par(None, unit="length", gt=0, doc="sphere, cylinder: radius")
    half_height: float | None = par(
        None,
        unit="length",
        gt=0,
        doc="cylinder: half of its height along x3; none: as high as the mesh",
    )

    def check(self):
        """Each shape has its own numbers."""
        needs = {"box": ("lower", "upper"), "sphere": ("radius",), "cylinder": ("radius",)}
        takes = needs | {"cylinder": ("radius", "half_height")}
        for name in needs[self.shape]:
            if getattr(self, name) is None:
                yield name, f"must be given for a region of shape '{self.shape}'"
        for name in ("lower", "upper", "radius", "half_height"):
            if name not in takes[self.shape] and getattr(self, name) is not None:
                yield name, f"does not belong to a region of shape '{self.shape}'"
        corners = zip(self.lower or (), self.upper or (), strict=False)
        if self.shape == "box" and any(a > b for a, b in corners):
            yield "upper", "must not be below 'lower' along any axis"

    def box(self):
        """Return the corners (lower, upper) of the smallest box around the region."""
        if self.shape == "box":
            return np.array(self.lower), np.array(self.upper)
        reach = np.full(3, self.radius)
        if self.shape == "cylinder":
            reach[2] = np.inf if self.half_height is None else self.half_height
        return np.array(self.center) - reach, np.array(self.center) + reach

    def touches(self, lower, upper, missing):
        """Tell which boxes overlap the region.

        Parameters
        ----------
        lower, upper : arrays (n, 3)
            corners of the boxes
        missing : sequence of 3 bools
            axes that do not count

        Returns
        -------
        bool array (n,)
        """
        present = ~np.array(missing)
        first, last = self.box()
        edge = ROUND_OFF * (upper - lower)
        hit = ((lower < last - edge) & (upper > first + edge))[:, present].all(axis=1)
        if self.shape != "box":
            centre = np.array(self.center)
            distance = np.clip(centre, lower, upper) - centre  # of the nearest point of each box
            axes = present & (np.array([True, True, self.shape == "sphere"]))
            hit &= (distance[:, axes] ** 2).sum(axis=1) < self.radius**2
        return hit


def check_region(region, mesh):
    """Yield what is wrong with a region on a mesh, ends of sentences.

    Parameters
    ----------
    region : RegionParams
    mesh : crmpi.params.core.MeshParams
    """
    if any(getattr(region, name) is None for name in ("lower", "upper")) and region.shape == "box":
        return
    lower, upper = region.box()
    for axis in (axis for axis in range(3) if mesh.cells[axis] > 1):
        if upper[axis] <= mesh.lower[axis] or lower[axis] >= mesh.upper[axis]:
            yield (
                f"is outside of the mesh along x{axis + 1}, which goes from "
                f"{mesh.lower[axis]:g} to {mesh.upper[axis]:g} (code units)"
            )
            return
        width = (
            (mesh.upper[axis] - mesh.lower[axis])
            * mesh.block[axis]
            / mesh.cells[axis]
            / 2**region.level
        )
        if upper[axis] - lower[axis] < width:
            end = (
                f"is thinner along x{axis + 1} than a block of level {region.level}, "
                f"{width:g} (code units)"
            )
            yield f"{end}; widen it, or use a smaller mesh.block"
            return
        blocks = mesh.cells[axis] // mesh.block[axis]
        if blocks << region.level >= 1 << BITS:
            yield (
                f"has a level too high for {blocks} blocks along x{axis + 1}: at most "
                f"{BITS - 1 - blocks.bit_length() + 1} levels fit"
            )
            return


def region_levels(regions, tree, leaves):
    """Return the level that the regions want at the place of each leaf, 0 where there is none.

    Parameters
    ----------
    regions : sequence of RegionParams
    tree : object with ``cells``, ``block``, ``lower``, ``upper``, ``missing``
    leaves : int array (n, 4)
    """
    lower, upper = leaf_boxes(tree, leaves)
    wanted = np.zeros(len(leaves), dtype=np.int64)
    for region in regions:
        wanted = np.where(
            region.touches(lower, upper, tree.missing), np.maximum(wanted, region.level), wanted
        )
    return wanted


def leaf_boxes(tree, leaves):
    """Return the corners (lower, upper) (n, 3) of blocks, code units."""
    low, high = np.array(tree.lower), np.array(tree.upper)
    count = np.array(tree.cells) // np.array(tree.block)
    extents = np.where(tree.missing, count, count[None] << leaves[:, :1])
    width = (high - low) / extents
    return low + leaves[:, 1:] * width, low + (leaves[:, 1:] + 1) * width
