"""One value for every column of cells along a row: maxima that run over many rows in vector
loops."""

from crmpi.jit import device


@device
def clear(values):
    """Set all values of a vector to zero."""
    for i in range(values.size):
        values[i] = 0.0


@device
def largest(values):
    """Return the largest value of a vector without negative ones."""
    result = 0.0
    for i in range(values.size):
        result = max(result, values[i])
    return result
