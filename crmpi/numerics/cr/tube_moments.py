"""Two-moment transport on a tube, see `crmpi.numerics.cr.moments`: the same faces, coupling and
update with cross-sections A.

    e_t + [A f*]/V = -H            f_t + c^2 ([A b (e* - e)]/V + s f) = 0

With the same A b at faces the two operators are adjoint, and uniform e gives exactly no force.
Slopes are taken over the index.
"""

from crmpi.jit import device, kernel
from crmpi.numerics.cr.moments import (
    ENERGY,
    FLUX,
    HEAT,
    KAPPA,
    MADE,
    VSTREAM,
    correct_cell,
    freedom,
    inverse_coupling,
    predict_cell,
    scatter,
    signal_speed,
    slope,
    solve_face,
)
from crmpi.numerics.fluid.tube import span
from crmpi.numerics.levels.crossing import cross_line


@device
def gradients(e, bn, gap, place, c):
    """Return b.grad e at the lower and at the upper face of cell `c` of the line."""
    here, d = c * place.stride, place.stride
    below = bn[here] * (e[here] - e[here - d]) / gap[c]
    above = bn[here + d] * (e[here + d] - e[here]) / gap[c + 1]
    return below, above


@kernel
def couple_line(moments, place, q, frozen, gap, coupling):
    """Write s and the freedom of signals (2, m) of the active cells of a line and one more on each
    side."""
    e, f, bn = q[ENERGY].reshape(-1), q[FLUX].reshape(-1), frozen.reshape(frozen.shape[0], -1)
    for c in range(place.first - 1, place.first + place.n + 1):
        here = c * place.stride
        below, above = gradients(e, bn[place.normal], gap, place, c)
        g, matter = 0.5 * (below + above), (bn[VSTREAM, here], bn[KAPPA, here], moments.gamma)
        coupling[0, c] = inverse_coupling(abs(g), e[here], *matter)
        coupling[1, c] = freedom(g, e[here], f[here], *matter)


@kernel
def solve_line_faces(moments, place, q, frozen, gap, coupling, faces):
    """Write b f* and e* (2, m) at the active faces of a line."""
    e, f, bn = q[ENERGY].reshape(-1), q[FLUX].reshape(-1), frozen[place.normal].reshape(-1)
    vstream, d = frozen[VSTREAM].reshape(-1), place.stride
    for c in range(place.first, place.first + place.n + 1):
        i = c * d
        left = (
            e[i - d] + slope(e[i - 2 * d], e[i - d], e[i]),
            f[i - d] + slope(f[i - 2 * d], f[i - d], f[i]),
            e[i - d],
        )
        right = (
            e[i] - slope(e[i - d], e[i], e[i + d]),
            f[i] - slope(f[i - d], f[i], f[i + d]),
            e[i],
        )
        sigma, free = (coupling[0, c - 1], coupling[0, c]), (coupling[1, c - 1], coupling[1, c])
        speed = signal_speed(moments, gap[c], bn[i], sigma, free, (vstream[i - d], vstream[i]))
        faces[0, c], faces[1, c] = solve_face(moments.ic2, bn[i], left, right, speed)


@device
def drive(moments, place, tube, b, bn, faces, c, e):
    """Return (dt div(f b), push on f) of a cell whose energy at the time of the faces is `e`."""
    low, up = tube.area[b, c], tube.area[b, c + 1]
    share = moments.dt / tube.volume[b, c]
    outflow = share * (up * faces[0, c + 1] - low * faces[0, c])
    here = c * place.stride
    pull = share * (
        up * bn[here + place.stride] * (faces[1, c + 1] - e) - low * bn[here] * (faces[1, c] - e)
    )
    return outflow, -moments.c2 * pull


@kernel
def predict_on_tube(moments, grid, tube, registers, coupling, faces):
    """Advance (e, f) of all blocks from ``start`` to ``half``."""
    place = span(grid, tube.axis)
    for b in range(registers.start.shape[0]):
        start, frozen = registers.start[b], registers.frozen[b]
        couple_line(moments, place, start, frozen, tube.gap[b], coupling)
        solve_line_faces(moments, place, start, frozen, tube.gap[b], coupling, faces)
        e, f, bn = (
            start[ENERGY].reshape(-1),
            start[FLUX].reshape(-1),
            frozen[place.normal].reshape(-1),
        )
        vstream, kappa = frozen[VSTREAM].reshape(-1), frozen[KAPPA].reshape(-1)
        e_half, f_half = registers.half[b, ENERGY].reshape(-1), registers.half[b, FLUX].reshape(-1)
        for c in range(place.first, place.first + place.n):
            i = c * place.stride
            outflow, push = drive(moments, place, tube, b, bn, faces, c, e[i])
            x, vs = scatter(moments, push, e[i], vstream[i], kappa[i])
            e_half[i], f_half[i] = predict_cell(e[i], f[i], outflow, push, x, vs * moments.drain)


@kernel
def correct_on_tube(moments, grid, tube, registers, coupling, faces, crossing):
    """Advance (e, f) of all blocks in ``start`` by the whole step with the faces of ``half``;
    `crossing` gets what comes in at the ends."""
    place = span(grid, tube.axis)
    for b in range(registers.start.shape[0]):
        half, frozen = registers.half[b], registers.frozen[b]
        couple_line(moments, place, half, frozen, tube.gap[b], coupling)
        solve_line_faces(moments, place, half, frozen, tube.gap[b], coupling, faces)
        e, f, bn = (
            registers.start[b, ENERGY].reshape(-1),
            registers.start[b, FLUX].reshape(-1),
            frozen[place.normal].reshape(-1),
        )
        vstream, kappa = frozen[VSTREAM].reshape(-1), frozen[KAPPA].reshape(-1)
        now, heat, made = (
            half[ENERGY].reshape(-1),
            registers.account[b, HEAT].reshape(-1),
            registers.account[b, MADE].reshape(-1),
        )
        for c in range(place.first, place.first + place.n):
            i = c * place.stride
            outflow, push = drive(moments, place, tube, b, bn, faces, c, now[i])
            x, vs = scatter(moments, push, now[i], vstream[i], kappa[i])
            energy, f[i], warmth = correct_cell(e[i], f[i], outflow, push, x, vs * moments.drain)
            e[i] = max(energy, 0.0)
            heat[i] += warmth
            made[i] += e[i] - energy
        cross_line(crossing, b, place, tube.axis, tube.area[b], faces[0], moments.dt, ENERGY)
