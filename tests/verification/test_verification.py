"""Every verification case, quick; and with ``-m full`` at the resolution and with the limits of docs/verification.md."""

import cases_cr
import cases_mhd
import cases_stress
import pytest
from table import CASES

assert cases_mhd and cases_cr and cases_stress  # importing them fills CASES


def demand(checks):
    """Fail with every missed limit and its number."""
    missed = [str(check) for check in checks if not check.passed]
    assert not missed, "\n".join(missed)


@pytest.mark.parametrize("case", [c for c in CASES if not c.full_only], ids=lambda c: c.id)
def test_quick(case):
    demand(case.measure(full=False))


@pytest.mark.full
@pytest.mark.parametrize("case", CASES, ids=lambda c: c.id)
def test_full(case):
    demand(case.measure(full=True))
