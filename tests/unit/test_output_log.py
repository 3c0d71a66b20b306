"""Progress lines and provenance: right numbers, sensible rate, silent on other ranks."""

import io
import json

import pytest

from crmpi.output import log, provenance
from crmpi.output.log import Progress, clock
from crmpi.parallel.comm import SerialComm


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


@pytest.fixture
def wall(monkeypatch):
    """A wall clock that the test sets: ``wall[0] = seconds``."""
    seconds = [100.0]
    monkeypatch.setattr(log.time, "perf_counter", lambda: seconds[0])
    return seconds


def follow(wall, stream, rank=0, steps=100, **options):
    """Run 100 steps of 0.01, half a second each, from time 0 to 1."""
    progress = Progress(
        rank, zones=1000, end_time=1.0, time_unit=("Myr", 0.1), every=5.0, stream=stream, **options
    )
    progress.start(0.0, 0)
    for step in range(1, steps + 1):
        wall[0] += 0.5
        progress.step(0.01 * step, step, 0.01, {"sub-steps": 12})
    return progress


def test_lines_come_at_a_sensible_rate(wall):
    stream = io.StringIO()
    follow(wall, stream)
    lines = stream.getvalue().splitlines()
    assert [int(line.split()[1]) for line in lines] == [1, 2, 3, *range(13, 100, 10)]
    assert lines[3] == (
        "step 13  time 1.3 Myr  13.0%  dt 0.1 Myr  2e+03 zone-cycles/s  left 43.5 s  sub-steps 12"
    )


def test_rates_count_the_cells_that_there_were(wall):
    """Ten steps on 1000 cells and ten on 3000, half a second each: 4000 per second in all."""
    stream = io.StringIO()
    progress = follow(wall, stream, steps=10)
    progress.zones = 3000
    for step in range(11, 21):
        wall[0] += 0.5
        progress.step(0.01 * step, step, 0.01)
    progress.finish(0.2, 20)
    assert "4000 zone-cycles/s, 500 ms per step" in stream.getvalue()


def test_other_ranks_are_silent(wall):
    stream = io.StringIO()
    follow(wall, stream, rank=1).finish(1.0, 100)
    assert stream.getvalue() == ""


def test_live_line_only_on_a_terminal(wall):
    stream = Terminal()
    progress = follow(wall, stream, steps=50)
    assert "[###############...............]  50.0%  step 50  left 25.0 s" in stream.getvalue()
    progress.say("wrote a file")
    assert stream.getvalue().endswith("\r\033[Kwrote a file\n")
    plain = io.StringIO()
    follow(wall, plain, steps=50)
    assert "\r" not in plain.getvalue() and "###" not in plain.getvalue()


def test_the_closer_limit_decides_what_is_left(wall):
    stream = io.StringIO()
    follow(wall, stream, steps=13, max_steps=26)
    words = stream.getvalue().splitlines()[-1].split("  ")
    assert words[2:] == ["50.0%", "dt 0.1 Myr", "2e+03 zone-cycles/s", "left 6.5 s", "sub-steps 12"]


def test_final_report(wall):
    stream = io.StringIO()
    follow(wall, stream).finish(1.0, 100, {"fluid": 30.0, "transport": 10.0})
    report = stream.getvalue().splitlines()[-4:]
    assert report[0] == "finished at step 100, time 10 Myr: 100 steps in 50.0 s"
    assert report[1] == "2000 zone-cycles/s, 500 ms per step"
    assert [line.split() for line in report[2:]] == [
        ["fluid", "30.000", "s", "75.0%"],
        ["transport", "10.000", "s", "25.0%"],
    ]


def test_clock():
    assert [clock(s) for s in (0.04, 59.96, 60, 3725.4)] == [
        "0.0 s",
        "60.0 s",
        "0:01:00",
        "1:02:05",
    ]


def test_provenance_is_flat_text():
    facts = provenance.collect(SerialComm())
    assert {
        "crmpi",
        "git",
        "python",
        "numpy",
        "h5py",
        "hdf5",
        "mpi",
        "ranks",
        "host",
        "command",
        "started",
    } <= set(facts)
    assert all(isinstance(value, str) and value for value in facts.values())
    assert (facts["ranks"], facts["hosts"]) == ("1", "1")
    assert json.loads(json.dumps(facts)) == facts


def test_run_ids_differ():
    assert len({provenance.new_run_id(SerialComm()) for _ in range(20)}) == 20
