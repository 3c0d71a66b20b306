"""x**y and tanh x without branches, tables or library calls, so that loops that use them vectorise
and round the same everywhere."""

from crmpi.jit import device_in_double
from crmpi.numerics.fused import fused
from crmpi.numerics.rows.rows import bits_of, double_of

_MANTISSA = 0x000FFFFFFFFFFFFF
_ONE = 0x3FF0000000000000
_TWO_52 = 0x4330000000000000  # bits of 2**52: an integer or-ed into its mantissa is added to it
_NAN = 0x7FF8000000000000
_SQRT2 = 1.4142135623730951
_LN2 = 0.6931471805599453
_TWO_OVER_LN2 = 2.8853900817779268
_ROUND = 6755399441055744.0  # 1.5 * 2**52: adding it rounds to the nearest integer
_LARGEST = 1000.0  # of the binary exponent of the result
_SATURATED = 20.0  # beyond it tanh is 1 to the last bit

# Chebyshev interpolants: (atanh(s)/s - 1)/s**2 in s**2 up to 0.0295 (error 7e-16), (exp(f) - 1 -
# f)/f**2 up to abs(f) = 0.3466 (9e-16)
_L0 = 0.3333333333333104
_L1 = 0.20000000005603252
_L2 = 0.1428571206916208
_L3 = 0.11111431140054358
_L4 = 0.09070096901432996
_L5 = 0.08310908576429464
_E0 = 0.5
_E1 = 0.1666666666664829
_E2 = 0.04166666666665136
_E3 = 0.008333333353729397
_E4 = 0.0013888888905881542
_E5 = 0.00019841208732536384
_E6 = 2.4801536388690766e-05
_E7 = 2.762511557828763e-06
_E8 = 2.761380686153829e-07


@device_in_double
def exp_minus_1(p, shifted):
    """Return 2**f - 1 of what is left of `p` when the nearest integer is taken off; `shifted`: p +
    1.5 * 2**52."""
    f = (p - (shifted - _ROUND)) * _LN2
    ff = f * f
    high_terms = fused(ff, fused(ff, _E8, fused(f, _E7, _E6)), fused(f, _E5, _E4))
    low_terms = fused(ff, fused(f, _E3, _E2), fused(f, _E1, _E0))
    return fused(ff, fused(ff * ff, high_terms, low_terms), f)


@device_in_double
def power(x, y):
    """Return x**y for normal x > 0: relative error below 1e-14 for abs(y log2 x) < 30, and exactly
    1 for x = 1.

    x = 2**n m with m in [sqrt(1/2), sqrt(2)); log2 m = 2 atanh((m-1)/(m+1)) / ln 2; then 2**(y log2
    x); two polynomials, evaluated in pairs to keep chains of dependent operations short. The result
    saturates at 2**+-1000. Zero, negative, infinite and NaN x give NaN.
    """
    bits = bits_of(x)
    mantissa = double_of((bits & _MANTISSA) | _ONE)
    exponent = double_of(((bits >> 52) & 0x7FF) | _TWO_52) - 4503599627371519.0  # 2**52 + 1023
    high = mantissa >= _SQRT2
    mantissa = 0.5 * mantissa if high else mantissa
    exponent = exponent + 1.0 if high else exponent
    s = (mantissa - 1.0) / (mantissa + 1.0)
    z = s * s
    zz = z * z
    high_terms = fused(zz, fused(z, _L5, _L4), fused(z, _L3, _L2))
    series = fused(zz, high_terms, fused(z, _L1, _L0))
    p = y * fused(_TWO_OVER_LN2, fused(s * z, series, s), exponent)
    p = p if p > -_LARGEST else -_LARGEST
    p = p if p < _LARGEST else _LARGEST
    shifted = p + _ROUND
    result = (1.0 + exp_minus_1(p, shifted)) * double_of((bits_of(shifted) << 52) + _ONE)
    valid = x if x > 0.0 else double_of(_NAN)
    return result + (valid - valid)


@device_in_double
def tanh(x):
    """Return tanh(x) for x >= 0 within a relative error of 4e-15: -m/(2 + m) with m = exp(-2 x) -
    1. NaN gives NaN."""
    bounded = _SATURATED if x > _SATURATED else x
    p = -_TWO_OVER_LN2 * bounded
    shifted = p + _ROUND
    scale = double_of((bits_of(shifted) << 52) + _ONE)
    m = (scale - 1.0) + scale * exp_minus_1(p, shifted)
    return -m / (2.0 + m)
