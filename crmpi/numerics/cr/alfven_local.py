"""Exchange of energy and momentum between cosmic rays and Alfven waves in one cell, at given
transport through its faces.

With h = gamma_cr e, v_A frozen, a+ and a- the energies of waves along and against b, and G the
growth coefficient,

    f'  = p - vmax^2 G [a+ (f - v_A h) + a- (f + v_A h)] - c^2 s f
    a+' = r+ + v_A G a+ (f - v_A h) - D a+ - N a+^2
    a-' = r- - v_A G a- (f + v_A h) - D a- - N a-^2
    e'  = -q - (what the waves take)

One backward Euler step needs one number, f: given f each wave energy is the positive root of a
quadratic, and what is left of the equation of f increases with f at a slope of at least 1, so it
has one root, and wave energies stay positive for any step. Two half steps and a whole one
extrapolate to second order; where they differ much the step is divided. All sums of energy hold to
round-off whatever the iteration does.
"""

import math
from typing import NamedTuple

from crmpi.jit import device, kernel
from crmpi.precision import REAL

FINEST = 64  # a step is divided into at most this many
_TOLERANCE = 0.02  # relative difference of one step and two half steps
_SEEDS = 100.0  # wave energies of so many seeds are small
_ITERATIONS = 60
_PRECISION = 1e-5  # of the last Newton step; the convergence is quadratic
_TINY = 1e-300


class Cell(NamedTuple):
    """State of a cell: e, f, wave energies, and since the start of the step heat given to the gas
    and energy that seeded waves."""

    e: float
    f: float
    plus: float
    minus: float
    heat: float
    seeded: float


class Transport(NamedTuple):
    """What transport through the faces adds in a whole step: loss of e, push on f, gain of the two
    wave energies."""

    loss: float
    push: float
    plus: float
    minus: float


class Matter(NamedTuple):
    """Coefficients of a cell for a whole step.

    ``va`` Alfven speed times gamma_cr; ``force`` dt vmax^2 G; ``growth`` dt v_A G; ``drag`` dt c^2
    s of scatterers at rest in the gas; ``linear`` dt D; ``nonlinear`` dt N; ``seed`` the smallest
    wave energy.
    """

    va: float
    force: float
    growth: float
    drag: float
    linear: float
    nonlinear: float
    seed: float


@device
def wave_energy(rate, nonlinear, gain):
    """Return the positive root a of nonlinear a^2 + rate a = gain, and sqrt(rate^2 + 4 nonlinear
    gain) = gain/a + nonlinear a."""
    root = math.sqrt(rate * rate + 4.0 * nonlinear * gain)
    if gain == 0.0:
        return 0.0, root + _TINY
    if rate > 0.0:
        return 2.0 * gain / (rate + root), root
    return (root - rate) / (2.0 * nonlinear + _TINY), root + _TINY


@device
def first_guess(decay, growth, force, drag, pushed, u, gains):
    """Return f - u exact for waves against the flux that only lose, and waves along it without
    non-linear damping: a quadratic."""
    up, down = gains
    held = drag + force * down / (decay + 2.0 * growth * u)
    rest = pushed - drag * u - 2.0 * u * (held - drag)
    square, linear, constant = (
        held * growth,
        rest * growth + held * decay + force * up,
        rest * decay,
    )
    root = math.sqrt(max(linear * linear - 4.0 * square * constant, 0.0))
    return 2.0 * constant / (linear + root) if linear > 0.0 else (linear - root) / (2.0 * square)


@kernel
def balance(share, m, pushed, u, up, down):
    """Return (f, a+, a-) at the end of a backward Euler step of `share` of the whole.

    `pushed` is f and `up`, `down` are a+ and a- with what transport adds, u = v_A h. Newton's
    method on y = f - u, kept inside a bracket; the flux counts along `pushed`, so that the waves
    which can grow are `up`.
    """
    if pushed < 0.0:
        f, minus, plus = balance_along(share, m, -pushed, u, down, up)
        return -f, plus, minus
    return balance_along(share, m, pushed, u, up, down)


@kernel
def balance_along(share, m, pushed, u, up, down):
    """Return `balance` for a flux pushed along b."""
    decay, growth, force = 1.0 + share * m.linear, share * m.growth, share * m.force
    nonlinear, drag = share * m.nonlinear, 1.0 + share * m.drag
    low, high = -2.0 * u, max(pushed / drag - u, 0.0)
    if nonlinear == 0.0 and growth * high > decay:
        high = decay / growth
    y = first_guess(decay + nonlinear * up, growth, force, drag, pushed, u, (up, down))
    if not (low <= y <= high):
        y = 0.5 * (low + high)
    for _ in range(_ITERATIONS):
        plus, root_plus = wave_energy(decay - growth * y, nonlinear, up)
        minus, root_minus = wave_energy(decay + growth * (y + 2.0 * u), nonlinear, down)
        rest = drag * (y + u) - pushed + force * (plus * y + minus * (y + 2.0 * u))
        if rest > 0.0:
            high = y
        else:
            low = y
        steep = plus * (1.0 + growth * y / root_plus) + minus * (
            1.0 - growth * (y + 2.0 * u) / root_minus
        )
        new = y - rest / (drag + force * steep)
        if not (low <= new <= high):
            new = 0.5 * (low + high)
        change = abs(new - y)
        y = new
        if change <= _PRECISION * (abs(y) + u) and growth * change <= _PRECISION * root_plus:
            break
    plus, _ = wave_energy(decay - growth * y, nonlinear, up)
    minus, _ = wave_energy(decay + growth * (y + 2.0 * u), nonlinear, down)
    return y + u, plus, minus


@kernel
def implicit_step(share, cell, transport, m):
    """Return the cell after a backward Euler step of `share` of the whole; waves below the seed are
    raised to it at the cost of e."""
    left = cell.e - share * transport.loss
    came_plus, came_minus = cell.plus + share * transport.plus, cell.minus + share * transport.minus
    up, down = max(came_plus, m.seed), max(came_minus, m.seed)
    f, plus, minus = balance(
        share, m, cell.f + share * transport.push, m.va * max(left, 0.0), up, down
    )
    lost = share * (m.linear * (plus + minus) + m.nonlinear * (plus * plus + minus * minus))
    taken = (plus - came_plus) + (minus - came_minus) + lost
    return Cell(
        left - taken,
        f,
        plus,
        minus,
        cell.heat + lost,
        cell.seeded + (up - came_plus) + (down - came_minus),
    )


@device
def difference(one, two, u, seed):
    """Return the relative difference of two cells: wave energies against their sum, flux against
    itself and the streaming flux.

    Waves near the seed scatter nothing; how they fluctuate about it is not resolved.
    """
    waves = (abs(one.plus - two.plus) + abs(one.minus - two.minus)) / (
        two.plus + two.minus + _SEEDS * seed + _TINY
    )
    return max(waves, abs(one.f - two.f) / (abs(two.f) + u + _TINY))


@device
def linear(one, two):
    """Return the cell 2 two - one."""
    plus, minus = 2.0 * two.plus - one.plus, 2.0 * two.minus - one.minus
    heat, seeded = 2.0 * two.heat - one.heat, 2.0 * two.seeded - one.seeded
    return Cell(2.0 * two.e - one.e, 2.0 * two.f - one.f, plus, minus, heat, seeded)


@device
def extrapolate(old, one, two):
    """Return the cell `old` after a step, to second order from one step and two half steps.

    The two half steps stand where a wave energy or the heat would be negative. A wave that grows
    fast is extrapolated in its logarithm, at the cost of e: 2 two - one shrinks a wave that grows
    by an e-folding in a step.
    """
    new = linear(one, two)
    if min(new.plus, new.minus, new.heat - old.heat) < 0.0:
        new = two
    plus = grown(one.plus, two.plus) if two.plus > old.plus else 0.0
    minus = grown(one.minus, two.minus) if two.minus > old.minus else 0.0
    if max(plus, minus) == 0.0:
        return new
    plus, minus = max(plus, new.plus), max(minus, new.minus)
    return Cell(
        new.e + ((new.plus - plus) + (new.minus - minus)), new.f, plus, minus, new.heat, new.seeded
    )


@device
def grown(one, two):
    """Return two^2/one, and at least two/2, of a wave whose growth is not resolved, else 0."""
    return two * max(two / one, 0.5) if one > (1.0 + _TOLERANCE) * two else 0.0


@kernel
def exchange(cell, transport, m):
    """Return the cell after the whole step, divided where wave energies or the flux change fast;
    and into how many parts it went."""
    at, size, parts = 0, FINEST, 0
    while at < FINEST:
        share = REAL(size / FINEST)  # of integers, a double in any precision
        one = implicit_step(share, cell, transport, m)
        while True:
            middle = implicit_step(0.5 * share, cell, transport, m)
            two = implicit_step(0.5 * share, middle, transport, m)
            error = difference(one, two, m.va * max(two.e, 0.0), m.seed)
            if error <= _TOLERANCE or size == 1:
                break
            one, size, share = middle, size // 2, 0.5 * share
        cell = extrapolate(cell, one, two)
        at, parts = at + size, parts + 1
        if 4.0 * error < _TOLERANCE and at % (2 * size) == 0 and at + 2 * size <= FINEST:
            size *= 2
    return cell, parts
