"""The files that a run had written after the checkpoint of a restart: those of the branch that the
restart leaves."""

import shutil

import h5py

from crmpi.output.blockfile import parts_of
from crmpi.output.files import clear_write_errors
from crmpi.output.history import cut_after, last_step
from crmpi.output.seal import UNREADABLE


def leave_branch(directory, step):
    """Set aside what is later than `step` in the folder of a run, so that nothing there is of two
    branches.

    The rows of the history after it are dropped; the whole history, and copies of the files that
    mark a run, go with the others: the branch can be read and continued.

    Returns
    -------
    str
        a sentence for the user, '' if nothing was later
    """
    snapshots, checkpoints, profiles = (
        [path for path in files if _is_later(path, step)]
        for files in (directory.snapshots(), directory.checkpoints(), directory.profile_files())
    )
    streams = [
        path
        for name in directory.stream_names()
        for path in directory.stream_files(name)
        if _is_later(path, step)
    ]
    shown, kept = [*snapshots, *streams], [*checkpoints, *profiles]
    sidecars = [path.with_name(f"{path.name}.xdmf") for path in shown]
    parts = [part for path in (*shown, *checkpoints) for part in parts_of(path)]
    files = [path for path in (*shown, *kept, *sidecars, *parts) if path.exists()]
    rows = last_step(directory.history) > step
    if not files and not rows:
        return ""
    with clear_write_errors(directory.path):
        aside = directory.set_aside(files)
        for path in (directory.history, directory.resolved, directory.provenance):
            if path.is_file():
                shutil.copy2(path, aside / path.name)
        if rows:
            cut_after(directory.history, step)
    counts = f"snapshots: {len(snapshots)}, checkpoints: {len(checkpoints)}"
    return f"moved what was written after step {step} to {aside}: {counts}"


def _is_later(path, step):
    """Return whether a file is of a later step; one that cannot be read is."""
    found = step_of(path)
    return found is None or found > step


def step_of(path):
    """Return the step of a snapshot, checkpoint or file of profiles, None if it cannot be read."""
    try:
        with h5py.File(path, "r") as file:
            return int(file.attrs["NumCycles" if path.suffix == ".athdf" else "step"])
    except UNREADABLE:
        return None
