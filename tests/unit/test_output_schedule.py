"""Schedules: exact times, no drift, no tiny steps, the same after a restart."""

import math

import pytest

from crmpi.output.schedule import EverySteps, EveryTime, Never, limit_dt, make_schedule


def test_times_do_not_drift():
    schedule = EveryTime(0.1)
    times = [0.0]
    for step in range(100_000):
        schedule.done(times[-1], step)
        times.append(schedule.next_time(times[-1]))
    assert times == [n * 0.1 for n in range(100_001)]  # adding 0.1 up 1e5 times is off by 2e-8


def test_due_at_start_then_once_per_interval():
    schedule = EveryTime(1.0)
    written = []
    for step in range(101):
        time = 0.03 * step
        if schedule.due(time, step):
            schedule.done(time, step)
            written.append(step)
    assert written == [0, 34, 67, 100]


def test_a_step_over_several_times_counts_once():
    schedule = EveryTime(1.0)
    schedule.done(0.0, 0)
    assert schedule.due(5.5, 1)
    schedule.done(5.5, 1)
    assert schedule.next_time(5.5) == 6.0


def test_next_time_is_ahead_whether_or_not_this_one_is_written():
    """A restart, whose schedule already counts the writing at its start, must choose the same
    step."""
    schedule = EveryTime(1.0)
    schedule.done(0.0, 0)
    before = schedule.next_time(1.0)
    schedule.done(1.0, 1)
    assert before == schedule.next_time(1.0) == 2.0


def test_steps():
    schedule = EverySteps(5)
    written = []
    for step in range(12):
        if schedule.due(0.0, step):
            schedule.done(0.0, step)
            written.append(step)
    assert written == [0, 5, 10]


def test_never():
    assert isinstance(make_schedule(None), Never)
    assert not make_schedule(None).due(1e30, 10**9)


@pytest.mark.parametrize("dt", [0.3, 0.07, 1.7])
def test_steps_land_on_targets_without_slivers(dt):
    schedule = EveryTime(1.0, exact=True)
    time, landed, smallest = 0.0, [], math.inf
    for step in range(10_000):
        if schedule.due(time, step):
            landed.append(time)
            schedule.done(time, step)
        if time >= 8.0:
            break
        limited = limit_dt(time, dt, [schedule.next_time(time), 8.0])
        assert 0.0 < limited <= dt
        smallest = min(smallest, limited)
        time += limited
    assert landed == pytest.approx(range(9), rel=1e-14)
    assert smallest > 0.5 * min(dt, 1.0) * (1 - 1e-9)


def test_target_within_round_off_is_reached():
    assert limit_dt(1.0 - 1e-16, 0.25, [1.0, 10.0]) == 0.25


def test_restore_continues_and_a_new_interval_counts_afresh():
    schedule = EveryTime(0.5)
    for step, time in enumerate((0.0, 0.5, 1.0)):
        schedule.done(time, step)
    again = EveryTime(0.5)
    again.restore(schedule.state(), 1.2, 30)
    assert again.next_time(1.2) == 1.5
    finer = EveryTime(0.25)
    finer.restore(schedule.state(), 1.2, 30)
    assert finer.next_time(1.2) == 1.25
