"""What the rows of the scratch buffers of the fluid step are."""

from typing import NamedTuple

from crmpi.constants import DENS, MOM1, PRES
from crmpi.jit import device
from crmpi.numerics.rows.rows import Rows, row, shift

# one reconstructed state at a face, vectors in the order normal, first, second transverse; from
# STATE on the numbering of w0
BT1, BT2 = 0, 1  # transverse magnetic field
STATE = 2

# one face; from FLUX on the numbering of u0
LEAN = 0  # 1 where upwind of the mass flux is the lower cell, -1 the upper one, linear between
ET1, ET2 = 1, 2  # electric field along the transverse axes
VFACE = 3  # velocity through the face, of the P div v work
# (FROM_LOWER e_lower + FROM_UPPER e_upper) SQUEEZE is a flux of cosmic-ray energy; for tracers
FROM_LOWER, FROM_UPPER, SQUEEZE = 4, 5, 6
FLUX = 7


class StateRows(NamedTuple):
    """Pointers to the states on one side of a row of faces; vectors as normal, first, second
    transverse component."""

    dens: object
    vn: object
    vt1: object
    vt2: object
    press: object
    bt1: object  # with a magnetic field
    bt2: object
    others: Rows  # energies of cosmic rays and scalars, numbered as in w0


@device
def states_in_buffer(states):
    """Return the `StateRows` of a buffer of reconstructed states."""
    w = shift(states, STATE * states.step)
    return StateRows(
        row(w, DENS),
        row(w, MOM1),
        row(w, MOM1 + 1),
        row(w, MOM1 + 2),
        row(w, PRES),
        row(states, BT1),
        row(states, BT2),
        w,
    )


@device
def states_of_cells(axis, w, bcc):
    """Return the `StateRows` that are the cells themselves, with rows of primitives and of the
    magnetic field (or None)."""
    bt1, bt2 = _transverse(axis, w, bcc)
    vn, vt1, vt2 = row(w, MOM1 + axis.normal), row(w, MOM1 + axis.first), row(w, MOM1 + axis.second)
    return StateRows(row(w, DENS), vn, vt1, vt2, row(w, PRES), bt1, bt2, w)


@device
def _transverse(axis, w, bcc):
    """Return pointers to the transverse field; without one they point anywhere."""
    if bcc is None:
        return w.start, w.start
    return row(bcc, axis.first), row(bcc, axis.second)
