"""The clock of a run: time, step and length of the last step."""


class Clock:
    """Simulated time, step and length of the last step; time is summed with Kahan's compensation so
    that many small steps lose nothing."""

    def __init__(self, time=0.0, compensation=0.0, step=0, dt=0.0):
        self.time, self.compensation, self.step, self.dt = time, compensation, step, dt

    def tick(self, dt, target=None):
        """Advance by `dt`; with `target`, land on exactly this time."""
        increment = dt - self.compensation
        total = self.time + increment
        self.compensation = (total - self.time) - increment
        self.time = total
        self.step += 1
        self.dt = dt
        if target is not None:
            self.time, self.compensation = target, 0.0
