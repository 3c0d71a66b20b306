"""Check Python, packages, MPI and its launcher, HDF5, the kernel cache, cores, memory and its
pages; for each say what works or what to do. Under a launcher it also says whether that fits:

crmpi doctor
srun -n 64 crmpi doctor
"""

import os
import platform
import re
import shutil
import sys
from pathlib import Path

from crmpi import __version__
from crmpi.cli.tables import add_json, print_json
from crmpi.output.terminal import painted
from crmpi.parallel.launcher import read_launch
from crmpi.tools.doctor.findings import (
    NOTE,
    OK,
    PROBLEM,
    Finding,
    installed,
    last_line,
    python,
)
from crmpi.tools.doctor.machine import check_memory, check_pages, check_threads
from crmpi.tools.doctor.mpi import check_hdf5, check_launch, check_mpi

COLOURS = {OK: "green", NOTE: "yellow", PROBLEM: "red"}
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


def add_arguments(parser):
    """Declare the arguments of ``crmpi doctor``."""
    add_json(parser)


def main(arguments):
    """Print the findings; exit code 1 if there is a problem."""
    # first of all: other ranks wait for this one, and once they have met none is left behind
    launched = list(check_launch())
    if read_launch().rank != 0:
        return 0
    problems = 0
    found = []
    if not arguments.json:
        print(f"crmpi {__version__} in {Path(__file__).parents[1]}")
    packages = (
        check_python,
        check_packages,
        check_kernels,
        check_processor,
        check_plots,
        check_cache,
    )
    # under a launcher the memory of a rank is told beside the places of all
    machine = (check_threads, *(() if launched else (check_memory,)), check_pages)
    checks = (*packages, lambda: check_mpi(launched), check_hdf5, *machine, check_folder)
    for check in checks:
        for finding in check():
            problems += finding.status == PROBLEM
            found.append(finding)
            if arguments.json:
                continue
            status = painted(f"{finding.status:>8s}", COLOURS[finding.status], sys.stdout)
            print(f"{status}  {finding.subject}: {finding.found}", flush=True)
            if finding.remedy:
                print(f"{'':>8s}  -> {finding.remedy}", flush=True)
    if arguments.json:
        print_json({"crmpi": __version__, "problems": problems, "findings": found})
        return 1 if problems else 0
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
        version = installed(name)
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
    done = python(_KERNEL)
    answer, _, note = done.stdout.strip().partition("\n")
    if done.returncode or answer != "True":
        remedy = (
            f"pip install 'numba>={NEEDED['numba']}', in an environment of its own if "
            "something else needs another one"
        )
        yield Finding("kernels", PROBLEM, f"a small kernel fails: {last_line(done)}", remedy)
    elif note:
        sentence, _, remedy = note.rpartition("; ")
        yield Finding("kernels", NOTE, sentence, remedy)
    else:
        yield Finding("kernels", OK, "a small kernel compiles and computes")


def check_processor():
    """What an old processor lacks."""
    from crmpi.jit import has_fused

    if not has_fused():
        found = (
            "has no fused multiply-add: kernels call that of the C library, with the same "
            "answers and much slower"
        )
        yield Finding("processor", NOTE, found, "use one with AVX2 (x86 since 2013) where there is")


def check_plots():
    """Pictures are optional."""
    version = installed("matplotlib")
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


def check_folder():
    """Whether results can be written here."""
    free = shutil.disk_usage(".").free / 1e9
    if not os.access(".", os.W_OK):
        yield Finding(
            "folder", NOTE, f"{Path.cwd()} is not writable", "give output.dir=FOLDER to crmpi run"
        )
    else:
        yield Finding("folder", OK, f"{Path.cwd()} is writable, {free:.0f} GB free")


def _numbers(version):
    return tuple(
        int(digits[0]) for part in version.split(".")[:3] if (digits := re.match(r"\d+", part))
    )
