"""Parameters of output streams: what a further series of files holds, and how often it is
written."""

import re

from crmpi.params.fields import group, par

SHAPES = ("whole", "box", "slice", "projection")


@group
class StreamParams:
    """A series of files beside the snapshots: variables, shape, precision and cadence of its
    own."""

    name: str = par(doc="of its folder and files: streams/NAME/NAME_00000.athdf")
    interval: float | None = par(None, unit="time", gt=0, doc="time between two files")
    steps: int | None = par(None, gt=0, doc="or steps between two files")
    variables: tuple[str, ...] = par(
        (), doc="also derived ones (temp, pcr, ...); none: those of a snapshot"
    )
    shape: str = par("whole", choices=SHAPES, doc="of what the files show")
    lower: tuple[float, float, float] | None = par(None, unit="length", doc="box: lower corner")
    upper: tuple[float, float, float] | None = par(None, unit="length", doc="box: upper corner")
    axis: str | None = par(
        None, choices=("x1", "x2", "x3"), doc="slice: normal to it; projection: along it"
    )
    position: float | None = par(
        None, unit="length", doc="slice: where on the axis; none: the middle"
    )
    weight: str | None = par(
        None, doc="projection: means along the axis weighted with this quantity; none: integrals"
    )
    coarsen: int = par(
        1, gt=0, doc="means over so many cells along each axis of the files: 1, 2, 4, ..."
    )
    precision: str = par("f4", choices=("f4", "f8"), doc="floating-point numbers of the files")
    compression: int = par(0, ge=0, le=9, doc="level of deflate, lossless; 0: none, 9: smallest")

    def check(self):
        """Each shape has its own parameters, and there is one cadence."""
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", self.name):
            yield "name", "must be a letter followed by letters, digits, _ and -: it names files"
        if (self.interval is None) == (self.steps is None):
            yield (
                "interval",
                "and 'steps': give exactly one of the two, how often files are written",
            )
        belongs = {
            "lower": ("box",),
            "upper": ("box",),
            "axis": ("slice", "projection"),
            "position": ("slice",),
            "weight": ("projection",),
        }
        optional = ("position", "weight")
        for name, shapes in belongs.items():
            given = getattr(self, name) is not None
            if given and self.shape not in shapes:
                yield name, f"does not belong to a stream of shape '{self.shape}'"
            if not given and self.shape in shapes and name not in optional:
                yield name, f"must be given for a stream of shape '{self.shape}'"
        corners = zip(self.lower or (), self.upper or (), strict=False)
        if self.shape == "box" and any(not a < b for a, b in corners):
            yield "upper", "must be above 'lower' along every axis"
        if self.coarsen & (self.coarsen - 1):
            yield "coarsen", "must be a power of two: 1, 2, 4, 8, ..."
