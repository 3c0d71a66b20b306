"""Reading YAML and the command line: all mistakes at once, nothing changed silently."""

import pickle

import pytest

from crmpi.errors import ConfigError, CrmpiError
from crmpi.params import Config, Selector, group, load, par


class NoSolver:
    """No parameters."""


class TwoMoment:
    class Params:
        vmax: float = par(unit="velocity", gt=0, doc="reduced speed of light")


class Constant:
    class Params:
        kappa_par: float = par(3e28, unit="cm^2/s", ge=0, doc="diffusion along B")
        kappa_perp: float = par(0.0, unit="cm^2/s", ge=0, doc="diffusion across B")


@group
class Halo:
    mass: float = par(unit="Msun", gt=0, doc="mass of the halo")


@group
class GravityParams:
    halo: Halo | None


class CoolingParams:
    enabled: bool = par(False, doc="cool the gas")
    table: str = par("cie", doc="which table")


class Wind:
    class Params:
        left: tuple[float, ...] = par((1, 0, 1, 1), length=4, doc="left state")
        sigma: float = par(10, unit="Msun/pc^2", gt=0, doc="surface density")


GROUPS = {
    "transport": Selector("solver", {"none": NoSolver, "two_moment": TwoMoment}, "none"),
    "scattering": Selector("model", {"constant": Constant}, "constant"),
    "problem": Selector("name", {"wind": Wind}),
    "gravity": GravityParams,
    "cooling": CoolingParams,
}
MINIMAL = "problem: {name: wind}\nmesh: {cells: [8, 8, 16]}\ntime: {end: 1}\n"


@pytest.fixture
def read(tmp_path):
    """Return a function that loads a YAML text with overrides."""

    def load_text(text, *overrides):
        path = tmp_path / "wind.yaml"
        path.write_text(text)
        return load(path, overrides, GROUPS)

    return load_text


@pytest.fixture
def mistakes(read):
    """Return a function that gives the list of messages."""

    def messages(text, *overrides):
        with pytest.raises(ConfigError) as caught:
            read(text, *overrides)
        return caught.value.messages

    return messages


def test_minimal_file_has_all_defaults(read):
    config = read(MINIMAL)
    assert config.mesh.cells == config.mesh.block == (8, 8, 16)
    assert config.mesh.boundaries.ox3 == "periodic"
    assert config.time.cfl == 0.3
    assert config.transport.solver == "none"
    assert config.problem.name == "wind"
    assert config.units.system == "galactic"


def test_overrides_win_and_keep_their_types(read):
    config = read(
        MINIMAL,
        "mesh.cells=[4,4,8]",
        'scattering.kappa_par="3e28 cm^2/s"',
        "scattering.kappa_perp=1 kpc^2/Myr",
        "problem.left=[1,0,66666,133333]",
        "transport.solver=two_moment",
        "transport.vmax=1e3",
        "time.end=100 Myr",
        "output.dir=007",
    )
    assert config.mesh.cells == (4, 4, 8)
    assert config.scattering.kappa_perp == pytest.approx(977.7922, rel=1e-7)
    assert config.problem.left == (1.0, 0.0, 66666.0, 133333.0)
    assert config.transport.vmax == 1000.0
    assert config.time.end == pytest.approx(0.1022712, rel=1e-6)
    assert config.output.dir == "007"


def test_all_mistakes_are_reported_at_once(mistakes):
    text = """
problem: {name: wind, sigma: -1}
mesh:
  cells: [64, 64, 128]
  block: [32, 32, 30]
  boundaries: {ix1: outflow}
transport: {solver: two_moment, vmx: 3000}
scattering: {kapa_par: 1, kappa_perp: 3 kpc}
mehs: {cells: 3}
"""
    assert mistakes(text, "time.cfl=2", "gamma", "output.dri=x") == [
        "command line: 'gamma' is not of the form key=value, such as mesh.cells=[64,64,512]",
        "wind.yaml line 6: 'mesh.boundaries.ix1' = 'outflow' and 'ox1' = 'periodic': "
        "a periodic face needs the other side to be periodic too",
        (
            "wind.yaml: missing required parameter 'time.end': number (time in code units, or with "
            "its unit), >= 0, the run ends at this time"
        ),
        "command line: 'time.cfl' = '2' must be > 0 and <= 1",
        "command line: unknown parameter 'output.dri'; did you mean 'output.dir'?",
        "wind.yaml line 7: unknown parameter 'transport.vmx'; did you mean 'transport.vmax'?",
        "wind.yaml: missing required parameter 'transport.vmax': "
        "number (velocity in code units, or with its unit), > 0, reduced speed of light",
        (
            "wind.yaml line 8: unknown parameter 'scattering.kapa_par'; did you mean "
            "'scattering.kappa_par'?"
        ),
        (
            "wind.yaml line 8: 'scattering.kappa_perp' = '3 kpc' has dimension length; expected "
            "diffusivity, for example cm^2/s"
        ),
        "wind.yaml line 2: 'problem.sigma' = '-1' must be > 0 Msun/pc^2",
        "wind.yaml line 9: unknown group 'mehs'; did you mean 'mesh'?",
    ]


@pytest.mark.parametrize(
    ("override", "complaint"),
    [
        (
            "mesh.block=[8,8,5]",
            (
                "'mesh.block' = [8, 8, 5] does not divide the 16 cells along x3; the nearest that "
                "do: 4 or 8"
            ),
        ),
        ("mesh.cells=[8,8,1]", "'mesh.block' = [8, 8, 16] must be 1 along x3, which has one cell"),
        (
            "mesh.upper=[1,1,-1]",
            "must be greater than mesh.lower along every axis (-0.5 is not less than -1)",
        ),
        ("mesh.cells=[8,8", "has a list whose brackets do not match"),
        (
            "mesh.boundaries=[outflow,periodic]",
            "must be one boundary, a list of three (one for each axis), or of six",
        ),
        ("units.length=1 pc", "is only allowed with units.system = 'custom', not 'galactic'"),
        ("units.system=custom", "must be given, because units.system is 'custom'"),
        (
            "transport.solver=two_momnt",
            "is not one of none, two_moment; did you mean 'two_moment'?",
        ),
        (
            "transport.vmax=3",
            (
                "'transport.vmax' belongs to transport.solver = 'two_moment', not to 'none'; "
                "remove "
                "one of the two"
            ),
        ),
        ("kappa_par=3", "unknown group 'kappa_par'; did you mean 'scattering.kappa_par'?"),
        ("mesh.cfl=0.1", "unknown parameter 'mesh.cfl'; did you mean 'time.cfl'?"),
        (
            "mesh.xyz=0.1",
            "unknown parameter 'mesh.xyz'; known here: cells, lower, upper, block, geometry",
        ),
        # not that of another group, nor what merely begins alike
        ("output.dens=1", "unknown parameter 'output.dens'; known here: dir, "),
        ("mesh.cells.n=0.1", "unknown parameter 'mesh.cells.n'"),
        ("mesh={}", "command line: 'mesh' = {} changes nothing: a group keeps what is set in it"),
        ("problem=storm", "'problem.name' = 'storm' is not one of wind"),
        ("time.end=3 kpp", "has the unknown unit 'kpp'; did you mean 'kpc'?"),
    ],
)
def test_each_mistake_names_key_value_and_remedy(mistakes, override, complaint):
    messages = mistakes(MINIMAL.replace("16]}", "16], block: [8, 8, 16]}"), override)
    assert any(complaint in message for message in messages)
    assert all(message.startswith(("wind.yaml", "command line: ")) for message in messages)


def test_boundaries_short_forms(read):
    config = read(MINIMAL, "mesh.boundaries=outflow", "mesh.boundaries.ix3=reflect")
    assert config.mesh.boundaries.ix1 == config.mesh.boundaries.ox3 == "outflow"
    assert config.mesh.boundaries.ix3 == "reflect"
    config = read(MINIMAL, "mesh.boundaries=[periodic, outflow, diode]")
    assert (config.mesh.boundaries.ox1, config.mesh.boundaries.ix2, config.mesh.boundaries.ox3) == (
        "periodic",
        "outflow",
        "diode",
    )
    config = read(
        MINIMAL.replace("16]}", "16], boundaries: {ix1: reflect, ox1: reflect}}"),
        "mesh.boundaries=outflow",
    )
    # the later word for all faces replaces the earlier ones
    assert config.mesh.boundaries.ix1 == "outflow"


def test_choice_on_the_command_line_leaves_a_note_about_unused_parameters(read):
    text = MINIMAL + "transport: {solver: two_moment, vmax: 3000}\n"
    assert read(text).notes == []
    config = read(text, "transport.solver=none")
    assert config.notes == [
        (
            "wind.yaml line 4: 'transport.vmax' is not used: it belongs to transport.solver = "
            "'two_moment'"
        )
    ]
    assert read(text, "transport=none").transport.solver == "none"


def test_resolved_tree_loads_to_the_same_configuration(read):
    text = MINIMAL + "transport: {solver: two_moment, vmax: 3000 km/s}\n"
    config = read(text, "mesh.upper=[1 kpc,1,1]", "time.max_steps=10")
    again = read(config.yaml())
    assert again.groups == config.groups
    assert again.resolved() == config.resolved()
    assert config.resolved()["mesh"]["upper"] == ["1 kpc", 1.0, 1.0]
    assert config.resolved()["time"]["dt_max"] == float("inf")


def test_optional_group_can_be_switched_off_again(read, mistakes):
    text = MINIMAL + "gravity: {halo: {mass: 1e12 Msun}}\n"
    assert read(text).gravity.halo.mass > 0
    assert read(text, "gravity.halo.mass=2").resolved()["gravity"]["halo"]["mass"] == 2.0
    assert read(text, "gravity.halo=none").gravity.halo is None
    assert read(MINIMAL).gravity.halo is None
    (message,) = mistakes(MINIMAL, "gravity.halo.size=3")[1:]
    assert "missing required parameter 'gravity.halo.mass'" in message


def test_a_group_that_is_configured_must_be_switched_on_or_off(read, mistakes):
    assert mistakes(MINIMAL, "cooling.table=schure") == [
        (
            "command line: 'cooling.table' is given, but 'cooling.enabled' is not; set it to true, "
            "or to false to keep it off"
        )
    ]
    assert not read(MINIMAL, "cooling.table=schure", "cooling.enabled=false").cooling.enabled
    assert read(MINIMAL, "cooling.enabled=true").cooling.table == "cie"


def test_state_travels_between_ranks(read):
    config = read(MINIMAL, "transport=two_moment", "transport.vmax=5", "units.system=none")
    again = Config.from_state(pickle.loads(pickle.dumps(config.state())), GROUPS)
    assert again.groups == {name: again.groups[name] for name in config.groups}
    assert again.describe() == config.describe()
    assert again.mesh == config.mesh
    assert again.units.dimensionless
    with pytest.raises(CrmpiError, match=r"'problem\.sigma' must be given"):
        again.problem.sigma  # noqa: B018


def test_table_marks_given_values_and_shows_code_units(read):
    lines = read(MINIMAL, "time.end=100 Myr").describe().splitlines()
    assert ["*", "time.end", "100", "Myr", "=", "0.102271"] in [line.split() for line in lines]
    assert any(line.startswith("   time.cfl ") for line in lines)
    assert any("3e+28 cm^2/s" in line and "= 97.2234" in line for line in lines)


def test_base_file_is_overridden(tmp_path):
    (tmp_path / "base.yaml").write_text(MINIMAL)
    (tmp_path / "tall.yaml").write_text("base: base.yaml\nmesh: {cells: [8, 8, 64]}\n")
    assert load(tmp_path / "tall.yaml", (), GROUPS).mesh.cells == (8, 8, 64)
    (tmp_path / "base.yaml").write_text("base: tall.yaml\n")
    with pytest.raises(CrmpiError, match="leads back to this file"):
        load(tmp_path / "tall.yaml", (), GROUPS)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("mesh: [1, 2\n", "wind.yaml line 2 is not valid YAML"),
        ("mesh:\n\tcells: 3\n", "wind.yaml line 2 is not valid YAML"),
        ("- 1\n", "wind.yaml is not a list of groups"),
        (MINIMAL + "mesh: {cells: [1, 1, 1]}\n", "wind.yaml line 4: 'mesh' is given twice"),
        ("base: other.yaml\n", "cannot read the configuration"),
    ],
)
def test_files_that_cannot_be_read(read, text, complaint):
    with pytest.raises(CrmpiError) as caught:
        read(text)
    assert complaint in str(caught.value)


def test_missing_file():
    with pytest.raises(
        CrmpiError,
        match=r"cannot read the configuration '/no/such\.yaml': no such file or directory",
    ):
        load("/no/such.yaml")


def test_weak_defaults_are_overridden_by_the_file(tmp_path):
    path = tmp_path / "run.yaml"
    path.write_text("mesh: {cells: [4, 1, 1]}\ntime: {end: 1}\noutput: {dir: mine}\n")
    assert load(path, defaults={"output.dir": "runs/wind"}).output.dir == "mine"
    config = load(
        {"mesh.cells": [4, 1, 1], "time": {"end": 1}}, defaults={"output.dir": "runs/wind"}
    )
    assert config.output.dir == "runs/wind"
    assert "output.dir" not in [
        line.split()[1] for line in config.describe().splitlines() if line.startswith("*")
    ]
