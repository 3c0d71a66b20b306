"""Populations of cosmic rays: the bulk `ecr`, and tracers of other rigidities, which feel gas and field but never act on them.

Tracer number n has the variables `ecr_n` and, for every unknown of the solver's own such as `fcr`, `fcr_n`. All of them are part of
``u0``: the fluid step carries and compresses `ecr_n` exactly like `ecr`.
"""

from typing import NamedTuple

from crmpi.mesh.pack import ECR_FIELD
from crmpi.params import group, par


@group
class PopulationParams:
    """Parameters of the group ``transport`` that all solvers share."""

    tracer_rigidities: tuple[float, ...] = par((), gt=0, doc="rigidities in GV of passive populations ecr_1, ecr_2, ... beside ecr")


class Population(NamedTuple):
    """Cosmic rays of one rigidity.

    ``number``: 0 is the bulk, the one that exchanges momentum and energy with the gas. ``rigidity`` in GV; None stands for that of the
    scattering model. ``fields``: the components of its register, energy first, then the solver's own unknowns; ``places``: their
    places in ``u0``.
    """

    number: int
    rigidity: float | None
    fields: tuple
    places: tuple

    @property
    def passive(self):
        """Whether this is a tracer."""
        return self.number > 0


def tracer_rigidities(params):
    """Return the rigidities of the tracers; none for a solver made inside another one, without the shared parameters."""
    return tuple(getattr(params, "tracer_rigidities", ()))


def population_fields(own, params):
    """Return the declarations of `ecr` and the solver's `own` unknowns, each followed by those of the tracers."""
    count = len(tracer_rigidities(params))
    return tuple(field.of(number) for field in (ECR_FIELD, *own) for number in range(count + 1))


def make_populations(own, params, index):
    """Return the `Population`s of a run, the bulk first; `index`: {variable: place in u0}."""
    populations = []
    for number, rigidity in enumerate((None, *tracer_rigidities(params))):
        fields = tuple(field.of(number) for field in (ECR_FIELD, *own))
        populations.append(Population(number, rigidity, fields, tuple(index[field.name] for field in fields)))
    return tuple(populations)
