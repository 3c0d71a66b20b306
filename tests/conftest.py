"""Settings that all tests share."""

import os

os.environ.setdefault("NUMBA_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest

from crmpi.parallel.comm import SerialComm, make_comm


@pytest.fixture
def serial():
    """The communicator of one rank."""
    return SerialComm()


@pytest.fixture(scope="session")
def comm():
    """The communicator of all ranks that run this test."""
    return make_comm()
