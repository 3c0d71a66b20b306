"""Counter-based random numbers."""

import numpy as np
import pytest

from crmpi.numerics.counter_random import philox4x32, poisson, uniform_field, uniform_pair

KNOWN_ANSWERS = [  # counter, key, output: the test vectors of Random123 (Salmon et al. 2011)
    ([0] * 4, [0] * 2, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
    ([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
    (
        [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
        [0xA4093822, 0x299F31D0],
        [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
    ),
]


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN_ANSWERS)
def test_philox_known_answers(counter, key, words):
    assert [int(word) for word in philox4x32(counter, key)] == words


def test_numbers_belong_to_their_index():
    whole = uniform_field(7, np.arange(1000).reshape(10, 100))
    piece = uniform_field(7, np.arange(300, 400))
    assert np.array_equal(whole[3], piece)
    assert not np.array_equal(whole, uniform_field(8, np.arange(1000).reshape(10, 100)))
    assert not np.array_equal(whole, uniform_field(7, np.arange(1000).reshape(10, 100), stream=1))


def test_uniform_moments():
    a, b = uniform_pair(1, np.arange(100_000))
    for sample in (a, b):
        assert sample.min() >= 0.0 and sample.max() < 1.0
        assert abs(sample.mean() - 0.5) < 5 / np.sqrt(12 * sample.size)
    assert abs(np.corrcoef(a, b)[0, 1]) < 5 / np.sqrt(a.size)


@pytest.mark.parametrize("mean", [0.0, 0.3, 5.0, 40.0])
def test_poisson_mean_and_variance(mean):
    counts = np.array([poisson(mean, u) for u in uniform_field(3, np.arange(20_000))])
    error = 5 * np.sqrt((mean + 1e-12) / counts.size)
    assert abs(counts.mean() - mean) <= error
    assert abs(counts.var() - mean) <= 0.06 * mean + error
