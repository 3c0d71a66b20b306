"""Linear waves of gas with cosmic rays along the field: sound with diffusion, and the telegraph
equation."""

import numpy as np


def sound_speed(dens, press, pcr, gamma=5 / 3, gamma_cr=4 / 3):
    """Return the adiabatic sound speed of gas and cosmic rays moving as one fluid."""
    return np.sqrt((gamma * press + gamma_cr * pcr) / dens)


def diffusive_sound_roots(k, kappa, background, gamma=5 / 3, gamma_cr=4 / 3):
    """Return the three roots s of modes exp(i k x + s t) for gas with cosmic rays that diffuse
    along the field.

    s^3 + nu s^2 + (cg^2 + cc^2) k^2 s + cg^2 k^2 nu = 0 with nu = kappa k^2, cg^2 = gamma Pg/rho,
    cc^2 = gamma_cr P/rho. `background` is (dens, press, pcr).
    """
    dens, press, pcr = background
    nu, cg2, cc2 = kappa * k**2, gamma * press / dens, gamma_cr * pcr / dens
    return np.roots([1.0, nu, (cg2 + cc2) * k**2, cg2 * k**2 * nu])


def two_moment_matrix(k, kappa, vmax, background, gamma=5 / 3, gamma_cr=4 / 3):
    """Return the matrix M of d/dt (rho, v, Pg, P, f) = M (rho, v, Pg, P, f) for modes exp(i k x).

    The flux obeys f_t/Vm^2 + ik P = -f/(3 kappa) and the gas feels -ik (Pg + P) - f_t/Vm^2, so that
    rho v + f/Vm^2 is conserved (Jiang & Oh 2018, projected on the field in the frame of the gas).
    `background` is (dens, press, pcr) at rest.
    """
    dens, press, pcr = background
    ik = 1j * k
    matrix = np.zeros((5, 5), complex)
    matrix[0, 1] = -ik * dens
    matrix[2, 1] = -ik * gamma * press
    matrix[3, 1], matrix[3, 4] = -ik * gamma_cr * pcr, -ik * (gamma_cr - 1)
    matrix[4, 3], matrix[4, 4] = -ik * vmax**2, -(vmax**2) / (3 * kappa)
    matrix[1, 2:4] = -ik / dens
    matrix[1] -= matrix[4] / (vmax**2 * dens)
    return matrix


def diffusion_matrix(k, kappa, background, gamma=5 / 3, gamma_cr=4 / 3):
    """Return the matrix of `two_moment_matrix` in the limit of infinite Vm: (rho, v, Pg, P) with
    the flux f = -3 kappa ik P."""
    dens, press, pcr = background
    ik = 1j * k
    matrix = np.zeros((4, 4), complex)
    matrix[0, 1] = -ik * dens
    matrix[1, 2:4] = -ik / dens
    matrix[2, 1] = -ik * gamma * press
    matrix[3, 1], matrix[3, 3] = -ik * gamma_cr * pcr, -3 * (gamma_cr - 1) * kappa * k**2
    return matrix


def sound_mode(matrix):
    """Return (s, amplitudes) of the sound wave that runs towards +x; amplitudes scaled to a
    velocity of 1.

    The sound wave is the mode that oscillates with the lowest non-zero frequency: the flux adds
    none below Vm k/sqrt(3).
    """
    roots, vectors = np.linalg.eig(matrix)
    towards = np.where(roots.imag < -1e-9 * np.abs(roots).max(), -roots.imag, np.inf)
    which = np.argmin(towards)
    return roots[which], vectors[:, which] / vectors[1, which]


def telegraph_roots(k, kappa, vmax):
    """Return the two roots s, slow and fast, of s^2/Vm^2 + s/(3 kappa) + k^2/3 = 0: cosmic rays in
    gas at rest.

    `kappa` may be infinite: free streaming at Vm/sqrt(3).
    """
    sigma = 0.0 if np.isinf(kappa) else 1 / (3 * kappa)
    discriminant = np.sqrt(complex(sigma**2 - 4 * k**2 / (3 * vmax**2)))
    return 0.5 * vmax**2 * (-sigma + discriminant), 0.5 * vmax**2 * (-sigma - discriminant)
