"""Wall-clock time by phase of a step."""

import time
from contextlib import contextmanager


class Timers:
    """Accumulates wall time under names; nested phases are charged to the inner one only."""

    def __init__(self):
        self.seconds = {}
        self._stack = []

    @contextmanager
    def __call__(self, name):
        """Charge the time spent inside the ``with`` block to `name`."""
        start = time.perf_counter()
        self._stack.append(0.0)
        try:
            yield
        finally:
            elapsed = time.perf_counter() - start
            inner = self._stack.pop()
            if self._stack:
                self._stack[-1] += elapsed
            self.seconds[name] = self.seconds.get(name, 0.0) + elapsed - inner

    def total(self):
        """Return the seconds charged so far."""
        return sum(self.seconds.values())
