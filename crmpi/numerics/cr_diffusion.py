"""Kernels of anisotropic diffusion: e_t = div(D grad e), D = kappa_perp + (kappa_par - kappa_perp) b b.

The flux at a face of axis a is -(D_aa d_a e + D_at d_t e), t the transverse axes. The normal gradient is a plain difference, the
transverse one a limited mean of the four differences around the face (Sharma & Hammett 2007, J. Comput. Phys. 227, 123, sec. 4.1),
so that no energy flows from a minimum: transverse gradients vanish next to an extremum.
"""

from typing import NamedTuple

import numpy as np

from crmpi.jit import device, kernel

NORMAL, FIRST, SECOND = 0, 1, 2  # face coefficients: of the normal difference and of the two transverse ones


class FaceAxis(NamedTuple):
    """One axis as the face kernels see it: strides and cell widths along it and along the two transverse axes, in cyclic order.

    A missing axis has stride 0. ``normal, first, second`` are the numbers of these axes.
    """

    stride: int
    stride1: int
    stride2: int
    dx: float
    dx1: float
    dx2: float
    normal: int
    first: int
    second: int


def face_axes(grid):
    """Return the `FaceAxis` of the axes that are present."""
    strides = (1 if grid.ng1 else 0, grid.m1 if grid.ng2 else 0, grid.m1 * grid.m2 if grid.ng3 else 0)
    widths = (grid.dx1, grid.dx2, grid.dx3)
    cyclic = ((a, (a + 1) % 3, (a + 2) % 3) for a in range(3) if strides[a])
    return [FaceAxis(*(strides[a] for a in order), *(widths[a] for a in order), *order) for order in cyclic]


@device
def harmonic_mean(a, b):
    """Return the mean that makes the flux through two slabs in series right, and zero if one of them blocks."""
    return 2.0 * a * b / (a + b) if a * b > 0.0 else 0.0


@device
def limited(a, b):
    """Return the monotonised central mean of two differences: 0 across an extremum, never more than twice the smaller."""
    central = 0.5 * abs(a + b)
    bound = 2.0 * min(abs(a), abs(b))
    size = min(central, bound)
    return np.copysign(size, a) if a * b > 0.0 else 0.0


@kernel
def isotropic_coefficients(kappa, axis, out):
    """Fill `out` (nblock, 1, m3, m2, m1) with kappa/dx at the lower faces along `axis`."""
    for b in range(out.shape[0]):
        k_par = kappa[b, 0].reshape(-1)
        c = out[b, 0].reshape(-1)
        for i in range(axis.stride, c.size):
            c[i] = harmonic_mean(k_par[i - axis.stride], k_par[i]) / axis.dx


@kernel
def aligned_coefficients(kappa, face, bcc, axis, out):
    """Fill `out` (nblock, 3, m3, m2, m1) with the coefficients of the differences at the lower faces along `axis`.

    `face` (nblock, 3, ...) is the staggered field, `bcc` the cell-centred one. kappa is the harmonic mean of the two cells.
    """
    n, s, tiny = axis.normal, axis.stride, 1e-300
    for b in range(out.shape[0]):
        k_par, k_perp = kappa[b, 0].reshape(-1), kappa[b, 1].reshape(-1)
        bn, b1, b2 = face[b, n].reshape(-1), bcc[b, axis.first].reshape(-1), bcc[b, axis.second].reshape(-1)
        c0, c1, c2 = out[b, NORMAL].reshape(-1), out[b, FIRST].reshape(-1), out[b, SECOND].reshape(-1)
        for i in range(s, c0.size):
            across = harmonic_mean(k_perp[i - s], k_perp[i])
            t1 = 0.5 * (b1[i - s] + b1[i])
            t2 = 0.5 * (b2[i - s] + b2[i])
            bb = bn[i] * bn[i] + t1 * t1 + t2 * t2
            excess = (harmonic_mean(k_par[i - s], k_par[i]) - across) * bn[i] / (bb + tiny)
            c0[i] = (across + excess * bn[i]) / axis.dx
            c1[i] = excess * t1 / axis.dx1
            c2[i] = excess * t2 / axis.dx2


@kernel
def add_decay_rates(coefficients, axis, grid, rate):
    """Add to the cells of `rate` (nblock, 1, m3, m2, m1) the part of their rate of decay that is due to the two faces along `axis`."""
    for b in range(rate.shape[0]):
        c = coefficients[b, NORMAL].reshape(-1)
        r = rate[b, 0].reshape(-1)
        for k in range(grid.ng3, grid.ng3 + grid.n3):
            for j in range(grid.ng2, grid.ng2 + grid.n2):
                row = (k * grid.m2 + j) * grid.m1 + grid.ng1
                for i in range(row, row + grid.n1):
                    r[i] += (c[i] + c[i + axis.stride]) / axis.dx


@device
def transverse(e, i, s, t):
    """Return the limited difference along stride `t` at the face between cells i - s and i."""
    here = limited(e[i + t] - e[i], e[i] - e[i - t])
    below = limited(e[i - s + t] - e[i - s], e[i - s] - e[i - s - t])
    return limited(here, below)


@kernel
def diffusive_fluxes(e, coefficients, axis, grid, flux):
    """Fill `flux` (m3 m2 m1) with the fluxes of one block's `e` at the lower faces along `axis`, around the active cells."""
    s, t1, t2 = axis.stride, axis.stride1, axis.stride2
    aligned = coefficients.shape[0] > 1
    top3, top2, top1 = grid.n3 + (axis.normal == 2), grid.n2 + (axis.normal == 1), grid.n1 + (axis.normal == 0)
    c0 = coefficients[NORMAL].reshape(-1)
    for k in range(grid.ng3, grid.ng3 + top3):
        for j in range(grid.ng2, grid.ng2 + top2):
            row = (k * grid.m2 + j) * grid.m1 + grid.ng1
            for i in range(row, row + top1):
                flux[i] = -c0[i] * (e[i] - e[i - s])
            if aligned and t1:
                c1 = coefficients[FIRST].reshape(-1)
                for i in range(row, row + top1):
                    flux[i] -= c1[i] * transverse(e, i, s, t1)
            if aligned and t2:
                c2 = coefficients[SECOND].reshape(-1)
                for i in range(row, row + top1):
                    flux[i] -= c2[i] * transverse(e, i, s, t2)


@kernel
def subtract_divergence(flux, axis, grid, rate):
    """Subtract from the active cells of `rate` (m3 m2 m1) the divergence of the fluxes along `axis`."""
    for k in range(grid.ng3, grid.ng3 + grid.n3):
        for j in range(grid.ng2, grid.ng2 + grid.n2):
            row = (k * grid.m2 + j) * grid.m1 + grid.ng1
            for i in range(row, row + grid.n1):
                rate[i] -= (flux[i + axis.stride] - flux[i]) / axis.dx


@kernel
def diffusion_rate(e, coefficients, axes, grid, flux, rate):
    """Fill the active cells of `rate` (nblock, 1, m3, m2, m1) with div(D grad e).

    `coefficients`: one array per axis present; `axes`: their `FaceAxis`; `flux`: work space (m3 m2 m1). `e` needs one ghost cell.
    """
    for b in range(e.shape[0]):
        r = rate[b, 0].reshape(-1)
        r[:] = 0.0
        for a in range(len(axes)):
            diffusive_fluxes(e[b, 0].reshape(-1), coefficients[a][b], axes[a], grid, flux)
            subtract_divergence(flux, axes[a], grid, r)


@kernel
def super_stage(stage, dt, e0, last, rates, rate0, out):
    """Write one RKL2 stage: `out` holds Y_{j-2} on entry and Y_j on return; `last` is Y_{j-1}, `e0` Y_0.

    Differences from Y_0 are combined, so that a uniform state stays uniform to the last bit.
    """
    y0, y1, l1, l0, y = e0.reshape(-1), last.reshape(-1), rates.reshape(-1), rate0.reshape(-1), out.reshape(-1)
    for i in range(y.size):
        change = stage.mu * (y1[i] - y0[i]) + stage.nu * (y[i] - y0[i])
        y[i] = y0[i] + (change + dt * (stage.rate * l1[i] + stage.rate0 * l0[i]))
