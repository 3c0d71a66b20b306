"""What a verification case is: a function that runs problems and yields checks; the tests and the table read the same list."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """One number against its limit; `relation` is '<', '>' or '=='.

    ``shortfall`` says why a limit is known to be missed. Such a check must miss: a number that got better wants the words removed.
    """

    quantity: str
    measured: float
    relation: str
    limit: float
    shortfall: str = ""

    @property
    def expected(self):
        """Whether the number passes, or misses where that is known."""
        return self.passed == (not self.shortfall)

    @property
    def passed(self):
        """Whether the number is within its limit; not-a-number never is."""
        a, b = self.measured, self.limit
        return bool(a < b if self.relation == "<" else a > b if self.relation == ">" else a == b)

    def __str__(self):
        known = f"; a known miss ({self.shortfall})" if self.shortfall else ""
        return f"{self.quantity}: {self.measured:.6g}, must be {self.relation} {self.limit:.6g}{known}"


@dataclass(frozen=True)
class Case:
    """`measure(full)` yields `Check`s; ``full`` asks for the resolution and limits of the published case, else for the quick form."""

    number: str
    title: str
    command: str
    measure: callable
    full_only: bool = False

    @property
    def id(self):
        """Name in the test report."""
        return f"{self.number}-{self.title.replace(' ', '_')}"


CASES = []


def case(number, title, command, **kwargs):
    """Register the decorated generator function as a verification case."""

    def register(measure):
        CASES.append(Case(number, title, command, measure, **kwargs))
        return measure

    return register
