"""Boundary-value problems of ordinary differential equations with unknown parameters, by
collocation of fourth order.

On every interval h the solution is a cubic whose slopes at both ends and in the middle are those of
the equation (Lobatto IIIA)::

    y1 - y0 = h/6 (f0 + 4 fm + f1),   ym = (y0 + y1)/2 + h/8 (f0 - f1)
"""

import numpy as np

_STEP = 1e-8  # of the difference quotients, relative
_HALVINGS = 20


def solve_boundary_problem(rhs, conditions, t, y, p, tolerance=1e-9, iterations=60):
    """Return (y, p) with dy/dt = rhs(t, y, p) on the nodes `t` and conditions(y at the first node,
    y at the last node, p) = 0.

    Parameters
    ----------
    rhs : function (t, y, p) -> array (neq, len(t))
        vectorised over nodes
    conditions : function (ya, yb, p) -> array (neq + len(p),)
    t : array (n,)
        n even
    y, p : arrays (neq, n), (np,)
        first guess

    Raises
    ------
    ArithmeticError
        Newton's method does not converge
    """
    y, p = np.array(y, dtype=float), np.array(p, dtype=float)
    residual = _residual(rhs, conditions, t, y, p)
    for _ in range(iterations):
        step = np.linalg.solve(_jacobian(rhs, conditions, t, y, p, residual), -residual)
        size, length = np.linalg.norm(residual), 1.0
        for _ in range(_HALVINGS):
            y_new, p_new = (
                y + length * step[: y.size].reshape(y.shape[::-1]).T,
                p + length * step[y.size :],
            )
            residual_new = _residual(rhs, conditions, t, y_new, p_new)
            if (
                np.isfinite(residual_new).all()
                and np.linalg.norm(residual_new) < (1.0 - 0.1 * length) * size
            ):
                break
            length *= 0.5
        y, p, residual = y_new, p_new, residual_new
        if np.abs(length * step).max() < tolerance * max(1.0, np.abs(y).max()):
            return y, p
    raise ArithmeticError("the boundary-value problem does not converge from this guess")


def _residual(rhs, conditions, t, y, p):
    """Return the defects of all intervals, node by node, then those of the conditions."""
    with np.errstate(all="ignore"):  # a step too far is seen by its size and shortened
        h, f = np.diff(t), rhs(t, y, p)
        middle = 0.5 * (y[:, :-1] + y[:, 1:]) + 0.125 * h * (f[:, :-1] - f[:, 1:])
        slopes = f[:, :-1] + 4.0 * rhs(0.5 * (t[:-1] + t[1:]), middle, p) + f[:, 1:]
        defects = y[:, 1:] - y[:, :-1] - h / 6.0 * slopes
        return np.concatenate([defects.T.ravel(), conditions(y[:, 0], y[:, -1], p)])


def _jacobian(rhs, conditions, t, y, p, residual):
    """Return the matrix of derivatives; all even, then all odd nodes are moved at once, as an
    interval knows one of each."""
    (neq, n), size = y.shape, residual.size
    matrix = np.zeros((size, size))
    for parity in (0, 1):
        for c in range(neq):
            moved = y.copy()
            steps = _STEP * (1.0 + np.abs(y[c, parity::2]))
            moved[c, parity::2] += steps
            change = _residual(rhs, conditions, t, moved, p) - residual
            for step, node in zip(steps, range(parity, n, 2), strict=True):
                rows = slice(max(node - 1, 0) * neq, min(node + 1, n - 1) * neq)
                matrix[rows, node * neq + c] = change[rows] / step
                if node in (0, n - 1):
                    matrix[(n - 1) * neq :, node * neq + c] = change[(n - 1) * neq :] / step
    for c in range(p.size):
        moved, step = p.copy(), _STEP * (1.0 + abs(p[c]))
        moved[c] += step
        matrix[:, n * neq + c] = (_residual(rhs, conditions, t, y, moved) - residual) / step
    return matrix
