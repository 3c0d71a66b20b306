"""Pictures of column densities, one panel for each ion."""

from pathlib import Path

import matplotlib as mpl
import numpy as np

from crmpi.analysis.draw import panels, sheet
from crmpi.analysis.draw.plots import FORMATS
from crmpi.analysis.draw.style import STYLE
from crmpi.analysis.measure.columns import column_map
from crmpi.errors import CrmpiError
from crmpi.output.files import clear_write_errors

DECADES = 5.0  # shown of a column, from its largest value downwards


def draw_maps(snapshot, ions, axis, output, table=None, composition=None):
    """Draw maps of the columns of `ions` along an axis (0, 1, 2) and return (path, cells outside of
    the ion table).

    Parameters are those of `crmpi.analysis.measure.columns.column_map`; the name of `output` ends
    in .png, .pdf or .svg.
    """
    output = Path(output)
    if output.suffix not in FORMATS:
        raise CrmpiError(f"--map {output} must end in one of {', '.join(FORMATS)}")
    maps = {ion: column_map(snapshot, ion, axis, table, composition) for ion in ions}
    with mpl.rc_context(STYLE):
        figure = figure_of(maps, snapshot.units.factor("kpc"), panels.time_text(snapshot))
        with clear_write_errors(output):
            output.parent.mkdir(parents=True, exist_ok=True)
            figure.savefig(output)
    return output, sum(sheet_of.outside for sheet_of in maps.values())


def figure_of(maps, kpc, heading):
    """Return the figure of {ion: map of its column}; `kpc` in code units."""
    horizontal, vertical = next(iter(maps.values())).faces
    part = sheet.images(
        len(maps), 1, (vertical[-1] - vertical[0]) / (horizontal[-1] - horizontal[0])
    )
    figure, (corner,) = sheet.page([part], heading)
    for ((place,), bar), (ion, found) in zip(part.places(), maps.items(), strict=True):
        _panel(place.axes(figure, *corner), bar.axes(figure, *corner), ion, found, kpc)
    return figure


def _panel(axes, bar, ion, found, kpc):
    """Draw the map of an ion and its bar of colours."""
    with np.errstate(divide="ignore"):
        logs = np.log10(found.values)
    top = logs.max() if np.isfinite(logs.max()) else 0.0
    low = max(top - DECADES, logs.min())
    x, y = (faces / kpc for faces in found.faces)
    image = axes.pcolormesh(x, y, logs, cmap="viridis", vmin=low, vmax=top, rasterized=True)
    panels.finish_image(
        axes, (x[0], x[-1], y[0], y[-1]), *(f"$x_{a + 1}$ [kpc]" for a in found.axes)
    )
    extend = "min" if logs.min() < low else "neither"
    panels.colour_bar(image, bar, rf"log $N$({ion}) [cm$^{{-2}}$]", extend)
