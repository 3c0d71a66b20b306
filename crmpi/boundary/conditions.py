"""The physical boundary conditions; one class each, chosen by name in ``mesh.boundaries``.

A condition fills the ghost layers of the blocks at one face of the mesh: ``fluid`` those of the
conserved cells and the face field, ``cells`` those of a register of a transport solver. Both act on
whole layers, transverse ghosts included.
"""

from types import SimpleNamespace

import numpy as np

from crmpi.boundary.atmosphere import (
    Air,
    extrapolate_energy,
    extrapolate_hydrostatic,
    turn_flux,
)
from crmpi.boundary.kernels import (
    match_magnetic_energy,
    mirror_layers,
    spread_flux,
    stop_inflow,
)
from crmpi.boundary.layers import (
    edge_layer,
    field_at_wall,
    ghost_boxes,
    inner_layer,
    layer_table,
    mirror_layer,
)
from crmpi.boundary.user import Slab
from crmpi.constants import NHYDRO
from crmpi.errors import CrmpiError
from crmpi.mesh.pack import HYDRO_FIELDS, component_names
from crmpi.mesh.pool import aligned_zeros
from crmpi.mesh.regions import CELLS, axis_shape, copy_regions
from crmpi.plugins import BOUNDARY_CONDITIONS

# of the field strength at a wall: a weaker field through it is that of rounding errors
_THREAD = 1e-6


class Outflow:
    """Zero gradient: every ghost layer is a copy of the last active one.

    Parameters
    ----------
    face : Face
    pack : Pack
    eos : object with gamma and gamma_cr
    hook : UserHook or None
    """

    name = "outflow"
    source = staticmethod(edge_layer)
    valve = (True, True, True)
    """Whether gas may come in, go out, and go out where gravity pulls it out."""
    found = ()
    """Names of the attributes that are set after a condition is made."""

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        BOUNDARY_CONDITIONS.add(cls)

    def __init__(self, face, pack, eos, hook):
        self.face, self.pack, self.eos, self.hook = face, pack, eos, hook
        self._given = hook
        self.layers = layer_table(pack.grid, face, CELLS, self.source)
        self.face_layers = [layer_table(pack.grid, face, axis, self.source) for axis in range(3)]

    def of_blocks(self, chosen):
        """Return the condition for those of its blocks that are marked in `chosen`, or None."""
        blocks = [block for block in self.face.blocks if chosen[block]]
        if not blocks:
            return None
        twin = type(self)(self.face._replace(blocks=blocks), self.pack, self.eos, self._given)
        for name in self.found:
            setattr(twin, name, getattr(self, name))
        return twin

    def beyond(self):
        """Return the boxes of ghost cells behind active faces: rows of block, first k j i, numbers
        k j i."""
        return ghost_boxes(self.pack.grid, self.face)

    def ghost_zones(self, array):
        """Yield the ghost layers of each block at this face, views (component, k, j, i) of cells,
        transverse ghost zones included."""
        spans = [axis_shape(self.pack.grid, axis) for axis in range(3)]
        place = [slice(0, n + 2 * g) for n, g in spans]
        n, g = spans[self.face.axis]
        first = 0 if self.face.outward < 0 else g + n
        place[self.face.axis] = slice(first, first + g)
        for block in self.face.blocks:
            yield array[(block, slice(None), *place[::-1])]

    def fluid(self, u, b, time):
        """Fill the ghost layers of conserved cells `u` and faces `b` at `time`."""
        if b.shape[1]:
            for axis, layers in enumerate(self.face_layers):
                copy_regions(b, b, axis, axis + 1, layers)
            if not self.pack.metric.turns:
                area, axis = self.pack.metric.cells.area, self.face.axis
                spread_flux(b, self.face_layers[axis], axis, area)
        copy_regions(u, u, 0, u.shape[1], self.layers)
        match_magnetic_energy(u, b, self.layers, self.pack.grid)

    def cells(self, q, fields, time):
        """Fill the ghost layers of a register `q` with the components of `fields`."""
        copy_regions(q, q, 0, q.shape[1], self.layers)


BOUNDARY_CONDITIONS.add(Outflow)  # the base class of all others


class Diode(Outflow):
    """Outflow that lets nothing in: where the Riemann problem at the face would, the face is a
    wall.

    A ghost cell that would send gas into the mesh gets zero normal velocity.
    """

    name = "diode"
    valve = (False, True, True)

    def fluid(self, u, b, time):
        """Fill the ghost layers of conserved cells `u` and faces `b` at `time`."""
        super().fluid(u, b, time)
        stop_inflow(u, self.layers, self.face.axis, self.face.outward)


class Reflect(Outflow):
    """Free-slip wall: a mirror. No mass, energy or cosmic rays go through, and nothing pulls along
    it.

    Velocities through the wall are odd, all else of the gas is even. The field knows two mirrors.
    Where none goes through the wall, B is a vector like the velocity: odd through the wall, even
    along it. Where some does, B is the axial vector that it is: even through the wall, odd along
    it. Then field lines meet the wall at right angles, their ends slide freely, and what is
    measured along B turns around: fluxes change sign, waves along and against B change places. All
    walls of tubes are of that kind.

    Attributes
    ----------
    threaded : bool
        a field goes through the wall: see `inspect`
    """

    name = "reflect"
    found = ("threaded",)
    source = staticmethod(mirror_layer)

    def __init__(self, face, pack, eos, hook):
        super().__init__(face, pack, eos, hook)
        self.threaded = not pack.metric.turns

    def inspect(self, comm, b):
        """Find out, on all ranks together, whether the field `b` goes through the wall: none can
        get there later."""
        if b.shape[1] == 0 or not self.pack.metric.turns:
            return
        through, along = field_at_wall(b, self.face, self.pack.grid)
        self.threaded = comm.max(through) > _THREAD * comm.max(along)

    def fluid(self, u, b, time):
        """Fill the ghost layers of conserved cells `u` and faces `b` at `time`."""
        if b.shape[1]:
            images = np.array(
                [
                    [axis, 1 if (axis == self.face.axis) == self.threaded else -1]
                    for axis in range(3)
                ]
            )
            for axis, layers in enumerate(self.face_layers):
                mirror_layers(b, axis, axis + 1, layers, images)
        self.mirror(u, self.pack.fields)
        match_magnetic_energy(u, b, self.layers, self.pack.grid)

    def cells(self, q, fields, time):
        """Fill the ghost layers of a register `q` with the components of `fields`."""
        self.mirror(q, fields)

    def mirror(self, q, fields):
        """Fill the ghost layers of the cells `q` with the images of the components of `fields`."""
        mirror_layers(q, 0, q.shape[1], self.layers, self.images(fields))

    def images(self, fields):
        """Return the component that the image of each is made from, and its sign."""
        place, places = 0, {}
        for field in fields:
            places[field.name] = place
            place += field.ncomp
        images = []
        for field in fields:
            turned = field.turned if self.threaded else ""
            for component in range(field.ncomp):
                odd = (field.vector and component == self.face.axis) != (turned == "-")
                images.append(
                    [places.get(turned, places[field.name] + component), -1 if odd else 1]
                )
        return np.array(images)


class Hydrostatic(Outflow):
    """Isothermal atmosphere in balance with gravity, see `crmpi.boundary.atmosphere`; nothing flows
    in.

    Gas flows out freely where gravity holds it back; where gravity points out of the mesh nothing
    does. Cosmic rays that move along the field leave with the gradient that they have inside.

    Attributes
    ----------
    moving : bool
        cosmic rays move along the field
    """

    name = "hydrostatic"
    valve = (False, True, False)
    found = ("moving",)
    moving = False

    def __init__(self, face, pack, eos, hook):
        super().__init__(face, pack, eos, hook)
        if pack.grav is None:
            raise CrmpiError(
                (
                    f"'mesh.boundaries.{face.name}' = 'hydrostatic' needs gravity: set the group "
                    "'gravity', or use 'outflow'"
                ),
                everywhere=True,
            )
        self.columns = layer_table(pack.grid, face, CELLS, inner_layer)
        self.widths = self._distances()
        n, g = axis_shape(pack.grid, face.axis)
        self.edge = g if face.outward < 0 else g + n - 1
        self._made = aligned_zeros((1, 3, 1, 1, pack.grid.m1))

    def _distances(self):
        """Return the distance of the centres of each ghost layer and the layer inside, a number per
        row of `columns`."""
        axis = self.face.axis
        # the two layers touch at the lower face of this one
        upper = np.maximum(self.columns[:, 4 - axis], self.columns[:, 7 - axis])
        return self.pack.metric.gaps(axis, self.columns[:, 1], upper)

    def fluid(self, u, b, time):
        """Fill the ghost layers of conserved cells `u` and faces `b` at `time`."""
        super().fluid(u, b, time)
        grid, axis = self.pack.grid, self.face.axis
        face = (axis, self.face.outward, self.edge, self.widths)
        gammas = float(self.eos.gamma), float(self.eos.gamma_cr)
        air = Air(*gammas, self.pack.has_cr, self.moving)
        field = b if b.shape[1] else None
        gravity = self.pack.grav, self.columns
        extrapolate_hydrostatic(u, field, *gravity, grid, face, air, self._made)
        self.let_leave(u, self.pack.fields[len(HYDRO_FIELDS) :], NHYDRO, bulk=False)

    def cells(self, q, fields, time):
        """Fill the ghost layers of a register `q`: zero gradient, but for the energy of cosmic
        rays."""
        self.let_leave(q, fields, 0, bulk=True)

    def let_leave(self, q, fields, component, *, bulk):
        """Fill the ghost layers of cosmic-ray variables, `component` the first of them; with or
        without the `bulk` energy."""
        face = (self.face.axis, self.face.outward, self.edge)
        for field in fields:
            if field.bulk == "ecr":
                if bulk or field.population:
                    extrapolate_energy(q, component, self.pack.grav, self.columns, face)
            elif bulk or field.turned:
                copy_regions(q, q, component, component + field.ncomp, self.layers)
            if field.turned == "-":
                turn_flux(q, component, self.pack.grav, self.columns, face)
            component += field.ncomp


class User(Outflow):
    """What the problem's hook sets, on top of outflow values.

    Of the magnetic field the hook sets the components along the boundary, on the faces of the ghost
    cells. The component through the boundary follows from div B = 0, outward from the boundary
    itself, where it changes by the electric field alone. A field that the hook leaves as it is has
    zero gradient. Cosmic-ray tracers that the hook does not set get what it sets for the bulk.
    """

    name = "user"

    def __init__(self, face, pack, eos, hook):
        super().__init__(face, pack, eos, hook)
        self.hook = self.find_hook(hook)
        self.slabs = [Slab(pack, face, block) for block in face.blocks]

    def fluid(self, u, b, time):
        """Fill the ghost layers of conserved cells `u` and faces `b` at `time`."""
        super().fluid(u, b, time)
        for slab in self.slabs:
            w = slab.primitives(u, b, self.eos.gamma)
            guess = stand_in(w, (), 0)
            self.ask(slab, w, self.pack.fields, time)
            if b.shape[1] and self.pack.metric.turns:
                self.set_field(slab, guess, w, b, time)
            slab.conserve(w, u, b, self.eos.gamma)

    def find_hook(self, hook):
        """Return the hook for this face; raise `CrmpiError` if there is none."""
        if hook is None:
            side = self.face.name
            message = (
                f"'mesh.boundaries.{side}' = 'user' needs a problem with a method boundary_{side}"
            )
            raise CrmpiError(message, everywhere=True)
        hook.check(self.face.name)
        return hook

    def set_field(self, slab, guess, w, b, time):
        """Set the faces of `b` in a slab as the hook has set the field in `w`, which was `guess`.

        Where the hook gave arrays it is asked once more for their values on the faces.
        """
        changed = False
        for axis in slab.tangential:
            name = f"b{axis + 1}"
            given = getattr(w, name)
            if np.array_equal(given, getattr(guess, name)):
                continue
            changed = True
            if np.ndim(given) and slab.staggered(axis):
                other = slab.on_faces(guess, b, axis)
                self.hook(self.face.name, other, slab.box, time, faces=axis)
                given = getattr(other, name)
            slab.faces(b, axis)[...] = given
        if changed:
            slab.follow_divergence(b)

    def cells(self, q, fields, time):
        """Fill the ghost layers of a register `q`: variables of the run as the hook sets them, all
        else with zero gradient."""
        super().cells(q, fields, time)
        known = self.pack.variable_names()
        names = [(c, name) for c, name in enumerate(component_names(fields)) if name in known]
        if not names:
            return
        for slab in self.slabs:
            register, w = slab.cells(q), slab.known_primitives()
            for c, name in names:
                setattr(w, name, register[c].copy())
            self.ask(slab, w, fields, time)
            for c, name in names:
                register[c] = getattr(w, name)

    def ask(self, slab, w, fields, time):
        """Let the hook set `w`; for each tracer population in `fields` it is asked once more, with
        the tracer in the place of the bulk."""
        tracers = [field for field in fields if field.population]
        stand_ins = {
            number: stand_in(w, tracers, number)
            for number in sorted({field.population for field in tracers})
        }
        for field in tracers:
            # to see what the hook sets
            setattr(w, field.name, np.full_like(getattr(w, field.name), np.nan))
        self.hook(self.face.name, w, slab.box, time)
        for number, other in stand_ins.items():
            self.hook(self.face.name, other, slab.box, time)
            for field in tracers:
                if field.population == number:
                    given = np.broadcast_to(getattr(w, field.name), slab.box.count[::-1])
                    setattr(
                        w, field.name, np.where(np.isnan(given), getattr(other, field.bulk), given)
                    )


def stand_in(w, tracers, number):
    """Return a copy of the primitives `w` with the variables of tracer `number` under the names of
    the bulk."""
    copy = SimpleNamespace(**{name: values.copy() for name, values in vars(w).items()})
    for field in tracers:
        if field.population == number:
            setattr(copy, field.bulk, getattr(w, field.name).copy())
    return copy


class Inflow(User):
    """The primitives and the field that ``mesh.inflow`` or the problem gives for this face, see
    `User` for the field."""

    name = "inflow"

    def find_hook(self, hook):
        if hook is None:
            side = self.face.name
            message = f"'mesh.boundaries.{side}' = 'inflow' needs 'mesh.inflow.{side}'"
            raise CrmpiError(message, everywhere=True)
        return hook.inflow(self.face.name)


def of_blocks(conditions, chosen):
    """Return the `conditions` for those of their blocks that are marked in `chosen`."""
    twins = (condition.of_blocks(chosen) for condition in conditions)
    return [twin for twin in twins if twin is not None]
