"""The page docs/configuration.md says what the code does."""

import re
from pathlib import Path

import pytest

from crmpi.cli.configuration import configure
from crmpi.errors import ConfigError
from crmpi.parallel.comm import SerialComm
from crmpi.params import make, par
from crmpi.units import UNITS, Units

PAGE = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.fixture
def example(tmp_path):
    """Return the path of the YAML example of the page."""
    path = tmp_path / "my_wind.yaml"
    path.write_text(next(text for kind, text in BLOCKS if kind == "yaml"))
    return path


def test_the_example_is_valid_and_so_are_its_overrides(example):
    config, _, _ = configure(SerialComm(), str(example), [])
    assert config.time.end == pytest.approx(0.10227, rel=1e-4)
    changed, _, _ = configure(
        SerialComm(),
        str(example),
        ["scattering.kappa_par=1e29 cm^2/s", "mesh.cells=[32,32,128]", "transport.solver=none"],
    )
    assert changed.scattering.kappa_par == pytest.approx(324.078, rel=1e-5)


def test_the_mistakes_look_as_shown(example):
    text = (
        example.read_text().replace("[32, 32, 64]", "[32, 32, 60]").replace("kappa_par", "kapa_par")
    )
    example.write_text(text)
    with pytest.raises(ConfigError) as caught:
        configure(SerialComm(), str(example), ["scattering.kappa_par=3 kpc"])
    shown = (
        next(text for kind, text in BLOCKS if kind == "text" and "kapa_par" in text)
        .strip()
        .splitlines()
    )
    assert sorted(re.sub(r"line \d+", "line", m) for m in caught.value.messages) == sorted(
        re.sub(r"line \d+", "line", m) for m in shown
    )


def test_every_unit_is_in_the_table():
    words = set(re.findall(r"\w+", PAGE))
    assert set(UNITS) - {"sr"} <= words


def test_the_declaration_example_works():
    scope = {"par": par}
    exec(next(text for kind, text in BLOCKS if kind == "python"), scope)
    made = make(scope["Params"], Units("galactic"), stop="3 Myr")
    assert made.rates == "guo_oh2008"
    with pytest.raises(ConfigError, match="must be positive"):
        make(scope["Params"], Units("galactic"), stop=0)


def test_the_field_of_a_microgauss():
    assert "1 uG is 2.18 code units" in PAGE
    assert Units("galactic")("1 uG") == pytest.approx(2.18, rel=1e-2)
