"""Mistakes in the input, as a user makes them: one sentence from one rank, exit code 2 on all
ranks, no hang.

What the sentences say is tested in more cases, without starting processes, in
tests/unit/test_cli_main.py and test_params_loader.py.
"""

import pytest

TUBE = ("run", "cr_shock_tube", "mesh.cells=[32,1,1]", "mesh.block=[16,1,1]", "time.max_steps=2")
two_ranks = pytest.mark.parametrize("crmpi", [2], indirect=True, ids=["two ranks"])


def test_unknown_parameter(refused):
    assert "unknown parameter 'fluid.rieman'; did you mean 'fluid.riemann'?" in refused(
        *TUBE, "fluid.rieman=hlle"
    )


def test_wrong_unit(refused):
    message = refused(*TUBE, "units.system=galactic", "scattering.kappa_par=3 kpc")
    assert (
        "'scattering.kappa_par' = '3 kpc' has dimension length; expected diffusivity, for "
        "example cm^2/s"
    ) in message


def test_block_that_does_not_divide_the_mesh(refused):
    assert "does not divide the 32 cells along x1; the nearest that do: 8 or 16" in refused(
        *TUBE, "mesh.block=[12,1,1]"
    )


@two_ranks
def test_more_ranks_than_blocks(refused):
    sentence = refused(*TUBE, "mesh.block=[32,1,1]")
    assert "makes 1 block of 'mesh.cells' = [32, 1, 1] for 2 ranks" in sentence
    assert "start at most 1 rank, or choose mesh.block=[16,1,1]" in sentence


@two_ranks
def test_all_mistakes_at_once(crmpi):
    done = crmpi(*TUBE, "time.cfl=3", "mesh.cels=1", "gamma=1.4", "time.end=soon")
    assert done.code == 2
    assert len(done.sentences) == 4
    assert "Traceback" not in done.err


@two_ranks
def test_field_aligned_transport_without_a_field(refused):
    message = refused(*TUBE, "fluid.magnetic=false", "transport={solver: two_moment, vmax: 100}")
    assert (
        "two_moment moves cosmic rays along the magnetic field, but fluid.magnetic is false"
        in message
    )


@two_ranks
def test_scattering_in_physical_units_without_units(refused):
    message = refused(
        *TUBE, "transport.solver=isotropic_diffusion", "scattering.model=self_confinement"
    )
    assert (
        "scattering.model = self_confinement needs physical units, but units.system is none"
        in message
    )


def test_range_of_kappa_that_is_empty(refused):
    message = refused(
        *TUBE,
        "units.system=galactic",
        "scattering={model: patchy, kappa_min: 1e30, kappa_max: 1e28}",
    )
    assert "'scattering.kappa_min' = '1e30' must not exceed scattering.kappa_max" in message


@two_ranks
def test_tracers_that_no_solver_moves(refused):
    assert "transport.solver = none carries no tracers" in refused(
        *TUBE, "transport.tracer_rigidities=[3]"
    )


def test_missing_file(refused):
    assert "no_such.yaml" in refused("run", "no_such.yaml")


def test_output_folder_that_cannot_be_written(refused, tmp_path):
    (tmp_path / "taken").write_text("a file where the folder should be")
    message = refused(*TUBE, f"output.dir={tmp_path / 'taken'}", code=3)
    assert "taken" in message
    assert "choose another output.dir" in message


@two_ranks
def test_problem_file_with_a_mistake(refused, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "mine.yaml").write_text("mesh: {cells: [8, 1, 1]}\ntime: {end: 1}\n")
    (folder / "problem.py").write_text("from crmpi.api import Problem\nclass Mine(Problem)\n")
    message = refused("run", "./mine")
    assert "problem.py" in message
    assert "SyntaxError" in message


ON_ONE_RANK = """
from crmpi.api import Problem, total


class Mine(Problem):
    def initial(self, x, p):
        return dict(dens=1.0, press=1.0)

    def history(self, x, w, p):
        if float(x.x1.mean()) > 0.0:
            return {"m": total(w.rho)}
        return {"m": total(w.dens)}
"""


def test_field_that_differs_from_block_to_block(refused, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    grid = "mesh: {cells: [8, 1, 1], block: [4, 1, 1], lower: [0, 0, 0], upper: [1, 1, 1]}"
    (folder / "mine.yaml").write_text(f"{grid}\ntime: {{end: 1}}\nunits: {{system: none}}\n")
    (folder / "problem.py").write_text(
        ON_ONE_RANK.replace("press=1.0", "press=1.0, b1=float(x.x1.mean())")
    )
    message = refused("run", "./mine")
    assert (
        "problem.py, line 7, initial(): 'b1' is 0.25 on one block and 0.75 on another; it must "
        "be the same"
    ) in message


@pytest.mark.parametrize("both", [False, True], ids=["of one rank", "of all ranks"])
def test_mistake_in_a_hook(refused, tmp_path, both):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "mine.yaml").write_text(
        "mesh: {cells: [8, 1, 1], block: [4, 1, 1]}\ntime: {end: 1}\nunits: {system: none}\n"
    )
    (folder / "problem.py").write_text(
        ON_ONE_RANK.replace("> 0.0", "> -1.0") if both else ON_ONE_RANK
    )
    message = refused("run", "./mine")
    assert message == (
        "crmpi: error: problem.py, line 11, history(): w has no variable 'rho'; did you "
        "mean "
        "'dens'?"
    )
