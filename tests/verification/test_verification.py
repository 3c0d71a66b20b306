"""Every verification case, quick; and with ``-m full`` at the resolution and with the limits of
docs/verification.md."""

import pytest

from tests.verification.cases import CASES


def demand(checks):
    """Fail with every missed limit and its number, and with every known miss that is none any
    more."""
    surprises = [str(check) for check in checks if not check.expected]
    assert not surprises, "\n".join(surprises)


@pytest.mark.parametrize("case", [c for c in CASES if not c.full_only], ids=lambda c: c.id)
def test_quick(case):
    demand(case.measure(full=False))


@pytest.mark.full
@pytest.mark.parametrize("case", CASES, ids=lambda c: c.id)
def test_full(case):
    demand(case.measure(full=True))
