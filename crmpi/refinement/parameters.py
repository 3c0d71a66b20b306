"""The group ``mesh.refinement``."""

from crmpi.params import group, par, records
from crmpi.params.core import MeshParams
from crmpi.refinement.base import criterion_selector
from crmpi.refinement.regions import RegionParams, check_region


@group
class RefinementParams:
    """Which parts of the mesh have smaller cells."""

    max_level: int | None = par(None, ge=0, le=20, doc="highest level; none: that of the regions")
    regions: tuple = records(
        RegionParams,
        doc=(
            "regions of static refinement: level, and lower and upper corners, or a sphere or "
            "cylinder"
        ),
    )
    criteria: tuple = records(
        criterion_selector(),
        doc="criteria of adaptive refinement: name, refine, derefine, max_level, and their own",
    )
    interval: int = par(5, ge=1, doc="steps between two evaluations of the criteria")
    min_age: int = par(
        10, ge=0, doc="steps before a block that was made by refinement may be joined again"
    )
    subcycle: str = par(
        "global",
        choices=["level", "global"],
        doc="sub-steps of transport with a flux: halved level by level, or the same",
    )
    fluid_levels: int = par(
        0,
        ge=0,
        le=20,
        doc="finest levels of which each makes two steps of the fluid in one of the next coarser",
    )
    max_blocks: int = par(
        1_000_000, ge=1, doc="a run that would need more blocks stops with a checkpoint"
    )

    @property
    def top(self):
        """The highest level that a block may have; adaptive refinement needs `max_level`."""
        return (
            self.max_level
            if self.max_level is not None
            else max((region.level for region in self.regions), default=0)
        )

    def check(self):
        """Regions stay below the highest level."""
        for number, region in enumerate(self.regions):
            if self.max_level is not None and region is not None and region.level > self.max_level:
                yield "max_level", f"is below the level {region.level} of regions[{number}]"
        if self.criteria and self.max_level is None:
            yield (
                "max_level",
                "must be given with 'mesh.refinement.criteria': it bounds the smallest cell",
            )

    @property
    def levels(self):
        """Whether a run may have more than one level."""
        return bool(self.regions) or (bool(self.criteria) and self.top > 0)


@group
class RefinedMeshParams(MeshParams):
    """The group ``mesh`` of a run."""

    refinement: RefinementParams

    def check(self):
        """Regions lie in the mesh."""
        yield from super().check()
        regions = self.refinement.regions
        if self.refinement.levels and (self.geometry != "cartesian" or self.spacing != "uniform"):
            yield "refinement", "does not work along a tube (mesh.geometry, mesh.spacing)"
            return
        for number, region in enumerate(regions):
            for end in check_region(region, self):
                yield "refinement", f"regions[{number}] {end}"
