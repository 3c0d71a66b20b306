"""x**y without branches, tables or library calls, so that loops that use it vectorise and round the same everywhere."""

from crmpi.jit import device
from crmpi.numerics.rows import bits_of, double_of

_MANTISSA = 0x000FFFFFFFFFFFFF
_ONE = 0x3FF0000000000000
_TWO_52 = 0x4330000000000000  # bits of 2**52: an integer or-ed into its mantissa is added to it
_SQRT2 = 1.4142135623730951
_LOG2E = 1.4426950408889634
_LN2 = 0.6931471805599453
_ROUND = 6755399441055744.0  # 1.5 * 2**52: adding it rounds to the nearest integer


@device
def power(x, y):
    """Return x**y for normal x > 0 and moderate y: relative error below 1e-14 for abs(y log2 x) < 30, and exactly 1 for x = 1.

    x = 2**n m with m in [sqrt(1/2), sqrt(2)); log2 m = 2 atanh((m-1)/(m+1)) / ln 2; then 2**(y log2 x), both by polynomials.
    Infinite or NaN x gives NaN; x <= 0 is outside its domain and gives NaN too.
    """
    bits = bits_of(x)
    mantissa = double_of((bits & _MANTISSA) | _ONE)
    exponent = double_of(((bits >> 52) & 0x7FF) | _TWO_52) - 4503599627371519.0  # 2**52 + 1023
    high = mantissa >= _SQRT2
    mantissa = 0.5 * mantissa if high else mantissa
    exponent = exponent + 1.0 if high else exponent
    s = (mantissa - 1.0) / (mantissa + 1.0)
    z = s * s
    t = 1.0 / 21.0
    t = t * z + 1.0 / 19.0
    t = t * z + 1.0 / 17.0
    t = t * z + 1.0 / 15.0
    t = t * z + 1.0 / 13.0
    t = t * z + 1.0 / 11.0
    t = t * z + 1.0 / 9.0
    t = t * z + 1.0 / 7.0
    t = t * z + 1.0 / 5.0
    t = t * z + 1.0 / 3.0
    log2 = exponent + 2.0 * _LOG2E * (s + s * z * t)
    p = y * log2
    p = p if p > -1000.0 else -1000.0
    p = p if p < 1000.0 else 1000.0
    shifted = p + _ROUND
    n = shifted - _ROUND
    f = (p - n) * _LN2
    e = 1.0 / 6227020800.0
    e = e * f + 1.0 / 479001600.0
    e = e * f + 1.0 / 39916800.0
    e = e * f + 1.0 / 3628800.0
    e = e * f + 1.0 / 362880.0
    e = e * f + 1.0 / 40320.0
    e = e * f + 1.0 / 5040.0
    e = e * f + 1.0 / 720.0
    e = e * f + 1.0 / 120.0
    e = e * f + 1.0 / 24.0
    e = e * f + 1.0 / 6.0
    e = e * f + 0.5
    e = e * f + 1.0
    e = e * f + 1.0
    scaled = e * double_of((bits_of(shifted) << 52) + _ONE)
    valid = x if x > 0.0 else x * double_of(0x7FF8000000000000)
    return scaled + (valid - valid)
