"""Chains of random kills: a run is killed at a random moment, goes on from its last checkpoint, is
killed again, until it comes to its end; the final state must have the bits of a run that nobody
disturbed.

On one rank attempts are forks of this process, whose kernels are loaded: a kill costs no start of
an interpreter. On several ranks they are started by mpirun, and one rank is killed.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

from crmpi.cli.main import main
from tests.faults.runs import Outcome, broken_file, finish, start, state, words_of


def ranks_of(folder):
    """Return the process ids of the ranks that run in a folder: not that of their launcher, whose
    words are the same behind its own."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue  # it has just ended
        if words[0] == sys.executable.encode() and f"output.dir={folder}".encode() in words:
            found.append(int(path.parent.name))
    return sorted(found)


def attempt_forked(folder, steps, seconds, log):
    """Go on with a run in a child and kill it after `seconds`; return its exit code, None if it was
    killed before its end."""
    child = os.fork()
    if child == 0:
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        os._exit(main([*words_of(folder, steps), "--quiet"]))
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)  # a child that has ended waits for us: the number is not reused
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else None


def attempt_launched(folder, steps, seconds, ranks, choose):
    """Go on with a run under mpirun and kill one rank after `seconds`; return how it `Ended` and
    whether it was killed before its end."""
    process = start(words_of(folder, steps), ranks)
    time.sleep(seconds)
    found = ranks_of(folder)
    if found and process.poll() is None:
        os.kill(choose(found), signal.SIGKILL)
        ended = finish(process)
        return ended, ended.code != 0
    return finish(process), False


def forked_chains(folder, steps, reference, kills, seed):
    """Make chains on one rank until `kills` attempts were killed; return the `Outcome` of each
    kill, and the number of chains that came to their end."""
    folder, random_ = Path(folder), random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    main([*words_of(folder / "timed", steps), "--quiet"])
    longest = time.monotonic() - began
    outcomes, chains = [], 0
    while len(outcomes) < kills:
        run, code = folder / f"chain_{chains:03d}", None
        while code is None and len(outcomes) < kills:
            wait = random_.uniform(0.0, 1.2 * longest)
            code = attempt_forked(run, steps, wait, folder / "log.txt")
            if code is None:
                outcomes.append(Outcome(True, broken_file(run) if run.exists() else ""))
        if code is None:  # the last kill of all: nobody disturbs what follows
            code = main([*words_of(run, steps), "--quiet"])
        chains += 1
        if code or state(run) != reference:
            outcomes.append(Outcome(False, f"chain {chains}: code {code} or other bits"))
    return outcomes, chains


def launched_chains(folder, steps, reference, kills, seed, ranks):
    """Make chains under mpirun until `kills` ranks were killed; return the `Outcome` of each kill,
    and the number of chains that came to their end."""
    folder, random_ = Path(folder), random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    finish(start(words_of(folder / "timed", steps), ranks))
    longest = time.monotonic() - began
    outcomes, chains = [], 0
    while len(outcomes) < kills:
        run, killed = folder / f"chain_{chains:03d}", True
        while killed and len(outcomes) < kills:
            wait = random_.uniform(0.2, 1.1) * longest
            ended, killed = attempt_launched(run, steps, wait, ranks, random_.choice)
            if killed:
                outcomes.append(_judge(run, ended))
        if killed:  # the last kill of all: nobody disturbs what follows
            ended = finish(start(words_of(run, steps), ranks))
        chains += 1
        if ended.code or state(run) != reference:
            outcomes.append(Outcome(False, f"chain {chains}: code {ended.code} or other bits"))
    return outcomes, chains


def _judge(run, ended):
    """Return the `Outcome` of a kill of one rank: the launcher must have ended the others."""
    if ended.code is None:
        return Outcome(False, "hang")
    return Outcome(ended.code != 0, broken_file(run) if run.exists() else "")
