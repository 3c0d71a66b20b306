"""Signals of a run, from the first moment of its command to the last: noted on each rank, heard by
all ranks together.

A handler only notes what came. The loop asks all ranks after every step and ends with a checkpoint.
Before there is anything to keep (reading the input, assembling, compiling in the first step) the
ranks ask one another once they are ready to begin; a rank that does not come to that within `GRACE`
gives up what it does, and ends all. What is received in the last output changes nothing any more:
the files are written to their end. docs/faults.md has the table.
"""

import signal
import threading
import time
from contextlib import contextmanager, nullcontext

from crmpi.errors import Interruption

# exit code of a run that was stopped and wants to be started again (EX_TEMPFAIL of sysexits.h)
INTERRUPTED = 75
GRACE = 10.0  # s; batch systems kill a job some 30 s after they asked it to end
# s between two Ctrl-C that mean "at once": a terminal and a launcher may both pass on the first
_AGAIN = 1.0


class StoppedEarly(KeyboardInterrupt):
    """A signal before the first step was done, while there was nothing to keep.

    No `Exception`: no code of a user or of a compiler may take it for a mistake and go on.
    ``everywhere``: all ranks raise it, so that each may leave by itself.
    """

    def __init__(self, number, *, everywhere=False):
        super().__init__(
            f"received {signal.Signals(number).name} before the first step was done: nothing is "
            "lost, earlier output and checkpoints are intact"
        )
        self.everywhere = everywhere

    def of_all(self, comm):
        """Return whether no other rank is still at work."""
        return self.everywhere or comm.nranks == 1


class LongStepError(Interruption):
    """A signal that could not wait for the end of a long step; the state is that of no time."""


class Interrupts:
    """Turns signals into a number that the run reads when it can act on it.

    Attributes
    ----------
    received : int
        number of the first signal that came, 0 before
    began : float
        `time.monotonic` at which the command, or its present run, began
    checks : int
        how often a long step has checked for signals
    """

    SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGHUP)

    def __init__(self):
        self.received = 0
        self.began = time.monotonic()
        self.checks = 0
        self._asked = None  # time of the first Ctrl-C
        self._expendable = False
        self._alarm = None  # handler of SIGALRM that the clock of `GRACE` has replaced
        self._previous = {}

    def install(self):
        """Take over the signals; again after a library, such as MPI, that may have taken them."""
        if threading.current_thread() is not threading.main_thread():
            return  # a run inside a thread of another program leaves the signals to it
        for number in self.SIGNALS:
            before = signal.getsignal(number)
            if number == signal.SIGHUP and before == signal.SIG_IGN:
                continue  # nohup
            self._previous.setdefault(number, before)
            signal.signal(number, self._note)
            # system calls of HDF5 and MPI go on by themselves
            signal.siginterrupt(number, False)

    def restore(self):
        """Give the signals back."""
        for number, handler in self._previous.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        self._previous = {}

    def deafen(self):
        """Ignore the signals: the process has done its work and ends with the code of that."""
        for number in self._previous:
            signal.signal(number, signal.SIG_IGN)

    @contextmanager
    def expendable(self):
        """What is done inside can be dropped without a loss: a signal raises `StoppedEarly` there
        once it has waited for `GRACE` seconds."""
        self._expendable = True
        self._start_clock()
        try:
            yield
        finally:
            self._expendable = False
            if self._alarm is not None:
                signal.setitimer(signal.ITIMER_REAL, 0.0)
                signal.signal(signal.SIGALRM, self._alarm)
                self._alarm = None

    def restart_clock(self):
        """Let the wall time of the next run of a command count from here."""
        self.began = time.monotonic()

    def stop_together(self, comm):
        """Raise `StoppedEarly` on all ranks if any has received a signal; collective."""
        number = int(comm.max(self.received))
        if number:
            raise StoppedEarly(number, everywhere=True)

    def _note(self, number, _frame):
        now = time.monotonic()
        if number == signal.SIGINT:
            if self._asked is not None and now - self._asked > _AGAIN:
                raise KeyboardInterrupt
            self._asked = self._asked or now
        if not self.received:
            self.received = int(number)
            self._start_clock()

    def _start_clock(self):
        if self._expendable and self.received and self._alarm is None:
            self._alarm = signal.signal(signal.SIGALRM, self._give_up) or signal.SIG_DFL
            signal.setitimer(signal.ITIMER_REAL, GRACE)

    def _give_up(self, _number, _frame):
        if self._expendable:
            raise StoppedEarly(self.received)


class _Process:
    """Signals belong to the process, and so do those who listen to them."""

    listening = None


class Unheard:
    """Takes the place of `Interrupts` where signals are not handled: signals act as in any Python
    program."""

    received = checks = 0
    expendable = nullcontext

    def __init__(self):
        self.began = time.monotonic()

    def stop_together(self, comm):
        """There is nothing to agree on."""


def listener():
    """Return the `Interrupts` of the command that runs in this process, `Unheard` if none does."""
    return _Process.listening or Unheard()


@contextmanager
def listening(*, to_the_end=False):
    """Yield the `Interrupts` of this process, which get its signals inside; those of an enclosing
    call if there is one.

    Parameters
    ----------
    to_the_end : bool
        the process ends behind it: signals are ignored from there on, so that none can take the
        exit code of the work away while MPI and the interpreter close down
    """
    if _Process.listening is not None:
        _Process.listening.install()
        yield _Process.listening
        return
    interrupts = _Process.listening = Interrupts()
    interrupts.install()
    try:
        yield interrupts
    finally:
        _Process.listening = None
        if to_the_end:
            interrupts.deafen()
        else:
            interrupts.restore()


class Patience:
    """Asks during a long step whether a signal came, and ends the run there unless the step will be
    done within `GRACE` seconds.

    Parameters
    ----------
    session : object
        its ``interrupts`` are the present `Interrupts`
    comm : SerialComm or MpiComm
    """

    def __init__(self, session, comm):
        self.session, self.comm = session, comm
        self._began = time.monotonic()

    def __call__(self, done, planned):
        """Check for signals after `done` of `planned` parts of an operator, 0 at its begin;
        collective."""
        interrupts = self.session.interrupts
        interrupts.checks += 1
        if done == 0:
            self._began = time.monotonic()
            return
        number = int(self.comm.max(interrupts.received))
        if number:
            left = self.comm.max((time.monotonic() - self._began) / done * (planned - done))
            if left > GRACE:
                raise LongStepError(
                    f"received {signal.Signals(number).name} inside a step with {left:.0f} s or "
                    "more to go"
                )
