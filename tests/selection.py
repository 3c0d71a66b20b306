"""Which cases of a test wait for the full tests.

The quick tests must end within 25 minutes on two cores, and every scheme, solver and precision that
is met for the first time costs seconds of compilation. Where several cases would compile much and
show the same, one or two are quick and the rest are marked ``full``.

The stage of the fluid is by far the largest kernel. It is compiled anew for every Riemann solver,
reconstruction, presence of a field and of cosmic rays (none, one population, several), share of
energy that shocks give them, for tubes and for meshes with levels; integrators, blocks and scalars
share it. A test that is about none of these takes what many others have: plm with hllc without a
field or hlld in one, cosmic rays or not; a tube with a field. One that needs another reconstruction
has cosmic rays: ppm with hllc or with hlld, donor with llf in a field.
"""

import pytest


def in_full(*cases):
    """Return cases for `pytest.mark.parametrize` that run only with the full tests; a tuple holds
    the values of several arguments."""
    return [
        pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=pytest.mark.full)
        for case in cases
    ]


def mostly_full(cases, quick):
    """Return all cases of an iterable, those not in `quick` only for the full tests."""
    return [case if case in quick else in_full(case)[0] for case in cases]
