"""Random numbers that are functions of what they belong to: a seed and a counter, never of the
order of the calls.

A stream such as ``numpy.random.default_rng`` gives different numbers when blocks, ranks or time
steps are cut differently. Here the counter is the global index of a cell, or the number of an
event, so every rank can draw the same numbers without talking to the others.

The generator is Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011, SC '11, "Parallel random numbers:
as easy as 1, 2, 3"), which passes the BigCrush tests; the unit tests hold the known answers of its
authors.
"""

import numpy as np

_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL = (0x9E3779B9, 0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)
_ROUNDS = 10


def philox4x32(counter, key):
    """Return four random 32-bit words for each counter.

    Parameters
    ----------
    counter : sequence of 4 uint64 arrays that broadcast together
        32-bit words, low word first
    key : sequence of 2 ints
        32-bit words of the key

    Returns
    -------
    list of 4 uint64 arrays
        words in [0, 2^32)
    """
    c0, c1, c2, c3 = np.broadcast_arrays(*(np.asarray(word, dtype=np.uint64) for word in counter))
    for turn in range(_ROUNDS):
        k0, k1 = (np.uint64((int(key[n]) + turn * _WEYL[n]) & 0xFFFFFFFF) for n in (0, 1))
        p0, p1 = _MULTIPLIERS[0] * c0, _MULTIPLIERS[1] * c2
        c0, c1, c2, c3 = (p1 >> _32) ^ c1 ^ k0, p1 & _LOW, (p0 >> _32) ^ c3 ^ k1, p0 & _LOW
    return [c0, c1, c2, c3]


def uniform_pair(seed, index, stream=0):
    """Return two independent uniform numbers in [0, 1) for each index.

    Parameters
    ----------
    seed : int
        seed of the run, taken modulo 2^64
    index : int array
        what the numbers belong to: a global cell index, the number of an event
    stream : int
        separates the uses of one seed; below 2^32

    Returns
    -------
    two float64 arrays of the shape of `index`
        multiples of 2^-53
    """
    index = np.asarray(index).astype(np.uint64)
    seed = int(seed)
    words = philox4x32(
        (index & _LOW, index >> _32, np.uint64(stream), np.uint64(0)),
        (seed & 0xFFFFFFFF, (seed >> 32) & 0xFFFFFFFF),
    )
    return tuple(to_unit(words[n], words[n + 1]) for n in (0, 2))


def uniform_field(seed, index, stream=0):
    """Return one uniform number in [0, 1) for each global cell index; see `uniform_pair`."""
    return uniform_pair(seed, index, stream)[0]


def poisson(mean, uniform):
    """Return the Poisson variates whose distribution functions first exceed `uniform`.

    Parameters
    ----------
    mean, uniform : float arrays of one shape, or floats
        meant for means below 100; numbers in [0, 1)

    Returns
    -------
    int array of that shape
    """
    mean, uniform = np.asarray(mean), np.asarray(uniform)
    count, term = np.zeros(mean.shape, np.int64), np.exp(-mean)
    total, number = term, 0
    while (more := (total <= uniform) & (term > 0.0)).any():
        number += 1
        count[more] = number
        term = term * (mean / number)
        total = np.where(more, total + term, total)
    return count


def to_unit(high, low):
    """Return 53 bits of two 32-bit words as a float in [0, 1)."""
    bits = ((high >> np.uint64(5)) << np.uint64(26)) | (low >> np.uint64(6))
    return bits.astype(np.float64) * 2.0**-53
