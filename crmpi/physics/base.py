"""Interface of the pointwise sources: cooling, injection, losses. One source is one file of this
folder.

A source changes ``pack.u0`` in place on active cells, twice a step for half a step each (Strang
splitting) or, with ``time.sources: once``, once for a whole step, and keeps an account of the
energy and mass it moved, per block. It does not depend on ranks, ghosts or files: the caller fills
ghosts and primitives afterwards, and sums the ledger in the order of the blocks.
``docs/physics_sources.md`` shows how to add one.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

from crmpi.constants import DENS, ENER, MOM1, MOM2, MOM3
from crmpi.diagnostics.columns import Account
from crmpi.errors import CrmpiError
from crmpi.jit import device
from crmpi.params import group, par
from crmpi.physics.operators import Operator, Phase
from crmpi.plugins import SOURCES

if TYPE_CHECKING:
    from crmpi.diagnostics.columns import Column
    from crmpi.mesh.pack import Pack
    from crmpi.mesh.tree import BlockTree
    from crmpi.params.config import Config
    from crmpi.types import EOS
    from crmpi.units import Units


class SourceParams:
    """What every source has; a bare true or false stands for `enabled`."""

    enabled: bool = par(False, doc="switch the source on")

    @classmethod
    def expand(cls, value: Any) -> dict[str, Any]:
        """Spell out ``cooling: true``."""
        return {"enabled": value}


class Source(Operator):
    """Base class of sources; a subclass with a `name` is registered under the YAML group of this
    name.

    Parameters
    ----------
    params : Params of the class
        its group of the configuration, in code units
    pack : crmpi.mesh.pack.Pack
        the blocks of this rank
    eos : crmpi.types.EOS
    units : crmpi.units.Units
    mesh : object with ``cells``, ``lower``, ``upper``, ``periodic``
        the whole mesh

    Attributes
    ----------
    name, doc, reference : str
        YAML group, one line for users, papers
    columns : tuple of crmpi.diagnostics.columns.Column
        declarations of what the source adds up; what it does to the energy of gas, field and cosmic
        rays together is a ``term``
    account : crmpi.diagnostics.columns.Account
        amounts of these columns since the start, per block of this rank, code units
    comm : communicator
        of the run, set before the first `apply`; for sums over the mesh, always with `block_sums`
    """

    comm: Any = None
    phases = (Phase.AROUND_STEP,)

    name = ""
    doc = ""
    reference = ""
    Params: Any = SourceParams

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.Params = group(cls.Params)
        SOURCES.add(cls)

    def __init__(
        self, params: Any, pack: "Pack", eos: "EOS", units: "Units", mesh: "BlockTree"
    ) -> None:
        if pack.refined and not self.on_levels:
            raise CrmpiError(
                f"'{self.name}' does not run on a refined mesh; leave out mesh.refinement, or it",
                everywhere=True,
            )
        self.params, self.pack, self.eos, self.units, self.mesh = params, pack, eos, units, mesh
        self.account = Account(self.columns, pack.pool, f"{self.name}_")

    on_levels = True
    """Whether the source runs on a refined mesh."""

    leads_tracers = True
    """Cosmic-ray tracers get or lose what the bulk does, see
    `crmpi.transport.populations.Followers`; False: the source sees to them."""

    columns: "tuple[Column, ...]" = ()

    def apply(self, time: float, dt: float) -> None:
        """Act on the active cells of ``pack.u0`` over [time, time + dt)."""
        raise CrmpiError(f"source '{self.name}' defines no apply", everywhere=True)

    @classmethod
    def check_run(cls, configuration: "Config") -> None:
        """Refuse a run whose other groups do not go with this source.

        Raises
        ------
        CrmpiError
            on all ranks
        """

    def notes(self) -> list[str]:
        """Return sentences about the initial state, the same on all ranks; collective."""
        return []

    def ledger(self) -> list["Column"]:
        """Return the columns "<source>_<column>": what was moved in each block since the start."""
        return self.account.filled()


def source_classes() -> dict[str, type["Source"]]:
    """Return {name: class} of all sources, sorted by name."""
    return SOURCES.classes()


def make_sources(
    configuration: "Config", pack: "Pack", eos: "EOS", units: "Units", mesh: "BlockTree"
) -> list["Source"]:
    """Return the sources of a run in the order of their names.

    Parameters
    ----------
    configuration : object
        has one attribute per source name: its Params
    pack, eos, units, mesh
        see `Source`
    """
    sources = []
    for name, cls in source_classes().items():
        params = getattr(configuration, name)
        if params.enabled:
            cls.check_run(configuration)
            sources.append(cls(params, pack, eos, units, mesh))
    return sources


class GasConst(NamedTuple):
    """What kernels of sources need of the equation of state and the mesh."""

    gamma: float
    volumes: object  # of cells, for `crmpi.numerics.rows.volumes.cell_volume`


def gas_const(pack, eos):
    """Return the `GasConst` of a pack."""
    return GasConst(float(eos.gamma), pack.volumes)


@device
def kinetic_energy(u, b, k, j, i):
    """Return the kinetic energy density of a cell."""
    m1, m2, m3 = u[b, MOM1, k, j, i], u[b, MOM2, k, j, i], u[b, MOM3, k, j, i]
    return 0.5 * (m1 * m1 + m2 * m2 + m3 * m3) / u[b, DENS, k, j, i]


@device
def thermal_energy(u, bcc, b, k, j, i):
    """Return the thermal energy density of a cell; `bcc` has no components in a run without
    magnetic field."""
    magnetic = 0.0
    for c in range(bcc.shape[1]):
        magnetic += bcc[b, c, k, j, i] * bcc[b, c, k, j, i]
    return u[b, ENER, k, j, i] - kinetic_energy(u, b, k, j, i) - 0.5 * magnetic
