"""Where transport along the field leaves its validity: cells without a field, and cells that outrun the reduced speed of light."""

import math

from crmpi.constants import DENS, VEL1
from crmpi.jit import device, kernel


@device
def _square(array, first, b, k, j, i):
    """Return the square of the vector whose components begin at `first`."""
    x, y, z = array[b, first, k, j, i], array[b, first + 1, k, j, i], array[b, first + 2, k, j, i]
    return x * x + y * y + z * z


@kernel
def count_bare(bcc, grid, counts):
    """Write into `counts` (nblock,) the number of active cells without magnetic field."""
    for b in range(bcc.shape[0]):
        found = 0
        for k in range(grid.ng3, grid.ng3 + grid.n3):
            for j in range(grid.ng2, grid.ng2 + grid.n2):
                for i in range(grid.ng1, grid.ng1 + grid.n1):
                    found += _square(bcc, 0, b, k, j, i) == 0.0
        counts[b] = found


@kernel
def count_fast(w, bcc, f_stream, limit, grid, counts):
    """Write into `counts` (nblock,) the number of active cells where abs(v) + f_stream v_A exceeds `limit`."""
    for b in range(w.shape[0]):
        found = 0
        for k in range(grid.ng3, grid.ng3 + grid.n3):
            for j in range(grid.ng2, grid.ng2 + grid.n2):
                for i in range(grid.ng1, grid.ng1 + grid.n1):
                    alfven = math.sqrt(_square(bcc, 0, b, k, j, i) / w[b, DENS, k, j, i])
                    found += math.sqrt(_square(w, VEL1, b, k, j, i)) + f_stream * alfven > limit
        counts[b] = found
