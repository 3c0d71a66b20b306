"""Which kind of output a path is; snapshots that are whole."""

from contextlib import contextmanager
from pathlib import Path

import h5py

from crmpi.analysis.read.readers import open_snapshot
from crmpi.errors import CrmpiError


def described(path, *, run, snapshot, history, checkpoint):
    """Return what the function for the kind of output returns for a path: of the folder of a run, a
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


@contextmanager
def undamaged_snapshot(path):
    """Open a snapshot for reading; raise `CrmpiError` if it is damaged."""
    with open_snapshot(path) as snapshot:
        reason = snapshot.damage()
        if reason:
            raise CrmpiError(f"cannot trust {path}: it is damaged, {reason}")
        yield snapshot
