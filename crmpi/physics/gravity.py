"""Static gravity: a sum of named components, each an optional group of the YAML.

```
gravity:
  nfw: {mass: 1e12 Msun, concentration: 10, plane_radius: 8 kpc}
  tanh_disc: {surface_density: 40 Msun/pc^2, height: 200 pc}
```

A component gives its potential and its acceleration as numpy functions of position. Those that have
a centre can be used *plane-parallel* (``plane_radius``): the x3 component at a fixed distance from
the axis, a function of x3 alone, for patches of a disc. To add one: a subclass of `Component` with
a name, see docs/plugins.md.
"""

import functools

import numpy as np

from crmpi.errors import CrmpiError
from crmpi.params import group, par
from crmpi.plugins import GRAVITY_COMPONENTS
from crmpi.plugins.mistakes import HookError, place_of_own


class Component:
    """One term of the sum; `p` holds its parameters and `G` the constant of gravity, in code
    units."""

    class Params:
        """Parameters of the component."""

    name = ""

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.Params = group(cls.Params)
        GRAVITY_COMPONENTS.add(cls)

    def __init__(self, p, G):
        self.p, self.G = p, G

    def potential(self, x1, x2, x3):
        """Return the potential at the positions (arrays that broadcast together), code units."""
        raise CrmpiError(f"{type(self).__name__} defines no potential", everywhere=True)

    def acceleration(self, x1, x2, x3):
        """Return the three components of -grad(potential)."""
        raise CrmpiError(f"{type(self).__name__} defines no acceleration", everywhere=True)


class Uniform(Component):
    """A constant acceleration."""

    name = "uniform"

    class Params:
        g1: float = par(0.0, unit="acceleration", doc="acceleration along x1")
        g2: float = par(0.0, unit="acceleration", doc="acceleration along x2")
        g3: float = par(0.0, unit="acceleration", doc="acceleration along x3")

    def potential(self, x1, x2, x3):
        return -(self.p.g1 * x1 + self.p.g2 * x2 + self.p.g3 * x3)

    def acceleration(self, x1, x2, x3):
        return self.p.g1, self.p.g2, self.p.g3


class TanhDisc(Component):
    """A self-gravitating isothermal sheet (Spitzer 1942): g3 = -2 pi G Sigma tanh(x3/h), of matter
    with rho ~ sech^2(x3/h)."""

    name = "tanh_disc"

    class Params:
        surface_density: float | None = par(
            None,
            unit="Msun/pc^2",
            ge=0,
            doc="surface density Sigma; g = 2 pi G Sigma far from the plane",
        )
        strength: float | None = par(
            None, unit="acceleration", ge=0, doc="g far from the plane, instead of surface_density"
        )
        height: float = par(unit="length", gt=0, doc="scale height h")
        midplane: float = par(0.0, unit="length", doc="x3 of the plane")

        def check(self):
            """The strength is given once."""
            if (self.surface_density is None) == (self.strength is None):
                yield "strength", "must be given, or surface_density, and not both"

    def __init__(self, p, G):
        super().__init__(p, G)
        self.far = p.strength if p.surface_density is None else 2.0 * np.pi * G * p.surface_density

    def potential(self, x1, x2, x3):
        h = np.abs(x3 - self.p.midplane) / self.p.height
        # ln cosh without overflow
        return self.far * self.p.height * (h + np.log1p(np.exp(-2.0 * h)) - np.log(2.0))

    def acceleration(self, x1, x2, x3):
        return 0.0, 0.0, -self.far * np.tanh((x3 - self.p.midplane) / self.p.height)


class Centred(Component):
    """A component with a centre, which can be used plane-parallel."""

    class Params:
        center: tuple[float, float, float] = par(
            (0.0, 0.0, 0.0), unit="length", doc="position of the centre"
        )
        softening: float = par(
            0.0,
            unit="length",
            ge=0,
            doc="eps: r^2 + eps^2 takes the place of r^2, in a disc z^2 + eps^2 that of z^2",
        )
        plane_radius: float | None = par(
            None,
            unit="length",
            ge=0,
            doc="plane-parallel: only g3, taken at this distance from the axis",
        )

    def place(self, x1, x2, x3):
        """Return the positions relative to the centre."""
        c1, c2, c3 = self.p.center
        if self.p.plane_radius is not None:
            return self.p.plane_radius, 0.0, x3 - c3
        return x1 - c1, x2 - c2, x3 - c3

    def in_geometry(self, g1, g2, g3):
        """Drop the horizontal components of a plane-parallel field."""
        return (g1, g2, g3) if self.p.plane_radius is None else (0.0, 0.0, g3)


class Spherical(Centred):
    """A centred component given by `phi(r)` and `pull(r)` = (dphi/dr)/r."""

    def potential(self, x1, x2, x3):
        y1, y2, y3 = self.place(x1, x2, x3)
        return self.phi(np.sqrt(y1**2 + y2**2 + y3**2 + self.p.softening**2))

    def acceleration(self, x1, x2, x3):
        y1, y2, y3 = self.place(x1, x2, x3)
        pull = self.pull(np.sqrt(y1**2 + y2**2 + y3**2 + self.p.softening**2))
        return self.in_geometry(-pull * y1, -pull * y2, -pull * y3)

    def circular_velocity(self, r):
        """Return sqrt(r dphi/dr)."""
        return r * np.sqrt(self.pull(np.sqrt(r**2 + self.p.softening**2)))


class NFW(Spherical):
    """Dark halo of Navarro, Frenk & White (1997): rho ~ 1/(x (1+x)^2), x = r/r_s, M(<r) = M200
    m(x)/m(c), m(x) = ln(1+x) - x/(1+x)."""

    name = "nfw"

    class Params(Centred.Params):
        mass: float = par(unit="Msun", gt=0, doc="M200")
        concentration: float = par(10.0, gt=0, doc="c = r200/r_s")
        r200: float | None = par(
            None,
            unit="length",
            gt=0,
            doc="radius of mean density 200 times critical; none: from hubble",
        )
        hubble: float = par(
            70.0,
            unit="km/s/Mpc",
            gt=0,
            doc="H(z) that defines the critical density: r200^3 = G M200/(100 H^2)",
        )

    def __init__(self, p, G):
        super().__init__(p, G)
        self.r200 = p.r200 if p.r200 is not None else np.cbrt(G * p.mass / (100.0 * p.hubble**2))
        self.r_s = self.r200 / p.concentration
        self.gm_s = (
            G * p.mass / (np.log1p(p.concentration) - p.concentration / (1.0 + p.concentration))
        )

    def phi(self, r):
        """Return the potential at radius `r`; it vanishes at infinity."""
        x = np.maximum(r / self.r_s, 1e-12)
        return -self.gm_s / self.r_s * np.log1p(x) / x

    def pull(self, r):
        """Return (dphi/dr)/r."""
        x = np.maximum(r / self.r_s, 1e-12)
        # the closed form cancels for x -> 0
        series = x**2 * (1 / 2 - x * (2 / 3 - x * (3 / 4 - x * 4 / 5)))
        enclosed = np.where(x < 1e-3, series, np.log1p(x) - x / (1.0 + x))
        return self.gm_s * enclosed / (x * self.r_s) ** 3


class Hernquist(Spherical):
    """Bulge or galaxy of Hernquist (1990): phi = -G M/(r + a)."""

    name = "hernquist"

    class Params(Centred.Params):
        mass: float = par(unit="Msun", gt=0, doc="total mass M")
        scale_radius: float = par(unit="length", gt=0, doc="a; half the mass is inside 2.41 a")

    def phi(self, r):
        """Return the potential at radius `r`."""
        return -self.G * self.p.mass / (r + self.p.scale_radius)

    def pull(self, r):
        """Return (dphi/dr)/r."""
        r = np.maximum(r, 1e-12 * self.p.scale_radius)
        return self.G * self.p.mass / (r * (r + self.p.scale_radius) ** 2)


class MiyamotoNagai(Centred):
    """Disc of Miyamoto & Nagai (1975): phi = -G M/sqrt(R^2 + (a + sqrt(z^2 + b^2))^2)."""

    name = "miyamoto_nagai"

    class Params(Centred.Params):
        mass: float = par(unit="Msun", gt=0, doc="total mass M")
        scale_radius: float = par(unit="length", ge=0, doc="a, the radial scale")
        scale_height: float = par(unit="length", gt=0, doc="b, the vertical scale")

    def _shape(self, x1, x2, x3):
        y1, y2, y3 = self.place(x1, x2, x3)
        z = np.sqrt(y3**2 + self.p.scale_height**2 + self.p.softening**2)
        return y1, y2, y3, z, np.sqrt(y1**2 + y2**2 + (self.p.scale_radius + z) ** 2)

    def potential(self, x1, x2, x3):
        *_, distance = self._shape(x1, x2, x3)
        return -self.G * self.p.mass / distance

    def acceleration(self, x1, x2, x3):
        y1, y2, y3, z, distance = self._shape(x1, x2, x3)
        pull = self.G * self.p.mass / distance**3
        return self.in_geometry(-pull * y1, -pull * y2, -pull * y3 * (self.p.scale_radius + z) / z)


@functools.cache
def _group_of(components):
    """Return the YAML group ``gravity`` of (name, class) pairs: each an optional group."""

    class GravityParams:
        """The components of gravity that are present."""

        def any(self):
            """Whether there is any component."""
            return any(getattr(self, name) is not None for name, _ in components)

    GravityParams.__annotations__ = {name: cls.Params | None for name, cls in components}
    return group(GravityParams)


class _Params:
    """The class attribute ``Gravity.Params``: follows the components that there are."""

    def __get__(self, gravity, owner):
        return _group_of(tuple(GRAVITY_COMPONENTS.items()))


class Gravity:
    """The static acceleration of a run.

    Parameters
    ----------
    params : Gravity.Params
        values in code units; a component that is None is absent
    units : crmpi.units.Units
        the constant of gravity is 1 in a dimensionless run

    Attributes
    ----------
    components : dict
        the present components by name
    """

    Params = _Params()

    def __init__(self, params, units):
        constant = 1.0 if units.dimensionless else units.G
        self.components = {
            name: cls(getattr(params, name), constant)
            for name, cls in GRAVITY_COMPONENTS.items()
            if getattr(params, name, None) is not None
        }

    def __bool__(self):
        """Whether there is any component: without one, no acceleration is stored or computed."""
        return bool(self.components)

    def potential(self, x1, x2, x3):
        """Return the potential at the positions (arrays that broadcast together), shape of the
        broadcast, code units."""
        total = np.zeros(np.broadcast_shapes(np.shape(x1), np.shape(x2), np.shape(x3)))
        for component in self.components.values():
            total = total + component.potential(x1, x2, x3)
        return total

    def accelerations(self, x1, x2, x3):
        """Return (g1, g2, g3) at the positions (arrays that broadcast together), each of the shape
        of the broadcast, code units."""
        shape = np.broadcast_shapes(np.shape(x1), np.shape(x2), np.shape(x3))
        total = [np.zeros(shape) for _ in range(3)]
        for component in self.components.values():
            for axis, g in enumerate(component.acceleration(x1, x2, x3)):
                if not np.isfinite(g).all():
                    where = place_of_own(type(component), ("acceleration", "pull"))
                    raise HookError(
                        f"{where}: the acceleration along x{axis + 1} is no number in a cell or in "
                        "a ghost zone; it must be finite there, at r = 0 too"
                    )
                total[axis] = total[axis] + g
        return tuple(total)

    def fill(self, pack):
        """Add the acceleration to ``pack.grav`` on all cells, ghosts included."""
        g = pack.grid
        ghosts = (g.ng1, g.ng2, g.ng3)
        count = [n + 2 * ng for n, ng in zip((g.n1, g.n2, g.n3), ghosts, strict=True)]
        for b in range(pack.nblock):
            # positions from global indices: bitwise identical for any blocks
            x1, x2, x3 = pack.positions(pack.origins[b] - np.array(ghosts), count, pack.levels[b])
            total = self.accelerations(x1[None, None, :], x2[None, :, None], x3[:, None, None])
            for axis in range(3):
                pack.grav[b, axis, : count[2], : count[1], : count[0]] += total[axis]
