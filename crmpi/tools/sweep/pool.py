"""All runs of a sweep: one after the other, or side by side on groups of ranks, each of which takes
the next run when it is free."""

import sys
import time

from crmpi.tools.sweep.runner import attempt
from crmpi.tools.sweep.tickets import Tickets

_WORDS = {
    "finished": "finished in {time}",
    "earlier": "finished earlier",
    "failed": "FAILED: {reason}",
}


def run_all(variants, configure, comm, *, ranks_per_run=None, verbose=False):
    """Run every variant; collective.

    Parameters
    ----------
    variants : list of Variant
    configure : callable
        see `attempt`
    comm : SerialComm or MpiComm
        all ranks
    ranks_per_run : int, optional
        split the ranks into groups of so many; all work on one run by default. No field ever leaves
        its group.
    verbose : bool
        show the progress of every run

    Returns
    -------
    list of Outcome
        in the order of `variants`, on all ranks; without the runs that a signal kept from starting
    """
    size = min(ranks_per_run or comm.nranks, comm.nranks)
    group = comm.split(comm.rank // size)
    groups = -(-comm.nranks // size)
    tickets = Tickets(variants[0].path.parent, comm)
    watch = Watch(variants, groups, group.rank == 0)
    mine = {}
    while (number := group.bcast(tickets.next() if group.rank == 0 else None)) < len(variants):
        watch.begin(number)
        outcome = attempt(variants[number], configure, group, verbose=verbose)
        watch.end(number, outcome)
        mine[number] = outcome
        if outcome.state == "signalled":
            break
    tickets.close()
    everyone = comm.allgather_object(mine if group.rank == 0 else {})
    found = {number: outcome for part in everyone for number, outcome in part.items()}
    return [found[number] for number in sorted(found)]


class Watch:
    """Says which run begins and ends, and guesses when all will be done.

    Runs are taken in order: when one begins, all before it are done or in work.
    """

    def __init__(self, variants, groups, speaks):
        self.variants, self.groups, self.speaks = variants, groups, speaks
        self.seconds = []  # of the runs that this group did

    def begin(self, number):
        """Say that a run begins."""
        self._say(number, "begins" + self._left(number))

    def end(self, number, outcome):
        """Say how a run ended."""
        if outcome.state in ("finished", "failed"):
            self.seconds.append(outcome.seconds)
        words = _WORDS.get(outcome.state, "stopped: {reason}")
        self._say(number, words.format(time=clock(outcome.seconds), reason=outcome.reason))

    def _left(self, number):
        """Return the guess: waiting runs and this one, shared by the groups, at the mean pace so
        far."""
        if not self.seconds:
            return ""
        rounds = -(-(len(self.variants) - number) // self.groups)
        return f", about {clock(rounds * sum(self.seconds) / len(self.seconds))} left"

    def _say(self, number, words):
        if self.speaks:
            print(
                (
                    f"[{number + 1}/{len(self.variants)}] {self.variants[number].label}: {words}, "
                    f"{time.strftime('%H:%M:%S')}"
                ),
                file=sys.stderr,  # talk: what a sweep found goes to standard output
                flush=True,
            )


def clock(seconds):
    """Return '12 s', '3 min 05 s' or '2 h 10 min'."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 1:
        return f"{rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"
