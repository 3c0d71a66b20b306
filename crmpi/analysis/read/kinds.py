"""Which kind of output a path is."""

from pathlib import Path

import h5py

from crmpi.errors import CrmpiError


def described(path, *, run, snapshot, history, checkpoint):
    """Return what the function for the kind of output says of a path: of the folder of a run, a
    snapshot, a history or a checkpoint.

    Raises
    ------
    CrmpiError
        there is no such file, or it is none of these
    """
    path = Path(path)
    if path.is_dir():
        return run(path)
    if not path.is_file():
        raise CrmpiError(f"cannot read {path}: there is no such file")
    if path.suffix == ".athdf":
        return snapshot(path)
    if path.suffix == ".txt":
        return history(path)
    if not h5py.is_hdf5(path) and path.suffix != ".h5":
        raise CrmpiError(f"{path} is no snapshot (.athdf), checkpoint (.h5) or history (.txt)")
    return checkpoint(path)
