"""A run is followed and reported from its files alone, whatever state they are in."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from crmpi.analysis.draw.run_report import page, write_report
from crmpi.analysis.draw.terminal import bar, columns_shown, screen, sparkline
from crmpi.analysis.read import running
from crmpi.cli.main import main
from crmpi.errors import CrmpiError
from crmpi.output.directory import RunDirectory
from crmpi.output.lock import FolderLock
from tests.picture_case import SHAPES
from tests.unit.test_plot import make_run

BROWSER = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)

RUNNING = """output in runs/wind, parameters in runs/wind/resolved.yaml
warning: step 11: the field is nearly zero in 3 cells (cr_bare_cells in the history)
step 40  time 2.5 Myr  12.5%  dt 0.1 Myr  4.09e+04 zone-cycles/s  left 0:01:21  sub-steps 3
wrote runs/wind/snapshots/snapshot_00001.athdf
step 60  time 5 Myr  25.0%  dt 0.1 Myr  3.9e+04 zone-cycles/s  left 59.5 s  sub-steps 4
"""
ENDED = (
    RUNNING
    + """stopped: reached time.end
finished at step 312, time 20 Myr: 311 steps in 0:04:09
4.09e+04 zone-cycles/s, 801.2 ms per step
  transport                   111.728 s   45.1%
  fluid                        64.821 s   26.1%
energy ledger [erg]
  box at the start                         +6.059871e+52
    floor_added_energy                     +1.000000e+00
    unexplained                            -8.507059e+37
floors: none
"""
)
HISTORY = """# crmpi history, one row per time; columns: [number]name[unit]
# [1]time[Myr] [2]step[1] [3]dt[Myr] [4]mass[Msun] [5]floor_dens[1] [6]mdot[Msun/yr]
0 0 0.1 5 0 0
2.5 40 0.1 5 3 1e-4
5 60 0.1 5 7 2e-4
7.5 6"""


def folder(path, log, history=HISTORY):
    """Write what a run leaves in its folder and return this."""
    path.mkdir(exist_ok=True)
    started = {"started": "2026-01-02T03:04:05+0000", "command": "crmpi run galactic_wind <b>"}
    (path / "provenance.json").write_text(json.dumps(started))
    (path / "log.txt").write_text(log)
    (path / "history.txt").write_text(history)
    (path / "resolved.yaml").write_text("mesh:\n  cells: [8, 8, 8]\n  limits: {low: 1}\n")
    return path


@pytest.fixture
def held(tmp_path):
    """The folder of a run that this process goes on with."""
    run = folder(tmp_path / "wind", RUNNING)
    lock = FolderLock(run)
    lock.take()
    yield run
    lock.release()


def test_state_of_a_run_that_goes_on(held):
    state = running.state(held)
    assert state.running == f"process {os.getpid()} on {os.uname().nodename}"
    assert (state.step, state.fraction, state.time) == (60, 0.25, "5 Myr")
    assert (state.rate, state.left, state.reason) == ("3.9e+04", "59.5 s", "")
    assert state.warnings == [
        "step 11: the field is nearly zero in 3 cells (cr_bare_cells in the history)"
    ]


def test_words_and_equal_signs_are_read_alike(held):
    (held / "log.txt").write_text("step=60 time=5 25.0% rate 3.9e+04 zone-cycles/s left=59.5\n")
    state = running.state(held)
    assert (state.step, state.fraction, state.rate, state.left) == (60, 0.25, "3.9e+04", "59.5")


def test_state_of_a_run_that_has_ended(tmp_path):
    state = running.state(folder(tmp_path / "wind", ENDED))
    assert (state.running, state.reason) == (None, "reached time.end")
    assert (state.step, state.time, state.fraction) == (312, "20 Myr", 1.0)
    assert state.phases == [("transport", 111.728, 45.1), ("fluid", 64.821, 26.1)]
    assert state.ledger == [
        ("unit", "erg"),
        ("box at the start", "+6.059871e+52"),
        ("floor_added_energy", "+1.000000e+00"),
        ("unexplained", "-8.507059e+37"),
    ]


def test_the_last_start_counts(tmp_path):
    state = running.state(folder(tmp_path / "wind", ENDED + RUNNING))
    assert (state.reason, state.step, state.phases) == ("", 60, [])


def test_rows_that_are_being_written_are_left_out(held):
    history = running.recent(held)
    assert history.column("step") == [0.0, 40.0, 60.0]
    assert history.units["mdot"] == "Msun/yr"
    assert running.floors(history) == {"floor_dens": (7, 4)}


def test_long_histories_are_read_from_their_end(held, monkeypatch):
    monkeypatch.setattr(running, "_TAIL", 40)
    assert running.recent(held).column("step") == [60.0]


def test_sparkline():
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7]) == "▁▂▃▄▅▆▇█"
    assert sparkline([5.0, 5.0]) == "▁▁"
    assert sparkline([0.0, float("nan"), 1.0], levels="ab") == "a b"
    assert sparkline([float("inf")]) == " "
    assert sparkline([0.0, 0.0, 1.0, 1.0], width=2) == "▁█"  # means of neighbours
    assert bar(0.5, 4) == "[##..]  50.0%"


def test_screen(held):
    before = sorted((path, path.stat().st_mtime_ns) for path in held.iterdir())
    lines, _ = screen(held, pace=1.5)
    text = "\n".join(lines)
    assert lines[0].startswith("wind   running, process")
    assert "1.5 steps/s  3.9e+04 zone-cycles/s  left 59.5 s" in text
    assert "floors: dens 7 (+4)" in text
    assert re.search(r"mdot \[Msun/yr\] +0 +0.0001 +0.0002  ▁▅█", text)
    assert all(len(line) <= 40 for line in screen(held, width=40)[0])
    # nothing in the folder was touched
    assert before == sorted((path, path.stat().st_mtime_ns) for path in held.iterdir())


def test_columns_are_chosen_or_named(held):
    history = running.recent(held)
    assert columns_shown(history) == ["mass", "mdot"]
    assert columns_shown(history, ["dt"]) == ["dt"]
    with pytest.raises(CrmpiError, match="the history has no column 'temp'; it has time, step"):
        columns_shown(history, ["temp"])


def test_watch_ends_with_the_run(tmp_path, capsys, monkeypatch):
    """It looks, waits, looks again, and ends when the run has ended."""
    run = folder(tmp_path / "wind", RUNNING)
    lock, waited = FolderLock(run), []
    lock.take()

    def sleep(seconds):
        waited.append(seconds)
        (run / "log.txt").write_text(ENDED)
        lock.release()

    monkeypatch.setattr("time.sleep", sleep)
    assert main(["watch", str(run), "--interval", "2"]) == 0
    assert waited == [2.0]
    said = capsys.readouterr().out
    assert "running, process" in said and "ended: reached time.end" in said


def test_watch_says_what_went_wrong(tmp_path, capsys):
    run = folder(tmp_path / "wind", RUNNING)
    for words, code, sentence in (
        ([str(run)], 3, f"the run in {run} ended without a message: see {run}/log.txt, "
         f"continue with crmpi run --restart {run}"),
        ([str(tmp_path)], 2, f"{tmp_path} is not the folder of a run: it has no provenance.json"),
        ([f"{run}/x"], 2, f"{run}/x is not a folder: name the output.dir of a run"),
        ([str(run), "--interval", "0"], 2, "--interval 0: must be between 0.1 and 3600 seconds"),
    ):  # fmt: skip
        assert main(["watch", *words]) == code
        assert capsys.readouterr().err == f"crmpi: error: {sentence}\n"


def test_plain_characters_where_others_cannot_be_written(held):
    done = subprocess.run(
        [sys.executable, "-m", "crmpi.cli.main", "watch", str(held), "--once"],
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "_=#" in done.stdout


def test_report_holds_what_the_files_say(tmp_path):
    run = folder(tmp_path / "wind", ENDED)
    text = page(RunDirectory(run))
    for expected in (
        "crmpi run galactic_wind &lt;b&gt;",
        "ended: reached time.end",
        "<td>transport</td><td>111.728</td><td>45.1%</td>",
        "<td>dens</td><td>7</td><td>4</td>",
        "<td>unexplained</td><td>-8.507059e+37</td>",
        "<td>limits.low</td><td>1</td>",
        "has no snapshots",
    ):
        assert expected in text, expected
    assert text.count("<img ") == 1  # the history
    assert write_report(run) == run / "report.html"
    with pytest.raises(CrmpiError, match=r"--output a\.txt must end in \.html"):
        write_report(run, "a.txt")


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """The report on a run with snapshots and a history."""
    return write_report(make_run(tmp_path_factory.mktemp("reported") / "run", SHAPES["square"]))


def test_report_needs_no_other_file(report):
    text = report.read_text()
    assert text.count('<img alt="') == text.count('src="data:image/png;base64,') == 4
    assert not re.search(r'(?:src|href)="(?!data:)|url\(|@import|<script', text)


@pytest.mark.skipif(BROWSER is None, reason="needs chromium or Chrome")
def test_a_browser_shows_the_report(report, tmp_path):
    """The browser's own picture of the page holds the pictures, and nothing is wider than it."""
    from PIL import Image

    picture = tmp_path / "page.png"
    command = [
        BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
        f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1000,1400",
    ]  # fmt: skip
    done = subprocess.run(
        [*command, f"--screenshot={picture}", report.as_uri()],
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert picture.is_file(), done.stderr
    with Image.open(picture) as image:
        assert image.size == (1000, 1400)
        colours = len(image.convert("RGB").getcolors(10**7))
        edge = image.convert("L").crop((990, 0, 1000, 1400)).getextrema()
    assert colours > 200  # text alone has shades of grey and one blue
    assert edge == (255, 255)
