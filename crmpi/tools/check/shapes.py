"""What each kind returns and fills, checked in a running box."""

import numpy as np

from crmpi.analysis.ions.tables import IonTable
from crmpi.analysis.read.cells import running
from crmpi.mesh.sections.base import CrossSection
from crmpi.refinement.view import View
from crmpi.scattering.base import KAPPA_PAR, KAPPA_PERP
from crmpi.units import dims_of

_STEP = 1e-5  # of a length, for differences of a potential


def coefficients(sim, subject):
    """kappa is finite and not negative in active cells and a layer of ghost zones."""
    pack, model = sim.pack, sim.transport.scattering
    out = np.full_like(pack.allocate(2), np.nan)
    model.evaluate(pack, out)
    g = pack.grid
    inside = tuple(
        slice(ng - 1, ng + n + 1) for n, ng in ((g.n3, g.ng3), (g.n2, g.ng2), (g.n1, g.ng1))
    )
    for number, name in ((KAPPA_PAR, "kappa_par"), (KAPPA_PERP, "kappa_perp")):
        values = out[(slice(None), number, *inside)]
        if not np.isfinite(values).all():
            return (
                f"kappa() leaves {name} unset or not finite in {(~np.isfinite(values)).sum()} cells"
            )
        if (values < 0.0).any():
            return f"kappa() gives a negative {name}"
    if not model.has_perpendicular() and out[(slice(None), KAPPA_PERP, *inside)].any():
        return "has_perpendicular() is False, but kappa() gives a kappa_perp"
    return ""


def sums(sim, subject):
    """The sums of blocks have one length; columns carry readable units."""
    observing = sim.observing
    (observable,) = [*observing.numbers, *observing.tables]
    parts = [observable.partial(cells) for cells in running(sim, observing.facts)]
    lengths = {np.shape(part) for part in parts}
    if len(lengths) != 1 or len(next(iter(lengths))) != 1:
        return (
            f"partial() returns the shapes {sorted(lengths)}; it must be one length for all blocks"
        )
    expected = tuple(len(values) for values in observable.axes.values())
    for label, value in observable.finish(np.sum(parts, axis=0)).items():
        if np.shape(value) != expected:
            return f"finish(): '{label}' has the shape {np.shape(value)}, its axes {expected}"
        complaint = _unit_of(label)
        if complaint:
            return complaint
    return ""


def _unit_of(label):
    name, bracket, unit = label.partition(" [")
    if not (bracket and unit.endswith("]")):
        return f"finish(): the column '{label}' has no unit; write self.label('{name}', 'unit')"
    try:
        if unit[:-1] not in ("1", "code"):
            dims_of(unit[:-1])
    except ValueError:
        return f"finish(): the unit of the column '{label}' cannot be read"
    return ""


def indicators(sim, subject):
    """The indicator has a number for every cell, ghost zones included."""
    view = View(sim.pack, sim.fluid.eos, sim.units, sim.time)
    (criterion,) = sim.remesher.criteria
    found, wanted = np.shape(criterion.indicator(view)), np.shape(view["dens"])
    return "" if found == wanted else f"indicator() has the shape {found}; it must be {wanted}"


def potential_and_acceleration(sim, subject):
    """The acceleration is the gradient of the potential, by differences at random places."""
    component = sim.gravity.components[subject.name]
    size = sim.units("1 kpc")
    places = np.random.default_rng(1).uniform(0.1, 0.5, (3, 20)) * size
    found = component.acceleration(*places)
    if getattr(component.p, "plane_radius", None) is not None:
        return ""
    for axis in range(3):
        step = np.zeros((3, 1))
        step[axis] = _STEP * size
        ends = [component.potential(*(places + sign * step)) for sign in (-1, 1)]
        slope = -(ends[1] - ends[0]) / (2 * _STEP * size)
        scale = max(np.abs(np.asarray(g)).max() for g in found)
        if not np.allclose(found[axis], slope, rtol=1e-5, atol=1e-5 * scale):
            return f"acceleration() along x{axis + 1} is not -grad of potential()"
    return ""


def ghosts(sim, subject):
    """Ghost zones are finite, and active cells are left alone."""
    pack = sim.pack
    before = pack.active(pack.u0).copy()
    sim.refresh()
    if not np.array_equal(before, pack.active(pack.u0)):
        return "fluid() changes active cells; it may fill ghost zones only"
    g = pack.grid
    used = pack.u0[..., : g.n3 + 2 * g.ng3, : g.n2 + 2 * g.ng2, : g.n1 + 2 * g.ng1]
    return "" if np.isfinite(used).all() else "fluid() leaves ghost zones that are not finite"


def cross_sections(sim, subject):
    """Cross-sections are positive numbers, and volumes their integrals."""
    geometry = sim.tree.geometry
    faces = np.linspace(geometry.begin, geometry.end, 65)
    middle, volumes = 0.5 * (faces[:-1] + faces[1:]), geometry.volumes(faces)
    areas = geometry.areas(middle)
    if np.shape(areas) != middle.shape or np.shape(volumes) != middle.shape:
        return f"relative() and volumes() must return {middle.size} numbers for as many cells"
    if not (np.isfinite(areas).all() and (areas > 0.0).all()):
        return "relative() is not positive and finite everywhere"
    means = CrossSection.volumes(geometry.shape, geometry.section, faces[:-1], faces[1:])
    wrong = np.abs(volumes - means) > 1e-9 * means
    return "volumes() are not the integrals of relative()" if wrong.any() else ""


def shares(sim, subject):
    """Shares of the ions of an element add up to 1."""
    table = subject.cls().table(0.2)
    if not isinstance(table, IonTable):
        return f"table() returns {type(table).__name__}; it must return an IonTable"
    wanted = (len(table.log_nh), len(table.log_temp))
    for element, values in table.shares.items():
        if np.shape(values)[1:] != wanted:
            return f"the shares of {element} have the shape {np.shape(values)}; [ion, {wanted}]"
        if not np.allclose((10.0**values).sum(axis=0), 1.0, atol=1e-3):
            return f"the shares of the ions of {element} do not add up to 1"
    return ""


def ledger(sim, subject):
    """Every declared column is a number for each block."""
    part = sim.transport if subject.registry.kind == "transport solver" else None
    part = part or next(one for one in sim.sources if one.name == subject.name)
    for column in part.ledger():
        if np.shape(column.values) != (sim.pack.nblock,):
            return f"column '{column.name}' has the shape {np.shape(column.values)}"
    return ""


SHAPES = {
    "scattering model": coefficients,
    "transport solver": ledger,
    "source": ledger,
    "gravity component": potential_and_acceleration,
    "boundary condition": ghosts,
    "geometry": cross_sections,
    "refinement criterion": indicators,
    "observable": sums,
    "ion table": shares,
}
