"""Which groups of parameters a run has: the rooms declare them, this table collects them."""

import json
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from crmpi.analysis.measure.catalogue import observable_params
from crmpi.errors import ConfigError, CrmpiError
from crmpi.model import hooks
from crmpi.model.files import find_problem
from crmpi.model.problem import Problem
from crmpi.model.source import lasting_name
from crmpi.params import Selector, group, load, par
from crmpi.params.core import CORE
from crmpi.params.loader import build
from crmpi.params.source import Presets, find, read_sources
from crmpi.physics.fluid_params import FluidParams
from crmpi.physics.gravity import Gravity
from crmpi.plugins import SCATTERING_MODELS, SOURCES, TRANSPORT_SOLVERS, use
from crmpi.refinement.parameters import RefinedMeshParams
from crmpi.run.scalars import ScalarParams, check_inflow
from crmpi.scattering.base import ScatteringParams
from crmpi.transport.populations import PopulationParams
from crmpi.transport.presets import KEPT, PRESETS, preset_settings

if TYPE_CHECKING:
    from crmpi.params.config import Config


@group
class TransportParams(PopulationParams):
    """Parameters of the group ``transport`` whatever the solver."""

    preset: str = par(
        "none",
        choices=["none", *PRESETS],
        doc="transport and scattering as a paper chose them; see crmpi models",
    )


def groups_for(problem_class: type[Problem]) -> dict[str, Any]:
    """Return {YAML group: class or Selector} of a run of this problem, the core groups aside."""
    return {
        "mesh": RefinedMeshParams,
        "problem": _problem_group(problem_class),
        "fluid": FluidParams,
        "scalars": ScalarParams,
        "transport": Selector(
            "solver",
            TRANSPORT_SOLVERS,
            "none",
            common=TransportParams,
            doc="how cosmic rays move along the field",
        ),
        "scattering": Selector(
            "model", SCATTERING_MODELS, "constant", common=ScatteringParams, doc="what sets kappa"
        ),
        "gravity": Gravity.Params,
        "observables": observable_params(),
    } | {name: source.Params for name, source in SOURCES.items()}


def _problem_group(problem_class):
    class Params(problem_class.Params):
        name: str = par(problem_class.name, doc="which problem; usually given on the command line")

    return group(Params)


def use_plugins(problem_class: type[Problem], source: Any, overrides: Sequence[str] = ()) -> None:
    """Make available what the parameter `plugins` names, and what the problem brings with it;
    arguments as for `load_run`."""
    tree, _, name = read_sources(source, overrides)
    given = {"plugins": tree["plugins"]} if "plugins" in tree else {}
    chosen = build(given, {name: CORE[name] for name in ("units", "plugins")}, name, [])
    use(chosen.plugins.paths, problem_class.source_path)


def _derived_weight(source, overrides):
    """Return {'fluid.mu': value} where the composition says what it is, else {}."""
    tree, _, name = read_sources(source, overrides)
    given = {"composition": tree["composition"]} if "composition" in tree else {}
    groups = {name: CORE[name] for name in ("units", "composition")}
    try:
        composition = build(given, groups, name, []).composition
        mu = float(find(tree, "fluid.mu") or "nan")
    except (ConfigError, TypeError, ValueError):  # reported with all other mistakes
        return {}
    if composition.mu == "given":
        return {}
    weight = composition.weight(composition.mu)
    if not (math.isnan(mu) or math.isclose(mu, weight, rel_tol=1e-9)):
        raise CrmpiError(
            f"{name}: 'fluid.mu' = {mu} is given, and 'composition.mu' = {composition.mu} derives "
            f"it ({weight:.6g}); leave one of them out",
            everywhere=True,
        )
    return {"fluid.mu": weight}


def load_run(
    problem_class: type[Problem],
    source: Any,
    overrides: Sequence[str] = (),
    defaults: dict[str, Any] | None = None,
    *,
    plugins: bool = True,
) -> "Config":
    """Return the `Config` of a run of this problem; arguments as for `crmpi.params.load`.

    With `plugins` what the parameter of this name says is made available first; without, what is
    available stays as it is.

    What the problem's ``defaults(config)`` returns, {'group.key': value}, is weaker than file and
    command line; it may depend on both, so they are read twice.
    """
    if plugins:
        use_plugins(problem_class, source, overrides)
    name = lasting_name(problem_class)
    # resolved.yaml works in every folder
    overrides = [*overrides, f"problem.name={json.dumps(name)}"] if name else overrides
    groups, defaults, presets = (
        groups_for(problem_class),
        dict(defaults or {}),
        Presets(preset_settings(), KEPT),
    )
    if problem_class.has("defaults"):
        draft = load(
            source, overrides, groups | {"fluid": _Unchecked}, defaults=defaults, presets=presets
        )
        defaults |= hooks.call(problem_class, "defaults", draft)
    defaults |= _derived_weight(source, overrides)
    config = load(source, overrides, groups, defaults=defaults, presets=presets)
    doubt = config.composition.doubt(config.fluid.mu)
    if doubt and not config.units.dimensionless:
        config.notes.append(doubt)
    _refuse_idle_boundaries(problem_class, config)
    check_inflow(config)
    _note_long_steps(config)
    _note_equal_substeps(config)
    _note_steps_by_level(config)
    return config


_STABLE_IN_3D = {"vl2": (1.0 / 3.0, "1/3", 0.3), "rk3": (2.512 / 6.0, "0.419", 0.4)}
"""Largest stable `time.cfl` on three axes, its text, and what to use, by `fluid.integrator`.

The signals of all axes add up, and limited slopes of a checkerboard are flat: its amplitude decays
with the rate 6 c/dx. VL2 is stable for rates up to 2/dt, RK3 up to 2.512/dt.
"""


def _note_long_steps(config):
    """Say that steps in 3-D are longer than the schemes are stable for: noise grows into a
    checkerboard, slowly and without an error."""
    largest, text, better = _STABLE_IN_3D[config.fluid.integrator]
    if min(config.mesh.cells) > 1 and config.time.cfl > largest:
        config.notes.append(
            f"'time.cfl' = {config.time.cfl:g} is above {text}: in 3-D noise from cell to cell "
            f"grows; use {better:g}"
        )


def _note_equal_substeps(config):
    """Say that a solver makes the same sub-steps on all levels though other ones are asked for."""
    solver, asked = config.transport.solver, config.mesh.refinement.subcycle == "level"
    if asked and config.fluid.cosmic_rays and not TRANSPORT_SOLVERS.classes()[solver].by_levels:
        config.notes.append(
            f"'mesh.refinement.subcycle' = level changes nothing with transport.solver = {solver}, "
            "which makes the same sub-steps on all levels"
        )


def _note_steps_by_level(config):
    """Say where steps by level change nothing, and where cosmic rays move too seldom."""
    apart = config.mesh.refinement.fluid_levels
    moves = config.fluid.cosmic_rays and config.transport.solver != "none"
    if not apart:
        return
    if config.fluid.frozen:
        config.notes.append(
            "'mesh.refinement.fluid_levels' changes nothing with fluid.frozen = true: all levels "
            "make the same steps"
        )
    elif apart > 1 and moves and config.time.transport == "once":
        config.notes.append(
            f"'mesh.refinement.fluid_levels' = {apart} with time.transport = once: cosmic rays "
            f"move once in {2**apart} steps of the finest level, which made a galaxy 15% brighter "
            "in gamma rays; set time.transport=twice"
        )


def _refuse_idle_boundaries(problem_class, config):
    """Refuse boundary hooks that are not called, but where somebody chose this side's boundary on
    purpose."""
    for side in hooks.SIDES:
        kind = getattr(config.mesh.boundaries, side)
        missing = config.mesh.cells[int(side[2]) - 1] == 1
        chosen = config.is_given(f"mesh.boundaries.{side}")
        for hook, wanted in ((f"boundary_{side}", "user"), (f"inflow_{side}", "inflow")):
            if problem_class.has(hook) and kind != wanted and not missing and not chosen:
                remedy = f"set mesh.boundaries.{side}={wanted}, or remove the hook"
                what = f"is never called, because mesh.boundaries.{side} is '{kind}'; {remedy}"
                raise hooks.refuse(problem_class, hook, what)


@group
class _Unchecked(FluidParams):
    """The group ``fluid`` before a problem has chosen its defaults."""

    def check(self):
        """Find nothing wrong yet."""
        return ()


def configure(target: str, overrides: Sequence[str] = ()) -> tuple["Config", type[Problem]]:
    """Return (config, problem class) for ``crmpi run TARGET key=value ...``.

    Raises
    ------
    CrmpiError
        no such problem; a ConfigError lists all mistakes of the parameters
    """
    found = find_problem(target)
    return load_run(found.problem_class, found.yaml, overrides), found.problem_class


def default_groups() -> dict[str, Any]:
    """Return the groups of a run whose problem has no parameters: for tables of parameters."""
    return groups_for(Problem)
