"""Waves in gas that streaming cosmic rays push and heat: where sound meets the drift of the cosmic
rays they grow (V9)."""

from crmpi.api import Problem, along, coordinate, exact, np, par, total


class CRStreamingWave(Problem):
    """One mode exp(ikx + st) on a gradient that streams along +axis; the ends of the tube hold the
    exact linear solution."""

    class Params:
        amplitude: float = par(1e-6, doc="velocity of the wave")
        mode: str = par("growing", choices=["growing", "damped"], doc="which of the two waves")
        press: float = par(0.3, gt=0, doc="gas pressure in the middle; the density is 1")
        pcr: float = par(1.0, gt=0, doc="cosmic-ray pressure in the middle")
        gradient: float = par(
            0.02, gt=0, doc="cosmic-ray pressure falls by this per unit length, gas pressure rises"
        )
        field: float = par(2.0, gt=0, doc="field along the axis, the Alfven speed")
        axis: int = par(1, choices=[1, 2, 3], doc="axis of the field")
        window: float = par(
            1.0,
            gt=0,
            doc="the amplitude is that of |x| < window; whole wavelengths, the wavelength is 1",
        )

    def setup(self, p):
        fluid, transport = self.config.fluid, self.config.transport
        self.k = 2 * np.pi
        self.background = exact.streaming_waves.Background(
            1.0, p.press, p.pcr, p.field, p.gradient, fluid.gamma, fluid.gamma_cr
        )
        matrix = exact.streaming_waves.streaming_matrix(self.k, self.background)
        wanted = exact.streaming_waves.growing_and_damped(matrix)[p.mode == "damped"]
        if transport.solver == "two_moment":
            matrix = exact.streaming_waves.two_moment_streaming_matrix(
                self.k, transport.vmax, self.background
            )
        self.s, self.amplitudes, self.projector = exact.streaming_waves.mode_nearest(matrix, wanted)

    def exact(self, x, t, p):
        position = coordinate(x, p.axis)
        wave = p.amplitude * np.exp(1j * self.k * position + self.s * t)
        dens, vel, press, pcr, *flux = ((amplitude * wave).real for amplitude in self.amplitudes)
        press0, pcr0, flux0 = exact.streaming_waves.background_state(position, t, self.background)
        state = {
            "dens": 1.0 + dens,
            "press": press0 + press,
            "ecr": (pcr0 + pcr) / (self.background.gamma_cr - 1),
        }
        state |= along(p.axis, "vel", (vel, 0.0, 0.0))
        return state | ({"fcr": flux0 + flux[0]} if flux else {})

    def initial(self, x, p):
        return self.exact(x, 0.0, p) | along(p.axis, "b", (p.field, 0.0, 0.0))

    def hold(self, w, x, t, p):
        for name, values in self.exact(x, t, p).items():
            setattr(w, name, values + 0.0 * w.dens)

    boundary_ix1 = boundary_ox1 = boundary_ix2 = boundary_ox2 = boundary_ix3 = boundary_ox3 = hold

    def history(self, x, w, p):
        """Complex amplitude of the mode in the middle of the tube, where what the ends do wrong has
        not arrived yet."""
        position = coordinate(x, p.axis)
        # its change in time is uniform and drops out
        press0, pcr0, flux0 = exact.streaming_waves.background_state(position, 0.0, self.background)
        waves = [
            w.dens - 1.0,
            getattr(w, f"vel{p.axis}"),
            w.press - press0,
            w.ecr * (self.background.gamma_cr - 1) - pcr0,
        ]
        if len(self.projector) == 5:
            waves.append(w.fcr - flux0)
        mode = sum(weight * wave for weight, wave in zip(self.projector, waves, strict=True))
        within = (
            np.where(np.abs(position) < p.window, np.exp(-1j * self.k * position), 0.0) / p.window
        )
        return {"wave_cos": total((mode * within).real), "wave_sin": total(-(mode * within).imag)}
