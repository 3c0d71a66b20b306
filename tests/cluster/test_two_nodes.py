"""The same bits on two nodes that share nothing but a network."""

import sys

import pytest

from tests.cluster import two_nodes

pytestmark = pytest.mark.full
MESSAGE = 8_000_000
EXCHANGE = f"""
import platform, sys
import numpy as np
from mpi4py import MPI
world = MPI.COMM_WORLD
kept = np.zeros({MESSAGE}, dtype="u1")
world.Sendrecv_replace(kept, 1 - world.rank, source=1 - world.rank)
sys.stdout.write(f"<{{world.rank}} of {{world.size}} on {{platform.node()}}>")
"""


@pytest.fixture(autouse=True)
def possible():
    """Skip where there cannot be two nodes."""
    reason = two_nodes.missing()
    if reason:
        pytest.skip(reason)


def test_messages_go_through_the_cable(tmp_path):
    done = two_nodes.run(["mpirun", "-n", "2", sys.executable, "-c", EXCHANGE], tmp_path)
    assert done.returncode == 0, done.stderr
    assert "<0 of 2 on node1>" in done.stdout and "<1 of 2 on node2>" in done.stdout
    received, sent = two_nodes.bytes_between(done.stdout)
    assert MESSAGE < received < 1.1 * MESSAGE and MESSAGE < sent < 1.1 * MESSAGE


@pytest.mark.parametrize("ranks", [2, 4])
def test_runs_are_bitwise_identical_across_the_network(tmp_path, ranks):
    """A part of the cases; ``python -m tests.cluster.two_nodes`` does all."""
    chosen = "(orszag_tang or cr_box or boxed) and not finer and not moving"
    tests = ["-m", "pytest", "-q", "--with-mpi", "--only-mpi", "-k", chosen]
    command = ["mpirun", "-n", ranks, sys.executable, *tests, "tests/mpi/test_reproducibility.py"]
    done = two_nodes.run(command, tmp_path, cwd=two_nodes.ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout and " failed" not in done.stdout
    assert min(two_nodes.bytes_between(done.stdout)) > 1e6
