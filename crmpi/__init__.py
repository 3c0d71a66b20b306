"""crmpi: cosmic-ray magnetohydrodynamics on blocks, under MPI, in Python."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import xarray

    from crmpi.errors import CrmpiError as CrmpiError
    from crmpi.output.history import read_history as read_history
    from crmpi.simulation import Interrupted as Interrupted
    from crmpi.simulation import Simulation as Simulation

__version__ = "0.1.0"

_WHERE = {
    "CrmpiError": "crmpi.errors",
    "Interrupted": "crmpi.simulation",
    "Simulation": "crmpi.simulation",
    "read_history": "crmpi.output.history",
}
"""Names that are looked up when they are first used: importing crmpi loads nothing else."""

__all__ = ["CrmpiError", "Interrupted", "Simulation", "__version__", "open", "read_history"]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"crmpi has no '{name}'; it has {', '.join(__dir__())}")
    value = getattr(importlib.import_module(_WHERE[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


def open(path: Any, level: int = 0, resample: bool = True) -> "xarray.Dataset":
    """Return an xarray data set of a snapshot, of all snapshots of a run's folder, or of a history;
    see `crmpi.analysis.read.dataset`.

    A refined mesh is shown with the cells of `level`; without `resample` cells of other levels are
    NaN.
    """
    from crmpi.analysis.read.dataset import open_dataset

    return open_dataset(path, level, resample)
