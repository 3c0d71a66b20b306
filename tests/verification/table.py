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
    """`measure(full)` yields `Check`s; ``full`` asks for the resolution and limits of the published case, else for the quick form.

    ``solver`` and ``model`` name the transport solver and the scattering model that a case tests, or several of them; a case of several
    begins its quantities with "NAME: ". They place the case in the matrix of docs/verification.md.
    """

    number: str
    title: str
    command: str
    measure: callable
    solver: str | tuple | None = None
    model: str | tuple | None = None
    full_only: bool = False

    @property
    def id(self):
        """Name in the test report."""
        return f"{self.number}-{self.title.replace(' ', '_')}"

    @property
    def order(self):
        """Sort key: M before V, then the number."""
        return self.number[0], int(self.number[1:])


CASES = []


def case(number, title, command, solver=None, model=None, full_only=False):
    """Register the decorated generator function as a verification case."""

    def register(measure):
        new = Case(number, title, command, measure, solver, model, full_only)
        if new.id in {known.id for known in CASES}:
            raise ValueError(f"two verification cases are called {new.id}")
        CASES.append(new)
        return measure

    return register
