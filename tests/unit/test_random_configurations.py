"""Generated input: each is accepted or refused in sentences of one line; no traceback, no warning,
no long wait. The long form is ``python -m tests.fuzz``."""

import time
from collections import Counter

from tests.fuzz import Cases, trial


def test_generated_input_ends_well(tmp_path, monkeypatch):
    """Overrides, YAML files and plug-ins of eight problems; those accepted make a step where their
    kernels are compiled."""
    cases, found = Cases(seed=21), Counter()
    for number in range(40):
        case = cases.one()
        folder = tmp_path / str(number)
        folder.mkdir()
        monkeypatch.chdir(folder)
        started = time.process_time()
        outcome, _ = trial(case)
        assert time.process_time() - started < 60.0, case
        found[outcome] += 1
    assert found["refused before a step"] >= 13
    assert found.total() - found["refused before a step"] >= 2
