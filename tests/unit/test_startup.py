"""`import crmpi` and `crmpi --help` load nothing heavy: what takes long is looked up when it is
used."""

import subprocess
import sys

import pytest

import crmpi

COMPILER = ("numba", "llvmlite", "h5py", "matplotlib", "xarray")
HEAVY = ("numpy", "numba", "h5py", "mpi4py", "yaml", "xarray", "pandas", "matplotlib", "yt")
LIGHT = {
    "import": "import crmpi",
    "--help": "from crmpi.cli.main import main; main(['--help'])",
    "--version": "from crmpi.cli.main import main; main(['--version'])",
}


def python(*words):
    return subprocess.run([sys.executable, *words], capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("what", LIGHT)
def test_heavy_modules_wait_until_they_are_used(what):
    asked = f"; import sys; print('loaded:', *sorted(set({HEAVY}) & set(sys.modules)))"
    done = python("-c", LIGHT[what] + asked)
    assert done.returncode == 0 and done.stdout.splitlines()[-1].split() == ["loaded:"]


def test_help_of_commands_compiles_nothing():
    """No command loads a compiler, files or pictures to explain itself, but for constrain, whose
    options are parameters of scattering models."""
    script = """
import contextlib, io, sys
from crmpi.cli.main import COMMANDS, main
for name in sorted({*COMMANDS} - {"constrain"}):
    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
        main([name, "--help"])
    print(name, *sorted(set(%s) & set(sys.modules)))
"""
    done = python("-c", script % (COMPILER,))
    lines = done.stdout.splitlines()
    assert len(lines) > 15 and not [line for line in lines if len(line.split()) > 1], lines


def test_the_package_is_a_command():
    done = python("-m", "crmpi", "--version")
    assert (done.returncode, done.stdout) == (0, f"crmpi {crmpi.__version__}\n")
    assert python("-m", "crmpi", "rum").returncode == 2


def test_names_of_the_package():
    assert {"Simulation", "open", "CrmpiError"} <= set(dir(crmpi))
    for name in crmpi.__all__:
        assert getattr(crmpi, name) is not None
    with pytest.raises(AttributeError, match=r"crmpi has no 'Simulatoin'; it has CrmpiError, "):
        crmpi.Simulatoin  # noqa: B018
