"""Closed pipes and full disks behind standard output do not end a run; log and exit code are
right."""

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from crmpi.output.streams import Log, ResilientStream

ROOT = Path(__file__).parents[2]
RUN = (
    "run", "cr_shock_tube", "mesh.cells=[32,1,1]", "mesh.block=[16,1,1]", "time.max_steps=40",
    "output.progress_interval=1e-9", "output.history_interval=none", "output.dir=out",
)  # fmt: skip


class Refusing(io.StringIO):
    """A stream that takes one line and then fails."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def write(self, text):
        if self.getvalue():
            raise self.error
        return super().write(text)


@pytest.mark.parametrize(
    "error", [BrokenPipeError(32, "broken"), OSError(28, "full"), ValueError("closed file")]
)
def test_text_is_discarded_once_a_stream_fails(error):
    below = Refusing(error)
    stream = ResilientStream(below)
    for _ in range(3):
        print("a line", file=stream, flush=True)
    assert below.getvalue() == "a line"


def test_a_stream_that_is_not_there():
    print("a line", file=ResilientStream(None), flush=True)
    assert not ResilientStream(None).isatty()


def test_what_the_encoding_lacks_is_escaped():
    below = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    stream = ResilientStream(below)
    print("rho = 3 μg, naïve", file=stream, flush=True)
    print("more", file=stream, flush=True)
    assert below.buffer.getvalue() == b"rho = 3 \\u03bcg, na\\xefve\nmore\n"


def test_no_data_file_gets_the_descriptor_of_a_closed_stream(tmp_path):
    code = (
        "from crmpi.output.streams import open_descriptors; open_descriptors(); "
        "print(open('x', 'w').fileno(), file=open('y', 'w'))"
    )
    done = shell(tmp_path, f"'{sys.executable}' -c \"{code}\" >&- 2>&- <&-")
    assert done.returncode == 0
    assert int((tmp_path / "y").read_text()) > 2


def test_the_log_keeps_what_was_said_before_it_had_a_place(tmp_path):
    log = Log()
    log.write("first")
    log.open(tmp_path / "log.txt")
    log.write("second")
    assert (tmp_path / "log.txt").read_text() == "first\nsecond\n"
    log.close()


def test_a_log_that_cannot_be_written_is_done_without(tmp_path):
    log = Log()
    log.open(tmp_path / "no" / "log.txt")
    log.write("lost")
    full = Log()
    full.open("/dev/full")
    full.write("lost")
    full.write("lost")
    full.close()


def shell(folder, command):
    env = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": ""}
    crmpi = f"'{sys.executable}' -m crmpi.cli.main"
    script = f"set -o pipefail; {command.format(crmpi=crmpi, run=' '.join(map(repr, RUN)))}"
    return subprocess.run(
        ["bash", "-c", script], cwd=folder, env=env, capture_output=True, text=True, timeout=100
    )


@pytest.mark.parametrize(
    "end", ["| head -n 1", "| true", "> /dev/full", "2> /dev/full > /dev/full", ">&-", ">&- 2>&-"]
)
def test_a_run_goes_on_without_its_reader(tmp_path, end):
    done = shell(tmp_path, f"{{crmpi}} {{run}} {end}")
    assert done.returncode == 0, done
    assert "error" not in done.stderr
    log = (tmp_path / "out" / "log.txt").read_text()
    assert re.search(r"mesh\.cells +\[32, 1, 1\]", log)
    assert "step=40 time=" in log
    assert "stopped: reached time.max_steps" in log
    assert list((tmp_path / "out" / "checkpoints").glob("checkpoint_*.h5"))
    assert list((tmp_path / "out" / "snapshots").glob("snapshot_*.athdf"))
    assert not (tmp_path / "out" / "run.lock").exists()


def test_a_failed_run_says_so_without_a_reader(tmp_path):
    (tmp_path / "out" / "checkpoints" / "checkpoint_00000.h5").mkdir(parents=True)
    done = shell(tmp_path, "{crmpi} {run} > /dev/full 2> /dev/full")
    assert done.returncode == 3
    assert (
        "error: cannot write out/checkpoints/checkpoint_00000.h5"
        in (tmp_path / "out" / "log.txt").read_text()
    )


def test_a_command_that_only_prints_ends_with_its_reader(tmp_path):
    assert shell(tmp_path, "{crmpi} models | true").stderr == ""
    done = shell(tmp_path, "{crmpi} models > /dev/full")
    assert (done.returncode, done.stderr) == (
        2,
        "crmpi: error: cannot write to standard output: no space left on device\n",
    )


def test_a_run_whose_output_goes_to_its_own_log(tmp_path):
    for _ in range(2):
        done = shell(tmp_path, "mkdir -p out; {crmpi} {run} > out/log.txt")
        lines = (tmp_path / "out" / "log.txt").read_text().splitlines()
        assert done.returncode == 0
        assert sum(line.startswith("stopped: ") for line in lines) == 1
    assert not (tmp_path / "out" / "replaced-001" / "log.txt").exists()
    assert (tmp_path / "out" / "replaced-001" / "history.txt").is_file()


def test_the_terminal_has_no_table_of_parameters(tmp_path):
    done = shell(tmp_path, "{crmpi} {run}")
    assert "output in out, parameters in out/resolved.yaml" in done.stderr
    assert "mesh.cells" not in done.stdout + done.stderr
    assert "\nkernels: " in done.stdout
    quiet = shell(tmp_path, "{crmpi} {run} --quiet")
    assert quiet.stdout + quiet.stderr == ""
    assert "stopped: reached time.max_steps" in (tmp_path / "out" / "log.txt").read_text()
