"""Presets: what is stronger than what, and that each of them is a valid choice for the showcase
problems."""

import pytest

from crmpi.errors import ConfigError
from crmpi.run.configuration import configure
from crmpi.transport.presets import KNOWN, PRESETS, UNCHECKED


def test_preset_replaces_the_groups_of_the_file():
    config, _ = configure("galactic_wind", ["transport.preset=salem2016"])
    assert config.transport.solver == "isotropic_diffusion"
    assert config.scattering.kappa_par == pytest.approx(config.units.to_code(3e28, "cm^2/s"))
    assert not hasattr(config.transport, "vmax")


def test_other_keys_of_the_command_line_are_stronger():
    preset, kappa = "transport.preset=chan2019_aligned", "scattering.kappa_par=1e28"
    for words in ([preset, kappa], [kappa, preset]):
        config, _ = configure("galactic_wind", words)
        assert config.scattering.kappa_par == pytest.approx(config.units.to_code(1e28, "cm^2/s"))
        assert config.units.from_code(config.transport.vmax, "km/s") == pytest.approx(500)


def test_keys_beside_a_preset_in_a_file_are_stronger(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("problem: {name: galactic_wind}\nmesh: {cells: [4,4,8]}\ntime: {end: 1}\n"
                    "transport: {preset: chan2019_aligned, vmax: 2000 km/s}\n")  # fmt: skip
    config, _ = configure(str(path))
    assert config.transport.solver == "two_moment"
    assert config.units.from_code(config.transport.vmax, "km/s") == pytest.approx(2000)


def test_tracers_outlive_a_preset(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("base: wind.yaml\ntransport: {preset: chan2019_aligned}\n")
    (tmp_path / "wind.yaml").write_text(
        "problem: {name: galactic_wind}\nmesh: {cells: [4,4,8]}\ntime: {end: 1}\n"
        "transport: {solver: isotropic_diffusion, tracer_rigidities: [10], max_stages: 9}\n"
    )
    config, _ = configure(str(path))
    assert config.transport.solver == "two_moment"
    assert config.transport.tracer_rigidities == (10.0,)


def test_unknown_preset_is_refused_with_the_nearest():
    with pytest.raises(ConfigError, match="did you mean 'chan2019'"):
        configure("galactic_wind", ["transport.preset=chan2018"])


def test_typos_beside_a_preset_are_refused():
    with pytest.raises(ConfigError, match=r"scattering\.kapa_par"):
        configure("galactic_wind", ["transport.preset=chan2019", "scattering.kapa_par=1e28"])


def test_resolved_parameters_of_a_preset_load_again():
    config, problem = configure(
        "galactic_wind", ["transport.preset=chan2019_aligned", "transport.vmax=900 km/s"]
    )
    from crmpi.run.configuration import load_run

    again = load_run(problem, config.resolved())
    assert vars(again.transport) == vars(config.transport)
    assert vars(again.scattering) == vars(config.scattering)


@pytest.mark.parametrize("problem", ["galactic_wind", "cgm_halo"])
@pytest.mark.parametrize("name", sorted(PRESETS))
def test_every_preset_is_a_valid_choice(name, problem):
    config, _ = configure(problem, [f"transport.preset={name}"])
    assert config.transport.preset == name
    for key, value in PRESETS[name].settings.items():
        group, parameter = key.split(".")
        assert hasattr(getattr(config, group), parameter), f"{key} = {value} was dropped"


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_every_setting_says_how_it_is_known(name):
    preset = PRESETS[name]
    assert preset.known.keys() == preset.settings.keys()
    assert {*preset.known.values(), preset.read} <= set(KNOWN)


def test_settings_that_papers_state_in_their_abstracts():
    """Chan et al. 2019: diffusion is isotropic, with 3e29; Salem et al. 2016: only 3e28 agrees with
    gamma rays."""
    for name, solver, kappa in (
        ("chan2019", "isotropic_diffusion", 3e29),
        ("chan2019_aligned", "two_moment", 3e29),
        ("salem2016", "isotropic_diffusion", 3e28),
    ):
        config, _ = configure("galactic_wind", [f"transport.preset={name}"])
        assert config.transport.solver == solver
        assert config.units.from_code(config.scattering.kappa_par, "cm^2/s") == pytest.approx(kappa)


def test_what_could_not_be_checked_is_marked():
    marked = [name for name, preset in PRESETS.items() if UNCHECKED in preset.known.values()]
    assert marked == ["butsky2022"]


def test_fast_modes_of_the_preset_are_damped():
    config, _ = configure("galactic_wind", ["transport.preset=hopkins2021_et"])
    assert config.scattering.variant == "fast"
