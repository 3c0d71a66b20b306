"""The groups that every run has: mesh, time, output, units."""

import math

from crmpi.params.composition import CompositionParams
from crmpi.params.convert import did_you_mean, listed
from crmpi.params.fields import SameAs, group, par, records
from crmpi.params.streams import StreamParams
from crmpi.plugins.kinds import BOUNDARY_CONDITIONS, GEOMETRIES
from crmpi.plugins.registry import Choices

FACES = ("ix1", "ox1", "ix2", "ox2", "ix3", "ox3")
SPACINGS = ("uniform", "log")
BOUNDARIES = Choices(BOUNDARY_CONDITIONS, "periodic")


@group
class Boundaries:
    """What happens at the six faces of the mesh; one word, or three (one per axis), or six stand
    for all."""

    ix1: str = par("periodic", choices=BOUNDARIES, doc="lower face along x1")
    ox1: str = par("periodic", choices=BOUNDARIES, doc="upper face along x1")
    ix2: str = par("periodic", choices=BOUNDARIES, doc="lower face along x2")
    ox2: str = par("periodic", choices=BOUNDARIES, doc="upper face along x2")
    ix3: str = par("periodic", choices=BOUNDARIES, doc="lower face along x3")
    ox3: str = par("periodic", choices=BOUNDARIES, doc="upper face along x3")

    @classmethod
    def expand(cls, value):
        """Spell out 'outflow', or three or six of such words."""
        words = list(value) if isinstance(value, (list, tuple)) else [value]
        if len(words) not in (1, 3, 6):
            raise ValueError(
                "must be one boundary, a list of three (one for each axis), or of six (ix1, "
                "ox1, ix2, ox2, ix3, ox3)"
            )
        if len(words) == 1 and str(words[0]) not in BOUNDARIES:  # once, and not for every face
            raise ValueError(
                f"is not one of {listed(BOUNDARIES)}{did_you_mean(str(words[0]), BOUNDARIES)}"
            )
        repeat = 6 // len(words)
        return dict(zip(FACES, [word for word in words for _ in range(repeat)], strict=True))

    def check(self):
        """Periodic faces come in pairs."""
        for axis in (1, 2, 3):
            lower, upper = getattr(self, f"ix{axis}"), getattr(self, f"ox{axis}")
            if (lower == "periodic") != (upper == "periodic"):
                name, other = (
                    (f"ix{axis}", f"ox{axis}")
                    if upper == "periodic"
                    else (f"ox{axis}", f"ix{axis}")
                )
                yield (
                    name,
                    (
                        f"and '{other}' = 'periodic': a periodic face needs the other side to be "
                        "periodic too"
                    ),
                )


@group
class InflowState:
    """The uniform state that flows in through a face; what a method inflow_ix1 ... of the problem
    returns replaces it."""

    dens: float | None = par(None, unit="density", gt=0, doc="gas density")
    vel1: float = par(0.0, unit="velocity", doc="velocity along x1")
    vel2: float = par(0.0, unit="velocity", doc="velocity along x2")
    vel3: float = par(0.0, unit="velocity", doc="velocity along x3")
    press: float | None = par(None, unit="pressure", gt=0, doc="gas pressure")
    ecr: float = par(0.0, unit="pressure", ge=0, doc="cosmic-ray energy density")
    b1: float = par(
        0.0, unit="magnetic_field", doc="field along x1; through the face it follows from div B = 0"
    )
    b2: float = par(
        0.0, unit="magnetic_field", doc="field along x2; through the face it follows from div B = 0"
    )
    b3: float = par(
        0.0, unit="magnetic_field", doc="field along x3; through the face it follows from div B = 0"
    )
    scalars: tuple[float, ...] = par(
        (), doc="concentrations in the order of the key scalars; none given: 0"
    )


@group
class InflowParams:
    """What flows in where a boundary is 'inflow'."""

    ix1: InflowState | None
    ox1: InflowState | None
    ix2: InflowState | None
    ox2: InflowState | None
    ix3: InflowState | None
    ox3: InflowState | None


@group
class MeshParams:
    """Cells, box and blocks, axes in the order x1, x2, x3."""

    cells: tuple[int, int, int] = par(ge=1, doc="cells along each axis; 1 for a missing axis")
    lower: tuple[float, float, float] = par(
        (-0.5, -0.5, -0.5), unit="length", doc="lower corner of the box"
    )
    upper: tuple[float, float, float] = par(
        (0.5, 0.5, 0.5), unit="length", doc="upper corner of the box"
    )
    block: tuple[int, int, int] = par(
        SameAs("cells"), ge=1, doc="cells of one block; default: the whole mesh is one block"
    )
    geometry: str = par(
        "cartesian",
        choices=GEOMETRIES,
        doc="1-D only: A = r^2, 1 + (s/tube_height)^2, a hook area(s, p), or a plug-in",
    )
    spacing: str = par(
        "uniform",
        choices=SPACINGS,
        doc="of faces; log, in 1-D: equal steps in the logarithm of the position",
    )
    tube_height: float | None = par(
        None, unit="length", gt=0, doc="flux_tube: where the cross-section has doubled"
    )
    boundaries: Boundaries
    inflow: InflowParams

    def periodic(self):
        """Return for each axis whether its two faces are one."""
        return tuple(getattr(self.boundaries, face) == "periodic" for face in FACES[::2])

    def check(self):
        """The box has a volume and the blocks tile it."""
        for low, high in zip(self.lower, self.upper, strict=True):
            if not math.isfinite(high - low):
                yield "upper", "must be finite, and so must mesh.lower: the mesh ends there"
            elif not low < high:
                yield (
                    "upper",
                    (
                        f"must be greater than mesh.lower along every axis ({low:g} is not less "
                        f"than {high:g})"
                    ),
                )
        yield from self._check_geometry()
        for face in FACES:
            kind = getattr(self.boundaries, face)
            if getattr(self.inflow, face) is not None and kind != "inflow":
                yield (
                    "inflow",
                    (
                        f"defines the inflow at {face}, but mesh.boundaries.{face} = '{kind}'; set "
                        "it to inflow"
                    ),
                )
        for axis, (cells, block) in enumerate(zip(self.cells, self.block, strict=True), start=1):
            if cells == 1 and block != 1:
                yield "block", f"must be 1 along x{axis}, which has one cell"
            elif cells % block:
                below, above = _near_divisors(cells, block)
                near = f"{below} or {above}" if above != below else f"{below}"
                yield (
                    "block",
                    f"does not divide the {cells} cells along x{axis}; the nearest that do: {near}",
                )

    def _check_geometry(self):
        """Tubes are one-dimensional and end somewhere."""
        kind = GEOMETRIES.find(self.geometry)
        if kind.needs_height != (self.tube_height is not None):
            users = " or ".join(f"'{n}'" for n, other in GEOMETRIES.items() if other.needs_height)
            yield "tube_height", f"must be given with mesh.geometry = {users}, and only then"
        name, value = (
            ("geometry", self.geometry)
            if self.geometry != "cartesian"
            else ("spacing", self.spacing)
        )
        if value in ("cartesian", "uniform"):
            return
        axes = [axis for axis in range(3) if self.cells[axis] > 1]
        if len(axes) != 1:
            yield (
                name,
                (
                    f"= '{value}' needs a one-dimensional mesh, one axis with more than one cell; "
                    f"mesh.cells = {list(self.cells)}"
                ),
            )
            return
        (axis,) = axes
        if self.periodic()[axis]:
            yield (
                name,
                (
                    f"= '{value}' cannot be periodic; set mesh.boundaries.ix{axis + 1} and "
                    f"ox{axis + 1}"
                ),
            )
        yield from kind.check(self, axis)
        if self.spacing == "log" and not self.lower[axis] > 0.0:
            yield (
                "lower",
                (
                    f"must be positive along x{axis + 1} with mesh.spacing = 'log' "
                    f"({self.lower[axis]:g})"
                ),
            )


def _near_divisors(cells, block):
    divisors = [n for n in range(1, cells + 1) if cells % n == 0]
    below = max((n for n in divisors if n < block), default=1)
    return below, min((n for n in divisors if n > block), default=cells)


@group
class TimeParams:
    """When the run ends and how long a step is."""

    end: float = par(unit="time", ge=0, doc="the run ends at this time")
    max_steps: int | None = par(None, ge=0, doc="or after this many steps")
    cfl: float = par(
        0.3,
        gt=0,
        le=1,
        doc=(
            "step as a fraction of the cell crossing time; stable up to 1/2 in 1-D and 2-D, "
            "1/3 "
            "in 3-D"
        ),
    )
    dt_max: float = par(float("inf"), unit="time", gt=0, doc="longest step")
    sources: str = par(
        "twice",
        choices=("twice", "once"),
        doc=(
            "cooling, injection and other sources act for half a step before transport and fluid "
            "and after them; or once a step, before them and after them in turns: cheaper, and of "
            "second order too"
        ),
    )
    transport: str = par(
        "twice",
        choices=("twice", "once"),
        doc=(
            "cosmic rays move relative to the gas for half a step before the fluid and after it; "
            "or once a step, before it and after it in turns: cheaper, of second order too, with "
            "the error of steps of twice the length"
        ),
    )


@group
class OutputParams:
    """What is written, where and how often; an interval of none switches a kind of file off."""

    dir: str = par(
        "runs/crmpi",
        path=True,
        doc="folder of all files of the run, created if missing; ~ and $VAR as in a shell",
    )
    snapshot_interval: float | None = par(
        None, unit="time", gt=0, doc="time between snapshots; none: only one at the end"
    )
    history_interval: float | None = par(
        None, unit="time", gt=0, doc="time between lines of the history; none: every step"
    )
    checkpoint_interval: float | None = par(
        None,
        unit="time",
        gt=0,
        doc="time between checkpoints; one is written at the end in any case",
    )
    precision: str = par(
        "f8",
        choices=("f4", "f8"),
        doc="floating-point numbers of snapshots; checkpoints are always f8",
    )
    fluxes: bool = par(
        False,
        doc=(
            "snapshots also hold the energy flux of cosmic rays relative to the gas, where it "
            "is not evolved (fcr)"
        ),
    )
    checkpoints_kept: int = par(2, gt=0, doc="newest checkpoints that stay on disk")
    wall_time: float | None = par(
        None,
        gt=0,
        doc=(
            "wall-clock seconds from the start of the command after which the run writes a "
            "checkpoint and stops"
        ),
    )
    watchdog: float | None = par(
        None,
        gt=0,
        doc=(
            "wall-clock seconds without a step or a file after which the run names the rank that "
            "hangs and ends; longer than compiling and the longest step and file take"
        ),
    )
    ranks_per_file: int = par(
        64,
        gt=0,
        doc="with serial HDF5: ranks that share a part; up to this many write one plain file",
    )
    overwrite: bool = par(
        False,
        doc=(
            "a new run deletes the files of an earlier one in its folder; false: they move to "
            "replaced-001"
        ),
    )
    progress_interval: float = par(5.0, gt=0, doc="wall-clock seconds between progress lines")
    streams: tuple = records(
        StreamParams,
        doc="further series of files: slices, boxes, projections, coarse cells; see docs/output.md",
    )


@group
class UnitsParams:
    """The code units; plain numbers of physical parameters keep the unit of their declaration."""

    system: str = par(
        "galactic",
        choices=("none", "galactic", "custom"),
        doc="galactic: 1 kpc, 1 km/s, 1 m_p/cm^3; none: dimensionless; custom: the three below",
    )
    length: float | None = par(None, unit="cm", gt=0, doc="code unit of length")
    velocity: float | None = par(None, unit="cm/s", gt=0, doc="code unit of velocity")
    density: float | None = par(None, unit="g/cm^3", gt=0, doc="code unit of mass density")

    def check(self):
        """Sizes are given with 'custom' and only then."""
        for name in ("length", "velocity", "density"):
            if self.system == "custom" and getattr(self, name) is None:
                yield name, "must be given, because units.system is 'custom'"
            if self.system != "custom" and getattr(self, name) is not None:
                yield name, f"is only allowed with units.system = 'custom', not '{self.system}'"


@group
class PluginParams:
    """What a run adds to crmpi: models, solvers, sources ... in files of the user."""

    paths: tuple[str, ...] = par(
        (),
        path=True,
        doc="Python files, and folders of them, relative to the YAML file; see docs/plugins.md",
    )

    @classmethod
    def expand(cls, value):
        """Spell out ``plugins: [my_models]``."""
        return {"paths": list(value) if isinstance(value, (list, tuple)) else [value]}


CORE = {
    "mesh": MeshParams,
    "time": TimeParams,
    "output": OutputParams,
    "units": UnitsParams,
    "composition": CompositionParams,
    "plugins": PluginParams,
}
