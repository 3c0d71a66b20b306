"""crmpi: cosmic-ray magnetohydrodynamics on blocks, under MPI, in Python."""

__version__ = "0.1.0"


def open(path, level=0, resample=True):
    """Return an xarray data set of a snapshot, of all snapshots of a run's folder, or of a history;
    see `crmpi.analysis.read.dataset`.

    A refined mesh is shown with the cells of `level`; without `resample` cells of other levels are
    NaN.
    """
    from crmpi.analysis.read.dataset import open_dataset

    return open_dataset(path, level, resample)
