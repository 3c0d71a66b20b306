"""Under mpirun a failing rank must not leave the others waiting: it prints its report and ends all
ranks."""

import sys
import time

import pytest

from crmpi.parallel.comm import make_comm
from crmpi.parallel.launcher import read_launch


def pytest_configure(config):
    """Watch for failures when this process is one of several."""
    if read_launch().size > 1:
        config.pluginmanager.register(AbortOnFailure(make_comm()), "abort_on_failure")


class AbortOnFailure:
    """Ends all ranks at the first failure of a test, a fixture or the collection on this one."""

    def __init__(self, comm):
        self._comm = comm

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report):
        """Look at the outcome of a test's set-up, call or tear-down."""
        self._abort_if_failed(report)

    @pytest.hookimpl(trylast=True)
    def pytest_collectreport(self, report):
        """Look at the outcome of collecting a file."""
        self._abort_if_failed(report)

    def _abort_if_failed(self, report):
        if not report.failed:
            return
        # when all ranks fail alike, the lowest speaks and ends the others
        time.sleep(0.2 * self._comm.rank)
        print(
            f"\nfailure on rank {self._comm.rank}: {report.nodeid}\n{report.longreprtext}",
            file=sys.stderr,
            flush=True,
        )
        self._comm.abort(1)
