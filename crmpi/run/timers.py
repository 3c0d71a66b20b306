"""Time by phase of a step."""

import time
from contextlib import contextmanager


class Timers:
    """Accumulates time under names, wall time unless `clock` is another; nested phases are charged
    to the inner one only."""

    def __init__(self, clock=time.perf_counter):
        self.clock = clock
        self.seconds = {}
        self._stack = []

    @contextmanager
    def __call__(self, name):
        """Charge the time spent inside the ``with`` block to `name`."""
        start = self.clock()
        self._stack.append(0.0)
        try:
            yield
        finally:
            elapsed = self.clock() - start
            inner = self._stack.pop()
            if self._stack:
                self._stack[-1] += elapsed
            self.seconds[name] = self.seconds.get(name, 0.0) + elapsed - inner

    def total(self):
        """Return the seconds charged so far."""
        return sum(self.seconds.values())
