"""a b + c is rounded once, alike in vector loops, their remainders, single calls and on processors
without the operation."""

import os
import platform
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from crmpi.jit import kernel
from crmpi.numerics.fused import fused

PROCESS = """
import hashlib
import numpy as np
from crmpi.jit import kernel
from crmpi.numerics.fluid.riemann import HLLD, State, face_flux, signal_speeds
from crmpi.numerics.power import power
from tests.unit.test_fused import fuse_all, numbers

@kernel
def fluxes(solver, values, out):
    for i in range(values.size):
        x = values[i]
        lower = State(1.0 + x, x, 0.1, -x, 0.1 + x, 1.6 * x, 1.5 * x, x, 0.3)
        upper = State(2.0 - x, -x, 0.2, x, 0.2 + x, 1.7 * x, 1.4 * x, 0.1, x)
        speeds = signal_speeds(solver, 0.5, lower, upper)
        flux = face_flux(solver, 0.5, speeds, lower, upper)
        out[0, i], out[1, i], out[2, i] = flux.momn, flux.ener, power(x, 1.4)

values, found = np.linspace(0.1, 0.9, 1001), hashlib.sha256()
out = np.empty((3, values.size))
fluxes(HLLD(), values, out)
found.update(out.tobytes())
for kind in (np.float64, np.float32):
    out = np.empty(1003, kind)
    fuse_all(*numbers(kind, out.size), out)
    found.update(out.tobytes())
print(found.hexdigest())
"""


@kernel
def fuse_all(a, b, c, out):
    for i in range(out.size):
        out[i] = fused(a[i], b[i], c[i])


@kernel
def fuse(a, b, c):
    return fused(a, b, c)


@kernel
def unfused(a, b, c):
    return a * b + c


def numbers(kind, n, seed=3):
    """Return n triples of both signs and many sizes; of a third a b + c is what rounding takes off
    the product, of another third it is nearly a tie."""
    rng = np.random.default_rng(seed)
    a, b, c = (rng.normal(size=(3, n)) * 2.0 ** rng.integers(-20, 20, size=(3, n))).astype(kind)
    c[: n // 3] = -(a[: n // 3] * b[: n // 3])
    b[n // 3 : 2 * n // 3] = 0.5 + np.finfo(kind).eps * rng.integers(
        -1, 2, size=2 * n // 3 - n // 3
    )
    a[n // 3 : 2 * n // 3] = np.spacing(c[n // 3 : 2 * n // 3])
    return a, b, c


def rounded(exact, kind):
    """Return the number of this kind nearest to a fraction; of two the one with even mantissa."""
    near = kind(float(exact))
    around = near, np.nextafter(near, kind(-np.inf)), np.nextafter(near, kind(np.inf))
    bits = {np.float64: np.int64, np.float32: np.int32}[kind]
    return min(around, key=lambda x: (abs(Fraction(float(x)) - exact), x.view(bits) & 1))


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_rounded_once(kind):
    triples = numbers(kind, 3001)
    out = np.empty(3001, kind)
    fuse_all(*triples, out)
    exact = [
        Fraction(float(a)) * Fraction(float(b)) + Fraction(float(c))
        for a, b, c in zip(*triples, strict=True)
    ]
    assert np.array_equal(out, [rounded(x, kind) for x in exact])
    a, b, c = triples
    assert (a * b + c != out).sum() > 1000  # these triples tell it from two roundings


@pytest.mark.parametrize("n", [1, 3, 8, 37])
def test_same_bits_in_vectors_and_in_remainders(n):
    triples = numbers(np.float64, 100)
    whole, part = np.empty(100), np.empty(n)
    fuse_all(*triples, whole)
    for first in (0, 1, 30, 63):
        fuse_all(*(np.ascontiguousarray(x[first : first + n]) for x in triples), part)
        assert np.array_equal(part, whole[first : first + n])
    assert np.array_equal(
        [fuse(*map(float, triple)) for triple in zip(*triples, strict=True)], whole
    )


def test_its_loops_are_vectorised():
    fuse_all(*numbers(np.float64, 9), np.empty(9))
    for compiled in fuse_all.overloads.values():
        assert "vector.body" in str(compiled.library._get_module_for_linking())


def test_compiler_fuses_nothing_by_itself():
    a = 1.0 + 2.0**-30
    assert unfused(a, a, -(a * a)) == 0.0
    assert fuse(a, a, -(a * a)) == 2.0**-60


def test_special_numbers():
    assert fuse(np.inf, 1.0, 1.0) == np.inf
    assert np.isnan(fuse(np.inf, 0.0, 1.0))
    assert np.isnan(fuse(np.inf, 1.0, -np.inf))
    assert fuse(1e300, 1e10, -np.inf) == -np.inf
    assert fuse(1e300, 1e10, -1e308) == np.inf
    assert np.copysign(1.0, fuse(-0.0, 1.0, -0.0)) == -1.0


@pytest.fixture(scope="module")
def usual():
    return digest({})


def digest(environment):
    """Return the hash of what `PROCESS` finds."""
    root = str(Path(__file__).parents[2])
    environment = os.environ | {"PYTHONPATH": root} | environment
    done = subprocess.run(
        [sys.executable, "-c", PROCESS], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.split()[-1]


def test_same_bits_with_plain_compiler(usual):
    assert digest({"CRMPI_COMPILER": "plain"}) == usual


@pytest.mark.skipif(platform.machine() != "x86_64", reason="compiles for x86_64")
@pytest.mark.parametrize("processor", ["x86-64-v2", "x86-64-v3"])
def test_same_bits_on_other_processors(usual, processor, tmp_path):
    """The first one has no such operation."""
    other = {
        "NUMBA_CPU_NAME": processor,
        "NUMBA_CPU_FEATURES": "",
        "CRMPI_CACHE_DIR": str(tmp_path),
    }
    assert digest(other) == usual
