"""One run at a time in a folder: who is refused, and which locks are left behind by the dead."""

import json
import os
import subprocess
import sys

import pytest

from crmpi.errors import CrmpiError, RunError
from crmpi.output.lock import NAME, FolderLock
from tests.unit.test_output_writer import run, tree_of


@pytest.fixture
def other():
    """A process of this host that lives until the test ends."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.communicate(b"\n")


def lock_of(
    folder,
    pid,
    code="from crmpi.output.lock import FolderLock; import sys; FolderLock(sys.argv[1]).take()",
):
    """Return what another process has left in the lock of a folder, with its `pid` replaced."""
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True, timeout=60)
    owner = json.loads((folder / NAME).read_text())
    return owner if pid is None else owner | {"pid": pid, "began": None}


def test_a_second_run_is_refused_and_touches_nothing(tmp_path, other):
    run(tmp_path, 0, 8)[0].close()
    (tmp_path / NAME).write_text(json.dumps(lock_of(tmp_path, other.pid)))
    before = {name: (tmp_path / name).read_bytes() for name in tree_of(tmp_path)}
    with pytest.raises(
        CrmpiError,
        match=rf"in use by another run \(process {other.pid} on .*choose another output\.dir",
    ) as caught:
        run(tmp_path, 0, 8)
    assert caught.value.everywhere
    assert "remove" not in str(caught.value)  # the process is there to see on this host
    assert {name: (tmp_path / name).read_bytes() for name in tree_of(tmp_path)} == before
    assert json.loads((tmp_path / NAME).read_text())["pid"] == other.pid


def test_the_lock_of_a_dead_process_is_taken_over(tmp_path):
    lock_of(tmp_path, None)
    FolderLock(tmp_path).take()
    assert json.loads((tmp_path / NAME).read_text())["pid"] == os.getpid()


def test_the_lock_of_a_process_whose_number_was_given_again_is_taken_over(tmp_path, other):
    owner = lock_of(tmp_path, None)
    owner |= {"pid": other.pid, "began": owner["began"] + "7"}
    (tmp_path / NAME).write_text(json.dumps(owner))
    FolderLock(tmp_path).take()


def test_another_host_is_believed_and_the_remedy_is_told(tmp_path):
    owner = lock_of(tmp_path, None) | {"host": "node17"}
    (tmp_path / NAME).write_text(json.dumps(owner))
    with pytest.raises(
        CrmpiError,
        match=rf"on node17, since .*; if that process is gone, remove {tmp_path}/run\.lock",
    ):
        FolderLock(tmp_path).take()


def test_a_requeued_job_takes_over_the_lock_of_its_failed_node(tmp_path, monkeypatch):
    owner = lock_of(tmp_path, None) | {"host": "node17", "job": "4711", "attempt": "0"}
    (tmp_path / NAME).write_text(json.dumps(owner))
    monkeypatch.setenv("SLURM_JOB_ID", "4711")
    with pytest.raises(CrmpiError):
        FolderLock(tmp_path).take()  # two steps of one job
    monkeypatch.setenv("SLURM_RESTART_COUNT", "1")
    FolderLock(tmp_path).take()


@pytest.mark.parametrize(
    ("squeue", "taken"),
    [
        ("echo RUNNING", False),
        ("true", True),
        ("echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1", True),
        ("echo 'Unable to contact slurm controller' >&2; exit 1", False),
        (None, False),
    ],
)
def test_the_lock_of_another_job_is_taken_over_when_it_has_ended(
    tmp_path, monkeypatch, squeue, taken
):
    owner = lock_of(tmp_path, None) | {"host": "node17", "job": "4711", "attempt": "0"}
    (tmp_path / NAME).write_text(json.dumps(owner))
    programs = tmp_path / "bin"
    programs.mkdir()
    if squeue:
        (programs / "squeue").write_text(f"#!/bin/sh\n{squeue}\n")
        (programs / "squeue").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    if taken:
        FolderLock(tmp_path).take()
    else:
        with pytest.raises(CrmpiError, match="on node17"):
            FolderLock(tmp_path).take()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}"])
def test_a_damaged_lock_is_taken_over(tmp_path, text):
    (tmp_path / NAME).write_text(text)
    FolderLock(tmp_path).take()


def test_a_lock_is_given_back_once_and_only_by_its_owner(tmp_path):
    lock = FolderLock(tmp_path)
    lock.take()
    lock.release()
    assert not (tmp_path / NAME).exists()
    lock.take()
    foreign = json.dumps({"host": "node17", "pid": 1})
    (tmp_path / NAME).write_text(foreign)
    lock.release()
    assert (tmp_path / NAME).read_text() == foreign


def test_a_run_that_ends_leaves_no_lock(tmp_path):
    output, state, _ = run(tmp_path, 0, 4)
    assert (tmp_path / NAME).is_file()
    output.finalize(state)
    output.close()
    assert not (tmp_path / NAME).exists()


@pytest.mark.parametrize("name", ["snapshots", "checkpoints", "profiles"])
def test_a_file_in_the_way_of_a_folder(tmp_path, name):
    (tmp_path / name).write_text("mine")
    with pytest.raises(
        RunError, match=rf"cannot write {tmp_path}/{name}: a file is where a folder should be"
    ):
        run(tmp_path, 0, 1)
    assert (tmp_path / name).read_text() == "mine"


@pytest.mark.parametrize(
    "name", ["history.txt", "log.txt", "resolved.yaml", "provenance.json", "run.lock"]
)
def test_a_folder_in_the_way_of_a_file(tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(
        RunError, match=rf"cannot write .*{name}: a folder is where a file should be"
    ):
        run(tmp_path, 0, 1)


def test_a_folder_named_stop(tmp_path):
    (tmp_path / "STOP").mkdir()
    with pytest.raises(
        RunError, match="STOP is a folder, but a file of that name stops a run: rename it"
    ):
        run(tmp_path, 0, 1)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
@pytest.mark.parametrize("name", [".", "snapshots", "checkpoints"])
def test_a_folder_without_permission(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir(exist_ok=True)
    folder.chmod(0o555)
    with pytest.raises(RunError, match="permission denied: choose another"):
        run(tmp_path, 0, 1)
    folder.chmod(0o755)
