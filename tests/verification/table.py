"""What a verification case is: a function that runs problems and yields checks; the tests and the
table read the same list."""

import operator
from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """One number against its limit.

    ``relation`` is '<', '>', '==', or 'in' with ``limit`` = (lower, upper). A relation of
    'reported' has the limit None: the number stands in the table, is not judged and does not count.

    ``shortfall`` says why a limit is known to be missed. Such a check must miss, since a number
    that got better wants the words removed, and ``worst`` bounds by how much.
    """

    quantity: str
    measured: float
    relation: str
    limit: float | tuple | None
    shortfall: str = ""
    worst: float | None = None

    def __post_init__(self):
        if bool(self.shortfall) != (self.worst is not None):
            raise ValueError(f"{self.quantity}: a known miss has both a reason and a worst value")
        if isinstance(self.limit, list):  # as JSON has it
            object.__setattr__(self, "limit", tuple(self.limit))

    @property
    def judged(self):
        """Whether the number has a limit."""
        return self.relation != "reported"

    @property
    def expected(self):
        """Whether the number passes, or misses within the bound where a miss is known."""
        if self.shortfall:
            return not self.passed and holds(self.measured, self.relation, self.worst)
        return self.passed or not self.judged

    @property
    def passed(self):
        """Whether the number is within its limit; not-a-number never is."""
        return self.judged and holds(self.measured, self.relation, self.limit)

    @property
    def bound(self):
        """The limit in words, such as '< 0.01'."""
        if not self.judged:
            return ""
        if self.relation == "in":
            return "in {:.4g} to {:.4g}".format(*self.limit)
        return f"{self.relation} {self.limit:.4g}"

    def __str__(self):
        known = (
            f"; a known miss down to {self.worst:.6g} ({self.shortfall})" if self.shortfall else ""
        )
        return f"{self.quantity}: {self.measured:.6g}, must be {self.bound}{known}"


def reported(quantity, measured):
    """Return a number that is shown and not judged."""
    return Check(quantity, measured, "reported", None)


def holds(measured, relation, limit):
    """Return whether a number is within a limit."""
    if relation == "in":
        return bool(limit[0] < measured < limit[1])
    comparison = {"<": operator.lt, ">": operator.gt, "==": operator.eq}[relation]
    return bool(comparison(measured, limit))


@dataclass(frozen=True)
class Case:
    """`measure(full)` yields `Check`s; ``full`` asks for the resolution and limits of the published
    case, else for the quick form.

    ``solver`` and ``model`` name the transport solver and the scattering model that a case tests,
    or several of them; a case of several begins its quantities with "NAME: ". They place the case
    in the matrix of docs/verification.md.
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
