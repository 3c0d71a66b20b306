"""The cross-sections that come with the code."""

import math

import numpy as np

from crmpi.mesh.sections.base import CrossSection


class Straight(CrossSection):
    """A tube of constant cross-section; with equal cells it is the plain mesh."""

    name = "cartesian"
    doc = "A = S: the plain mesh, with mesh.spacing = log a tube of constant cross-section"
    reference = "docs/geometry.md"

    def relative(self, s):
        return np.ones_like(s)

    def volumes(self, section, lower, upper):
        return section * (upper - lower)


class Sphere(CrossSection):
    """The whole sphere, along the radius."""

    name = "spherical"
    doc = "A = 4 pi r^2 along x1, the radius"
    reference = "docs/geometry.md"

    @classmethod
    def check(cls, mesh, axis):
        if axis != 0:
            yield "geometry", "= 'spherical' runs along x1, the radius"
        if mesh.lower[0] < 0.0:
            yield (
                "lower",
                f"is the inner radius of a spherical mesh and must not be negative "
                f"({mesh.lower[0]:g})",
            )

    def section(self, across):
        return 4.0 * math.pi

    def relative(self, s):
        return s * s

    def volumes(self, section, lower, upper):
        """See `CrossSection`; exact, without cancellation where the tube is thin."""
        mean = (lower * lower + lower * upper + upper * upper) / 3.0
        return section * (upper - lower) * mean


class FluxTube(CrossSection):
    """A tube that opens on both sides of s = 0, like the field above a disc."""

    name = "flux_tube"
    doc = "A = S (1 + (s/h)^2), h = mesh.tube_height"
    reference = "docs/geometry.md"
    needs_height = True

    def relative(self, s):
        return 1.0 + (s / self.height) ** 2

    def volumes(self, section, lower, upper):
        squares = lower * lower + lower * upper + upper * upper
        return section * (upper - lower) * (1.0 + squares / (3.0 * self.height**2))


class Own(CrossSection):
    """What the problem says."""

    name = "own"
    doc = "A = S area(s), the hook of the problem"
    reference = "docs/geometry.md"

    def relative(self, s):
        return np.array([float(self.own(x)) for x in s])
