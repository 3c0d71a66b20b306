"""Signals that end a run: between two steps, or inside a long one."""

import signal
import threading
import time as wallclock

from crmpi.errors import Interruption

GRACE = 10.0  # s; batch systems kill a job some 30 s after they asked it to end


class LongStepError(Interruption):
    """A signal that could not wait for the end of a long step; the state is that of no time."""


class Patience:
    """Asks during a long step whether a signal came, and ends the run there unless the step will be
    done within `GRACE` seconds."""

    def __init__(self, interrupts, comm):
        self.interrupts, self.comm = interrupts, comm
        self._began = wallclock.monotonic()

    def __call__(self, done, planned):
        """Look after `done` of `planned` parts of an operator, 0 at its begin; collective."""
        if done == 0:
            self._began = wallclock.monotonic()
            return
        number = int(self.comm.max(self.interrupts.received))
        if number:
            left = self.comm.max((wallclock.monotonic() - self._began) / done * (planned - done))
            if left > GRACE:
                raise LongStepError(
                    f"received {signal.Signals(number).name} inside a step with {left:.0f} s or "
                    "more to go"
                )


class Interrupts:
    """Turns Ctrl-C, SIGTERM and SIGUSR1 into a flag that the loop reads between steps; a second
    Ctrl-C ends the run at once."""

    SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)

    def __init__(self):
        self.received = 0
        self._previous = {}

    def __enter__(self):
        self.received = 0
        # elsewhere Python refuses: a run in another thread ends with its program
        main = threading.current_thread() is threading.main_thread()
        for number in self.SIGNALS if main else ():
            self._previous[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_):
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous = {}

    def _note(self, number, _frame):
        if self.received == signal.SIGINT == number:
            raise KeyboardInterrupt
        self.received = int(number)
