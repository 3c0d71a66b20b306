"""Progress of a run: lines from rank 0, a live line on a terminal, and the report at the end.

step 1200  time 12.34 Myr  12.3%  dt 3.4e-03 Myr  1.23e+06 zone-cycles/s  left 0:12:34
sub-steps 12

A terminal shows a bar in place of these lines. The log of the run keeps them as key=value, and all
other lines as they are; programs get one JSON object a line.
"""

import json
import math
import sys
import time

from crmpi.output.streams import Log, ResilientStream
from crmpi.output.terminal import is_live, painted

_FIRST_LINES = 3  # steps that are always reported: a user wants to see at once that it runs


class Progress:
    """Reports steps at a sensible rate. Ranks other than 0 report nothing.

    Parameters
    ----------
    rank : int
    zones : int
        cells of the mesh
    end_time : float
        code time at which the run ends; infinite if only steps end it
    max_steps : int or None
    time_unit : (str, float)
        label, and the code time of one such unit
    every : float
        wall seconds between lines
    stream : file
        where to write; the live line appears only if it is a terminal
    clock : callable
        seconds that count as work of the run

    Lines go to `log` as well, which is kept in the folder of the run. With `events`, a stream, each
    is a JSON object there: {"event": "step", "step": 12, ...}, {"event": "message", "text": ...}.
    """

    events = None

    def __init__(
        self,
        rank,
        zones,
        end_time,
        max_steps=None,
        time_unit=("", 1.0),
        every=5.0,
        stream=None,
        clock=None,
    ):
        self.stream = ResilientStream(stream or sys.stdout)
        self.log = Log()
        self.clock = clock or time.perf_counter
        self.silent = rank != 0
        self.zones = zones
        self.end_time = end_time
        self.max_steps = max_steps
        self.label, self.unit = time_unit
        self.every = every
        self.terminal = is_live(self.stream)
        self._first = self._shown = self._live = None
        self._counted = self._cycles = self._cycles_shown = 0
        self._live_on = False

    def turn_to(self, stream):
        """Write to another stream from now on."""
        self._clear()
        self.stream, self.terminal = ResilientStream(stream), False

    def say(self, text):
        """Write a line now, clear of the live line."""
        if not self.silent:
            self._clear()
            print(_coloured(text, self.stream), file=self.stream, flush=True)
            self.log.write(text)
            self.tell("message", text=text)

    def note(self, text):
        """Write a line into the log alone."""
        if not self.silent:
            self.log.write(text)

    def tell(self, event, **facts):
        """Write an event as one line of JSON, if somebody wants it."""
        if self.events is not None and not self.silent:
            print(json.dumps({"event": event} | facts), file=self.events, flush=True)

    def start(self, sim_time, step):
        """Start the clock: everything before, compiling above all, is left out of the rates."""
        now = self.clock()
        self._first = self._shown = (now, sim_time, step)
        self._live, self._counted = now, step
        self._cycles = self._cycles_shown = 0

    def step(self, sim_time, step, dt, extras=None):
        """Report a step that is done, if a line is due.

        Parameters
        ----------
        sim_time, dt : float, code time
        extras : dict
            more to show: name to number or text, such as sub-steps or floored cells
        """
        if self.silent:
            return
        if self._first is None:
            self.start(sim_time, step - 1)
        self._cycles += self.zones * (step - self._counted)  # the mesh may change from step to step
        self._counted = step
        now = self.clock()
        if now - self._shown[0] >= self.every or step - self._first[2] <= _FIRST_LINES:
            if not self.terminal:
                print(self.line(now, sim_time, step, dt, extras), file=self.stream, flush=True)
            facts = self.facts(now, sim_time, step, dt, extras)
            self.log.write(" ".join(f"{name}={_short(value)}" for name, value in facts.items()))
            self.tell("step", **facts)
            self._shown, self._cycles_shown = (now, sim_time, step), self._cycles
        if self.terminal and now - self._live > 0.2:
            self._clear()
            self.stream.write(self.bar(now, sim_time, step))
            self.stream.flush()
            self._live, self._live_on = now, True

    def facts(self, now, sim_time, step, dt, extras=None):
        """Return {name: number} of a progress line, names with their units."""
        unit = f"_{self.label}" if self.label else ""
        rate = (self._cycles - self._cycles_shown) / max(now - self._shown[0], 1e-9)
        left = self._seconds_left(now, sim_time, step)
        facts = {
            "step": step,
            f"time{unit}": sim_time / self.unit,
            "percent": 100 * self._fraction(sim_time, step),
            f"dt{unit}": dt / self.unit,
            "zone_cycles_per_s": rate,
            "left_s": left,
        }
        return facts | {name.replace(" ", "_"): value for name, value in (extras or {}).items()}

    def line(self, now, sim_time, step, dt, extras=None):
        """Return the progress line; the rate is that since the line before."""
        rate = (self._cycles - self._cycles_shown) / max(now - self._shown[0], 1e-9)
        parts = [
            f"step {step}",
            f"time {self._time(sim_time)}",
            f"{100 * self._fraction(sim_time, step):.1f}%",
            f"dt {self._time(dt)}",
        ]
        parts += [f"{rate:.3g} zone-cycles/s", f"left {self._left(now, sim_time, step)}"]
        parts += [
            f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
            for name, value in (extras or {}).items()
        ]
        return "  ".join(parts)

    def bar(self, now, sim_time, step, width=30):
        """Return the live line of a terminal."""
        fraction = self._fraction(sim_time, step)
        filled = int(width * fraction)
        return (
            f"[{'#' * filled}{'.' * (width - filled)}] {100 * fraction:5.1f}%  step {step}  "
            f"left {self._left(now, sim_time, step)}"
        )

    def finish(self, sim_time, step, seconds=None):
        """Write the final report.

        Parameters
        ----------
        seconds : dict
            wall seconds by phase of the step, as `Timers.seconds`
        """
        if self.silent:
            return
        now = self.clock()
        start, _, first = self._first or (now, sim_time, step)
        wall, steps = now - start, step - first
        self.say(
            f"finished at step {step}, time {self._time(sim_time)}: {steps} steps in {clock(wall)}"
        )
        if steps:
            self.say(
                f"{self._cycles / wall:.4g} zone-cycles/s, {1e3 * wall / steps:.4g} ms per step"
            )
        charged = sum((seconds or {}).values())
        for name, spent in sorted((seconds or {}).items(), key=lambda item: -item[1]):
            self.say(f"  {name:<24s} {spent:10.3f} s  {100 * spent / max(charged, 1e-9):5.1f}%")

    def _clear(self):
        if self._live_on:
            self.stream.write("\r\033[K")
            self._live_on = False

    def _time(self, value):
        return f"{value / self.unit:.4g} {self.label}".rstrip()

    def _fraction(self, sim_time, step):
        """Return the share of the run that is done, by whichever limit is closer."""
        done = sim_time / self.end_time if self.end_time > 0 else 1.0
        if self.max_steps:
            done = max(done, step / self.max_steps)
        return min(max(done, 0.0), 1.0)

    def _left(self, now, sim_time, step):
        """Return the remaining wall time at the mean speed so far, as text."""
        seconds = self._seconds_left(now, sim_time, step)
        return "?" if seconds is None else clock(seconds)

    def _seconds_left(self, now, sim_time, step):
        """Return the remaining seconds at the mean speed so far, None where that says nothing."""
        start, time_start, step_start = self._first
        before, done = self._fraction(time_start, step_start), self._fraction(sim_time, step)
        return (now - start) * (1.0 - done) / (done - before) if done > before else None


def _coloured(text, stream):
    """Return a line with notes and warnings in yellow."""
    head, colon, rest = text.partition(": ")
    return painted(head, "yellow", stream) + colon + rest if head in ("note", "warning") else text


def _short(value):
    """Return a value of the log: few digits, '-' where there is none."""
    if value is None:
        return "-"
    return f"{value:.6g}" if isinstance(value, float) and math.isfinite(value) else str(value)


def clock(seconds):
    """Return wall seconds as h:mm:ss, or as seconds below a minute."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}"
