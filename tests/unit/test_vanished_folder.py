"""The folder of a run that is removed, or taken by others, while the run goes on."""

import io
import json
import shutil

import pytest

from crmpi.cli.configuration import configure
from crmpi.errors import RunError
from crmpi.output.checkpoint import damage, latest_checkpoint
from crmpi.output.history import read_history
from crmpi.run import driver, stepper

WORDS = ("mesh.cells=[16,16,1]", "mesh.block=[8,16,1]", "time.max_steps=4")


def run(serial, folder, monkeypatch, act):
    """Run `orszag_tang`, call `act()` inside its third step; return (Result, what it said)."""
    advance = stepper.advance

    def watched(sim, dt):
        if sim.clock.step == 2:
            act()
        advance(sim, dt)

    monkeypatch.setattr(stepper, "advance", watched)
    words = [*WORDS, f"output.dir={folder}", "output.history_interval=none"]
    config, problem_class, _ = configure(serial, "orszag_tang", words)
    stream = io.StringIO()
    return driver.run(config, problem_class, serial, stream=stream), stream.getvalue()


def test_a_folder_that_was_removed_is_made_again(serial, tmp_path, monkeypatch):
    folder = tmp_path / "run"
    result, said = run(serial, folder, monkeypatch, lambda: shutil.rmtree(folder))
    assert result.exit_code == 0
    assert said.count("was removed while the run went on: made again") == 1
    assert read_history(folder / "history.txt")["step"].tolist() == [3, 4]
    assert not damage(latest_checkpoint(folder))
    assert (folder / "resolved.yaml").is_file()
    assert "finished at step 4" in (folder / "log.txt").read_text()
    assert not (folder / "run.lock").exists()


def test_a_history_that_was_removed_gets_its_header_again(serial, tmp_path, monkeypatch):
    path = tmp_path / "run" / "history.txt"
    kept = {}

    def act():
        kept["labels"] = [line for line in path.read_text().splitlines() if line.startswith("#")]
        path.unlink()

    run(serial, tmp_path / "run", monkeypatch, act)
    lines = path.read_text().splitlines()
    assert kept["labels"]
    assert lines[: len(kept["labels"])] == kept["labels"]
    assert read_history(path)["step"].tolist() == [3, 4]


def test_a_folder_that_another_run_has_taken_is_left_to_it(serial, tmp_path, monkeypatch):
    folder = tmp_path / "run"

    def act():
        shutil.rmtree(folder)
        folder.mkdir()
        other = {"host": "elsewhere", "pid": 7, "began": "later", "job": None}
        (folder / "run.lock").write_text(json.dumps(other))

    with pytest.raises(RunError, match="process 7 on elsewhere runs there since: this run ends"):
        run(serial, folder, monkeypatch, act)
    assert [path.name for path in folder.iterdir()] == ["run.lock"]
