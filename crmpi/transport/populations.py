"""Populations of cosmic rays: the bulk `ecr`, and tracers of other rigidities, which respond to gas
and field but never act on them.

Tracer number n has the variables `ecr_n` and, for every unknown of the solver's own such as `fcr`,
`fcr_n`. All of them are part of ``u0``: the fluid step carries and compresses `ecr_n` exactly like
`ecr`.
"""

from typing import NamedTuple

import numpy as np

from crmpi.mesh.pack import ECR_FIELD
from crmpi.params import group, par


@group
class PopulationParams:
    """Parameters of the group ``transport`` that all solvers share."""

    tracer_rigidities: tuple[float, ...] = par(
        (), gt=0, doc="rigidities in GV of passive populations ecr_1, ecr_2, ... beside ecr"
    )
    max_substeps: int = par(
        100_000,
        ge=1,
        doc="a run ends that would need more sub-steps or stages of transport in half a time step",
    )


def most_substeps(params):
    """Return how many sub-steps an operator may take; of a solver made inside another one, the
    default."""
    return getattr(params, "max_substeps", PopulationParams().max_substeps)


class Population(NamedTuple):
    """Cosmic rays of one rigidity.

    ``number``: 0 is the bulk, the one that exchanges momentum and energy with the gas. ``rigidity``
    in GV; None stands for that of the scattering model. ``fields``: the components of its register,
    energy first, then the solver's own unknowns; ``places``: their places in ``u0``.
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
    """Return the rigidities of the tracers; none for a solver made inside another one, without the
    shared parameters."""
    return tuple(getattr(params, "tracer_rigidities", ()))


def population_fields(own, params):
    """Return the declarations of `ecr` and the solver's `own` unknowns, each followed by those of
    the tracers."""
    count = len(tracer_rigidities(params))
    return tuple(field.of(number) for field in (ECR_FIELD, *own) for number in range(count + 1))


def make_populations(own, params, index):
    """Return the `Population`s of a run, the bulk first; `index`: {variable: place in u0}."""
    populations = []
    for number, rigidity in enumerate((None, *tracer_rigidities(params))):
        fields = tuple(field.of(number) for field in (ECR_FIELD, *own))
        populations.append(
            Population(number, rigidity, fields, tuple(index[field.name] for field in fields))
        )
    return tuple(populations)


class Followers:
    """Applies to the tracers what pointwise sources do to the bulk.

    What a source adds to `ecr` it adds to every tracer as well; where it takes from `ecr`, every
    tracer loses the same share of its energy and flux. (Rates of losses are thus those of the bulk,
    at all rigidities.)

    Parameters
    ----------
    pack : crmpi.mesh.pack.Pack
    """

    def __init__(self, pack):
        self.pack = pack
        self._places = [
            (field.bulk == "ecr", pack.index[field.name])
            for field in pack.fields
            if field.population
        ]

    def apply(self, source, time, dt):
        """Apply a source to the bulk, and to the tracers what it did."""
        if not self._places or not source.leads_tracers:
            source.apply(time, dt)
            return
        bulk = self.pack.active(self.pack.u0)[:, self.pack.index["ecr"]]
        before = bulk.copy()
        source.apply(time, dt)
        self._follow(before, self.pack.active(self.pack.u0)[:, self.pack.index["ecr"]])

    def _follow(self, before, after):
        lost = after < before
        kept = np.where(lost, after, 1.0) / np.where(lost, before, 1.0)
        gain = np.where(lost, 0.0, after - before)
        for is_energy, place in self._places:
            tracer = self.pack.active(self.pack.u0)[:, place]
            tracer *= kept
            if is_energy:
                tracer += gain
