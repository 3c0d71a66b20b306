"""Signals: noted at every moment, heard when the run can act on them."""

import os
import signal
import time
from pathlib import Path

import pytest

from crmpi.cli.main import main
from crmpi.output.stop import StopFile
from crmpi.parallel.comm import SerialComm
from crmpi.run import interrupts
from crmpi.run.interrupts import INTERRUPTED, Interrupts, StoppedEarly, listening
from tests.signal_case import MOMENTS, STEPS, run, signal_in, state


def send(*numbers):
    for number in numbers:
        os.kill(os.getpid(), number)


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """The folder of the run that nobody disturbs."""
    folder = tmp_path_factory.mktemp("straight")
    assert run(SerialComm(), folder).exit_code == 0
    return folder


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_signal_at_any_moment_loses_nothing(serial, tmp_path, straight, monkeypatch, moment):
    folder = tmp_path / "run"
    number = signal.SIGHUP if moment == "a step" else signal.SIGTERM
    with monkeypatch.context() as patch:
        signal_in(patch, moment, number)
        result = run(serial, folder)
    assert result.exit_code == MOMENTS[moment][3]
    assert result.exit_code == 0 or result.reason.startswith(f"received {number.name}")
    if result.exit_code:
        assert run(serial, folder).exit_code == 0
    assert state(folder) == state(straight)
    assert state(folder)[0] == STEPS


def test_a_second_signal_in_the_last_output_does_no_harm(serial, tmp_path, straight, monkeypatch):
    """SIGUSR1 before the time is up, SIGTERM when it is: the checkpoint of the first is written."""
    with monkeypatch.context() as patch:
        signal_in(patch, "a step", signal.SIGUSR1)
        signal_in(patch, "the last output", signal.SIGTERM, signal.SIGINT)
        result = run(serial, tmp_path / "run")
    assert (result.exit_code, result.reason) == (INTERRUPTED, "received SIGUSR1")
    assert state(tmp_path / "run")[0] == 2
    assert run(serial, tmp_path / "run").exit_code == 0
    assert state(tmp_path / "run") == state(straight)


def test_an_earlier_run_is_not_touched_before_the_new_one_begins(serial, tmp_path, monkeypatch):
    folder = tmp_path / "run"
    assert main(["run", "cr_shock_tube", f"output.dir={folder}", "time.max_steps=1"]) == 0
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    monkeypatch.chdir(tmp_path)
    signal_in(monkeypatch, "initial state", signal.SIGTERM)
    words = ["run", "cr_shock_tube", f"output.dir={folder}", "time.max_steps=1"]
    assert main(words) == INTERRUPTED
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_wall_time_counts_from_the_start_and_asks_for_another(tmp_path, capsys):
    words = ["run", "cr_shock_tube", "mesh.cells=[32,1,1]", "mesh.block=[16,1,1]"]
    words += [f"output.dir={tmp_path / 'run'}", "output.history_interval=none"]
    assert main([*words, "output.wall_time=1e-6"]) == INTERRUPTED
    assert "stopped: reached output.wall_time" in capsys.readouterr().err
    assert state(tmp_path / "run")[0] == 0


def test_handlers_are_given_back():
    before = [signal.getsignal(number) for number in Interrupts.SIGNALS]
    with listening() as outer, listening() as inner:
        assert inner is outer
        send(signal.SIGUSR1, signal.SIGTERM)
        assert outer.received == signal.SIGUSR1  # the first one counts
    assert [signal.getsignal(number) for number in Interrupts.SIGNALS] == before


def test_signals_are_ignored_once_the_work_of_a_program_is_done():
    before = {number: signal.getsignal(number) for number in Interrupts.SIGNALS}
    try:
        with listening(to_the_end=True):
            pass
        send(*Interrupts.SIGNALS)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_nohup_stays_in_force():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with listening() as heard:
            send(signal.SIGHUP)
            assert heard.received == 0
    finally:
        signal.signal(signal.SIGHUP, before)


def test_one_ctrl_c_that_arrives_twice_is_one(monkeypatch):
    with listening() as heard:
        send(signal.SIGINT, signal.SIGINT)
        assert heard.received == signal.SIGINT
        monkeypatch.setattr(interrupts, "_AGAIN", 0.0)
        with pytest.raises(KeyboardInterrupt):
            send(signal.SIGINT)


def test_what_can_be_dropped_is_dropped_when_grace_is_over(monkeypatch):
    monkeypatch.setattr(interrupts, "GRACE", 0.05)
    with listening() as heard:
        early = pytest.raises(StoppedEarly, match="received SIGTERM before the first step")
        with early, heard.expendable():
            send(signal.SIGTERM)
            time.sleep(5.0)
        time.sleep(0.1)  # what is not expendable goes on


def test_a_mistake_of_the_user_is_not_taken_for_a_signal():
    assert not issubclass(StoppedEarly, Exception)


def test_a_stop_file_that_cannot_be_seen_is_told_once(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    said = []
    stop = StopFile(tmp_path / "STOP", said.append)
    monkeypatch.setattr(Path, "exists", refuse)
    assert not stop.take()
    assert not stop.take()
    assert len(said) == 1
    assert "STOP: Permission denied; the run goes on" in said[0]


def test_a_stop_file_that_cannot_be_removed_is_heard(tmp_path, monkeypatch):
    def refuse(path):
        raise OSError(30, "Read-only file system", str(path))

    said = []
    stop = StopFile(tmp_path / "STOP", said.append)
    stop.path.touch()
    monkeypatch.setattr(Path, "unlink", refuse)
    assert stop.take()
    assert "STOP cannot be removed (Read-only file system)" in said[0]
