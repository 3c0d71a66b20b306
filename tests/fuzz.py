"""Generated input: each case runs a step, or ends with one sentence for each mistake; no traceback,
no warning, no hang.

python -m tests.fuzz --cases 2000 --seed 1            the long form; prints what became of them
python -m tests.fuzz --cases 2000 --seed 1 --compile  with kernels that are not compiled here yet

A case is a problem with a small mesh and generated words, or a YAML file that was spoiled. What is
accepted is assembled, gets its initial state, and makes a step if its mesh is small.
"""

import argparse
import collections
import contextlib
import io
import math
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import traceback
import warnings
from pathlib import Path
from typing import NamedTuple

import crmpi.jit.cache
import crmpi.jit.parts
from crmpi.cli.main import main
from crmpi.errors import CrmpiError
from crmpi.model.files import find_problem
from crmpi.params.core import CORE
from crmpi.params.table import rows
from crmpi.refinement.static import first_tree
from crmpi.run.configuration import groups_for, load_run
from crmpi.run.expectation import root_of
from crmpi.run.rehearsal import rehearse
from tests.random_words import Overrides, spoiled_plugin, spoiled_yaml

SMALL = {
    "cr_shock_tube": ["mesh.cells=[16,1,1]", "mesh.block=[16,1,1]"],
    "galactic_wind": ["mesh.cells=[8,8,16]", "mesh.block=[8,8,16]"],
    "patchy_box": ["mesh.cells=[8,8,1]", "mesh.block=[8,8,1]"],
    "blast": ["mesh.cells=[16,16,1]", "mesh.block=[8,8,1]"],
    "cgm_halo": ["mesh.cells=[8,8,8]", "mesh.block=[8,8,8]"],
    "cloud_wind": ["mesh.cells=[16,8,8]", "mesh.block=[8,8,8]"],
    "cr_wind": ["mesh.cells=[32,1,1]", "mesh.block=[32,1,1]"],
    "isolated_galaxy/tiny": ["mesh.cells=[16,16,8]", "mesh.block=[8,8,8]", "mesh.refinement=none"],
}
"""Problems that cases begin with, and the smallest mesh that each has use for: from a tube to a
galaxy, with and without units, refinement and sources."""

LONGEST = 700
"""Characters of a sentence; it may list all choices."""

MOST_CELLS = 3000
"""Of a mesh that makes a step here."""

SECONDS = 60.0
"""Of computing that a case may take."""

SILENCE = 600.0
"""Seconds of the clock without an answer after which a case hangs."""


class Case(NamedTuple):
    """`target` of ``crmpi run``, `words` behind it, and {name: text} of `files` to write first."""

    target: str
    words: list
    files: dict


class UncompiledError(BaseException):
    """A kernel of the case is not compiled here."""


class TooLongError(BaseException):
    """A case has computed for `SECONDS`."""


class Cases:
    """Makes cases, the same ones for the same seed."""

    def __init__(self, seed, targets=tuple(SMALL)):
        self._random = random.Random(seed)
        self._targets = targets
        self._found = {name: find_problem(name) for name in targets}
        self._overrides = {
            name: Overrides(
                rows(CORE | groups_for(found.problem_class)), self._random.randrange(10**9)
            )
            for name, found in self._found.items()
        }

    def one(self):
        """Return a `Case`."""
        choose = self._random
        name = choose.choice(self._targets)
        words, files, target = list(SMALL[name]), {}, name
        kind = choose.random()
        if kind < 0.3:
            text = self._found[name].yaml.read_text(encoding="utf-8")
            if choose.random() < 0.3:
                text = f"base: {self._found[name].yaml}\n{text}"
            files["mine.yaml"] = spoiled_yaml(text, choose)
            target = "mine.yaml"
        elif kind < 0.36:
            files["my_models.py"] = spoiled_plugin(choose)
            words.append(choose.choice(("plugins=[my_models.py]", "plugins=my_models.py")))
        if kind > 0.15:
            words += self._overrides[name].some()
        return Case(target, [*words, "time.max_steps=1"], files)


def trial(case, *, compiling=False):
    """Return (what became of a case, sentences) in a folder that is empty, the working one.

    Raises what the code should have turned into a sentence, an `AssertionError` for a sentence that
    is none, `TooLongError` where a step does not end.
    """
    for name, text in case.files.items():
        Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            small = _assembled(case)
        except CrmpiError as error:
            sentences = getattr(error, "messages", None) or [str(error)]
            return "refused before a step", checked(sentences, case)
        if not small:
            return "accepted; mesh too large to step here", []
        with _compiled_only(not compiling):
            try:
                return _run(case)
            except UncompiledError:
                return "accepted; kernels not compiled here", []


def _assembled(case):
    """Check a case and set its initial state; return whether its mesh is small enough for a
    step."""
    found = find_problem(case.target)
    config = load_run(found.problem_class, found.yaml, case.words)
    rehearse(config, found.problem_class)
    mesh = config.mesh
    blocks = first_tree(root_of(mesh), mesh.refinement).nblock
    return blocks * math.prod(mesh.block) <= MOST_CELLS


def _run(case):
    """Run one step as the command line does, and return what became of it."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        code = main(["run", case.target, *case.words, "output.dir=run", "--quiet"])
    lines = said.getvalue().splitlines()
    if code == 0:
        return "ran a step", []
    if code == 75:
        return "stopped after a checkpoint", []  # output.wall_time is over
    assert code in (2, 3), f"exit code {code}: {lines}"
    assert all(line.startswith("crmpi: error: ") for line in lines), lines
    return "stopped by a sentence", checked(
        [line.removeprefix("crmpi: error: ") for line in lines], case
    )


def checked(sentences, case):
    """Return sentences that are some; `AssertionError` for an empty, long or broken one."""
    assert sentences, case
    for sentence in sentences:
        assert sentence.strip(), case
        assert "\n" not in sentence, (sentence, case)
        assert len(sentence) < LONGEST, (sentence, case)
    return sentences


@contextlib.contextmanager
def _compiled_only(wanted):
    """End a case that would compile a kernel by `UncompiledError`."""
    modules = (crmpi.jit.cache, crmpi.jit.parts) if wanted else ()
    kept = [(module, module.announce_compilation) for module in modules]

    def refuse():
        raise UncompiledError

    for module, _ in kept:
        module.announce_compilation = refuse
    try:
        yield
    finally:
        for module, function in kept:
            module.announce_compilation = function


def _alarm(_number, _frame):
    raise TooLongError


def _work(pipe, seed, first, last, compiling):
    """Try cases and send (number, outcome, text) of each."""
    signal.signal(signal.SIGPROF, _alarm)
    cases = Cases(seed)
    for number in range(last):
        case = cases.one()
        if number < first:
            continue
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            pipe.send((number, "", case))
            signal.setitimer(signal.ITIMER_PROF, SECONDS + (600.0 if compiling else 0.0))
            try:
                outcome, text = trial(case, compiling=compiling)
            except TooLongError:
                outcome, text = "TOO LONG", traceback.format_exc()
            except BaseException:
                outcome, text = "FAULT", traceback.format_exc()
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0.0)
            os.chdir("/")
        pipe.send((number, outcome, text))


def survey(count, seed, compiling=False, say=print):
    """Try `count` cases in processes that are ended when they hang; return {outcome: [(case,
    text)]}."""
    found = collections.defaultdict(list)
    number, case = 0, None
    while number < count:
        heard, said = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.get_context("fork").Process(
            target=_work, args=(said, seed, number, count, compiling)
        )
        process.start()
        said.close()
        try:
            while heard.poll(SILENCE):
                number, outcome, text = heard.recv()
                if not outcome:
                    case = text
                    continue
                found[outcome].append((case, text))
                number += 1
                if outcome.isupper():
                    say(f"{outcome} {number - 1}: {case}\n{text}")
                if number % 200 == 0:
                    say(f"{number} cases: {counts(found)}")
            else:
                found["HANG"].append((case, ""))
                say(f"HANG {number}: {case}")
                number += 1
        except EOFError:
            if number < count:
                found["DIED"].append((case, ""))
                say(f"DIED {number}: {case}")
                number += 1
        process.kill()
        process.join()
    return found


def counts(found):
    """Return how many cases had each outcome, in words."""
    return ", ".join(f"{name} {len(cases)}" for name, cases in sorted(found.items()))


def _main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--compile", action="store_true", help="also what is not compiled here")
    parser.add_argument("--sentences", metavar="FILE", help="write all sentences here")
    a = parser.parse_args()
    found = survey(a.cases, a.seed, a.compile, lambda line: print(line, flush=True))
    print(f"{a.cases} cases, seed {a.seed}: {counts(found)}")
    if a.sentences:
        texts = sorted({s for name, cases in found.items() if not name.isupper()
                        for _, sentences in cases for s in sentences})  # fmt: skip
        Path(a.sentences).write_text("\n".join(texts) + "\n", encoding="utf-8")
    return 1 if any(name.isupper() for name in found) else 0


if __name__ == "__main__":
    sys.exit(_main())
