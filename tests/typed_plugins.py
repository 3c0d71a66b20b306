"""Plug-ins and scripts as users write them, for mypy: what `crmpi.api` offers has types."""

from pathlib import Path
from typing import Any

from crmpi.api import (
    Column,
    Criterion,
    Observable,
    Problem,
    ScatteringModel,
    Simulation,
    Source,
    SourceParams,
    TransportSolver,
    configure,
    mean,
    np,
    open_snapshot,
    par,
    read_history,
    total,
)


class Wind(Problem):
    """A problem with parameters and two hooks."""

    class Params:
        """Parameters."""

        height: float = par(0.2, unit="kpc", gt=0, doc="scale height of the gas")

    def initial(self, x: Any, p: Any) -> dict[str, Any]:
        """Return a stratified gas."""
        return {"dens": np.exp(-abs(x.x3) / p.height), "press": 1.0}

    def history(self, x: Any, w: Any, p: Any) -> dict[str, Any]:
        """Return two columns."""
        return {"cold": total(w.dens, where=w.temp < 1e4), "speed": mean(w.vel3, weight=w.dens)}


class Drag(Source):
    """A source."""

    columns = (Column("heated", "energy"),)

    class Params(SourceParams):
        """Parameters."""

        rate: float = par(0.0, unit="1/Myr", ge=0, doc="decay rate")

    def apply(self, time: float, dt: float) -> None:
        """Do nothing."""


class Law(ScatteringModel):
    """A scattering model."""

    def kappa(self, pack: Any, out: np.ndarray, rigidity: float) -> None:
        """Set a constant."""
        out[:] = 1.0


class Cold(Observable):
    """An observable."""

    needs = ("dens", "temp")

    def partial(self, cells: Any) -> np.ndarray:
        """Return one sum."""
        return np.array([cells.integral(cells["dens"])])

    def finish(self, sums: np.ndarray) -> dict[str, float]:
        """Return one number."""
        return {self.label("mass", "Msun"): self.shown(sums[0], "Msun")}


class Steep(Criterion):
    """A criterion."""

    def indicator(self, view: Any) -> np.ndarray:
        """Return nothing to refine."""
        return np.zeros(1)


class Still(TransportSolver):
    """A transport solver."""

    columns = (Column("moved", "energy"),)

    def move(self, population: Any, dt: float, time: float, phase: Any) -> None:
        """Do nothing."""


def look(path: Path) -> float:
    """Return a number from a snapshot and a history."""
    with open_snapshot(path) as snapshot:
        density = snapshot.array("dens")
        largest = float(density.max()) + snapshot.time
    history = read_history(path)
    return largest + float(history["time"][-1])


def row(sim: Simulation) -> dict[str, float]:
    """Return a row of the history."""
    sim.initialise()
    return sim.history_row()


def cells(target: str) -> Any:
    """Return what a configuration says."""
    config, _ = configure(target, ["mesh.cells=[8,8,8]"])
    return config.mesh.cells
