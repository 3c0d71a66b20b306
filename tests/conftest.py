"""Settings that all tests share, and where compilation takes their time."""

import os
from collections import Counter

os.environ.setdefault("NUMBA_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest

from crmpi.jit import record
from crmpi.parallel.comm import SerialComm, make_comm

LISTED = 25


@pytest.fixture
def serial():
    """The communicator of one rank."""
    return SerialComm()


@pytest.fixture(scope="session")
def comm():
    """The communicator of all ranks that run this test."""
    return make_comm()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Note in the report the kernels compiled since the last one."""
    report = yield
    fresh = record.made[_Seen.kernels :]
    _Seen.kernels = len(record.made)
    compiled = [(made.name, made.seconds) for made in fresh if not made.loaded]
    report.user_properties = [*report.user_properties, ("compiled", compiled)]
    return report


class _Seen:
    """How many kernels of this process are in reports."""

    kernels = 0


def pytest_terminal_summary(terminalreporter):
    """List the tests and the kernels whose compilation took longest: on an empty cache it is most
    of the time of the quick tests, and a test that pays only for itself may wait for the full
    ones."""
    tests, kernels = Counter(), Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, seconds in dict(getattr(report, "user_properties", ())).get("compiled", ()):
                tests[report.nodeid] += seconds
                kernels[name] += seconds
    if not kernels:
        return
    terminalreporter.section(f"compilation, {sum(kernels.values()):.0f} s in all")
    for totals in (tests, kernels):
        for name, seconds in totals.most_common(LISTED):
            if seconds >= 3.0:
                terminalreporter.line(f"{seconds:.2f}s {name}")
