"""The writer of a run: what it leaves on disk, restarts, re-runs and disks that refuse."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from crmpi.diagnostics.columns import Number
from crmpi.errors import RunError
from crmpi.output.checkpoint import latest_checkpoint, read_checkpoint
from crmpi.output.directory import RunDirectory
from crmpi.output.history import read_history
from crmpi.output.writer import OutputWriter
from tests.output_case import Params, make_case


def tree_of(folder):
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != "run.lock")
    return sorted(str(path.relative_to(folder)) for path in files)


def run(folder, first, last, restart=None, **options):
    """Run a loop of steps of 0.125 from `first` to `last` over the writer; the state depends on the
    step alone."""
    state, record, writer, owner = make_case(units="none")
    said = []
    params = Params(str(folder), **options)
    output = OutputWriter(
        params,
        writer.comm,
        owner,
        record,
        lambda s: [Number("mass", "code", s.step**2)],
        said.append,
    )
    output.begin(restart)
    for step in range(first, last + 1):
        state.pack.u0[:, 0] = step
        state = state._replace(time=0.125 * step, step=step)
        if step != first or restart is None:
            output.write_due(state)
    return output, state, said


def test_what_is_written(tmp_path):
    output, state, said = run(tmp_path, 0, 20)  # to time 2.5
    output.finalize(state)
    assert tree_of(tmp_path) == sorted(
        ["history.txt", "resolved.yaml", "provenance.json"]
        + [f"snapshots/snapshot_0000{n}.athdf{end}" for n in range(4) for end in ("", ".xdmf")]
        + [f"checkpoints/checkpoint_0000{n}.h5" for n in range(2)]
    )
    history = read_history(tmp_path / "history.txt")
    assert history["time"].tolist() == [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]
    assert history["mass"].tolist() == (history["step"] ** 2).tolist()
    assert history.units["time"] == "code"
    assert sum(line.startswith("wrote ") for line in said) == 6


def test_restart_leaves_the_files_of_one_run(tmp_path):
    output, state, _ = run(tmp_path / "once", 0, 40, checkpoints_kept=9)
    output.finalize(state)
    output, state, _ = run(tmp_path / "twice", 0, 19, checkpoints_kept=9)
    # ended at step 19: a last row and a snapshot that the longer run does not have
    output.finalize(state)
    restart = read_checkpoint(latest_checkpoint(tmp_path / "twice"))
    assert restart.step == 19
    output, state, _ = run(tmp_path / "twice", 19, 40, restart=restart, checkpoints_kept=9)
    output.finalize(state)
    once, twice = (tmp_path / name for name in ("once", "twice"))
    assert [name for name in tree_of(once) if "snap" in name] == [
        name for name in tree_of(twice) if "snap" in name
    ]
    assert (once / "history.txt").read_bytes() == (twice / "history.txt").read_bytes()
    for name in (name for name in tree_of(once) if name.endswith(".athdf")):
        assert (once / name).read_bytes() == (twice / name).read_bytes()


def run_to_the_end(folder, first, last, **options):
    """Run and write the last files, from the newest checkpoint if there is one."""
    newest = latest_checkpoint(folder)
    restart = read_checkpoint(newest) if newest else None
    output, state, said = run(
        folder, restart.step if restart else first, last, restart=restart, **options
    )
    output.finalize(state)
    return said


@pytest.mark.parametrize("last", [19, 32], ids=["between due times", "at a due time"])
def test_restarting_a_finished_run_doubles_nothing(tmp_path, last):
    run_to_the_end(tmp_path, 0, last)
    before = {name: (tmp_path / name).read_bytes() for name in tree_of(tmp_path)}
    for _ in range(2):
        run_to_the_end(tmp_path, 0, last)
        after = {name: (tmp_path / name).read_bytes() for name in tree_of(tmp_path)}
        assert after == before
    steps = read_history(tmp_path / "history.txt")["step"].tolist()
    assert steps == sorted(set(steps)) and steps[-1] == last


WRITES = ("crmpi.output.files.os.replace", "crmpi.output.history.open")


@pytest.mark.parametrize("last", [19, 32], ids=["between due times", "at a due time"])
def test_a_kill_at_any_write_doubles_nothing(tmp_path, monkeypatch, last):
    """Killed at the n-th file operation, then restarted: snapshots and history of the run that was
    never killed."""
    run_to_the_end(tmp_path / "once", 0, last)
    expected = contents_of(tmp_path / "once")
    killed = 0
    for n in range(0, 100, 2):
        folder = tmp_path / f"killed_{n}"
        with monkeypatch.context() as patch:
            count = iter(range(n, -1, -1))
            for name in WRITES:
                patch.setattr(name, killing(name, count), raising=False)
            try:
                run_to_the_end(folder, 0, last)
            except Killed:
                killed += 1
            else:
                break
        run_to_the_end(folder, 0, last)
        assert contents_of(folder) == expected, f"killed at file operation {n}"
    assert killed >= 10


class Killed(BaseException):
    """Stands for SIGKILL: nothing catches it."""


def killing(name, count):
    """Return the function of this name, which raises `Killed` in place of acting when `count` runs
    down to zero."""
    real = open if name.endswith("open") else os.replace

    def function(*arguments, **options):
        if next(count, -1) == 0:
            raise Killed
        return real(*arguments, **options)

    return function


def contents_of(folder):
    """Return {name: bytes} of snapshots and history, without those set aside."""
    names = [
        name
        for name in tree_of(folder)
        if name.endswith(("athdf", "history.txt")) and "replaced" not in name
    ]
    return {name: (folder / name).read_bytes() for name in names}


def test_a_restart_from_the_middle_sets_the_later_files_aside(tmp_path):
    # snapshots 0-6, checkpoints at steps 16, 32, 48
    run_to_the_end(tmp_path, 0, 48, checkpoints_kept=9)
    old = (tmp_path / "snapshots" / "snapshot_00006.athdf").read_bytes()
    history = (tmp_path / "history.txt").read_bytes()
    restart = read_checkpoint(tmp_path / "checkpoints" / "checkpoint_00000.h5")
    assert restart.step == 16
    output, state, said = run(tmp_path, 16, 20, restart=restart, checkpoints_kept=9)
    assert (
        "moved what was written after step 16 to" in said[0]
        and "snapshots: 4, checkpoints: 2" in said[0]
    )
    present = [name for name in tree_of(tmp_path) if not name.startswith("replaced")]
    assert [name for name in present if name.endswith("athdf")] == [
        f"snapshots/snapshot_0000{n}.athdf" for n in range(3)
    ]
    assert output.directory.latest_snapshot().name == "snapshot_00002.athdf"
    assert read_history(tmp_path / "history.txt")["step"].tolist() == [0, 4, 8, 12, 16, 20]
    output.finalize(state)
    assert latest_checkpoint(tmp_path).name == "checkpoint_00001.h5"
    aside = tmp_path / "replaced-001"
    assert (aside / "snapshots" / "snapshot_00006.athdf").read_bytes() == old
    assert (aside / "snapshots" / "snapshot_00006.athdf.xdmf").is_file()
    assert (aside / "history.txt").read_bytes() == history
    assert read_checkpoint(latest_checkpoint(aside)).step == 48


def test_only_the_newest_checkpoints_stay(tmp_path):
    run(tmp_path, 0, 100, checkpoints_kept=2)
    assert [name for name in tree_of(tmp_path) if "checkpoint" in name] == [
        f"checkpoints/checkpoint_0000{n}.h5" for n in (4, 5)
    ]


OTHERS = (
    "notes.txt",
    "history_notes.txt",
    "history.txt.bak",
    "resolved.yaml.bak",
    "snapshots/snapshot_00001.athdf.png",
    "snapshots/snapshot_best.athdf",
    "snapshots/parts/snapshot_00001.athdf.bak",
    "checkpoints/checkpoint_keep.h5",
    "checkpoints/checkpoint_00000.h5.bak",
    "profiles/profiles_00000.h5.png",
)
"""Files of a user among those of a run."""


def add_files_of_a_user(folder):
    for name in OTHERS:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"mine: {name}")


def assert_files_of_a_user(folder):
    assert {name: (folder / name).read_text() for name in OTHERS} == {
        name: f"mine: {name}" for name in OTHERS
    }


def contents(folder):
    return {name: (folder / name).read_bytes() for name in tree_of(folder)}


def test_rerun_sets_the_earlier_run_aside(tmp_path):
    run(tmp_path, 0, 40)
    first = contents(tmp_path)
    add_files_of_a_user(tmp_path)
    _, _, said = run(tmp_path, 0, 8)
    assert said[0].startswith(
        f"moved the earlier run in {tmp_path} started now to {tmp_path}/replaced-001: "
        "snapshots: 6, checkpoints: 2"
    )
    assert contents(tmp_path / "replaced-001") == first
    own = [name for name in tree_of(tmp_path) if not name.startswith("replaced-")]
    snapshots = [name for name in own if name.endswith(".athdf") and name not in OTHERS]
    assert snapshots == ["snapshots/snapshot_00000.athdf", "snapshots/snapshot_00001.athdf"]
    assert_files_of_a_user(tmp_path)
    run(tmp_path, 0, 16)
    assert contents(tmp_path / "replaced-001") == first
    assert (tmp_path / "replaced-002" / "history.txt").is_file()
    assert_files_of_a_user(tmp_path)


def test_rerun_deletes_the_earlier_run_when_told_to(tmp_path):
    run(tmp_path, 0, 40)
    add_files_of_a_user(tmp_path)
    _, _, said = run(tmp_path, 0, 8, overwrite=True)
    assert "replacing the earlier run" in said[0]
    assert not (tmp_path / "replaced-001").exists()
    assert (
        len([name for name in tree_of(tmp_path) if name.endswith(".athdf") and name not in OTHERS])
        == 2
    )
    assert_files_of_a_user(tmp_path)


def test_files_of_no_run_are_never_deleted(tmp_path):
    (tmp_path / "history.txt").write_text("mine")
    run(tmp_path, 0, 8, overwrite=True)
    assert (tmp_path / "replaced-001" / "history.txt").read_text() == "mine"


def test_a_restart_and_old_checkpoints_leave_the_files_of_a_user(tmp_path):
    run(tmp_path, 0, 40)
    add_files_of_a_user(tmp_path)
    restart = read_checkpoint(latest_checkpoint(tmp_path))
    run(tmp_path, restart.step, 100, restart=restart, checkpoints_kept=1)
    assert_files_of_a_user(tmp_path)
    assert (
        len(
            [
                name
                for name in tree_of(tmp_path)
                if name.startswith("checkpoints/") and name not in OTHERS
            ]
        )
        == 1
    )


def test_numbers_of_six_digits_follow_those_of_five(tmp_path):
    run(tmp_path, 0, 16)
    folder = RunDirectory(tmp_path)
    folder.checkpoint(0).rename(folder.checkpoint(99999))
    shutil.copy(folder.checkpoint(99999), folder.checkpoint(100000))
    shutil.copy(folder.snapshot(1), folder.snapshot(99999))
    shutil.copy(folder.snapshot(1), folder.snapshot(100000))
    assert folder.checkpoints() == [folder.checkpoint(99999), folder.checkpoint(100000)]
    assert folder.next_checkpoint() == 100001
    assert folder.latest_snapshot() == folder.snapshot(100000)
    assert latest_checkpoint(tmp_path) == folder.checkpoint(100000)
    assert latest_checkpoint(tmp_path / "checkpoints") == folder.checkpoint(100000)


def test_steps_land_on_snapshots_and_on_the_end(tmp_path):
    output, _, _ = run(tmp_path, 0, 0)
    assert output.limit_dt(0.0, 0.7, 10.0) == 0.5
    assert output.limit_dt(0.5, 0.7, 10.0) == 0.5
    assert output.limit_dt(0.5, 0.7, 0.6) == pytest.approx(0.1, rel=1e-12)


def test_unwritable_folder(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(RunError, match=r"cannot write .*taken.*choose another output\.dir"):
        run(tmp_path / "taken", 0, 1)


FULL_DISK = """
import resource, signal, sys
sys.path.insert(0, {root!r})
from tests.unit.test_output_writer import run
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
output, state, _ = run({folder!r}, 0, 16)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
for write in (output.snapshot, output.checkpoint):
    try:
        write(state._replace(step=17))
    except Exception as error:
        print(type(error).__name__, error, flush=True)
"""


def test_full_disk_is_told_and_earlier_files_stay(tmp_path):
    script = FULL_DISK.format(root=str(Path(__file__).parents[2]), folder=str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60
    )
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["RunError", "RunError"], done.stderr
    assert all("cannot write" in line and "ulimit -f" in line for line in lines)
    assert not [name for name in tree_of(tmp_path) if name.endswith(".tmp")]
    assert read_checkpoint(latest_checkpoint(tmp_path)).step == 16
    assert np.all(read_checkpoint(latest_checkpoint(tmp_path)).u0[:, 0] == 16)


def test_too_little_space_is_told_before_writing(tmp_path, monkeypatch):
    output, state, _ = run(tmp_path, 0, 0)
    before = tree_of(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda folder: type("usage", (), {"free": 1000}))
    with pytest.raises(RunError, match="no space left on the disk"):
        output.checkpoint(state._replace(step=1))
    assert tree_of(tmp_path) == before
