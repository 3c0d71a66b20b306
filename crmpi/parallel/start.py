"""MPI started under the launcher of this process, or refused with one sentence where the two do not
fit.

A launcher of another MPI starts N processes that each believe to be alone. Two things give them
away: MPI then sees one process where the launcher counted N; or MPI_Init itself ends the process,
as Open MPI's does under a srun that brings no PMIx, and that of MPICH 5 under one that does. For
the latter a shell waits beside the first process and speaks when that is gone.
"""

import os
import subprocess
import sys
import time
from contextlib import contextmanager, nullcontext

from crmpi.errors import CrmpiError
from crmpi.parallel.launcher import is_foreign, launcher_name, misfit, read_launch

_SILENCE = 3.0
"""Seconds that other processes of a refused launch wait before they go: a launcher that sees one
process fail ends all, and the first one must have spoken."""

_WITNESS = 'trap "" TERM INT HUP; read -r word || printf "crmpi: error: %s\\n" "$0" >&2'
"""A shell that says its name when its standard input ends before a word came; it does not belong to
the processes that a launcher ends together."""


def start_mpi():
    """Import mpi4py and start MPI; return the module ``mpi4py.MPI``. All processes call it.

    Raises
    ------
    CrmpiError
        on the first process, if mpi4py is missing or belongs to another MPI than the launcher; the
        other processes exit without a word
    """
    launch = read_launch()
    try:
        mpi = _load()
    except (ImportError, RuntimeError) as error:
        count = f"{launch.size} processes" if launch.size else "this process"
        _refuse(
            launch,
            f"{launcher_name()} started {count}, but mpi4py cannot be used ({error}); install it "
            "with: pip install mpi4py mpich, or start a single process",
        )
    vendor = mpi.get_vendor()[0]
    if not mpi.Is_initialized():
        with _watched(launch, vendor) if is_foreign(vendor) else nullcontext():
            mpi.Init_thread()
    count = mpi.COMM_WORLD.Get_size()
    if count != launch.size and launch.size:
        _refuse(launch, misfit(count, vendor))
    return mpi


def vendor_name():
    """Return the name of the MPI library of mpi4py, as 'MPICH' or 'Open MPI'; MPI is not
    started."""
    return _load().get_vendor()[0]


def library_version():
    """Return the first line of what the MPI library of mpi4py says about itself; MPI is not
    started."""
    return _load().Get_library_version().split("\n")[0].strip("\0").strip()


def _load():
    """Return ``mpi4py.MPI``, not yet initialised; it is finalised at the end of the process."""
    import mpi4py

    mpi4py.rc.initialize = False
    mpi4py.rc.finalize = True
    from mpi4py import MPI

    return MPI


@contextmanager
def _watched(launch, vendor):
    """Let the first process leave a sentence behind if MPI ends it here, in place of what MPI
    says on every process."""
    sentence = misfit(0, vendor)
    sys.stderr.flush()
    kept = os.dup(2)
    witness = None
    if launch.rank == 0:
        command = ["/bin/sh", "-c", _WITNESS, sentence]
        witness = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    with open(os.devnull, "w", encoding="utf-8") as nothing:
        os.dup2(nothing.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        if witness is not None:
            witness.communicate(b"alive\n")


def _refuse(launch, message):
    """Raise on the launcher's first process only, so that the user reads the message once."""
    if launch.rank == 0:
        raise CrmpiError(message) from None
    time.sleep(_SILENCE)
    raise SystemExit(CrmpiError.exit_code)
