"""Transport models of the literature by name: ``transport.preset: chan2019``.

A preset is a choice of solver, scattering model and their parameters as a paper made it. It takes the place of what weaker sources say
about the groups `transport` and `scattering`: a preset on the command line replaces those groups of the YAML file, one in the file those
of its ``base``; other keys of the same source still change single parameters. Numbers marked "recalled" were not read again in the paper.
"""

from typing import NamedTuple

KEPT = ("tracer_rigidities", "rigidity")
"""Parameters of the replaced groups that are no part of a transport model, and stay as they are."""


class Preset(NamedTuple):
    """What a paper chose: `settings` are {dotted key: value}; `found` is what it concluded."""

    doc: str
    reference: str
    found: str
    settings: dict


def _preset(doc, reference, found, solver, model=("constant", {}), **transport):
    settings = {"transport.solver": solver} | {f"transport.{key}": value for key, value in transport.items()}
    settings |= {"scattering.model": model[0]} | {f"scattering.{key}": value for key, value in model[1].items()}
    return Preset(doc, reference, found, settings)


_FIRE = "Hopkins et al. 2021, MNRAS 501, 4184; Hopkins et al. 2022, MNRAS 517, 5413"

PRESETS = {
    "salem2016": _preset(
        "isotropic diffusion, kappa = 3e28 cm^2/s (the paper also has 3e27 and 1e28)",
        "Salem & Bryan 2014, MNRAS 437, 3312; Salem, Bryan & Corlies 2016, MNRAS 456, 582",
        "of its kappas only 3e28 agrees with gamma rays; the circumgalactic gas gets cooler",
        "isotropic_diffusion", ("constant", {"kappa_par": "3e28 cm^2/s"}),
    ),
    "butsky_quinn2018_diff": _preset(
        "anisotropic diffusion, kappa_par = 1e28 cm^2/s (recalled)",
        "Butsky & Quinn 2018, ApJ 868, 108",
        "diffusion gives smoother and warmer circumgalactic gas than streaming",
        "anisotropic_diffusion", ("constant", {"kappa_par": "1e28 cm^2/s"}),
    ),
    "butsky_quinn2018_stream": _preset(
        "one-moment streaming with the Alfven speed (f_stream = 1; the paper also has 4)",
        "Butsky & Quinn 2018, ApJ 868, 108",
        "cool gas out to 200 kpc, multiphase; depends least on its parameters",
        "streaming_diffusion", f_stream=1.0,
    ),
    "chan2019": _preset(
        "two moments, kappa_par = 3e29 cm^2/s, reduced speed of light 500 km/s (recalled; the paper also has 3e27, 3e28 and 2000 km/s)",
        "Chan et al. 2019, MNRAS 488, 3716",
        "gamma rays of dwarfs and of L* galaxies want kappa near 3e29; advection or streaming alone overproduce them tenfold",
        "two_moment", ("constant", {"kappa_par": "3e29 cm^2/s"}), vmax="500 km/s",
    ),
    "buck2020_adv": _preset(
        "cosmic rays that stay with the gas",
        "Buck et al. 2020, MNRAS 497, 1712; Pfrommer et al. 2017, MNRAS 465, 4500",
        "compact discs, a halo with much cosmic-ray pressure to about 50 kpc",
        "none",
    ),
    "buck2020_diff": _preset(
        "anisotropic diffusion, kappa_par = 1e28 cm^2/s (recalled), without Alfven-wave losses",
        "Buck et al. 2020, MNRAS 497, 1712",
        "a halo with much cosmic-ray pressure to about 50 kpc",
        "anisotropic_diffusion", ("constant", {"kappa_par": "1e28 cm^2/s"}),
    ),
    "buck2020_alfven": _preset(
        "anisotropic diffusion, kappa_par = 1e28 cm^2/s (recalled), and the loss |v_A.grad P| to Alfven waves, which heats the gas",
        "Buck et al. 2020, MNRAS 497, 1712",
        "the only one of its variants that agrees with gamma rays",
        "anisotropic_diffusion", ("constant", {"kappa_par": "1e28 cm^2/s"}), alfven_losses=1.0,
    ),
    "butsky2022": _preset(
        "isotropic diffusion; kappa is a parameter of the paper, here 1e29 cm^2/s",
        "Butsky et al. 2022, ApJ 935, 69",
        "cosmic-ray pressure changes the kinematics of the circumgalactic gas",
        "isotropic_diffusion", ("constant", {"kappa_par": "1e29 cm^2/s"}),
    ),
    "jiang_oh2018": _preset(
        "two moments with streaming at the Alfven speed alone; the paper keeps vmax and kappa free, here 3000 km/s and 0",
        "Jiang & Oh 2018, ApJ 854, 5",
        "streaming without numerical diffusion: plateaus, bottlenecks, heating",
        "two_moment", ("constant", {"kappa_par": "0 cm^2/s"}), vmax="3000 km/s", streaming=True,
    ),
    "thomas_pfrommer2019": _preset(
        "cosmic rays with the Alfven waves that they drive, nonlinear Landau damping",
        "Thomas & Pfrommer 2019, MNRAS 485, 2977",
        "streaming and diffusion follow from the waves",
        "alfven_regulated", vmax="3000 km/s",
    ),
    "hopkins2021_sc": _preset(
        "two moments; self-confinement by excited waves with all gas damping channels, 100 times weaker scattering than plain theory",
        _FIRE,
        "plain self-confinement confines too well; streaming faster than Alfven waves is unstable",
        "two_moment", ("self_confinement", {"f_qlt": 100.0}), vmax="3000 km/s",
    ),
    "hopkins2021_et": _preset(
        "two moments; extrinsic turbulence, fast modes (Yan & Lazarian 2004; Chandran 2000 with scattering.variant=alfven)",
        _FIRE,
        "plain extrinsic turbulence lets kappa depend wrongly on rigidity and place",
        "two_moment", ("extrinsic_turbulence", {"variant": "fast"}), vmax="3000 km/s",
    ),
    "butsky2024_patchy": _preset(
        "two moments; intermittent patches below the grid, mean free path near 10 pc at 1 GV and 1 microgauss",
        "Butsky, Hopkins, Kempski et al. 2024, MNRAS 528, 4245",
        "the sizes of the patches set the rigidity dependence, delta 0.5-0.6",
        "two_moment", ("patchy", {"delta": 0.5, "filling": 3e-6}), vmax="3000 km/s",
    ),
    "lemoine_kempski2023": _preset(
        "two moments; bends of the field, lambda = r_g^0.3 l_c^0.7 with an unknown prefactor of order one",
        "Lemoine 2023, J. Plasma Phys. 89, 175890501; Kempski et al. 2023, MNRAS 525, 4985",
        "intermittent bends scatter with about the observed rigidity dependence",
        "two_moment", ("curvature", {}), vmax="3000 km/s",
    ),
}  # fmt: skip
"""{name: Preset}, by year and paper."""


def preset_settings():
    """Return {parameter that names a preset: {name: settings}}, as `crmpi.params.load` wants them."""
    return {"transport.preset": {name: preset.settings for name, preset in PRESETS.items()}}
