"""One look for all pictures: fonts, colours that colour-blind people can tell apart, scales chosen from the numbers, units on axes."""

import re

import matplotlib as mpl
import numpy as np
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure

from crmpi.observables.derived import title

STYLE = {
    "font.size": 9,
    "axes.linewidth": 0.7,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "axes.prop_cycle": mpl.cycler(color=["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]),  # Okabe & Ito 2008
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "lines.linewidth": 1.4,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "savefig.dpi": 150,
    "pdf.fonttype": 42,  # text stays text
    "svg.fonttype": "none",
}
COSMIC_RAYS = ("ecr", "pcr")
_DECADES = 30.0  # positive numbers that span more than this factor are shown on a logarithmic scale
_MISSING = "0.75"


def new_figure(width, height):
    """Return a figure that needs no window: nothing global is touched."""
    return Figure(figsize=(width, height), layout="constrained")


def math_unit(unit):
    """Return a unit such as 'm_p/cm^3' for an axis: exponents and indices set as such."""
    text = re.sub(r"\^(-?[\d.]+)", r"$^{\1}$", unit)
    return re.sub(r"\bm_p\b", r"$m_\\mathrm{p}$", text).replace("uG", "µG")


def label(name, unit):
    """Return an axis label: 'density [m_p/cm^3]'."""
    return f"{title(name)} [{math_unit(unit)}]" if unit and unit != "1" else title(name)


def use_log(values):
    """Return whether these numbers are best shown on a logarithmic scale."""
    finite = values[np.isfinite(values)]
    return finite.size > 0 and finite.min() > 0 and finite.max() > _DECADES * finite.min()


def colours(name, values):
    """Return (colour map, norm) for an image of a quantity: sequential for positive numbers, diverging about 0 for signed ones."""
    finite = values[np.isfinite(values)]
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 1.0)
    if low < 0 < high or name.startswith("vel"):
        bound = max(abs(low), abs(high)) or 1.0
        cmap, norm = "RdBu_r", Normalize(-bound, bound)
    else:
        cmap = "cividis" if name in COSMIC_RAYS else "viridis"
        norm = LogNorm(low, high) if use_log(values) else Normalize(low, high)
    return mpl.colormaps[cmap].with_extremes(bad=_MISSING), norm
