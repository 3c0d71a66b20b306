"""What a problem says about the boundaries of the mesh: its hooks, and the state that flows in."""

from crmpi.errors import CrmpiError
from crmpi.mesh.coordinates import Coordinates, level_mesh
from crmpi.model import hooks


class UserBoundary:
    """Calls ``boundary_ix1`` ... of a problem, see `crmpi.boundary.user.UserHook`.

    Parameters
    ----------
    problem : Problem
    mesh : BlockTree
    states : object with ix1 ... ox3, optional
        the group ``mesh.inflow``
    scalars : sequence of str
        names of the passive scalars
    """

    def __init__(self, problem, mesh, states=None, scalars=()):
        self.problem, self.mesh, self.states, self.scalars = problem, mesh, states, tuple(scalars)
        self._places = {}  # slabs are filled at every sub-step, and their positions never change

    def check(self, side):
        """Raise `CrmpiError` if the problem has no hook for this side."""
        if not self.problem.has(f"boundary_{side}"):
            raise CrmpiError(
                f"'mesh.boundaries.{side}' = 'user', but problem '{self.problem.name}' has no "
                "method "
                f"boundary_{side}(self, w, x, t, p)"
            )

    def __call__(self, side, w, box, time, faces=None):
        """Let the problem set the primitives `w` of the ghost slab `box`."""
        x, arrived = self.place(box, faces), hooks.arriving(w)
        hooks.call(self.problem, f"boundary_{side}", w, x, time, self.problem.p)
        hooks.ghost_values(self.problem, f"boundary_{side}", w, arrived, x.shape)

    def inflow(self, side):
        """Return the hook that sets the inflow of a side; raise `CrmpiError` if there is none."""
        state = getattr(self.states, side, None)
        if state is None and not self.problem.has(f"inflow_{side}"):
            raise CrmpiError(
                f"'mesh.boundaries.{side}' = 'inflow', but neither 'mesh.inflow.{side}' nor a "
                "method "
                f"inflow_{side}(self, x, t, p) of problem '{self.problem.name}' defines the inflow",
                everywhere=True,
            )
        return Inflow(self, side, state)

    def place(self, box, faces=None):
        """Return the coordinates of the cells of a slab, or of their faces along the axis `faces`.

        Along periodic axes an image of a cell has the coordinates of the cell.
        """
        if (box, faces) not in self._places:
            count = [n + 1 if axis == faces else n for axis, n in enumerate(box.count)]
            offset = [0.0 if axis == faces else 0.5 for axis in range(3)]
            wrap = [axis for axis in range(3) if self.mesh.periodic[axis]]
            place = Coordinates(
                level_mesh(self.mesh, box.level), box.first, count, offset, wrap=wrap
            )
            self._places[box, faces] = place
        return self._places[box, faces]


class Inflow:
    """Sets what flows in through a side: numbers of the YAML, replaced by what the problem returns.

    Parameters
    ----------
    boundary : UserBoundary
    side : str
        'ix1' ... 'ox3'
    state : group ``mesh.inflow.<side>`` or None
        in code units
    """

    def __init__(self, boundary, side, state):
        self.boundary, self.side = boundary, side
        self.constant = dict.fromkeys(("vel1", "vel2", "vel3", "ecr", "b1", "b2", "b3"), 0.0)
        for name in ("dens", "press", *self.constant):
            value = getattr(state, name, None)
            if value is not None:
                self.constant[name] = value
        given = getattr(state, "scalars", ()) or (0.0,) * len(boundary.scalars)
        self.constant |= dict(zip(boundary.scalars, given, strict=True))

    def __call__(self, side, w, box, time, faces=None):
        """Set `w`, see `crmpi.boundary.user.UserHook`; what no hook sets stays as it is."""
        problem, hook, x = self.boundary.problem, f"inflow_{side}", self.boundary.place(box, faces)
        arrived, values = hooks.arriving(w), dict(self.constant)
        names = arrived[0]
        if problem.has(hook):
            given = hooks.call(problem, hook, x, time, problem.p)
            hooks.known_names(problem, hook, given, names)
            values |= given
        for name in ("dens", "press"):
            if name not in values:
                raise CrmpiError(
                    f"what flows in at {side} has no '{name}': give 'mesh.inflow.{side}.{name}' "
                    "or return "
                    f"it from inflow_{side}()"
                )
        for name in set(values) & set(names):
            setattr(w, name, values[name])
        if problem.has(hook):
            hooks.ghost_values(problem, hook, w, arrived, x.shape)
