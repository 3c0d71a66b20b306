"""Commands that run a problem several times, serially and under mpirun: sweeps with a failing
member, tables of vmax."""

import csv

TUBE = (
    "cr_diffusion",
    "mesh.cells=[32,1,1]",
    "mesh.block=[16,1,1]",
    "time.dt_max=0.05",
    "time.end=0.1",
)


def test_sweep_goes_on_after_a_failure(crmpi, tmp_path):
    over = (
        "--over",
        "transport.solver=no_such,isotropic_diffusion,anisotropic_diffusion",
        "--output",
        tmp_path / "sweep",
    )
    done = crmpi("sweep", *TUBE, *over)
    assert done.code == 3
    assert len(done.sentences) == 1
    assert "1 of 3 runs did not end well: no_such" in done.sentences[0]
    with open(tmp_path / "sweep" / "sweep.csv", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert [row["transport.solver"] for row in table] == [
        "isotropic_diffusion",
        "anisotropic_diffusion",
    ]
    again = crmpi("sweep", *TUBE, *over)
    assert again.code == 3
    assert again.out.count("[") == done.out.count("[")


def test_groups_of_ranks_share_the_runs(crmpi, tmp_path):
    words = (
        "sweep",
        *TUBE,
        "--over",
        "scattering.kappa_par=0.02,0.03,0.04,0.05",
        "--output",
        tmp_path / "sweep",
    )
    done = crmpi(*words, "--ranks-per-run", "1")
    assert done.code == 0, done.err
    with open(tmp_path / "sweep" / "sweep.csv", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert [row["scattering.kappa_par"] for row in table] == ["0.02", "0.03", "0.04", "0.05"]
    assert sum("finished in" in line for line in done.err.splitlines()) == 4


def test_groups_go_on_after_a_failure(crmpi, tmp_path):
    over = (
        "--over",
        "transport.solver=no_such,isotropic_diffusion,anisotropic_diffusion",
        "--output",
        tmp_path / "sweep",
    )
    done = crmpi("sweep", *TUBE, *over, "--ranks-per-run", "1")
    assert done.code == 3
    assert len(done.sentences) == 1
    assert (tmp_path / "sweep" / "transport.solver=anisotropic_diffusion" / "result.json").is_file()


def test_table_of_vmax(crmpi):
    done = crmpi("converge", "--vmax", "30,100", *TUBE)
    assert done.code == 0, done.err
    rows = [line for line in done.out.splitlines() if line.startswith("|")]
    assert len(rows) == 4


def test_vmax_for_a_solver_without_it(refused):
    assert "belongs to transport.solver" in refused(
        "converge", "--vmax", "30,100", *TUBE, "transport.solver=isotropic_diffusion"
    )
