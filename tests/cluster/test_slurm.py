"""A real Slurm: what `tests.cluster.slurm_trial` does and logs, as tests."""

import sys

import pytest

from tests.cluster.slurm_site import SlurmSite, missing
from tests.cluster.slurm_trial import STEPS, Trial

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def trial(tmp_path_factory):
    """A Slurm of two nodes; skipped where it cannot be started."""
    if missing():
        pytest.skip(missing())
    folder = tmp_path_factory.mktemp("slurm")
    site = SlurmSite(folder / "site")
    try:
        site.start()
    except RuntimeError as problem:
        site.stop()
        pytest.skip(str(problem))
    yield Trial(site, folder, sys.stdout)
    site.stop()


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_slurm(trial, step):
    step(trial)
