"""Why a solver has no test of a number: one sentence for each empty cell of the matrix. A case for
such a cell makes its words vanish."""

ADIABATIC = "cosmic rays move with the gas in this test"
NO_TRANSPORT = "does not move cosmic rays"
NO_STREAMING = "does not stream"
NO_FLUX = "has no equation of the flux"
NO_FIELD_FREE = "needs a field along the radius"
NO_TRACERS = "carries no tracers"
NO_LIMIT = "has no reduced speed of light"
WAVES = "its kappa follows from the waves"
NO_TUBE = "does not run on a tube"

DIFFUSIVE = ("isotropic_diffusion", "anisotropic_diffusion")
MOVING = (*DIFFUSIVE, "streaming_diffusion", "two_moment", "alfven_regulated")

_WORDS = [
    (("V1", "V2"), MOVING, ADIABATIC),
    (("V3", "V4", "V6", "V11", "V12", "V13", "V16"), ("none",), NO_TRANSPORT),
    (("V3", "V4", "V6", "V11", "V13", "V16"), ("alfven_regulated",), WAVES),
    (("V12",), ("alfven_regulated",), NO_TUBE),
    (("V11", "V12"), ("streaming_diffusion",), NO_TUBE),
    (("V5",), ("none", *DIFFUSIVE, "streaming_diffusion"), NO_FLUX),
    (("V6",), ("isotropic_diffusion",), "crosses the field by design"),
    (("V7", "V8", "V9"), ("none", *DIFFUSIVE), NO_STREAMING),
    (("V12",), DIFFUSIVE, NO_STREAMING),
    (("V14",), ("none", *DIFFUSIVE, "streaming_diffusion"), NO_LIMIT),
    (("V9", "V10", "V17"), ("alfven_regulated",), WAVES),
    (
        ("V17",),
        ("isotropic_diffusion",),
        "spreads cosmic rays across the field too: another instability",
    ),
    (
        ("V21",),
        ("isotropic_diffusion", "streaming_diffusion", "alfven_regulated"),
        "not one of the three transport models of the figure",
    ),
    (("V15",), ("none", *MOVING), "losses are a source, the same for all"),
    (("V20",), ("none", "alfven_regulated"), NO_TRACERS),
    (("V16",), ("anisotropic_diffusion", "streaming_diffusion", "two_moment"), NO_FIELD_FREE),
]

_REASONS = {
    (number, name): words
    for numbers, solvers, words in _WORDS
    for number in numbers
    for name in solvers
}


def reason(number, name):
    """Return why solver `name` has no test of `number`, or an empty string."""
    return _REASONS.get((number, name), "")
