"""One style for all pictures: fonts, colours that colour-blind people can tell apart, scales chosen
from the numbers, units on axes."""

import re
import textwrap
from typing import NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure

from crmpi.analysis.read.derived import title
from crmpi.errors import CrmpiError

STYLE = {
    "font.size": 9,
    "axes.linewidth": 0.7,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    # Okabe & Ito 2008
    "axes.prop_cycle": mpl.cycler(
        color=["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
    ),
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "lines.linewidth": 1.4,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "axes.formatter.limits": (-3, 4),
    "axes.formatter.use_mathtext": True,
    "savefig.dpi": 150,
    "pdf.fonttype": 42,  # text stays text
    "svg.fonttype": "none",
}
COSMIC_RAYS = ("ecr", "pcr")
_LOG = 30.0  # positive numbers that span more than this factor are shown on a logarithmic scale
DEEPEST = 1e-8  # of the largest value: a logarithmic axis shows nothing below
_MISSING = "0.75"


class Options(NamedTuple):
    """What the user asks of a picture.

    `limits` {quantity: (low, high)} in the units shown, '' for all others; `log`: True, False, or
    None to choose from the numbers; `cmap`: name of a colour map; `size`: (width, height) of the
    page in inches; `outlines`: draw the blocks of the mesh; `projection`: images are integrals
    along the axis, or means weighted with density; `streamlines`: 'b' or 'vel', the vector whose
    lines are drawn over images; `weight`: what phase diagrams sum up; `pooled` {quantity: numbers}
    stands in for the numbers of a picture where scales are chosen, so that pictures share them.
    """

    limits: dict = {}
    log: bool | None = None
    cmap: str | None = None
    size: tuple | None = None
    outlines: bool = False
    projection: bool = False
    streamlines: str | None = None
    weight: str = "dens"
    pooled: dict = {}

    def range_of(self, names):
        """Return (low, high) asked for a panel with these quantities, or None."""
        return next((self.limits[name] for name in (*names, "") if name in self.limits), None)

    def check(self, known):
        """Refuse limits of what is not drawn, and colour maps that do not exist."""
        for name, (low, high) in self.limits.items():
            if name and name not in known:
                raise CrmpiError(
                    f"--limits {name}=...: the picture has no '{name}'; it shows {', '.join(known)}"
                )
            if not low < high:
                raise CrmpiError(
                    f"--limits {low:g} {high:g}: the first must be smaller than the second"
                )
        if self.cmap is not None and self.cmap not in mpl.colormaps:
            raise CrmpiError(
                f"--cmap {self.cmap} is not a colour map of matplotlib, such as viridis, magma "
                "or RdBu_r"
            )


DEFAULT = Options()


def new_figure(width, height):
    """Return a figure that needs no window: nothing global is touched."""
    return Figure(figsize=(width, height), layout="constrained")


def length_unit(snapshot):
    """Return (label, factor) for positions: kpc, or pc and Mpc where the mesh asks for it; nothing
    in a dimensionless run."""
    if snapshot.units.dimensionless:
        return "", 1.0
    size = max(snapshot.upper[axis] - snapshot.lower[axis] for axis in snapshot.axes)
    unit = next(
        (u for u in ("Mpc", "kpc", "pc", "au") if size >= 0.5 * snapshot.units.factor(u)), "au"
    )
    return unit, 1.0 / snapshot.units.factor(unit)


def math_unit(unit):
    """Return a unit such as 'm_p/cm^3' for an axis: exponents and indices set as such."""
    text = re.sub(r"(?:\^|\*\*)(-?[\d.]+)", r"$^{\1}$", unit).replace("*", " ")
    text = re.sub(r"\bm_p\b", r"$m_\\mathrm{p}$", text)
    return re.sub(r"\bMsun\b", r"$M_\\odot$", text).replace("uG", "µG")


def label(name, unit):
    """Return an axis label: 'density [m_p/cm^3]'."""
    return f"{title(name)} [{math_unit(unit)}]" if unit and unit != "1" else title(name)


def wrapped(text, room, letter=0.085):
    """Return an axis label on as many lines as it needs in `room` (inches): the unit goes below
    first."""
    maximum = max(int(room / letter), 6)
    plain = re.sub(r"[$^_{}\\]|mathrm", "", text)
    if len(plain) <= maximum:
        return text
    name, bracket, unit = text.partition(" [")
    return "\n".join([*textwrap.wrap(name, maximum), *([f"[{unit}"] if bracket else [])])


def use_log(values):
    """Return whether these numbers are best shown on a logarithmic scale."""
    finite = values[np.isfinite(values)]
    return finite.size > 0 and finite.min() > 0 and finite.max() > _LOG * finite.min()


def colours(name, values, options=DEFAULT, minimum=0.0):
    """Return (colour map, norm) for an image of a quantity: sequential for positive numbers,
    diverging about 0 for signed ones.

    Signed numbers smaller than `minimum` are rounding errors: the colours do not magnify them.
    """
    values = options.pooled.get(name, values)
    finite = values[np.isfinite(values)]
    low, high = options.range_of([name]) or (
        (finite.min(), finite.max()) if finite.size else (0.0, 1.0)
    )
    log = use_log(values) and not name.startswith("vel") if options.log is None else options.log
    if log:
        low, high = _positive(name, finite, low, high)
        cmap, norm = "cividis" if name in COSMIC_RAYS else "viridis", LogNorm(low, high)
    elif low < 0 < high or name.startswith("vel"):
        bound = max(abs(low), abs(high), minimum) or 1.0
        cmap, norm = (
            "RdBu_r",
            Normalize(-bound, bound) if options.range_of([name]) is None else Normalize(low, high),
        )
    else:
        cmap, norm = "cividis" if name in COSMIC_RAYS else "viridis", Normalize(low, high)
    return mpl.colormaps[options.cmap or cmap].with_extremes(bad=_MISSING), norm


def _positive(name, finite, low, high):
    """Return positive limits for a logarithmic scale."""
    above = finite[finite > 0.0]
    if not above.size or high <= 0.0:
        raise CrmpiError(f"--log: '{name}' has no positive values here; use --no-log")
    return (low if low > 0.0 else max(above.min(), DEEPEST * high)), high


def pool(parts):
    """Return the few numbers that scales depend on, smallest, smallest positive and largest, of
    arrays."""
    finite = [values[np.isfinite(values)] for values in map(np.ravel, parts)]
    finite = np.concatenate([values for values in finite if values.size] or [np.zeros(0)])
    if not finite.size:
        return finite
    positive = finite[finite > 0.0]
    return np.unique([finite.min(), *([positive.min()] if positive.size else []), finite.max()])


def set_scale(axes, names, values, options=DEFAULT, minimum=0.0):
    """Choose the vertical scale and range of a panel of lines that shows `values` of `names`."""
    if pooled := [options.pooled[name] for name in names if name in options.pooled]:
        values = np.concatenate(pooled)
    finite = values[np.isfinite(values)]
    log = use_log(values) and not names[0].startswith("vel") if options.log is None else options.log
    limits = options.range_of(names)
    if log:
        low, high = _positive(
            names[0], finite, *(limits or (0.0, finite.max() if finite.size else 0.0))
        )
        axes.set_yscale("log")
        axes.set_ylim((low, high) if limits else (0.8 * low, 1.5 * high))
    elif limits:
        axes.set_ylim(limits)
    elif finite.size and max(-finite.min(), finite.max()) < minimum:
        axes.set_ylim(-minimum, minimum)
