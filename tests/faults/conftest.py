"""Running the command line as a user does, on one rank or under mpirun."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

from crmpi.tools.doctor.mpi import find_mpirun

ROOT = Path(__file__).parents[2]
SECONDS = 180  # on a busy machine, compilation of kernels included; a hang is longer


class Done(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def sentences(self):
        """The errors a user reads."""
        return [line for line in self.err.splitlines() if line.startswith("crmpi: error: ")]


@pytest.fixture(params=[1, 2], ids=["serial", "two ranks"])
def crmpi(request, tmp_path):
    """Return a function that runs ``crmpi ARGUMENTS`` in an empty folder, serially and under
    mpirun; ``.start`` does not wait."""
    launcher = []
    if request.param > 1:
        if find_mpirun() is None or find_spec("mpi4py") is None:
            pytest.skip("needs mpirun and mpi4py")
        launcher = [find_mpirun(), "-n", str(request.param)]

    def start(*arguments, **environment):
        # under pytest-mpi this process may itself belong to a launcher, which its children must not
        # inherit
        env = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PMI_", "PMIX_", "OMPI_", "HYDI_"))
        }
        env |= {
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "OMP_NUM_THREADS": "1",
            **environment,
        }
        command = [*launcher, sys.executable, "-m", "crmpi.cli.main", *map(str, arguments)]
        return subprocess.Popen(
            command,
            cwd=tmp_path,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(*arguments, **environment):
        process = start(*arguments, **environment)
        try:
            out, err = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            process.terminate()
            out, err = process.communicate()
            pytest.fail(f"no end after {SECONDS} s: {out} {err}")
        return Done(process.returncode, out, err)

    run.start = start
    return run


@pytest.fixture
def refused(crmpi):
    """Return a function that runs a command that must fail with exactly one sentence, and returns
    this sentence."""

    def run(*arguments, code=2, **environment):
        done = crmpi(*arguments, **environment)
        assert done.code == code, done
        assert "Traceback" not in done.err, done.err
        assert len(done.sentences) == 1, done.err
        return done.sentences[0]

    return run
