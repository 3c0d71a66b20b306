"""Phase diagrams: how much mass, volume and cosmic-ray energy there is at each density and
temperature."""

import numpy as np

from crmpi.analysis.measure.base import Observable
from crmpi.params import par


class PhaseDiagram(Observable):
    """Sums over bins of equal width in the logarithms of density and temperature; cells beyond the
    range count in the outermost bins."""

    name = "phase"
    doc = "mass, volume and cosmic-ray energy over density and temperature"
    needs = ("dens", "temp")
    physical = True
    arrays = True

    class Params:
        dens: tuple[float, float] = par(
            (1e-8, 1e4), unit="m_p/cm^3", gt=0, doc="lowest and highest density"
        )
        temp: tuple[float, float] = par(
            (10.0, 1e9), unit="K", gt=0, doc="lowest and highest temperature"
        )
        bins: tuple[int, int] = par((48, 32), ge=1, doc="of density and of temperature")

    def setup(self):
        p = self.params
        for name in ("dens", "temp"):
            if not getattr(p, name)[0] < getattr(p, name)[1]:
                self.refuse(f"has a range phase.{name} that does not go from low to high")
        self.edges = [
            np.linspace(np.log10(low), np.log10(high), n + 1)
            for (low, high), n in zip((p.dens, p.temp), p.bins, strict=True)
        ]
        dens, temp = (10.0 ** (0.5 * (edges[1:] + edges[:-1])) for edges in self.edges)
        self.axes = {
            "dens [m_p/cm^3]": dens / self.facts.units.factor("m_p/cm^3"),
            "temp [K]": temp,
        }
        self.names = ["mass", "volume"] + (["E_cr"] if self.has("ecr") else [])

    def partial(self, cells):
        with np.errstate(divide="ignore", invalid="ignore"):
            i, j = (
                _bin(np.log10(cells[name]), edges)
                for name, edges in zip(("dens", "temp"), self.edges, strict=True)
            )
        number = (i * self.params.bins[1] + j).ravel()
        volume = np.broadcast_to(cells.volume, cells.shape)
        amounts = {
            "mass": lambda: cells["dens"] * volume,
            "volume": lambda: volume,
            "E_cr": lambda: cells["ecr"] * volume,
        }
        count = self.params.bins[0] * self.params.bins[1]
        return np.concatenate(
            [np.bincount(number, amounts[name]().ravel(), count) for name in self.names]
        )

    def finish(self, sums):
        unit = {"mass": "Msun", "volume": "kpc^3", "E_cr": "erg"}
        tables = sums.reshape(len(self.names), *self.params.bins)
        return {
            f"{name} [{unit[name]}]": self.shown(table, unit[name])
            for name, table in zip(self.names, tables, strict=True)
        }


def _bin(values, edges):
    """Return the bin of each of `values`, the outermost for those beyond; not a number counts as
    lowest."""
    n = len(edges) - 1
    place = np.nan_to_num(
        (values - edges[0]) / (edges[-1] - edges[0]) * n, nan=0.0, posinf=n, neginf=0.0
    )
    return np.clip(place, 0, n - 1).astype(np.int64)
