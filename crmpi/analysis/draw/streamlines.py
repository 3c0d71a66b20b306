"""Lines along a vector in the plane of an image: field lines, or the flow of the gas."""

import numpy as np
from matplotlib.patheffects import Normal, Stroke

from crmpi.analysis.draw.sheet import inches
from crmpi.analysis.draw.style import length_unit
from crmpi.errors import CrmpiError

VECTORS = {"b": "the magnetic field", "vel": "the velocity"}
_PER_INCH = 7.0  # lines that may stand beside one another
_DENSITY = 30.0  # cells of matplotlib's mask at density 1
_FEWEST = 5.0  # cells of the mask along a side: fewer leave no line


def check(snapshot, vector, *, is_image=True):
    """Refuse lines of a vector that a snapshot does not have, or has in less than two dimensions,
    and lines over what is no image.

    Parameters
    ----------
    snapshot : crmpi.analysis.read.readers.Snapshot
    vector : str
        of `VECTORS`
    """
    if len(snapshot.axes) == 1:
        raise CrmpiError(
            f"{snapshot.path} is one-dimensional, there are no lines to draw: leave out "
            "--streamlines"
        )
    if not is_image:
        raise CrmpiError(
            "lines are drawn over slices and projections: leave out --streamlines, or --kind"
        )
    missing = [f"{vector}{n}" for n in (1, 2, 3) if f"{vector}{n}" not in snapshot.names]
    if missing:
        raise CrmpiError(
            f"{snapshot.path} has no '{missing[0]}', so --streamlines {vector} has no lines to "
            f"draw: leave it out, or run with output.variables that hold {VECTORS[vector]}"
        )


def draw(axes, snapshot, plane, vector, *, projection=False):
    """Draw the lines of a vector over an image, white with dark edges: seen on every colour.

    Parameters
    ----------
    axes : matplotlib axes
        of the image
    snapshot : crmpi.analysis.read.readers.Snapshot
    plane : crmpi.analysis.read.resampled.Slice
        what the image shows
    vector : str
        'b' or 'vel'
    projection : bool
        whether lines follow means along the axis weighted with density

    Notes
    -----
    On a refined mesh the components are those of the cells of `plane`: copies of larger cells and
    means of smaller ones. A component that is zero throughout the plane has no lines.
    """
    check(snapshot, vector)
    (across,) = (a for a in range(3) if a not in plane.axes)
    names = [f"{vector}{a + 1}" for a in plane.axes]
    if projection:
        parts = [snapshot.projection(name, across, "dens").values for name in names]
    else:
        parts = [snapshot.slice(name, across, plane.position).values for name in names]
    if not np.nanmax(np.hypot(*parts), initial=0.0) > 0.0:
        return
    scale = length_unit(snapshot)[1]
    x, y = (0.5 * (faces[1:] + faces[:-1]) * scale for faces in plane.faces)
    if min(len(x), len(y)) < 2:
        return
    # matplotlib integrates on evenly spaced positions, up to the last rounding error
    x, y = (np.linspace(at[0], at[-1], len(at)) for at in (x, y))
    limits = axes.get_xlim(), axes.get_ylim()
    drawn = axes.streamplot(
        x,
        y,
        *(np.ma.masked_invalid(part) for part in parts),
        density=[max(_PER_INCH * length, _FEWEST) / _DENSITY for length in inches(axes)],
        color="white",
        linewidth=0.7,
        arrowsize=0.6,
        broken_streamlines=True,
    )
    dark = [Stroke(linewidth=1.5, foreground="0.1"), Normal()]
    drawn.lines.set_path_effects(dark)
    drawn.arrows.set_path_effects([Stroke(linewidth=1.0, foreground="0.1"), Normal()])
    axes.set(xlim=limits[0], ylim=limits[1])
