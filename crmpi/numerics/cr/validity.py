"""Where transport along the field leaves its validity: cells without a field, and cells that outrun
the reduced speed of light."""

import math

from crmpi.constants import DENS, VEL1
from crmpi.jit import device, kernel
from crmpi.numerics.rows.rows import load, row, rows, separate


@device
def _square(r, first, i):
    """Return the square of the vector whose components begin at `first`."""
    x, y, z = load(row(r, first), i), load(row(r, first + 1), i), load(row(r, first + 2), i)
    return x * x + y * y + z * z


@kernel
def count_bare(bcc, grid, counts):
    """Write into `counts` (nblock,) the number of active cells without magnetic field."""
    for b in range(bcc.shape[0]):
        found = 0
        for k in range(grid.ng3, grid.ng3 + grid.n3):
            for j in range(grid.ng2, grid.ng2 + grid.n2):
                found += bare_in_row(grid.n1, rows(bcc, b, (k * grid.m2 + j) * grid.m1 + grid.ng1))
        counts[b] = found


@kernel
def bare_in_row(n, bcc):
    """Return the number of cells without magnetic field in a row."""
    separate()
    found = 0
    for i in range(n):
        found += 1 if _square(bcc, 0, i) == 0.0 else 0
    return found


@kernel
def count_fast(w, bcc, f_stream, limit, grid, counts):
    """Write into `counts` (nblock,) the number of active cells where abs(v) + f_stream v_A exceeds
    `limit`."""
    for b in range(w.shape[0]):
        found = 0
        for k in range(grid.ng3, grid.ng3 + grid.n3):
            for j in range(grid.ng2, grid.ng2 + grid.n2):
                offset = (k * grid.m2 + j) * grid.m1 + grid.ng1
                found += fast_in_row(
                    grid.n1, rows(w, b, offset), rows(bcc, b, offset), f_stream, limit
                )
        counts[b] = found


@kernel
def fast_in_row(n, w, bcc, f_stream, limit):
    """Return the number of cells of a row where abs(v) + f_stream v_A exceeds `limit`."""
    separate()
    found = 0
    for i in range(n):
        alfven = math.sqrt(_square(bcc, 0, i) / load(row(w, DENS), i))
        found += 1 if math.sqrt(_square(w, VEL1, i)) + f_stream * alfven > limit else 0
    return found
