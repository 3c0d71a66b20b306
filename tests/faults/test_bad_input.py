"""Mistakes in the input: one sentence from one rank that names key, value and remedy, exit code 2 on all ranks, no hang."""

import pytest

TUBE = ("run", "cr_shock_tube", "mesh.cells=[32,1,1]", "mesh.block=[16,1,1]", "time.max_steps=2")


@pytest.mark.parametrize("crmpi", [1], indirect=True, ids=["serial"])
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("mesh.cels=[32,1,1]", "command line: unknown parameter 'mesh.cels'; did you mean 'mesh.cells'?"),
        ("time.cfl=3", "command line: 'time.cfl' = '3' must be > 0 and <= 1"),
        ("fluid.riemann=hlcd", "'fluid.riemann' = 'hlcd' is not one of"),
        ("problem.left=[1,0,1]", "'problem.left' = [1, 0, 1] has 3 elements; it must be a list of 4 numbers"),
        ("problem.name=cr_ring", "'problem.name' cannot be changed there"),
        ("mesh.boundaries.ix1=periodic", "a periodic face needs the other side to be periodic too"),
    ],
)
def test_wrong_parameter(refused, change, sentence):
    assert sentence in refused(*TUBE, change)


def test_unknown_parameter(refused):
    assert "unknown parameter 'fluid.rieman'; did you mean 'fluid.riemann'?" in refused(*TUBE, "fluid.rieman=hlle")


def test_block_that_does_not_divide_the_mesh(refused):
    assert "does not divide the 32 cells along x1; the nearest that do: 8 or 16" in refused(*TUBE, "mesh.block=[12,1,1]")


def test_wrong_unit(refused):
    message = refused(*TUBE, "units.system=galactic", "scattering.kappa_par=3 kpc")
    assert "'scattering.kappa_par' = '3 kpc' has dimension length; expected diffusivity, for example cm^2/s" in message


@pytest.mark.parametrize("crmpi", [1], indirect=True, ids=["serial"])
def test_unit_in_a_dimensionless_run(refused):
    assert "'time.end' = '3 Myr' has a unit, but this run is dimensionless" in refused(*TUBE, "time.end=3 Myr")


def test_all_mistakes_at_once(crmpi):
    done = crmpi(*TUBE, "time.cfl=3", "mesh.cels=1", "gamma=1.4", "time.end=soon")
    assert done.code == 2
    assert len(done.sentences) == 4
    assert "Traceback" not in done.err


@pytest.mark.parametrize("crmpi", [2], indirect=True, ids=["two ranks"])
def test_more_ranks_than_blocks(refused):
    sentence = refused(*TUBE, "mesh.block=[32,1,1]")
    assert "makes 1 block of 'mesh.cells' = [32, 1, 1] for 2 ranks" in sentence
    assert "start at most 1 rank, or choose mesh.block=[16,1,1]" in sentence


@pytest.mark.parametrize("crmpi", [1], indirect=True, ids=["serial"])
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("run", "cr_shock_tub"), "did you mean 'cr_shock_tube'?"),
        (("run",), "nothing to run"),
        (("run", "blast", "cr_ring"), "'cr_ring' is neither a parameter"),
        (("run", "--restart", "nowhere.h5"), "cannot find the checkpoint 'nowhere.h5'"),
        (("run", "blast", "--fast"), "unrecognized arguments: --fast"),
        (("walk", "blast"), "unknown command 'walk'"),
    ],
)
def test_nothing_there(refused, words, sentence):
    assert sentence in refused(*words)


def test_missing_file(refused):
    assert "no_such.yaml" in refused("run", "no_such.yaml")


def test_file_that_is_not_yaml(refused, tmp_path):
    (tmp_path / "bad.yaml").write_text("problem: {name: blast\nmesh: 3\n")
    assert "bad.yaml line 2 is not valid YAML" in refused("run", "bad.yaml")


def test_checkpoint_that_is_not_one(refused, tmp_path):
    (tmp_path / "bad.h5").write_text("not HDF5")
    assert "'bad.h5' is not a readable checkpoint" in refused("run", "--restart", "bad.h5")


def test_problem_file_with_a_mistake(refused, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "mine.yaml").write_text("mesh: {cells: [8, 1, 1]}\ntime: {end: 1}\n")
    (folder / "problem.py").write_text("from crmpi.api import Problem\nclass Mine(Problem)\n")
    message = refused("run", "./mine")
    assert "problem.py" in message
    assert "SyntaxError" in message


def test_output_folder_that_cannot_be_written(refused, tmp_path):
    (tmp_path / "taken").write_text("a file where the folder should be")
    message = refused(*TUBE, f"output.dir={tmp_path / 'taken'}", code=3)
    assert "taken" in message
    assert "choose another output.dir" in message


def test_debug_shows_the_traceback(crmpi):
    done = crmpi(*TUBE, "time.cfl=3", CRMPI_DEBUG="1")
    assert done.code == 2
    assert "Traceback" in done.err


@pytest.mark.parametrize("crmpi", [1], indirect=True, ids=["serial"])
def test_help_and_version_work_without_a_run(crmpi):
    assert crmpi("--version").out.startswith("crmpi ")
    assert "usage: crmpi run" in crmpi("run", "--help").out
    assert crmpi("--help").out.startswith("usage: crmpi")
