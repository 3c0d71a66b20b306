"""Input that no one means well: one sentence each, soon, without a traceback or a warning."""

import os
import resource
import time
import warnings

import pytest

from crmpi.cli.main import main
from crmpi.errors import CrmpiError
from crmpi.params.source import read_sources
from crmpi.units import Units

TUBE = (
    "run",
    "cr_shock_tube",
    "mesh.cells=[32,1,1]",
    "mesh.block=[32,1,1]",
    "time.max_steps=1",
    "--quiet",
)
WIND = (
    "run",
    "galactic_wind",
    "mesh.cells=[8,8,32]",
    "mesh.block=[8,8,32]",
    "time.max_steps=1",
    "--quiet",
)


@pytest.fixture
def refused(tmp_path, monkeypatch, capsys):
    """Return a function that runs a command that is refused, and returns its one sentence."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            code = main([str(word) for word in arguments])
        lines = capsys.readouterr().err.splitlines()
        assert code == 2, lines
        assert len(lines) == 1, lines
        return lines[0].removeprefix("crmpi: error: ")

    return run


NAME = "must be the name of a problem, or the path of a problem.py"
KEY_VALUE = "is not of the form key=value, such as mesh.cells=[64,64,512]"


@pytest.mark.parametrize(
    ("command", "word", "sentence"),
    [
        (
            TUBE,
            "fluid.mu=1 kpc/0",
            "command line: 'fluid.mu' = '1 kpc/0' is not a number; expected number",
        ),
        (
            TUBE,
            "fluid.mu=1 kpc^1e9",
            "command line: 'fluid.mu' = '1 kpc^1e9' is not a number; expected number",
        ),
        (
            TUBE,
            "fluid.floors.dens=1e9",
            "the density of the initial state lies below 'fluid.floors.dens' = 1e+09 (code units), "
            "which would make 100% of the mass in the box; lower this floor, or choose code units "
            "near the numbers of the gas",
        ),
        (
            TUBE,
            "fluid.floors.press=1e12",
            "the pressure of the initial state lies below 'fluid.floors.press' = 1e+12 (code "
            "units), which would make 100% of the energy in the box; lower this floor, or choose "
            "code units near the numbers of the gas",
        ),
        (TUBE, "time..end=1", f"command line: 'time..end=1' {KEY_VALUE}"),
        (TUBE, ".=1", f"command line: '.=1' {KEY_VALUE}"),
        (
            TUBE,
            "problem.left=[0,1,1,1]",
            "command line: 'problem.left' = [0, 1, 1, 1] must have a positive density and "
            "pressure of the gas, "
            "and no negative one of cosmic rays",
        ),
        (
            TUBE,
            "fluid.mu=&a [*a]",
            "command line: an alias (*) refers to the value that it stands in",
        ),
        (
            TUBE,
            "transport.preset=[x]",
            "command line: 'transport.preset' = [x] must be a single text",
        ),
        (
            TUBE,
            "fluid.riemann=" + "x" * 5000,
            f"command line: 'fluid.riemann' = '{'x' * 80}... (5000 characters)' is not one of "
            "auto, llf, hlle, hllc, hlld",
        ),
        (
            TUBE,
            "time.end=" + "[" * 3000,
            (
                f"command line: 'time.end={'[' * 71}... (3009 characters)' is nested deeper than "
                "20 "
                "levels"
            ),
        ),
        (
            WIND,
            "injection={enabled: true, mode: central, rate: 1/Myr, center: [0,1e28,0]}",
            (
                "'injection.center': x2 = 1e+28 is outside of the mesh, from -0.375 to 0.375 (code "
                "units); move it inside"
            ),
        ),
        (
            ("run", "cr_diffusion", "time.max_steps=1", "--quiet"),
            "scattering.model=patchy",
            "cr_diffusion cannot run with scattering.model=patchy: its exact solution needs "
            "kappa_par; "
            "set scattering.model=constant",
        ),
        (
            ("info",),
            "README.md",
            "README.md is no snapshot (.athdf), checkpoint (.h5) or history (.txt)",
        ),
        (
            ("plot", "history.txt"),
            "README.md",
            "'README.md' is a file, not a quantity; for one picture of several: "
            "crmpi plot history.txt --beside README.md",
        ),
    ],
)
def test_hostile_words(refused, tmp_path, command, word, sentence):
    (tmp_path / "README.md").write_text("# words\n")
    assert refused(*command, word) == sentence


@pytest.mark.parametrize(
    ("yaml", "sentence"),
    [
        ("problem: {name: [a, b]}", f"mine.yaml: 'problem.name' = [a, b] {NAME}"),
        ("problem: {name: mine.yaml}", f"mine.yaml: 'problem.name' = 'mine.yaml' {NAME}"),
        (
            f"problem: {{name: {'y' * 5000}}}",
            (
                f"there is no problem or file '{'y' * 80}... (5000 characters)'; `crmpi problems` "
                "lists what there is"
            ),
        ),
        ("problem: {name: nothing.py}", "there is no file 'nothing.py'"),
        (
            "problem: {name: cr_box}\nmesh: &m\n  a: *m",
            "mine.yaml: an alias (*) refers to the value that it stands in",
        ),
        (
            "problem: {name: cr_box}\na: " + "{a: " * 300 + "1" + "}" * 300,
            "mine.yaml is nested deeper than 20 levels",
        ),
        (
            "problem: {name: cr_box}\na: " + "{a: " * 5000 + "1" + "}" * 5000,
            "mine.yaml is nested deeper than 20 levels",
        ),
        ("base: [a, b]", "mine.yaml: 'base' must be the name of one YAML file"),
        (
            "a: " + "x" * 4_000_001,
            "cannot read the configuration 'mine.yaml': it has more than 4000000 characters",
        ),
    ],
)
def test_hostile_files(refused, tmp_path, yaml, sentence):
    (tmp_path / "mine.yaml").write_text(yaml)
    assert refused("run", "mine.yaml") == sentence


def test_an_empty_name_in_a_file_is_named_with_its_line(tmp_path):
    (tmp_path / "mine.yaml").write_text("mesh:\n  '': 1\ntime..end: 3\n? [a]\n: 1\n")
    _, errors, _ = read_sources(tmp_path / "mine.yaml")
    assert [error.partition(":")[0] for error in errors] == [
        "mine.yaml line 2",
        "mine.yaml line 3",
        "mine.yaml line 4",
    ]


def test_aliases_that_multiply_cost_nothing(refused, tmp_path):
    bomb = "problem: {name: cr_box}\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in range(1, 10):  # 10^10 values
        bomb += f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n"
    (tmp_path / "bomb.yaml").write_text(bomb)
    started, memory = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sentence = refused("run", "bomb.yaml")
    assert (
        sentence == "bomb.yaml holds more than 100000 values when its aliases (*) are spelled out"
    )
    assert time.process_time() - started < 5.0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 200_000  # kB


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("3 myr", "Myr"),
        ("3 MYR", "Myr"),
        ("3 Kpc", "kpc"),
        ("3 msun", "Msun"),
        ("3 kyrs", "kyr"),
        ("3 years", "yr"),
        ("3 gev", "GeV"),
    ],
)
def test_hints_for_units_know_capitals(text, hint):
    with pytest.raises(CrmpiError, match=f"did you mean '{hint}'"):
        Units("galactic")(text)


@pytest.mark.parametrize("unit", ["kpc/0", "kpc^1e9", "kpc^-1e9", "kpc^1e999", "0 kpc", "(" * 5000])
def test_units_without_a_size_are_refused(unit):
    with pytest.raises(CrmpiError, match=r"positive finite number|has a unit of 5000 characters"):
        Units("galactic")(f"1 {unit}")


def test_a_rate_may_begin_with_one_over():
    assert Units("galactic")("3/Myr") == pytest.approx(3 * 977.79222, rel=1e-6)


def test_patchy_box_says_what_one_step_cannot_show(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert main(["run", "patchy_box", "time.max_steps=1"]) == 0
    said = capsys.readouterr()
    assert "needs two rows of the history there" in said.out
    assert "warning" not in said.err.lower()
    assert "Traceback" not in said.err


def test_a_box_narrower_than_every_sight_line_has_no_columns():
    from types import SimpleNamespace

    from crmpi.analysis.measure.columns import columns
    from crmpi.compare.measure import _columns
    from crmpi.compare.report import Choices
    from crmpi.params import make

    gas = {"units": Units("galactic"), "names": ["dens", "press", "temp"]}
    snapshot = SimpleNamespace(nearest_face=lambda: 4.0, path="s.athdf", **gas)
    with pytest.raises(
        CrmpiError, match="the box ends at 4 kpc, before the first sight line at 10 kpc"
    ):
        _columns(snapshot, ["O VI"], make(Choices).impacts[:0], make(Choices), {})
    with pytest.raises(CrmpiError, match=r"no sight line crosses the box of s\.athdf"):
        columns(snapshot, ["H"], [])


def test_the_limit_of_a_file_holds_for_devices(refused):
    if not os.path.exists("/dev/zero"):
        pytest.skip("no /dev/zero")
    with pytest.raises(CrmpiError, match="more than 4000000 characters"):
        read_sources("/dev/zero")


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("time.CFL=0.1", "unknown parameter 'time.CFL'; did you mean 'time.cfl'?"),
        ("fluid.dens=1", "unknown parameter 'fluid.dens'; did you mean 'fluid.floors.dens'?"),
        ("Fluid.gamma=1.4", "unknown group 'Fluid'; did you mean 'fluid'?"),
        (
            "fluid.riemann=HLLE",
            "is not one of auto, llf, hlle, hllc, hlld; did you mean 'hlle'?",
        ),
    ],
)
def test_hints_for_parameters_know_capitals(refused, word, hint):
    assert hint in refused(*TUBE, word)


def test_an_integer_of_python_may_be_too_large():
    from crmpi.params import make
    from crmpi.physics.fluid_params import FluidParams

    with pytest.raises(CrmpiError, match="is too large for a number"):
        make(FluidParams, mu=10**400)
