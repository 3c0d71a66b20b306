"""Where a result comes from: versions, code state, machine and command, stored in every file."""

import platform
import secrets
import shlex
import socket
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import h5py

from crmpi import __version__, precision


def collect(comm):
    """Return the provenance of this run as a flat dict of strings, equal on all ranks
    (collective)."""
    hosts = comm.allgather_object(socket.gethostname())
    return comm.bcast(_describe(hosts) if comm.rank == 0 else None)


def new_run_id(comm):
    """Return a name for this start of the run, equal on all ranks (collective): its date and four
    random bytes."""
    return comm.bcast(
        f"{time.strftime('%Y%m%dT%H%M%S')}-{secrets.token_hex(4)}" if comm.rank == 0 else None
    )


def _describe(hosts):
    packages = {name: _version(name) for name in ("numpy", "numba", "h5py", "mpi4py")}
    return {
        "crmpi": __version__,
        "git": git_state(),
        "python": platform.python_version(),
        **{name: number for name, number in packages.items() if number},
        "hdf5": h5py.version.hdf5_version + (" with MPI" if h5py.get_config().mpi else ""),
        "mpi": _mpi_library(),
        "precision": precision.NAME,
        "ranks": str(len(hosts)),
        "hosts": str(len(set(hosts))),
        "host": hosts[0],
        "platform": platform.platform(),
        "command": shlex.join(sys.argv),
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }


def git_state():
    """Return the commit of the checkout the code runs from, '-modified' appended if files differ
    from it; 'none' outside a checkout."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return "none"
    commit = _git(root, "rev-parse", "HEAD")
    return (
        f"{commit}-modified"
        if commit and _git(root, "status", "--porcelain", "--untracked-files=no")
        else commit or "none"
    )


def _git(root, *arguments):
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def _version(package):
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _mpi_library():
    """Return the first line of the MPI library's name if MPI is in use: only what is already loaded
    is asked."""
    mpi = sys.modules.get("mpi4py.MPI")
    return (
        mpi.Get_library_version().replace("\0", "").strip().splitlines()[0].strip()
        if mpi
        else "none"
    )
