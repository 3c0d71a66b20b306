"""The watchdog: who waits, who hangs, and what is said of them."""

import subprocess
import sys
import threading
from pathlib import Path

from crmpi.parallel.comm import SerialComm
from crmpi.run.watchdog import Moment, Place, Watchdog, place_of, verdict

WORKS = Place(False, "problem.py, line 7, inject()")
WAITS = Place(True, "crmpi/parallel/comm.py, line 9, maxima()")
HANGS = """
import sys, time
from crmpi.parallel.comm import SerialComm
from crmpi.run.watchdog import Moment, Watchdog

with Watchdog(0.3, lambda: 0, SerialComm(), sys.argv[1], Moment("me", lambda: 4)):
    time.sleep(60)
"""


def test_the_rank_that_works_hangs_and_those_that_wait_do_not():
    said = verdict({0: WAITS, 1: WORKS, 2: WAITS}, 3, 600.0)
    assert "no step and no output for 600 s (output.watchdog): rank 1 of 3 hangs" in said
    assert "in problem.py, line 7, inject()" in said


def test_a_rank_without_a_word_is_named_before_all_others():
    said = verdict({0: WAITS, 2: WORKS}, 3, 600.0)
    assert "rank 1 of 3 hangs: no sign of life from there" in said


def test_ranks_that_wait_for_one_another():
    said = verdict({0: WAITS, 1: WAITS}, 2, 60.0)
    assert "all ranks wait for one another, rank 0 in crmpi/parallel/comm.py, line 9" in said


def test_many_ranks_are_counted():
    said = verdict(dict.fromkeys(range(3), WAITS), 10, 60.0)
    assert "ranks 3, 4, 5, 6 and 3 more of 10 hang: no sign" in said


def test_a_stack_inside_the_communicator_waits():
    def frame_in(file, name):
        code = compile(f"import sys\ndef {name}():\n    return sys._getframe()\n", file, "exec")
        space = {}
        exec(code, space)
        return space[name]()

    package = Path(sys.modules["crmpi"].__file__).parent
    place = place_of(frame_in(str(package / "parallel" / "comm.py"), "maxima"))
    assert place == Place(True, "crmpi/parallel/comm.py, line 3, maxima()")
    assert place_of(frame_in(str(package / "output" / "blockfile.py"), "_incoming")).waits
    assert not place_of(frame_in(str(package / "output" / "blockfile.py"), "_fill")).waits
    assert place_of(frame_in("/home/me/problem.py", "inject")) == Place(
        False, "/home/me/problem.py, line 3, inject()"
    )


def test_lines_of_other_starts_and_other_steps_do_not_count():
    moment = Moment("me", lambda: 5)
    text = "\n".join(
        [
            moment.line(0, WAITS),
            Moment("me", lambda: 6).line(1, WORKS),
            Moment("me", lambda: 3).line(2, WORKS),
            Moment("other", lambda: 5).line(3, WORKS),
            "torn",
        ]
    )
    assert moment.read(text) == {0: WAITS, 1: WORKS}


def test_a_run_that_moves_on_is_left_alone(tmp_path):
    count, over = iter(range(10**9)), threading.Event()
    watched = Watchdog(
        0.1, lambda: next(count), SerialComm(), tmp_path / "hang.txt", Moment("me", lambda: 0)
    )
    with watched:
        over.wait(0.4)
    assert not (tmp_path / "hang.txt").exists()


def test_a_hang_ends_the_process_with_a_sentence(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", HANGS, str(tmp_path / "hang.txt")],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 3
    assert "crmpi: error: no step and no output for 0.3 s (output.watchdog): rank 0 of 1 hangs" in (
        done.stderr
    )
    assert "me\t4\t0\tworks\t" in (tmp_path / "hang.txt").read_text()
