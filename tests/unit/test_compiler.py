"""The compiler of kernels gives way to numba's public interface where a private name of numba is
gone: same answers, and one sentence about it."""

import io
import re
import tomllib
from pathlib import Path

import pytest

from crmpi.cli import doctor
from crmpi.jit import compilers
from crmpi.parallel.comm import SerialComm
from crmpi.run import driver
from crmpi.run.configuration import configure
from tests.selection import in_full
from tests.unit.test_jit import finish, start

ROOT = Path(__file__).parents[2]

FLUXES = """
import hashlib
import numpy as np
{before}
from crmpi.jit import compiler_note, device, kernel, made
from crmpi.numerics.fluid.riemann import HLLE, State, face_flux, signal_speeds

@device
def moved(press):
    return press + 0.1

@kernel
def fluxes(solver, values, out):
    for i in range(values.size):
        x = values[i]
        lower = State(1.0 + x, x, 0.1, -x, moved(x), 1.6 * x, 1.5 * x, x, 0.3)
        upper = State(2.0 - x, -x, 0.2, x, 0.2 + x, 1.7 * x, 1.4 * x, 0.1, x)
        speeds = signal_speeds(solver, 0.5, lower, upper)
        flux = face_flux(solver, 0.5, speeds, lower, upper)
        out[0, i], out[1, i], out[2, i] = flux.dens, flux.momn, flux.ener

values = np.linspace(0.1, 0.9, 1001)
out = np.empty((3, values.size))
fluxes(HLLE(), values, out)
print(hashlib.sha256(out.tobytes()).hexdigest(), len(made), compiler_note())
"""

STEP = """
import hashlib
import numpy as np
from crmpi.jit import compiler_note
from tests.fluid_case import Case
case = Case((8, 1, 1), magnetic=False, cosmic_rays=False)
w = np.ones((5, 1, 1, 8))
w[0, 0, 0] += 0.1 * np.arange(8)
case.start(w)
for _ in range(3):
    case.step(0.01)
print(hashlib.sha256(case.pack.u0.tobytes()).hexdigest(), bool(compiler_note()))
"""


def fluxes(before="", **environment):
    """Return (hash of some fluxes, kernels noted, the note on the compiler) of a new process."""
    digest, kernels, *note = finish(start(FLUXES.format(before=before), **environment))
    return digest, int(kernels), " ".join(note)


@pytest.fixture(scope="module")
def usual():
    digest, kernels, note = fluxes()
    assert (kernels, note) == (1, "")
    return digest


def test_plain_compiler_on_request(usual):
    digest, kernels, note = fluxes(CRMPI_COMPILER="plain")
    assert digest == usual
    assert kernels == 1
    assert note.startswith("CRMPI_COMPILER is plain: numba alone compiles the kernels")


@pytest.mark.parametrize(
    "module, name",
    [
        ("codegen", "JITCodeLibrary"),  # imported by name
        ("caching", "IndexDataCacheFile"),  # an attribute of a module
        *in_full(("environment", "lookup_environment")),
    ],
)
def test_a_private_name_that_is_gone(usual, module, name):
    removed = f"from numba.core import {module}; del {module}.{name}"
    digest, _, note = fluxes(removed)
    assert digest == usual
    assert "does not fit the compiler of crmpi" in note and name in note


def test_a_newer_numba_that_fits_keeps_the_compiler(usual):
    newer = "import numba; numba.__version__ = '9.0.0'"
    assert fluxes(newer)[::2] == (usual, "")


def test_a_newer_numba_whose_compiler_changed(usual):
    changed = """
import numba
from numba.core import environment
numba.__version__ = "9.0.0"
environment.lookup_environment = lambda: None
"""
    digest, _, note = fluxes(changed)
    assert digest == usual
    assert note.startswith("numba 9.0.0 does not fit the compiler of crmpi")


@pytest.mark.full
def test_steps_of_the_plain_compiler_are_bitwise_identical():
    usual, was_plain = finish(start(STEP))
    assert was_plain == "False"
    assert finish(start(STEP, CRMPI_COMPILER="plain")) == [usual, "True"]


def test_an_unknown_compiler_is_refused():
    process = start(FLUXES.format(before=""), CRMPI_COMPILER="fast")
    _, error = process.communicate(timeout=60)
    assert "CRMPI_COMPILER = 'fast' is not one of whole, plain" in error


def test_doctor_says_which_compiler_works(monkeypatch):
    monkeypatch.setenv("CRMPI_COMPILER", "plain")
    (finding,) = doctor.check_kernels()
    assert finding.status == doctor.NOTE
    assert finding.found.startswith("CRMPI_COMPILER is plain: numba alone compiles")
    assert finding.remedy.startswith("pip install 'numba==")


def test_the_log_has_one_note(monkeypatch, tmp_path):
    monkeypatch.setattr(driver, "compiler_note", lambda: "numba alone compiles")
    config, _ = configure("cr_box", [f"output.dir={tmp_path}"])
    stream = io.StringIO()
    driver.make_progress(config, SerialComm(), stream).log.close()
    assert stream.getvalue().count("note: numba alone compiles") == 1


def test_the_versions_tried_are_the_same_everywhere():
    lowest, highest = (
        ".".join(map(str, v)) for v in (compilers.OLDEST_TRIED, compilers.NEWEST_TRIED)
    )
    assert (doctor.NEEDED["numba"], doctor.TRIED["numba"]) == (lowest, highest)
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert f"numba>={lowest}" in declared
    page = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    assert re.search(rf"{re.escape(lowest)} to\s+{re.escape(highest)}\s+are\s+tried", page)
