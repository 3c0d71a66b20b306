"""Problems: what a user writes, and how its callbacks become the arrays of a pack."""

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from crmpi.constants import DENS, ENER, MOM1
from crmpi.errors import CrmpiError
from crmpi.mesh.coordinates import Coordinates, array_axis, level_mesh
from crmpi.mesh.leaves import OFFSETS
from crmpi.mesh.tree import FINER
from crmpi.model import hooks
from crmpi.numerics.rows.rows import in_order
from crmpi.params import group
from crmpi.types import make_axes

if TYPE_CHECKING:
    from crmpi.params.config import Config
    from crmpi.units import Units


class Problem:
    """Base class of problems: numpy callbacks of coordinates.

    A problem knows positions, primitive variables and units; it knows nothing of ranks, ghost cells
    or staggering. Hooks that a problem does not need are left out. All values are in code units;
    `p` holds the problem's own parameters.

    The hooks, when they are called, and their order of accuracy:

    - ``defaults(config)``: static; before the parameters are final
    - ``setup(p)``: once, before anything else
    - ``initial(x, p)``: once per block; cell centres taken as averages, second order
    - ``vector_potential(x, p)``: once per block, on edges; second order, div B = 0 to round-off
    - ``gravity(x, p)``: once per block, ghosts included; unsplit, second order
    - ``inject(x, w, t, dt, p)``: twice a step, half a step each; Strang splitting, second order
    - ``boundary_ix1(w, x, t, p)`` ...: at every ghost fill; that of the hook
    - ``inflow_ix1(x, t, p)`` ...: at every ghost fill; that of the hook
    - ``history(x, w, p)``: at history times; midpoint sums
    - ``exact(x, t, p)``: at the end; compared at cell centres
    - ``summary(history, p)``: at the end, root only
    - ``results(history, p)``: at the end of a run of a sweep, root only; {name: number}
    """

    class Params:
        """Parameters of the problem; none by default."""

    name = ""
    source_path: Path | None = None  # of the file it was loaded from

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.Params = group(cls.Params)

    def __init__(self, params: Any, units: "Units", config: "Config") -> None:
        self.p = params
        self.units = units
        self.config = config
        hooks.call(self, "setup", params)

    def setup(self, p: Any) -> None:
        """Prepare what the other hooks share; plain numpy, no arrays of the mesh."""

    def initial(self, x: "Coordinates", p: Any) -> dict[str, Any]:
        """Return the primitives at cell centres: dens, vel1..3, press, ecr, ... and b1..b3 for a
        uniform field."""
        raise CrmpiError(
            f"problem '{self.name}' has no method initial(self, x, p); it must return "
            "dict(dens=..., press=...)"
        )

    @classmethod
    def has(cls, hook: str) -> bool:
        """Return whether the class defines the optional hook."""
        return hasattr(cls, hook)


def block_coordinates(pack, mesh, b):
    """Return the `Coordinates` of the active cells of block `b`."""
    g = pack.grid
    return Coordinates(level_mesh(mesh, pack.levels[b]), pack.origins[b], (g.n1, g.n2, g.n3))


def primitives(pack, b, extra=None):
    """Return views of the active primitives of block `b` by name: dens vel1 vel2 vel3 press ecr ...
    b1 b2 b3, and `extra`.

    Passive scalars are concentrations.
    """
    w = pack.active(pack.w0)[b]
    names = ["dens", "vel1", "vel2", "vel3", "press", *pack.variable_names()[ENER + 1 :]]
    views = {name: w[v] for v, name in enumerate(names)}
    scalar0 = ENER + 1 + pack.has_cr + len(pack.tracers)
    for v in range(scalar0, pack.nvar - len(pack.scalars)):
        # kernels keep scalar/dens; people think in densities of energy
        views[names[v]] = w[v] * w[DENS]
    field = pack.active(pack.bcc)[b] if pack.magnetic else np.zeros((3,) + w.shape[1:])
    views |= {"b1": field[0], "b2": field[1], "b3": field[2]}
    return SimpleNamespace(
        **views, **{name: value for name, value in (extra or {}).items() if value is not None}
    )


def set_initial_state(problem, pack, mesh, gamma, comm=None):
    """Fill the active cells and faces of ``u0`` and ``b0``; return a sentence about the first
    impossible value, or None.

    With `comm` it is collective, and the uniform field must be the same on all ranks.

    Raises
    ------
    CrmpiError
        if the problem returns an unknown variable
    """
    complaint, fields = None, []
    for b in range(pack.nblock):
        x = block_coordinates(pack, mesh, b)
        values = dict(hooks.call(problem, "initial", x, problem.p))
        hooks.known_names(
            problem, "initial", values, known_variables(pack), required=("dens", "press")
        )
        uniform = [_uniform(problem, f"b{c}", values.get(f"b{c}", 0.0)) for c in (1, 2, 3)]
        fields.append(uniform)
        if pack.magnetic:
            _set_field(problem, pack, mesh, b, uniform)
        elif any(uniform):
            complaint = (
                f"problem '{problem.name}' sets a magnetic field, but fluid.magnetic "
                "is "
                "false; set fluid.magnetic=true"
            )
        complaint = complaint or _tube_complaint(problem, pack, b, values)
        complaint = complaint or _set_cells(problem, pack, b, x, values, gamma)
    divergence = _field_complaint(problem, fields, comm)  # on every rank, whatever the complaint
    return complaint or divergence


def _field_complaint(problem, fields, comm):
    """Return what is wrong with a uniform field that is another on another block: it has a
    divergence there; or None."""
    lowest, highest = np.min(fields, axis=0), np.max(fields, axis=0)
    if comm is not None:
        lowest, highest = (
            [one(value) for value in values]
            for one, values in ((comm.min, lowest), (comm.max, highest))
        )
    for name, low, high in zip(("b1", "b2", "b3"), lowest, highest, strict=True):
        if low != high:
            need = (
                "it must be the same everywhere; one that varies comes from "
                "vector_potential(self, x, p)"
            )
            what = f"'{name}' is {low:g} on one block and {high:g} on another; {need}"
            return str(hooks.refuse(problem, "initial", what, name))
    return None


FIELD = ("b1", "b2", "b3")
_PRIMITIVES = ("dens", "vel1", "vel2", "vel3", "press", "ecr", *FIELD)


def known_variables(pack):
    """Return the names of what ``initial`` and ``exact`` may return."""
    # with any solver: most have no use for them
    fluxes = ("fcr", *(name.replace("ecr", "fcr") for name in pack.tracers))
    return tuple(dict.fromkeys((*_PRIMITIVES, *fluxes, *pack.variable_names()[ENER + 1 :])))


def _uniform(problem, name, value):
    """Return a component of the uniform field, one number."""
    if np.ndim(value):
        remedy = (
            "it must be one number, a uniform field; one that varies comes from "
            "vector_potential(self, x, p)"
        )
        raise hooks.refuse(problem, "initial", f"'{name}' is an array; {remedy}", name)
    number = hooks.array(problem, "initial", name, value, ()).item()
    if not np.isfinite(number):
        raise hooks.refuse(problem, "initial", f"'{name}' = {number:g}; it must be finite", name)
    return number


def _tube_complaint(problem, pack, b, values):
    """Return what cannot be on a tube, a velocity or a field across it, or a field where it has no
    cross-section; or None."""
    axis = pack.metric.axis
    if axis is None:
        return None
    for a in (a for a in range(3) if a != axis):
        moving, magnetised = (
            np.any(values.get(f"vel{a + 1}", 0.0)),
            pack.magnetic and np.any(_face_view(pack, pack.b0, b, a)),
        )
        if moving or magnetised:
            name = f"vel{a + 1}" if moving else f"b{a + 1}"
            return (
                f"problem '{problem.name}' sets {name}, but on a tube (mesh.geometry, "
                f"mesh.spacing) gas and field are along x{axis + 1}"
            )
    if pack.magnetic and not np.isfinite(_face_view(pack, pack.b0, b, axis)).all():
        return (
            f"problem '{problem.name}' sets b{axis + 1}, a field along a tube that begins "
            "at "
            "a point; raise mesh.lower, or set no field"
        )
    return None


def _set_cells(problem, pack, b, x, values, gamma):
    u = pack.active(pack.u0)[b]
    full = {
        name: hooks.array(problem, "initial", name, value, x.shape)
        for name, value in values.items()
        if name not in FIELD
    }
    for name, value in full.items():
        wrong = ~np.isfinite(value) | (
            value <= 0.0
            if name in ("dens", "press")
            else value < 0.0
            if name[:3] == "ecr"
            else False
        )
        if wrong.any():
            k, j, i = np.argwhere(wrong)[0]
            where = f"x1={x.x1.flat[i]:.6g}, x2={x.x2.flat[j]:.6g}, x3={x.x3.flat[k]:.6g}"
            need = "positive" if name in ("dens", "press") else "finite and not negative"
            need = need if np.isfinite(value[k, j, i]) else "finite"
            what = (
                f"{name} = {value[k, j, i]:.6g} at {where}; it must be {need} (check its "
                "parameters)"
            )
            return str(hooks.refuse(problem, "initial", what, name))
    dens = full["dens"]
    u[DENS] = dens
    kinetic = np.zeros(x.shape)
    for axis in summation_order(pack.grid):
        velocity = full.get(f"vel{axis + 1}", 0.0)
        u[MOM1 + axis] = dens * velocity
        kinetic += 0.5 * u[MOM1 + axis] * velocity
    u[ENER] = full["press"] / (gamma - 1.0) + kinetic
    if pack.magnetic:
        u[ENER] += magnetic_energy(pack, b)
    for field in pack.fields:
        if pack.index[field.name] > ENER:
            value = full.get(field.name, full.get(field.bulk, 0.0))  # tracers start like the bulk
            u[pack.index[field.name]] = dens * value if field.passive else value
    return None


def summation_order(grid):
    """Return the axes in the order in which the kernels sum over vector components."""
    return [axis.normal for axis in in_order.py_func(make_axes(grid, 0.0))]


def _face_range(pack, b, axis):
    """Return (first, count) of the active faces along `axis` and of the cells along the others."""
    g = pack.grid
    count = [g.n1, g.n2, g.n3]
    if (g.ng1, g.ng2, g.ng3)[axis]:
        count[axis] += 1
    return pack.origins[b], count


def _face_view(pack, array, b, axis):
    g = pack.grid
    _, count = _face_range(pack, b, axis)
    return array[
        b, axis, g.ng3 : g.ng3 + count[2], g.ng2 : g.ng2 + count[1], g.ng1 : g.ng1 + count[0]
    ]


def _set_field(problem, pack, mesh, b, uniform):
    """Set the active faces of ``b0`` to uniform + curl A, A taken on edges so that div B vanishes
    to round-off."""
    finer = finer_directions(mesh, pack.gids[b])
    mesh = level_mesh(mesh, pack.levels[b])
    for axis in range(3):
        face = _face_view(pack, pack.b0, b, axis)
        face[...] = uniform[axis]
        pack.metric.weaken(face, b, axis)
        if not problem.has("vector_potential"):
            continue
        plus, minus = (axis + 1) % 3, (axis + 2) % 3
        # B_a = d A_minus/d x_plus - d A_plus/d x_minus
        for component, derivative, sign in ((minus, plus, 1.0), (plus, minus, -1.0)):
            if mesh.cells[derivative] == 1:
                continue
            potential, width = _potential_on_edges(
                problem, pack, mesh, b, axis, component, derivative
            )
            if finer:
                halves = _potential_on_edges(
                    problem, pack, mesh, b, axis, component, derivative, halves=True
                )[0]
                _take_where_finer(potential, halves, finer, axis, derivative)
            face += sign * np.diff(potential, axis=array_axis(derivative)) / width


def finer_directions(mesh, gid):
    """Return the set of directions (x1, x2, x3) in which the neighbours of a block are finer; empty
    without refinement."""
    if not getattr(mesh, "max_level", 0):
        return set()
    return {
        offset
        for offset, found in zip(OFFSETS, mesh.neighbours[gid], strict=True)
        if found == FINER
    }


def _take_where_finer(potential, halves, finer, axis, derivative):
    """Take the means over half edges on edges that a finer block shares: levels then agree about
    the flux through every face."""
    sides = (-1, 0, 1)
    for side, other in ((s, o) for s in sides for o in sides if s or o):
        around = {(side, 0), (0, other), (side, other)} - {(0, 0)}
        offsets = [
            tuple(s if a == axis else o if a == derivative else 0 for a in range(3))
            for s, o in around
        ]
        if any(offset in finer for offset in offsets):
            place = [slice(None)] * 3
            for along, where in ((axis, side), (derivative, other)):
                if where:
                    place[array_axis(along)] = 0 if where < 0 else -1
            potential[tuple(place)] = halves[tuple(place)]


def _potential_on_edges(problem, pack, mesh, b, axis, component, derivative, halves=False):
    """Return (potential on the edges along `component` around the faces along `axis`, width along
    `derivative`).

    With `halves` it is the mean of the values in the middle of the two halves of each edge.
    """
    first, count = _face_range(pack, b, axis)
    count = list(count)
    count[derivative] += 1
    offset = [0.0, 0.0, 0.0]
    offset[component] = 0.5
    for a in range(3):
        if mesh.cells[a] == 1:
            offset[a] = 0.5  # a missing axis has no faces: everything lives at its middle
    places = (0.25, 0.75) if halves and mesh.cells[component] > 1 else (0.5,)
    total = 0.0
    for place in places:
        offset[component] = place
        x = Coordinates(mesh, first, count, offset, wrap=(axis,) if mesh.periodic[axis] else ())
        values = hooks.call(problem, "vector_potential", x, problem.p)
        hooks.known_names(problem, "vector_potential", values, ("a1", "a2", "a3"))
        name = f"a{component + 1}"
        total = total + hooks.finite(problem, "vector_potential", name, values.get(name, 0.0), x)
    return total / len(places), (x.dx1, x.dx2, x.dx3)[derivative]


def magnetic_energy(pack, b):
    """Return B^2/2 of the active cells from the means of their two faces."""
    energy = 0.0
    for axis in summation_order(pack.grid):
        face = _face_view(pack, pack.b0, b, axis)
        a = array_axis(axis)
        n = pack.active(pack.u0).shape[2 + a]
        mean = (
            0.5 * (face.take(range(n), a) + face.take(range(1, n + 1), a))
            if face.shape[a] > n
            else face
        )
        energy = energy + 0.5 * mean**2
    return energy


def set_gravity(problem, pack, mesh):
    """Add the problem's static acceleration to ``pack.grav``, ghost cells included."""
    g = pack.grid
    ghosts = np.array([g.ng1, g.ng2, g.ng3])
    for b in range(pack.nblock):
        count = np.array([g.n1, g.n2, g.n3]) + 2 * ghosts
        x = Coordinates(level_mesh(mesh, pack.levels[b]), pack.origins[b] - ghosts, count)
        values = hooks.call(problem, "gravity", x, problem.p)
        hooks.known_names(problem, "gravity", values, ("g1", "g2", "g3"))
        for name, value in values.items():
            given = hooks.finite(problem, "gravity", name, value, x)
            pack.grav[b, int(name[1]) - 1, : count[2], : count[1], : count[0]] += given
