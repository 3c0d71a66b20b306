"""Interface of the scattering models: from the state of the gas and the cosmic rays to kappa. One
model is one file of this folder.

A model is called once per transport operator and population, at frozen gas. It fills kappa in
active cells and at least one layer of ghost zones; primitives and cell-centred field are valid in
all of them, so it may take centred differences and needs neither neighbours nor ranks.
``docs/scattering.md`` shows how to add one.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from crmpi.diagnostics.columns import Column
from crmpi.errors import CrmpiError
from crmpi.params import group, par
from crmpi.plugins import SCATTERING_MODELS
from crmpi.plugins.mistakes import HookError, comes_with_crmpi, place_of_own

if TYPE_CHECKING:
    from crmpi.mesh.pack import Pack
    from crmpi.mesh.tree import BlockTree
    from crmpi.types import EOS
    from crmpi.units import Units

KAPPA_PAR, KAPPA_PERP = 0, 1  # components of the array of diffusion coefficients

KAPPA_MEAN = Column("kappa_mean", "diffusivity", "mean")
KAPPA_MIN = Column("kappa_min", "diffusivity", "minimum")
KAPPA_MAX = Column("kappa_max", "diffusivity", "maximum")
KAPPA_CLIPPED = Column(
    "kappa_clipped",
    "none",
    "mean",
    doubt="kappa is clipped to scattering.kappa_min or kappa_max in some cells",
)


@group
class ScatteringParams:
    """Parameters of the group ``scattering`` that all models share."""

    rigidity: float = par(1.0, gt=0, doc="rigidity in GV of the bulk of the cosmic rays")


@group
class ClosureParams:
    """Parameters of the models that compute kappa from the state: their range of validity."""

    kappa_min: float = par(
        1e25, unit="cm^2/s", gt=0, doc="smallest kappa; smaller ones are raised and counted"
    )
    kappa_max: float = par(
        1e34, unit="cm^2/s", gt=0, doc="largest kappa; larger ones are lowered and counted"
    )

    def check(self) -> Iterator[tuple[str, str]]:
        """Refuse an empty range."""
        yield from ordered(self, "kappa_min", "kappa_max")


@group
class IonisationParams:
    """What ionises the gas beside its own electrons, for models that depend on neutral atoms; rates
    per atom."""

    cosmic_ray_ionisation: float = par(
        1e-16, unit="1/s", ge=0, doc="rate at which cosmic rays ionise an atom"
    )
    photo_ionisation: float = par(
        2.28e-14,
        unit="1/s",
        ge=0,
        doc=(
            "rate in the ultraviolet background, Haardt & Madau (2012) at z = 0; dimmed in "
            "dense gas"
        ),
    )


def ordered(params: Any, lower: str, upper: str) -> Iterator[tuple[str, str]]:
    """Yield the complaint of ``check`` about two parameters that are the wrong way round.

    In a dimensionless run they may have no value; that the model needs units is then reported by
    the model itself.
    """
    with suppress(CrmpiError):
        if getattr(params, lower) > getattr(params, upper):
            yield lower, f"must not exceed scattering.{upper}"


class ScatteringModel:
    """Base class of scattering models; a subclass with a `name` is registered under it.

    Parameters
    ----------
    params : Params of the class
        the YAML group ``scattering``, in code units
    units : crmpi.units.Units, optional
        for models with constants of nature
    eos : crmpi.types.EOS, optional
        adiabatic indices and mean molecular weight
    mesh : object with ``cells``, ``lower``, ``upper``, ``periodic``, optional
        the whole mesh

    Attributes
    ----------
    name, doc, equation, reference : str
        value of ``scattering.model``, one line for users, the formula, papers
    needs_field, needs_units : bool
        the model needs a magnetic field, for physical units
    """

    name = ""
    doc = ""
    equation = ""
    reference = ""
    needs_field = False
    needs_units = False
    columns = (KAPPA_MEAN, KAPPA_MIN, KAPPA_MAX, KAPPA_CLIPPED)
    """What `history` returns, without values."""

    class Params:
        """A model without parameters."""

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.Params = group(cls.Params)
        SCATTERING_MODELS.add(cls)

    def __init__(
        self,
        params: Any,
        units: "Units | None" = None,
        eos: "EOS | None" = None,
        mesh: "BlockTree | None" = None,
    ) -> None:
        if self.needs_units and (units is None or units.dimensionless):
            raise CrmpiError(
                (
                    f"scattering.model = {self.name} needs physical units, but units.system is "
                    "none; choose units.system: galactic"
                ),
                everywhere=True,
            )
        self.params, self.units, self.eos, self.mesh = params, units, eos, mesh
        self.rigidity = getattr(params, "rigidity", 1.0)

    def check(self, pack: "Pack") -> None:
        """Raise CrmpiError if the model cannot work with the variables of the run."""
        if self.needs_field and not pack.magnetic:
            raise CrmpiError(
                (
                    f"scattering.model = {self.name} needs the magnetic field, but fluid.magnetic "
                    "is false; switch it on or choose another"
                ),
                everywhere=True,
            )

    def has_perpendicular(self) -> bool:
        """Whether kappa_perp can be anything but zero; solvers skip the work across the field if
        not."""
        return True

    def evaluate(self, pack: "Pack", out: np.ndarray, rigidity: float | None = None) -> None:
        """Fill `out` with the coefficients of cosmic rays of `rigidity` in GV, within the limits of
        the model; None: those of the bulk."""
        own = not comes_with_crmpi(type(self))
        active = pack.active(out)
        if own:
            active[:, KAPPA_PAR], active[:, KAPPA_PERP] = np.nan, 0.0
            before = _fingerprints(pack)
        self.kappa(pack, out, self.rigidity if rigidity is None else rigidity)
        if own and _fingerprints(pack) != before:
            raise HookError(
                f"{place_of_own(type(self), ('kappa',))}: changes the state of the pack; it must "
                "write to 'out' alone"
            )
        lowest, highest = self.limits()
        if lowest > 0.0 or np.isfinite(highest):
            np.clip(out[:, KAPPA_PAR], lowest, highest, out=out[:, KAPPA_PAR])
        if own:
            self._require_numbers(active)

    def _require_numbers(self, active: np.ndarray) -> None:
        """Refuse coefficients that are negative, no finite numbers, or were not set."""
        good = (active >= 0.0) & (active < np.inf)
        if good.all():
            return
        wrong = tuple(np.argwhere(~good)[0])
        name = ("KAPPA_PAR", "KAPPA_PERP")[wrong[1]]
        raise HookError(
            f"{place_of_own(type(self), ('kappa',))}: out[:, {name}] = {active[wrong]:.6g} in an "
            "active cell; it must be set, finite and not negative"
        )

    def limits(self) -> tuple[float, float]:
        """Return the smallest and the largest kappa_par, in code units."""
        return getattr(self.params, "kappa_min", 0.0), getattr(self.params, "kappa_max", np.inf)

    def history(self, pack: "Pack") -> list["Column"]:
        """Return the columns of mean, smallest and largest kappa_par of the bulk, and of the share
        of cells at a limit, with values."""
        register = pack.pool.scratch(2)
        self.evaluate(pack, register)
        kappa = pack.active(register)[:, KAPPA_PAR]
        lowest, highest = self.limits()
        clipped = (kappa <= lowest) & (lowest > 0.0) | (kappa >= highest)
        inside = (1, 2, 3)
        volumes = pack.cell_volumes if pack.refined else pack.pool.numbers(fill=1.0)
        weight = volumes * np.prod(kappa.shape[1:])
        return [
            KAPPA_MEAN.filled(volumes * kappa.sum(axis=inside, dtype=float), weight),
            KAPPA_MIN.filled(kappa.min(axis=inside)),
            KAPPA_MAX.filled(kappa.max(axis=inside)),
            KAPPA_CLIPPED.filled(volumes * clipped.sum(axis=inside), weight),
        ]

    def kappa(self, pack: "Pack", out: np.ndarray, rigidity: float) -> None:
        """Fill `out` (nblock, 2, m3, m2, m1) with kappa_par and kappa_perp in code units, for a
        `rigidity` in GV."""
        raise CrmpiError(f"scattering model '{self.name}' defines no kappa", everywhere=True)


def _fingerprints(pack: "Pack") -> list[int]:
    """Return sums of the bits of primitives, conserved variables and field, which tell whether a
    model has changed them."""
    return [
        int(array.view(f"u{array.itemsize}").sum(dtype=np.uint64))
        for array in (pack.w0, pack.u0, pack.bcc, pack.b0)
    ]


def scattering_models() -> dict[str, type["ScatteringModel"]]:
    """Return {name: class} of all models, sorted by name."""
    return SCATTERING_MODELS.classes()


def find_model(name: str) -> type["ScatteringModel"]:
    """Return the class of the model `name`; raises CrmpiError with the names there are."""
    return SCATTERING_MODELS.find(name)


def make_scattering(
    params: Any,
    units: "Units | None" = None,
    eos: "EOS | None" = None,
    mesh: "BlockTree | None" = None,
) -> "ScatteringModel":
    """Return the model that ``params.model`` names."""
    return find_model(params.model)(params, units, eos, mesh)
