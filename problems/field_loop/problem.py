"""A weak loop of field carried across the periodic box (Gardiner & Stone 2005, 2008)."""

from crmpi.api import Problem, np, par, total


class FieldLoop(Problem):
    """Cylinder of circular field, its axis along x3 or, inclined, across the diagonal of the x1-x3
    plane."""

    class Params:
        strength: float = par(1e-3, doc="field strength in the loop")
        radius: float = par(0.3, gt=0, doc="radius of the loop")
        velocity: tuple[float, float, float] = par((2, 1, 0), doc="velocity of the gas")
        inclined: bool = par(
            False, doc="tilt the axis so that the loop is periodic along x1 and x3 together (3-D)"
        )

    def setup(self, p):
        size = np.subtract(self.config.mesh.upper, self.config.mesh.lower)
        k = np.array([1 / size[0], 0.0, 1 / size[2] if p.inclined else 0.0])
        # periods of the loop's own coordinates
        self.width = np.array([1 / np.linalg.norm(k), size[1]])
        self.across = k / np.linalg.norm(k)
        self.axis = np.array([-self.across[2], 0.0, self.across[0]])

    def loop_plane(self, x, t, p):
        """Return the two coordinates across the loop, measured from the image of its centre that is
        closest."""
        across = self.across[0] * x.x1 + self.across[2] * x.x3 - np.dot(self.across, p.velocity) * t
        return [
            q - width * np.round(q / width)
            for q, width in zip((across, x.x2 - p.velocity[1] * t), self.width, strict=True)
        ]

    def initial(self, x, p):
        vel1, vel2, vel3 = p.velocity
        return {"dens": 1.0, "press": 1.0, "vel1": vel1, "vel2": vel2, "vel3": vel3}

    def vector_potential(self, x, p):
        potential = p.strength * np.maximum(p.radius - np.hypot(*self.loop_plane(x, 0.0, p)), 0.0)
        return {"a1": potential * self.axis[0], "a3": potential * self.axis[2]}

    def exact(self, x, t, p):
        across, up = self.loop_plane(x, t, p)
        r = np.hypot(across, up)
        swirl = np.where(r < p.radius, p.strength / np.maximum(r, 1e-300), 0.0)
        return {
            "b1": -swirl * up * self.across[0],
            "b2": swirl * across,
            "b3": -swirl * up * self.across[2],
        }

    def history(self, x, w, p):
        return {"emag_axis": total(0.5 * (self.axis[0] * w.b1 + self.axis[2] * w.b3) ** 2)}
