"""Base class of the cross-sections of tubes."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from crmpi.errors import CrmpiError
from crmpi.plugins import GEOMETRIES

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(5)


class CrossSection:
    """The cross-section A(s) of a tube along its axis; a subclass with a ``name`` is a value of
    ``mesh.geometry``.

    Parameters
    ----------
    height : float or None
        the parameter ``mesh.tube_height``, code units
    own : function of a position, optional
        the hook `area` of the problem

    Attributes
    ----------
    doc, reference : str
        one line for users, and the paper or page
    needs_height : bool
        whether ``mesh.tube_height`` has to be given; without it, it must not be
    """

    name = ""
    doc = ""
    reference = ""
    needs_height = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        GEOMETRIES.add(cls)

    def __init__(
        self, height: float | None = None, own: Callable[[float], float] | None = None
    ) -> None:
        self.height, self.own = height, own

    @classmethod
    def check(cls, mesh: Any, axis: int) -> Iterator[tuple[str, str]]:
        """Yield (parameter of `mesh`, end of sentence) of what does not fit to a tube along `axis`
        (0, 1, 2)."""
        yield from ()

    def section(self, across: float) -> float:
        """Return the cross-section where the relative one is 1; `across`: the product of the widths
        of the box along the two missing axes."""
        return across

    def relative(self, s: np.ndarray) -> np.ndarray:
        """Return the relative cross-sections at positions `s` (1-D), code units."""
        raise CrmpiError(f"the geometry '{self.name}' defines no relative(s)", everywhere=True)

    def volumes(self, section: float, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
        """Return the volumes between faces at `lower` and `upper` (1-D), `section` times the
        integral of the relative cross-section: here by five Gauss points."""
        middle, width = 0.5 * (lower + upper), upper - lower
        means = sum(
            0.5 * w * self.relative(middle + 0.5 * x * width)
            for x, w in zip(_NODES, _WEIGHTS, strict=True)
        )
        return section * width * means
