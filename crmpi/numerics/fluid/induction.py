"""Constrained transport: electric field on edges, and the induction equation on faces (Gardiner &
Stone 2005, 2008).

The edge + along axis c, with the transverse axes a and b in cyclic order, touches four faces and
four cells::

      b ^     cell (-a)     a-face      cell (0)
        |       ---- b-face(-a) + b-face ----
        |     cell (-a-b)  a-face(-b)   cell (-b)
        +---> a
"""

from crmpi.constants import AXES, VEL1
from crmpi.jit import kernel
from crmpi.numerics.fluid.layout import ET1, ET2, LEAN
from crmpi.numerics.fused import fused
from crmpi.numerics.rows.rows import load, row, separate, store


@kernel
def electric_rows(n, w, bcc, electric):
    """Write the electric field -(v x B) in `n` cells."""
    separate()
    for a in AXES:
        v_b, v_c = row(w, VEL1 + (a + 1) % 3), row(w, VEL1 + (a + 2) % 3)
        b_b, b_c = row(bcc, (a + 1) % 3), row(bcc, (a + 2) % 3)
        e = row(electric, a)
        for i in range(n):
            store(e, i, load(v_c, i) * load(b_b, i) - load(v_b, i) * load(b_c, i), 0)


@kernel
def edge_rows(n, a_faces, b_faces, cells, edge):
    """Write E_c on `n` edges: mean of the four faces plus the upwinded differences to the cells
    (Gardiner & Stone 2005, eq. 41, 50).

    Parameters
    ----------
    a_faces, b_faces : (Rows, Rows)
        the faces at -b and at 0; at -a and at 0
    cells : four pointers
        cell-centred E_c of the cells (0), (-a), (-b), (-a-b)
    edge : pointer
        result
    """
    separate()
    e_a_below, e_a = row(a_faces[0], ET2), row(a_faces[1], ET2)
    e_b_below, e_b = row(b_faces[0], ET1), row(b_faces[1], ET1)
    lean_a_below, lean_a = row(a_faces[0], LEAN), row(a_faces[1], LEAN)
    lean_b_below, lean_b = row(b_faces[0], LEAN), row(b_faces[1], LEAN)
    cell, cell_a, cell_b, cell_ab = cells
    for i in range(n):
        ea_below = load(e_a_below, i)
        ea = load(e_a, i)
        eb_below = load(e_b_below, i)
        eb = load(e_b, i)
        c = load(cell, i)
        c_a = load(cell_a, i)
        c_b = load(cell_b, i)
        c_ab = load(cell_ab, i)
        # an upwinded difference d is that of the lower or of the upper side of a face; written so
        # that both have equal standing, 2 d = lower + upper + lean (lower - upper)
        lower, upper = eb_below - c_ab, eb - c_b
        along_b = fused(load(lean_a_below, i), lower - upper, lower + upper)
        lower, upper = eb_below - c_a, eb - c
        along_b += fused(load(lean_a, i), lower - upper, lower + upper)
        lower, upper = ea_below - c_ab, ea - c_a
        along_a = fused(load(lean_b_below, i), lower - upper, lower + upper)
        lower, upper = ea_below - c_b, ea - c
        along_a += fused(load(lean_b, i), lower - upper, lower + upper)
        mean_of_faces = 0.25 * ((ea_below + ea) + (eb_below + eb))
        store(edge, i, fused(0.125, along_b + along_a, mean_of_faces), 0)


@kernel
def copy_row(n, source, target):
    """Copy a row."""
    separate()
    for i in range(n):
        store(target, i, load(source, i), 0)


@kernel
def induce_row(n, old, new, e_c, b_dtdx, e_b, c_dtdx):
    """Advance the face field B_a by -dt curl E = dt (dE_b/dx_c - dE_c/dx_b).

    ``e_c`` is the pair of E_c rows at the lower and upper edge along b; ``e_b`` the pair of E_b
    rows along c. On a missing axis the pair is the same row twice.
    """
    separate()
    for i in range(n):
        turn_b = b_dtdx * (load(e_c[1], i) - load(e_c[0], i))
        turn_c = c_dtdx * (load(e_b[1], i) - load(e_b[0], i))
        store(new, i, load(old, i) + (turn_c - turn_b), 0)
