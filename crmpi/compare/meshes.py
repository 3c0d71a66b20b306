"""What of a run is its mesh, and what is drawn at random: that tells runs of one model apart.

Meshes are ordered by the width of their finest cells, so that a refinement study may change the
cells of level 0, the levels, or both.
"""

from crmpi.compare.runs import parameters_of
from crmpi.units import Units

MESH = ("mesh.cells", "mesh.block", "mesh.refinement")
"""Parameters, or beginnings of them, that a change of the mesh changes."""


def layout(run):
    """Return the mesh of a run as something that can be compared and hashed; blocks do not
    count."""
    left = {
        key: value
        for key, value in parameters_of({"mesh": run.config.get("mesh", {})})
        if key != "mesh.block"
    }
    return repr(sorted(left.items()))


def finest_width(run):
    """Return the width of the finest cells along the axis where they are widest, code units; on
    meshes without `lower` and `upper` in units of the mesh."""
    mesh = run.config.get("mesh", {})
    cells = mesh.get("cells", ())
    # a corner may be a text with a unit of its own, '-1 kpc'
    units = Units(**{name: value for name, value in run.config.get("units", {}).items() if value})
    lower, upper = (
        [units(place) if isinstance(place, str) else place for place in mesh[corner]]
        if corner in mesh
        else [other] * len(cells)
        for corner, other in (("lower", 0.0), ("upper", 1.0))
    )
    widths = [(high - low) / n for low, high, n in zip(lower, upper, cells, strict=True) if n > 1]
    # round-off of unequal divisions is no other mesh
    return float(f"{max(widths, default=0.0) / 2 ** _top(mesh.get('refinement', {})):.9g}")


def _top(refinement):
    """Return the finest level of a mesh."""
    if refinement.get("max_level") is not None:
        return refinement["max_level"]
    return max((region["level"] for region in refinement.get("regions") or ()), default=0)


def is_random(run):
    """Return whether the supernovae of a run are drawn at random."""
    injection = run.config.get("injection", {})
    drawn = injection.get("enabled", False) and injection.get("sampling") == "discrete"
    return drawn or run.config.get("star_formation", {}).get("enabled", False)


def seeds_of(run, names):
    """Return the seeds of a run, by the names of their parameters."""
    return {key: value for key, value in parameters_of(run.config) if key in names}
