"""Check Python, packages, MPI, HDF5, the kernel cache and threads; for each say what works or what
to do."""

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from crmpi import __version__
from crmpi.parallel.launcher import read_launch, unlaunched

OK, NOTE, PROBLEM = "ok", "note", "PROBLEM"
NEEDED = {"numpy": "2.0", "numba": "0.62", "h5py": "3.11", "pyyaml": "6.0"}
"""Lowest versions with which the code works, tried; those of pyproject.toml."""

WANTED = {"matplotlib": "3.8.4"}
"""Of packages that are optional: 3.8.4 is the first matplotlib built for numpy 2."""

TRIED = {"numba": "0.68"}
"""Newest versions tried of packages whose inner parts the code builds upon."""

_KERNEL = """
import numpy as np
from crmpi.jit import compiler_note, device, kernel
@device
def double(x):
    return x + x
@kernel
def fill(a):
    for i in range(a.shape[0]):
        a[i] = double(a[i])
a = np.arange(3.0)
fill(a)
print(a.tolist() == [0.0, 2.0, 4.0])
print(compiler_note())
"""
_MPI_IDENTITY = (
    "from mpi4py import MPI; "
    "print(MPI.Get_library_version().split(chr(10))[0].strip(chr(0)).strip())"
)
# one write: never torn apart
_MPI_PAIR = (
    "import sys; from mpi4py import MPI; sys.stdout.write(f'<{MPI.COMM_WORLD.allreduce(1)}>')"
)
_HDF5_PAIR = """
from mpi4py import MPI
import h5py, sys
with h5py.File(sys.argv[1], "w", driver="mpio", comm=MPI.COMM_WORLD) as file:
    ranks = file.create_dataset("rank", (MPI.COMM_WORLD.size,), "i4")
    ranks[MPI.COMM_WORLD.rank] = MPI.COMM_WORLD.rank
"""
_TIMEOUT = 60  # seconds for a start of mpirun on a slow machine


class Finding(NamedTuple):
    """Result of one check: a word, what was found, and what to do ('' if nothing)."""

    subject: str
    status: str
    found: str
    remedy: str = ""


def add_arguments(parser):
    """``crmpi doctor`` has no arguments of its own."""


def main(arguments):
    """Print the findings; exit code 1 if there is a problem."""
    launch = read_launch()
    if launch.rank != 0:
        return 0
    print(f"crmpi {__version__} in {Path(__file__).parents[1]}")
    problems = 0
    packages = (check_python, check_packages, check_kernels, check_plots)
    for check in (*packages, check_cache, check_mpi, check_hdf5, check_threads, check_folder):
        for finding in check():
            problems += finding.status == PROBLEM
            print(f"{finding.status:>8s}  {finding.subject}: {finding.found}", flush=True)
            if finding.remedy:
                print(f"{'':>8s}  -> {finding.remedy}", flush=True)
    print(
        "everything needed works"
        if not problems
        else f"{problems} problem{'s' if problems > 1 else ''} to solve"
    )
    return 1 if problems else 0


def check_python():
    """Version and place of Python."""
    yield Finding("python", OK, f"{platform.python_version()} at {sys.executable}")


def check_packages():
    """Versions of what the code cannot do without."""
    for name, lowest in NEEDED.items():
        version = _version(name)
        if version is None or _numbers(version) < _numbers(lowest):
            found = "not installed" if version is None else f"{version} is too old"
            yield Finding(name, PROBLEM, found, f"pip install '{name}>={lowest}'")
        elif name in TRIED and _numbers(version)[:2] > _numbers(TRIED[name]):
            found = f"{version} is newer than {TRIED[name]}, the newest tried"
            yield Finding(name, NOTE, found, f"to be safe: pip install '{name}=={TRIED[name]}.*'")
        else:
            yield Finding(name, OK, version)


def check_kernels():
    """Whether a kernel compiles and computes what it should."""
    done = _python(_KERNEL)
    answer, _, note = done.stdout.strip().partition("\n")
    if done.returncode or answer != "True":
        remedy = (
            f"pip install 'numba>={NEEDED['numba']}', in an environment of its own if "
            "something else needs another one"
        )
        yield Finding("kernels", PROBLEM, f"a small kernel fails: {_last_line(done)}", remedy)
    elif note:
        sentence, _, remedy = note.rpartition("; ")
        yield Finding("kernels", NOTE, sentence, remedy)
    else:
        yield Finding("kernels", OK, "a small kernel compiles and computes")


def check_plots():
    """Pictures are optional."""
    version = _version("matplotlib")
    if version is None:
        yield Finding(
            "matplotlib", NOTE, "not installed: crmpi plot does not work", "pip install matplotlib"
        )
    elif _numbers(version) < _numbers(WANTED["matplotlib"]):
        found = f"{version} is too old for numpy 2: crmpi plot does not work"
        yield Finding(
            "matplotlib", PROBLEM, found, f"pip install 'matplotlib>={WANTED['matplotlib']}'"
        )
    else:
        yield Finding("matplotlib", OK, version)


def check_cache():
    """Where compiled kernels are kept."""
    from crmpi.jit import cache_folder, cache_note

    if cache_note():
        sentence, _, remedy = cache_note().rpartition("; ")
        yield Finding("kernel cache", NOTE, sentence, remedy)
    else:
        yield Finding("kernel cache", OK, str(cache_folder()))


def check_mpi():
    """mpi4py, its library, the launcher, and whether two processes find each other."""
    launch = read_launch()
    if launch.size > 1:
        yield Finding("launcher", OK, f"this is 1 of {launch.size} processes ({launch.variable})")
    if _version("mpi4py") is None:
        remedy = "pip install mpi4py mpich, or build mpi4py with the cluster's MPI"
        yield Finding("mpi4py", NOTE, "not installed: runs on one rank only", remedy)
        return
    done = _python(_MPI_IDENTITY)
    if done.returncode:
        found = f"{_version('mpi4py')} cannot load MPI: {_last_line(done)}"
        yield Finding("mpi4py", PROBLEM, found, "pip install mpich, or load an MPI module")
        return
    yield Finding("mpi4py", OK, f"{_version('mpi4py')} with {done.stdout.strip()}")
    if launch.size <= 1:
        yield _check_pair()


def _check_pair():
    mpirun = find_mpirun()
    if mpirun is None:
        return Finding(
            "mpirun",
            PROBLEM,
            "not found",
            "put the bin folder of the MPI that mpi4py uses in PATH; under Slurm use srun",
        )
    done = _mpi_pair(mpirun, _MPI_PAIR)
    if done.stdout.count("<2>") == 2:
        return Finding("mpirun", OK, f"{mpirun} -n 2 starts two ranks")
    if done.stdout.count("<1>") == 2:
        remedy = (
            "mpirun and mpi4py belong to different MPIs; use the mpirun of mpi4py's MPI, "
            "or reinstall mpi4py"
        )
        return Finding("mpirun", PROBLEM, f"{mpirun} -n 2 starts two runs of one rank each", remedy)
    remedy = "run it by hand to see more"
    if hasattr(os, "geteuid") and os.geteuid() == 0 and "root" in done.stderr:
        remedy = (
            "as root Open MPI wants OMPI_ALLOW_RUN_AS_ROOT=1 and OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1"
        )
    return Finding("mpirun", PROBLEM, f"{mpirun} -n 2 fails: {_last_line(done)}", remedy)


def check_hdf5():
    """Whether HDF5 can write one file from many ranks."""
    done = _python("import h5py; print(h5py.version.hdf5_version, int(h5py.get_config().mpi))")
    if done.returncode:
        yield Finding(
            "hdf5",
            PROBLEM,
            f"h5py cannot be imported: {_last_line(done)}",
            "pip install --force-reinstall h5py",
        )
        return
    version, parallel = done.stdout.split()
    mpirun = find_mpirun()
    if parallel == "0":
        yield Finding(
            "hdf5",
            OK,
            (
                f"{version}, serial: files of many ranks are written without collective calls, and "
                "read the same"
            ),
        )
    elif mpirun is None or read_launch().size > 1:
        yield Finding("hdf5", OK, f"{version}, parallel (not tried here)")
    else:
        with tempfile.TemporaryDirectory() as folder:
            done = _mpi_pair(mpirun, _HDF5_PAIR, str(Path(folder) / "pair.h5"))
        if done.returncode:
            remedy = (
                "h5py and mpi4py must be built with the same MPI; or pip install "
                "--force-reinstall h5py for the serial one"
            )
            yield Finding(
                "hdf5",
                PROBLEM,
                f"{version}, parallel, but two ranks cannot write a file: {_last_line(done)}",
                remedy,
            )
        else:
            yield Finding("hdf5", OK, f"{version}, parallel: two ranks wrote one file")


def check_threads():
    """One thread per rank is what crmpi is made for."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    threads = os.environ.get("OMP_NUM_THREADS")
    found = (
        f"{cores} core{'s' if cores > 1 else ''} usable, OMP_NUM_THREADS is {threads or 'not set'}"
    )
    if threads == "1":
        yield Finding("threads", OK, found)
    else:
        yield Finding(
            "threads",
            NOTE,
            found,
            (
                "export OMP_NUM_THREADS=1: ranks, not threads, share the work, and every rank "
                "starts faster"
            ),
        )


def check_folder():
    """Whether results can be written here."""
    free = shutil.disk_usage(".").free / 1e9
    if not os.access(".", os.W_OK):
        yield Finding(
            "folder", NOTE, f"{Path.cwd()} is not writable", "give output.dir=FOLDER to crmpi run"
        )
    else:
        yield Finding("folder", OK, f"{Path.cwd()} is writable, {free:.0f} GB free")


def find_mpirun():
    """Return the launcher beside this Python, else the one in PATH, else None."""
    beside = Path(sys.executable).parent / "mpirun"
    return str(beside) if beside.exists() else shutil.which("mpirun") or shutil.which("mpiexec")


def _version(package):
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _numbers(version):
    return tuple(
        int(digits[0]) for part in version.split(".")[:3] if (digits := re.match(r"\d+", part))
    )


def _python(code):
    """Run code in another process: a mismatched MPI may end it with a segmentation fault."""
    return _start([sys.executable, "-c", code])


def _mpi_pair(mpirun, code, *arguments):
    return _start([mpirun, "-n", "2", sys.executable, "-c", code, *arguments])


def _start(command):
    try:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=_TIMEOUT, check=False, env=unlaunched()
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", f"no answer in {_TIMEOUT} s")
    except OSError as problem:
        return subprocess.CompletedProcess(command, 1, "", str(problem))


def _last_line(done):
    lines = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
    return lines[-1].strip() if lines else f"exit code {done.returncode}"
