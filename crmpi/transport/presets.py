"""Transport models of the literature by name: ``transport.preset: chan2019``.

A preset is a choice of solver, scattering model and their parameters as a paper made it. It takes
the place of what weaker sources set in the groups `transport` and `scattering`: a preset on the
command line replaces those groups of the YAML file, one in the file those of its ``base``; other
keys of the same source still change single parameters. Every setting names its evidence.
"""

from typing import NamedTuple

KEPT = ("tracer_rigidities", "rigidity")
"""Parameters of the replaced groups that are no part of a transport model, and stay as they are."""

ABSTRACT, CODE = "read in the abstract", "read in public code of the authors"
RECALLED = "recalled, not read again"
FREE = "chosen here: the paper leaves it free, or it is numerical"
UNCHECKED = "chosen here: the value of the paper could not be checked"
KNOWN = (ABSTRACT, CODE, RECALLED, FREE, UNCHECKED)
"""How a number is known, from best to worst."""


class Preset(NamedTuple):
    """What a paper chose: `settings` are {dotted key: value}, `known` how each is known; `found` is
    what it concluded, and `read` where that was read.
    """

    doc: str
    reference: str
    found: str
    read: str
    settings: dict
    known: dict


def _preset(
    doc, reference, found, solver, model="constant", read=ABSTRACT, scattering=None, **transport
):
    """Return a `Preset`; `solver` and `model` are names or (name, how it is known), parameters
    (value, how it is known)."""
    chosen = {"transport.solver": solver if isinstance(solver, tuple) else (solver, ABSTRACT)}
    chosen |= {f"transport.{key}": pair for key, pair in transport.items()}
    chosen |= {"scattering.model": model if isinstance(model, tuple) else (model, ABSTRACT)}
    chosen |= {f"scattering.{key}": pair for key, pair in (scattering or {}).items()}
    settings, known = ({key: pair[n] for key, pair in chosen.items()} for n in (0, 1))
    return Preset(doc, reference, found, read, settings, known)


_BUTSKY_QUINN = "Butsky & Quinn 2018, ApJ 868, 108"
_BUCK = "Buck et al. 2020, MNRAS 497, 1712"
_FIRE = "Hopkins et al. 2021, MNRAS 501, 4184; Hopkins et al. 2022, MNRAS 517, 5413"
_FAST = {"vmax": ("3000 km/s", FREE)}

PRESETS = {
    "salem2016": _preset(
        "isotropic diffusion, kappa = 3e28 cm^2/s (the paper also has 0.3e28 and 1e28)",
        "Salem & Bryan 2014, MNRAS 437, 3312; Salem, Bryan & Corlies 2016, MNRAS 456, 582",
        (
            "of its kappas only 3e28 agrees with gamma rays; cooler, diffuse circumgalactic gas "
            "down to 1e4 K, held by cosmic rays"
        ),
        ("isotropic_diffusion", RECALLED),
        scattering={"kappa_par": ("3e28 cm^2/s", ABSTRACT)},
    ),
    "butsky_quinn2018_iso": _preset(
        "isotropic diffusion, kappa = 1e28 cm^2/s",
        _BUTSKY_QUINN,
        (
            "isotropic diffusion gives uniform, warm circumgalactic gas with too little of the low "
            "ions"
        ),
        "isotropic_diffusion",
        scattering={"kappa_par": ("1e28 cm^2/s", RECALLED)},
    ),
    "butsky_quinn2018_diff": _preset(
        "anisotropic diffusion, kappa_par = 1e28 cm^2/s",
        _BUTSKY_QUINN,
        (
            "a reservoir of cool gas that reaches further out than with isotropic diffusion but "
            "thins quickly with distance"
        ),
        "anisotropic_diffusion",
        scattering={"kappa_par": ("1e28 cm^2/s", RECALLED)},
    ),
    "butsky_quinn2018_stream": _preset(
        (
            "one-moment streaming with the Alfven speed (f_stream = 1; the paper also has 4), the "
            "gas is heated with v_A grad P"
        ),
        _BUTSKY_QUINN,
        "cool gas out to 200 kpc, multiphase; the least sensitive to its parameters",
        ("streaming_diffusion", CODE),
        f_stream=(1.0, RECALLED),
    ),
    "chan2019": _preset(
        (
            "isotropic diffusion, kappa = 3e29 cm^2/s: the match of the paper, which uses two "
            "moments (here the limit of a fast vmax)"
        ),
        "Chan et al. 2019, MNRAS 488, 3716",
        (
            "gamma rays of dwarfs and of L* galaxies want kappa near 3e29; advection or streaming "
            "alone overproduce them tenfold"
        ),
        "isotropic_diffusion",
        scattering={"kappa_par": ("3e29 cm^2/s", ABSTRACT)},
    ),
    "chan2019_aligned": _preset(
        (
            "two moments along the field with streaming, kappa_par = 3e29 cm^2/s, which in a "
            "tangled field spreads like isotropic 1e29"
        ),
        (
            "Chan et al. 2019, MNRAS 488, 3716; Hopkins et al. 2020, MNRAS 492, 3465 (kappa near "
            "3e29 along the field)"
        ),
        (
            "cosmic rays escape the galaxy and build a halo that they dominate, which supports "
            "cool "
            "gas; their heating is never dominant"
        ),
        "two_moment",
        scattering={"kappa_par": ("3e29 cm^2/s", ABSTRACT)},
        vmax=("500 km/s", RECALLED),
    ),
    "buck2020_adv": _preset(
        "cosmic rays that stay with the gas",
        f"{_BUCK}; Pfrommer et al. 2017, MNRAS 465, 4500",
        "the most compact discs, a halo with more cosmic-ray than gas pressure to about 50 kpc",
        "none",
    ),
    "buck2020_diff": _preset(
        "anisotropic diffusion, kappa_par = 1e28 cm^2/s, without Alfven-wave losses",
        _BUCK,
        "a halo with more cosmic-ray than gas pressure to about 50 kpc",
        "anisotropic_diffusion",
        scattering={"kappa_par": ("1e28 cm^2/s", RECALLED)},
    ),
    "buck2020_alfven": _preset(
        (
            "anisotropic diffusion, kappa_par = 1e28 cm^2/s, and the loss |v_A.grad P| to Alfven "
            "waves, which heats the gas"
        ),
        _BUCK,
        "the only one of its variants that agrees with gamma rays",
        "anisotropic_diffusion",
        scattering={"kappa_par": ("1e28 cm^2/s", RECALLED)},
        alfven_losses=(1.0, ABSTRACT),
    ),
    "butsky2022": _preset(
        (
            "isotropic diffusion, kappa = 1e29 cm^2/s: model and number could not be checked in "
            "the "
            "paper"
        ),
        "Butsky et al. 2022, ApJ 935, 69",
        (
            "cosmic rays dominate the pressure to 50 kpc and cool the gas there; narrower O VI, "
            "broader Si III, aligned velocities"
        ),
        ("isotropic_diffusion", RECALLED),
        scattering={"kappa_par": ("1e29 cm^2/s", UNCHECKED)},
    ),
    "jiang_oh2018": _preset(
        "two moments with streaming at the Alfven speed alone",
        "Jiang & Oh 2018, ApJ 854, 5",
        (
            "streaming without numerical diffusion, at a step that grows linearly with the width "
            "of "
            "cells"
        ),
        "two_moment",
        scattering={"kappa_par": ("0 cm^2/s", FREE)},
        **_FAST,
        streaming=(True, ABSTRACT),
    ),
    "thomas_pfrommer2019": _preset(
        "cosmic rays with the Alfven waves that they drive, nonlinear Landau damping",
        "Thomas & Pfrommer 2019, MNRAS 485, 2977",
        "streaming and diffusion follow from the waves",
        "alfven_regulated",
        **_FAST,
        model=("constant", FREE),
    ),
    "hopkins2021_sc": _preset(
        (
            "two moments; self-confinement by excited waves with all gas damping channels, 100 "
            "times weaker scattering than plain theory"
        ),
        _FIRE,
        (
            "plain self-confinement confines too well by more than 100; streaming faster than "
            "Alfven waves is unstable"
        ),
        ("two_moment", CODE),
        "self_confinement",
        scattering={"f_qlt": (100.0, CODE)},
        **_FAST,
    ),
    "hopkins2021_et": _preset(
        (
            "two moments; extrinsic turbulence, damped fast modes and Alfven modes (undamped: "
            "scattering.variant=fast_undamped)"
        ),
        f"{_FIRE}; Yan & Lazarian 2004, ApJ 614, 757; Chandran 2000, PRL 85, 4656",
        (
            "most physical turbulence hardly scatters 1-10 GeV cosmic rays; without damping of "
            "fast "
            "modes they would scatter far too much"
        ),
        ("two_moment", CODE),
        "extrinsic_turbulence",
        scattering={"variant": ("fast", CODE)},
        limit_flux=(True, FREE),  # nearly free flight
        **_FAST,
    ),
    "butsky2024_patchy": _preset(
        (
            "two moments; intermittent patches below the grid, mean free path near 10 pc at 1 GV "
            "and 1 microgauss"
        ),
        "Butsky, Hopkins, Kempski et al. 2024, MNRAS 528, 4245",
        (
            "a mean free path of 10 pc at GeV energies; the sizes of the patches set how it "
            "depends "
            "on rigidity"
        ),
        ("two_moment", FREE),
        "patchy",
        scattering={"delta": (0.5, RECALLED), "filling": (3e-6, FREE)},
        **_FAST,
    ),
    "lemoine_kempski2023": _preset(
        (
            "two moments; bends of the field, lambda = r_g^0.3 l_c^0.7 with an unknown prefactor "
            "of "
            "order one"
        ),
        "Lemoine 2023, J. Plasma Phys. 89, 175890501; Kempski et al. 2023, MNRAS 525, 4985",
        "intermittent bends scatter with about the observed rigidity dependence",
        ("two_moment", FREE),
        "curvature",
        scattering={"slope": (0.3, ABSTRACT), "prefactor": (1.0, FREE)},
        **_FAST,
    ),
}
"""{name: Preset}, by year and paper."""


def preset_settings():
    """Return {parameter that names a preset: {name: settings}}, as `crmpi.params.load` wants
    them."""
    return {"transport.preset": {name: preset.settings for name, preset in PRESETS.items()}}
