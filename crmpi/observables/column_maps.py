"""Pictures of column densities, one panel for each ion."""

import math
from pathlib import Path

import matplotlib as mpl
import numpy as np

from crmpi.errors import CrmpiError
from crmpi.observables.columns import column_map
from crmpi.observables.panels import time_text
from crmpi.observables.plots import FORMATS
from crmpi.observables.style import STYLE, new_figure
from crmpi.output.files import clear_write_errors

DECADES = 5.0  # shown of a column, from its largest value downwards
ACROSS = 4  # panels in a row


def draw_maps(snapshot, ions, axis, output, table=None, composition=None):
    """Draw maps of the columns of `ions` along an axis (0, 1, 2) and return (path, cells outside of the ion table).

    Parameters are those of `crmpi.observables.columns.column_map`; the name of `output` ends in .png, .pdf or .svg.
    """
    output = Path(output)
    if output.suffix not in FORMATS:
        raise CrmpiError(f"--map {output} must end in one of {', '.join(FORMATS)}")
    maps = {ion: column_map(snapshot, ion, axis, table, composition) for ion in ions}
    across = min(ACROSS, len(maps))
    down = math.ceil(len(maps) / across)
    with mpl.rc_context(STYLE):
        figure = new_figure(0.4 + 2.7 * across, 0.5 + 2.5 * down)
        places = figure.subplots(down, across, squeeze=False, sharex=True, sharey=True).ravel()
        for n, (axes, (ion, sheet)) in enumerate(zip(places, maps.items(), strict=False)):
            _panel(figure, axes, ion, sheet, snapshot.units.factor("kpc"))
            axes.tick_params(labelbottom=n + across >= len(maps))
            axes.set_xlabel(f"$x_{sheet.axes[0] + 1}$ [kpc]" if n + across >= len(maps) else "")
            axes.set_ylabel("" if n % across else f"$x_{sheet.axes[1] + 1}$ [kpc]")
        for axes in places[len(maps) :]:
            axes.set_visible(False)
        figure.suptitle(time_text(snapshot), x=0.01, ha="left", size=10)
        with clear_write_errors(output):
            output.parent.mkdir(parents=True, exist_ok=True)
            figure.savefig(output)
    return output, sum(sheet.outside for sheet in maps.values())


def _panel(figure, axes, ion, sheet, kpc):
    with np.errstate(divide="ignore"):
        logs = np.log10(sheet.values)
    top = logs.max()
    horizontal, vertical = (faces / kpc for faces in sheet.faces)
    image = axes.pcolormesh(horizontal, vertical, logs, cmap="viridis", vmin=max(top - DECADES, logs.min()), vmax=top, rasterized=True)
    figure.colorbar(
        image, ax=axes, label=rf"log $N$({ion}) [cm$^{{-2}}$]", shrink=0.75, extend="min" if logs.min() < top - DECADES else "neither"
    )
    axes.set_aspect("equal")
