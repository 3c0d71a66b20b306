"""Commands that list: problems, params, models, doctor."""

import tomllib
from pathlib import Path

import pytest

from crmpi.cli import doctor
from crmpi.cli.main import main
from crmpi.model.files import problem_folders

ROOT = Path(__file__).parents[2]


@pytest.fixture
def said(capsys):
    """Return a function that runs a command and returns what it prints."""

    def run(*words):
        assert main(list(words)) == 0
        return capsys.readouterr().out

    return run


def test_problems_are_listed_with_their_title(said):
    out = said("problems")
    assert all(name in out for name in problem_folders())
    assert "shock_tube/brio_wu" in out


def test_problem_is_shown(said):
    out = said("problems", "show", "blast")
    assert "class Blast" in out
    assert "blast.yaml" in out


def test_problem_is_copied_and_runs_under_its_new_name(said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "crmpi run ./mine" in said("problems", "copy", "cr_shock_tube", "mine")
    assert (tmp_path / "mine" / "pfrommer2006.yaml").is_file()
    assert "problem.name" in said("run", "./mine", "--dry-run")
    assert main(["problems", "copy", "cr_shock_tube", "mine"]) == 2


def test_parameters_of_a_group_a_key_and_a_problem(said):
    assert (
        said("params", "scattering.kappa_par").splitlines()[0]
        == "scattering.kappa_par   [model = constant]"
    )
    assert "cm^2/s" in said("params", "scattering")
    assert "problem.left" in said("params", "cr_shock_tube")
    assert "gravity.nfw.mass" in said("params", "nfw")
    everything = said("params")
    assert "mesh.boundaries.ix1" in everything
    assert "default same as cells" in everything


def test_parameter_table_in_markdown(said):
    lines = said("params", "time", "--markdown").splitlines()
    assert lines[0] == "## time"
    assert any(
        line.startswith("| `time.cfl` | number | `0.3` |  | > 0 and <= 1 |") for line in lines
    )


def test_models_show_equation_and_paper(said):
    out = said("models")
    assert "transport.solver = anisotropic_diffusion" in out
    assert "scattering.model = constant" in out
    assert out.count("paper: ") >= 3
    assert "scattering.kappa_par" in said("models", "constant")


def test_models_show_their_own_defaults(said):
    """`kappa_max` is 1e36 cm^2/s for turbulence that may hardly scatter, 1e34 for other
    closures."""
    for name, largest in (("extrinsic_turbulence", "1e+36"), ("curvature", "1e+34")):
        out = said("models", name)
        assert f"default {largest}" in out[out.index("scattering.kappa_max") :].splitlines()[2]


def test_models_show_what_a_preset_chooses(said):
    out = said("models", "hopkins2021_sc")
    for words in (
        "transport.solver = two_moment",
        "scattering.f_qlt = 100",
        "kappa = gamma_cr v_d l",
        "paper: Hopkins",
        "found: ",
    ):
        assert words in out
    assert (
        "scattering.kappa_par = 1e29 cm^2/s  (chosen here: the value of the paper could not be "
        "checked)"
    ) in said("models", "butsky2022")


def test_doctor_reports_everything(said):
    out = said("doctor")
    for subject in (
        "python",
        "numpy",
        "numba",
        "h5py",
        "kernel cache",
        "mpi4py",
        "hdf5",
        "threads",
        "memory",
        "folder",
    ):
        assert f"{subject}: " in out
    assert "everything needed works" in out


def test_doctor_knows_the_lowest_versions_of_the_package():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    words = [*declared["dependencies"], *declared["optional-dependencies"]["plot"]]
    assert dict(word.split(">=") for word in words) == doctor.NEEDED | doctor.WANTED


@pytest.mark.parametrize(
    ("package", "version", "status"),
    [
        ("numba", "0.60.0", doctor.PROBLEM),
        ("numba", "0.61.2", doctor.PROBLEM),
        ("numba", "0.62.0", doctor.OK),
        ("numba", "0.68.9", doctor.OK),
        ("numba", "0.69.0rc1", doctor.NOTE),
        ("numpy", "1.26.4", doctor.PROBLEM),
        ("numpy", "2.0.0", doctor.OK),
        ("matplotlib", "3.8.3", doctor.PROBLEM),
        ("matplotlib", "3.8.4", doctor.OK),
        ("matplotlib", "3.10.0", doctor.OK),
    ],
)
def test_doctor_tells_versions_that_do_not_work(monkeypatch, package, version, status):
    monkeypatch.setattr(doctor, "installed", {package: version}.get)
    findings = [*doctor.check_packages(), *doctor.check_plots()]
    (found,) = [finding for finding in findings if finding.subject == package]
    assert found.status == status
    assert (found.remedy != "") == (status != doctor.OK)


def test_doctor_compiles_a_kernel(monkeypatch):
    (found,) = doctor.check_kernels()
    assert found.status == doctor.OK
    monkeypatch.setattr(doctor, "_KERNEL", "raise TypeError('missing argument')")
    (found,) = doctor.check_kernels()
    assert (found.status, found.found) == (
        doctor.PROBLEM,
        "a small kernel fails: TypeError: missing argument",
    )


def test_doctor_notices_old_packages(monkeypatch):
    monkeypatch.setattr(
        doctor,
        "installed",
        {"numpy": "1.26.4", "numba": "0.68.0", "h5py": None, "pyyaml": "6.0.1"}.get,
    )
    found = {finding.subject: finding for finding in doctor.check_packages()}
    assert found["numpy"].status == found["h5py"].status == doctor.PROBLEM
    assert found["numba"].status == found["pyyaml"].status == doctor.OK
    assert found["numpy"].remedy == "pip install 'numpy>=2.0'"
