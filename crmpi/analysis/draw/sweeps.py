"""Figures of a sweep: results run by run, histories over each other."""

import matplotlib as mpl
import numpy as np

from crmpi.analysis.draw.style import STYLE, math_unit, new_figure
from crmpi.errors import CrmpiError


def draw(names, results, histories, path):
    """Draw each of `names`, a result beside its runs or a history column against time, and return
    the path of the picture.

    Parameters
    ----------
    names : sequence of str
        results, or columns of the history, without unit
    results : dict
        {run: {name or 'name [unit]': number}}
    histories : dict
        {run: `crmpi.output.history.Columns`}
    path : path
        .png, .pdf or .svg

    Raises
    ------
    CrmpiError
        a name that no run has
    """
    with mpl.rc_context(STYLE):
        figure_of(names, results, histories).savefig(path)
    return path


def figure_of(names, results, histories):
    """Return the figure; parameters are those of `draw`."""
    figure = new_figure(4.2 * len(names), max(2.8, 0.3 * len(results) + 1.2))
    panels = np.atleast_1d(figure.subplots(1, len(names)))
    for number, (panel, name) in enumerate(
        zip(panels, (name.strip() for name in names), strict=True)
    ):
        if all(name in history for history in histories.values()) and name not in next(
            iter(results.values())
        ):
            _curves(panel, name, histories)
        else:
            _dots(panel, name, results, labelled=number == 0)
    return figure


def _curves(panel, name, histories):
    """Draw a column of every history against time."""
    for number, (run, history) in enumerate(histories.items()):
        panel.plot(
            history["time"], history[name], label=run, linestyle=("-", "--", ":")[number // 7 % 3]
        )
    units = next(iter(histories.values())).units
    panel.set_xlabel(f"time [{math_unit(units['time'])}]")
    panel.set_ylabel(f"{name} [{math_unit(units[name])}]" if units[name] != "1" else name)
    panel.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=7)


def _dots(panel, name, results, *, labelled):
    """Draw one number of every run, runs from top to bottom."""
    values = [_number(name, run, numbers) for run, numbers in results.items()]
    places = np.arange(len(values))[::-1]
    panel.axvline(0.0, color="0.7", linewidth=0.7)
    panel.hlines(places, 0.0, values, color="0.7", linewidth=0.7)
    panel.plot(values, places, "o")
    panel.set_yticks(places, list(results) if labelled else [""] * len(values))
    panel.set_xlabel(math_unit(name).replace("_", " "))


def _number(name, run, numbers):
    """Return a result by its name, with or without unit."""
    for known, value in numbers.items():
        if name in (known, known.split(" [")[0]):
            return value
    raise CrmpiError(
        f"there is no '{name}' among the results of {run}: "
        f"{', '.join(n.split(' [')[0] for n in numbers)}"
    )
