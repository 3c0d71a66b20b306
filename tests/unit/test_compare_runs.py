"""Finding the runs of a comparison."""

import json
import shutil

import pytest

from crmpi.cli.main import main
from crmpi.compare.runs import differences, find_runs
from crmpi.errors import CrmpiError

TUBE = [
    "cr_diffusion",
    "mesh.cells=[32,1,1]",
    "mesh.block=[32,1,1]",
    "time.dt_max=0.05",
    "output.snapshot_interval=0.1",
]


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    """The folder of a sweep with one failure."""
    folder = tmp_path_factory.mktemp("sweep")
    assert (
        main(
            [
                "sweep",
                *TUBE,
                "--over",
                "scattering.kappa_par=0.1,0.02,fast",
                "--output",
                str(folder),
            ]
        )
        == 3
    )
    return folder


def test_runs_of_a_sweep_sorted_by_number(sweep):
    found = find_runs([sweep])
    assert [run.label for run in found.runs] == ["0.02", "0.1"]
    assert all(run.complete for run in found.runs)
    assert found.runs[0].snapshot.name == "snapshot_00002.athdf"
    assert list(found.missing) == ["scattering.kappa_par=fast"]
    assert "failed: " in found.missing["scattering.kappa_par=fast"]


def test_only_what_was_varied_differs(sweep):
    assert {
        key: list(map(float, values))
        for key, values in differences(find_runs([sweep]).runs).items()
    } == {"scattering.kappa_par": [0.02, 0.1]}


def test_a_single_run_and_an_unfinished_one(sweep):
    folder = sweep / "scattering.kappa_par=0.02"
    (run,) = find_runs([folder]).runs
    assert run.path == folder
    stored = (folder / "result.json").read_text()
    (folder / "result.json").unlink()
    (run,) = find_runs([folder]).runs
    assert (run.label, run.complete) == ("0.02", False)
    (folder / "result.json").write_text(stored)
    assert json.loads(stored)["parameters"] == find_runs([folder]).runs[0].fingerprint


def test_a_run_named_twice_is_compared_once(sweep):
    assert len(find_runs([sweep / "scattering.kappa_par=0.02", sweep]).runs) == 2


def test_same_labels_get_their_folder(sweep, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(sweep, copy)
    assert len({run.label for run in find_runs([sweep, copy]).runs}) == 4


def test_nothing_to_compare(tmp_path):
    with pytest.raises(CrmpiError, match="there is no folder"):
        find_runs([tmp_path / "nowhere"])
    with pytest.raises(CrmpiError, match="no run has written there"):
        find_runs([tmp_path])
