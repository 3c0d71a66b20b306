"""Bracketed root finding on scalars and arrays."""

import numpy as np


def bisect(function, lower, upper, iterations=200):
    """Return x in [lower, upper] where `function` changes sign; scalars or arrays, elementwise.

    The interval is halved until it has no interior number left, so the answer is as good as the
    function. `function(lower)` and `function(upper)` must differ in sign; an element where they do
    not raises ``ValueError``.
    """
    lower, upper = np.broadcast_arrays(np.asarray(lower, float), np.asarray(upper, float))
    sign = np.sign(function(lower))
    if np.any(sign * np.sign(function(upper)) > 0):
        raise ValueError("the function has the same sign at both ends of the interval")
    for _ in range(iterations):
        middle = 0.5 * (lower + upper)
        if np.all((middle == lower) | (middle == upper)):
            break
        left = np.sign(function(middle)) == sign
        lower, upper = np.where(left, middle, lower), np.where(left, upper, middle)
    return 0.5 * (lower + upper)
