"""Results of checks, and processes that are started to try things."""

import os
import subprocess
import sys
from importlib import metadata
from typing import NamedTuple

from crmpi.parallel.launcher import unlaunched

OK, NOTE, PROBLEM = "ok", "note", "PROBLEM"
_TIMEOUT = 60  # seconds for a start of mpirun on a slow machine

AS_ROOT = ("OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM")
"""What Open MPI wants to be set before root may use it."""

_MORE_RANKS_THAN_CORES = {
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
}
"""Lets Open MPI, before and since version 5, start two ranks on one core."""


class Finding(NamedTuple):
    """Result of one check: a word, what was found, and what to do ('' if nothing)."""

    subject: str
    status: str
    found: str
    remedy: str = ""


def installed(package):
    """Return the version of a package, None if it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def is_root():
    """Return whether this process belongs to root, as in many containers."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def python(code, *arguments):
    """Run code in another process: a mismatched MPI may end it with a segmentation fault."""
    return start([sys.executable, "-c", code, *arguments])


def start(command):
    """Run a command that may start MPI or a launcher, and return the completed process; what goes
    wrong is in its ``stderr``."""
    environment = unlaunched() | _MORE_RANKS_THAN_CORES
    if is_root():
        environment |= dict.fromkeys(AS_ROOT, "1")
    try:
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            check=False,
            env=environment,
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", f"no answer in {_TIMEOUT} s")
    except OSError as problem:
        return subprocess.CompletedProcess(command, 1, "", str(problem))


def last_line(done):
    """Return the last words of a process."""
    lines = [line for line in (done.stderr + done.stdout).splitlines() if line.strip(" -")]
    return lines[-1].strip() if lines else f"exit code {done.returncode}"
