"""Random overrides: each is accepted or refused in sentences of one line; no traceback, no warning,
no long wait."""

import time
import warnings

import pytest

from crmpi.errors import CrmpiError
from crmpi.model.files import find_problem
from crmpi.params.core import CORE
from crmpi.params.table import rows
from crmpi.run.configuration import groups_for, load_run
from crmpi.run.rehearsal import rehearse
from tests.random_words import Overrides

LONGEST = 700  # characters of a sentence; it may list all choices


@pytest.mark.parametrize("target", ["cr_shock_tube", "galactic_wind", "patchy_box"])
def test_random_overrides_are_accepted_or_refused(target):
    found = find_problem(target)
    overrides = Overrides(rows(CORE | groups_for(found.problem_class)), seed=20)
    accepted = refused = 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(70):
            words, started = overrides.some(), time.process_time()
            try:
                rehearse(load_run(found.problem_class, found.yaml, words), found.problem_class)
                accepted += 1
            except CrmpiError as error:
                refused += 1
                for sentence in getattr(error, "messages", None) or [str(error)]:
                    assert sentence.strip(), words
                    assert "\n" not in sentence, words
                    assert len(sentence) < LONGEST, words
            except Exception as error:
                pytest.fail(f"{words}: {type(error).__name__}: {error}")
            assert time.process_time() - started < 10.0, words
    assert accepted >= 3
    assert refused >= 20
