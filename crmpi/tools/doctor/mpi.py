"""MPI: which library, which launcher, whether they fit, and HDF5 files of many ranks."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from crmpi.errors import CrmpiError
from crmpi.parallel.comm import make_comm
from crmpi.parallel.launcher import cure, launcher_name, read_launch
from crmpi.tools.doctor.findings import (
    AS_ROOT,
    NOTE,
    OK,
    PROBLEM,
    Finding,
    installed,
    is_root,
    last_line,
    python,
    start,
)
from crmpi.tools.doctor.machine import check_ranks

_IDENTITY = (
    "from crmpi.parallel.start import library_version, vendor_name; "
    "print(vendor_name()); print(library_version())"
)
_HDF5 = (
    "import mpi4py; mpi4py.rc.initialize = False; import h5py; "
    "print(h5py.version.hdf5_version, int(h5py.get_config().mpi))"
)
_HDF5_ALONE = "import h5py; print(h5py.version.hdf5_version, int(h5py.get_config().mpi))"
# one write: never torn apart
_PAIR = "import sys; from mpi4py import MPI; sys.stdout.write(f'<{MPI.COMM_WORLD.allreduce(1)}>')"
_HDF5_PAIR = """
from mpi4py import MPI
import h5py, sys
with h5py.File(sys.argv[1], "w", driver="mpio", comm=MPI.COMM_WORLD) as file:
    ranks = file.create_dataset("rank", (MPI.COMM_WORLD.size,), "i4")
    ranks[MPI.COMM_WORLD.rank] = MPI.COMM_WORLD.rank
"""
_BATCH = ("srun", "flux", "jsrun", "aprun", "qsub")
"""Commands of a cluster: there runs start inside jobs, and mpirun may not work outside."""


def check_mpi(launched):
    """mpi4py, its library, and either what `check_launch` found or the mpirun at hand."""
    if installed("mpi4py") is None:
        remedy = "pip install mpi4py mpich, or build mpi4py with the cluster's MPI"
        yield Finding("mpi4py", NOTE, "not installed: runs on one rank only", remedy)
        yield from launched
        return
    done = python(_IDENTITY)
    if done.returncode:
        found = f"{installed('mpi4py')} cannot load MPI: {last_line(done)}"
        yield Finding("mpi4py", PROBLEM, found, "pip install mpich, or load an MPI module")
        return
    vendor, library = done.stdout.strip().split("\n", 1)
    yield Finding("mpi4py", OK, f"{installed('mpi4py')} with {library}")
    yield from launched or [check_mpirun(vendor)]


def check_launch():
    """Whether MPI joins the processes of this launch, and what they have; all of them call it.
    Nothing where nothing launched this process."""
    if read_launch().size == 1:
        return
    try:
        comm = make_comm()
    except CrmpiError as error:
        found, _, remedy = str(error).partition("; ")
        yield Finding("launcher", PROBLEM, found, remedy)
        return
    if comm.rank == 0:
        found = f"{launcher_name()} started {comm.nranks} processes, and MPI joins them"
        yield Finding("launcher", OK, found)
    yield from check_ranks(comm)


def check_mpirun(vendor):
    """Whether the mpirun that a user gets by its name starts two ranks of the MPI of mpi4py."""
    ways = list(dict.fromkeys(filter(None, (_in_path(), _beside(), _named_after(vendor)))))
    batch = next(filter(shutil.which, _BATCH), None)
    if not ways:
        if batch:
            kind = f"crmpi doctor inside a job, started with {batch}, shows whether MPI fits"
            return Finding("mpirun", NOTE, f"not found; runs start with {batch}", kind)
        remedy = "put the bin folder of the MPI that mpi4py uses in PATH"
        return Finding("mpirun", PROBLEM, "not found", remedy)
    first = start([ways[0], "-n", "2", sys.executable, "-c", _PAIR])
    if _is_pair(first):
        return _works(ways[0])
    fitting = next((way for way in ways[1:] if _starts_pair(way)), None)
    if first.stdout.count("<1>") == 2:
        found = f"{ways[0]} -n 2 starts two runs of one rank each"
    else:
        found = f"{ways[0]} -n 2 fails: {last_line(first)}"
    if family(ways[0]) != _family_of(vendor):
        found = f"{ways[0]} is that of {family(ways[0])}, mpi4py uses {vendor}"
        remedy = cure("mpirun", vendor)
    else:
        remedy = "run it by hand to see more"
    if fitting:
        return Finding("mpirun", NOTE, found, f"start runs with {fitting}, which fits")
    if batch:
        remedy += f"; or start runs inside a job with {batch}, and crmpi doctor to see if it fits"
    return Finding("mpirun", NOTE if batch else PROBLEM, found, remedy)


def _works(mpirun):
    wanted = [name for name in AS_ROOT if name not in os.environ]
    if is_root() and wanted and family(mpirun) == "Open MPI":
        remedy = f"as root, in a container: export {' '.join(f'{name}=1' for name in wanted)}"
        return Finding("mpirun", NOTE, f"{mpirun} -n 2 starts two ranks, if root may", remedy)
    return Finding("mpirun", OK, f"{mpirun} -n 2 starts two ranks")


def check_hdf5():
    """Whether HDF5 can write one file from many ranks."""
    # a parallel h5py starts MPI when it is imported: here it must not
    done = python(_HDF5 if installed("mpi4py") else _HDF5_ALONE)
    if done.returncode:
        found = f"h5py cannot be imported: {last_line(done)}"
        yield Finding("hdf5", PROBLEM, found, "pip install --force-reinstall h5py")
        return
    version, parallel = done.stdout.split()
    if parallel == "0":
        how = "files of many ranks are written without collective calls, and read the same"
        yield Finding("hdf5", OK, f"{version}, without MPI: {how}")
        return
    mpirun = None
    if read_launch().size == 1:
        mpirun = next(filter(_starts_pair, filter(None, (_in_path(), _beside()))), None)
    if mpirun is None:
        yield Finding("hdf5", OK, f"{version}, with MPI (not tried here)")
        return
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "pair.h5")
        done = start([mpirun, "-n", "2", sys.executable, "-c", _HDF5_PAIR, path])
    if done.returncode:
        found = f"{version}, with MPI, but two ranks cannot write a file: {last_line(done)}"
        remedy = (
            "build h5py with the MPI of mpi4py, see docs/install.md; or pip install "
            "--force-reinstall h5py for the one without MPI"
        )
        yield Finding("hdf5", PROBLEM, found, remedy)
    else:
        yield Finding("hdf5", OK, f"{version}, with MPI: two ranks wrote one file")


def find_mpirun():
    """Return the launcher beside this Python, else the one in PATH, else None."""
    return _beside() or _in_path()


def family(mpirun):
    """Return whose a launcher is, by what it says about itself: 'Open MPI', 'MPICH' for all that
    use hydra, or 'another MPI'."""
    said = start([mpirun, "--version"])
    text = (said.stdout + said.stderr).lower()
    if "open mpi" in text or "open-mpi" in text or "openrte" in text or "prte" in text:
        return "Open MPI"
    known = ("hydra", "mpich", "intel(r) mpi", "mvapich")
    return "MPICH" if any(name in text for name in known) else "another MPI"


def _family_of(vendor):
    return "Open MPI" if vendor == "Open MPI" else "MPICH"


def _beside():
    beside = Path(sys.executable).parent / "mpirun"
    return str(beside) if beside.exists() else None


def _in_path():
    return shutil.which("mpirun") or shutil.which("mpiexec")


def _named_after(vendor):
    """Return the launcher that Debian names after its MPI, where several are installed."""
    return shutil.which("mpirun.openmpi" if vendor == "Open MPI" else "mpirun.mpich")


def _starts_pair(mpirun):
    return _is_pair(start([mpirun, "-n", "2", sys.executable, "-c", _PAIR]))


def _is_pair(done):
    return done.stdout.count("<2>") == 2
