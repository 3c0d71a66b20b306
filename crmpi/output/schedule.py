"""When to write: schedules are objects that count, so their times never drift.

The n-th time of `EveryTime` is ``start + n * interval``, computed afresh, never by adding intervals
up.
"""

import math

_NEVER = math.inf
# of an interval: a time that close to the target has reached it (round-off of the loop's clock)
_SLACK = 1e-9
_ROUND_OFF = 1e-13


class Schedule:
    """Base of the schedules. `count` numbers the writing that comes next."""

    exact = False  # may the loop shorten steps to land on the times of this schedule?
    interval = 0

    def __init__(self):
        self.count = 0

    def state(self):
        """Return what a checkpoint keeps."""
        return {"interval": self.interval, "count": self.count}

    def restore(self, state, time, step):
        """Continue from the state in a checkpoint taken at `time` and `step`; a changed interval is
        counted afresh from there."""
        if state is not None and state["interval"] == self.interval:
            self.count = state["count"]
        else:
            self.done(time, step)

    def next_time(self, time):
        """Return the time of the next writing after `time`, infinite when time does not decide."""
        return _NEVER

    def due(self, time, step):
        """Return whether to write now."""
        return False

    def done(self, time, step):
        """Record that a writing took place now; times and steps already passed are not made up
        for."""
        self.count += 1


class EveryTime(Schedule):
    """Due at ``start + n * interval``, n = 0, 1, 2, ...

    Parameters
    ----------
    interval : float
        code time between writings, > 0
    start : float
        time of the first one
    exact : bool
        whether steps are shortened to land on these times; otherwise the first step that reaches
        one counts
    """

    def __init__(self, interval, start=0.0, exact=False):
        super().__init__()
        self.interval = float(interval)
        self.start = float(start)
        self.exact = exact

    def next_time(self, time):
        return self.start + max(self.count, self._passed(time)) * self.interval

    def due(self, time, step):
        return self._passed(time) > self.count

    def done(self, time, step):
        self.count = max(self.count + 1, self._passed(time))

    def _passed(self, time):
        """Return how many of the times are not after `time`."""
        return math.floor((time - self.start) / self.interval + _SLACK) + 1


class EverySteps(Schedule):
    """Due at steps 0, n, 2n, ..."""

    def __init__(self, interval):
        super().__init__()
        self.interval = int(interval)

    def due(self, time, step):
        return step >= self.count * self.interval

    def done(self, time, step):
        self.count = max(self.count, step // self.interval) + 1


class Never(Schedule):
    """Not due at all."""


def make_schedule(interval, *, exact=False):
    """Return the schedule for an interval in code time; None means never."""
    return Never() if interval is None else EveryTime(interval, exact=exact)


def limit_dt(time, dt, targets):
    """Return a step at most `dt` that does not run past the next of `targets` (code times).

    A target less than two steps away is approached in two equal steps, so no tiny step is ever left
    over. A target within round-off of `time` counts as reached.
    """
    ahead = [target - time for target in targets if target - time > _ROUND_OFF * abs(target)]
    remaining = min(ahead, default=_NEVER)
    if remaining <= dt:
        return remaining
    return 0.5 * remaining if remaining < 2.0 * dt else dt
