"""What a restart takes from its checkpoint: the right problem, only code the user points to, no
other physics."""

import json
import re
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
import yaml

from crmpi.cli.main import main
from crmpi.errors import CrmpiError
from crmpi.model.files import find_problem, problem_folders
from crmpi.output.seal import CHECKSUMS, DIGEST, digest
from crmpi.parallel.comm import SerialComm
from crmpi.params.source import find, read_sources
from crmpi.run import driver
from crmpi.run.configuration import configure, load_run
from crmpi.run.restart import FREE, NOTED, changed_keys

TUBE = (
    "cr_shock_tube",
    "mesh.cells=[32,1,1]",
    "mesh.block=[16,1,1]",
    "output.history_interval=none",
)
PROBLEM = """
from crmpi.api import Problem, par
import helper


class Mine(Problem):
    class Params:
        rate: float = par(2.0, doc="energy density gained per time")

    def initial(self, x, p):
        return dict(dens=1.0, press=1.0)

    def inject(self, x, w, t, dt, p):
        return dict(eth=helper.gain(dt, p.rate) + 0.0 * x.x1)
"""
HELPER = "def gain(dt, rate):\n    return rate * dt\n"
SETUP = """
mesh: {cells: [16, 1, 1], block: [8, 1, 1]}
time: {end: 1, dt_max: 0.125}
fluid: {magnetic: false, cosmic_rays: false}
units: {system: none}
output: {dir: out}
"""


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def mine(tmp_path):
    """Return a problem folder of one's own, with a configuration of another name and a helper
    module."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "problem.py").write_text(PROBLEM)
    (folder / "helper.py").write_text(HELPER)
    (folder / "setup.yaml").write_text(SETUP)
    return folder


def steps(number):
    return f"time.max_steps={number}"


def energy(folder):
    """Return (time, mean energy density) of the last checkpoint."""
    with h5py.File(sorted(Path(folder).glob("checkpoints/*.h5"))[-1]) as file:
        return file.attrs["time"], file["u0"][:, 4].mean()


def refused(capsys, *words):
    """Return the one sentence with which a command is refused."""
    capsys.readouterr()
    assert main(list(words)) == 2
    error = capsys.readouterr().err
    assert error.startswith("crmpi: error: ") and error.count("\n") == 1
    return error


# ------------------------------------------------------------------ the right problem


@pytest.mark.parametrize(
    "line",
    ["", "problem: {name: problem.py}\n", "problem: {name: mine}\n"],
    ids=["beside", "problem.py", "name"],
)
def test_a_run_of_one_s_own_problem_goes_on_from_every_folder(mine, tmp_path, monkeypatch, line):
    (mine / "setup.yaml").write_text(line + SETUP)
    assert main(["run", "mine/setup.yaml", "time.end=0.5"]) == 0
    assert energy("out") == (0.5, pytest.approx(1.5 + 2 * 0.5, rel=1e-13))  # p/(gamma - 1) + rate t
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert main(["run", "--restart", "../out", "time.end=1"]) == 0
    assert energy("../out") == (1.0, pytest.approx(1.5 + 2 * 1.0, rel=1e-13))
    assert main(["run", "../out/resolved.yaml", "output.dir=again"]) == 0
    assert energy("again") == (1.0, pytest.approx(1.5 + 2 * 1.0, rel=1e-13))


def test_a_copy_that_bears_the_name_of_an_installed_problem_goes_on(tmp_path, monkeypatch, capsys):
    assert main(["problems", "copy", "cr_shock_tube"]) == 0
    file = Path("cr_shock_tube/problem.py")
    marker = "    def exact(self, x, t, p):"
    text = file.read_text()
    assert text.count(marker) == 1
    hook = (
        "    def inject(self, x, w, t, dt, p):\n        return dict(eth=1e3 * dt + 0.0 * x.x1)\n\n"
    )
    file.write_text(text.replace(marker, hook + marker))
    assert main(["run", "./cr_shock_tube", *TUBE[1:], steps(2), "output.dir=out"]) == 0
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    capsys.readouterr()
    assert main(["run", "--restart", "../out", steps(4)]) == 0
    assert "changed since" not in capsys.readouterr().err
    monkeypatch.chdir(tmp_path)
    assert main(["run", "./cr_shock_tube", *TUBE[1:], steps(4), "output.dir=straight"]) == 0
    assert energy("out") == energy("straight")


def test_a_changed_problem_is_said(mine, capsys):
    assert main(["run", "mine/setup.yaml", "time.end=0.5"]) == 0
    (mine / "problem.py").write_text(PROBLEM.replace("helper.gain", "3 * helper.gain"))
    (mine / "helper.py").write_text(HELPER + "\n")
    capsys.readouterr()
    assert main(["run", "--restart", "out", "time.end=1"]) == 0
    said = capsys.readouterr().err
    (note,) = [
        line for line in said.splitlines() if line.startswith("note: helper.py, problem.py in ")
    ]
    assert note.endswith("was written: the run goes on with the problem as it is now")
    assert energy("out")[1] == pytest.approx(1.5 + 2 * 0.5 + 6 * 0.5, rel=1e-13)


def test_a_problem_that_is_gone_is_refused_until_it_is_named(mine, capsys):
    assert main(["run", "mine/setup.yaml", "time.end=0.5"]) == 0
    mine.rename("moved")
    error = refused(capsys, "run", "--restart", "out", "time.end=1")
    assert (
        f"the problem file {mine}/problem.py of out/checkpoints/checkpoint_00000.h5 is not "
        "there any more; name"
    ) in error
    assert main(["run", "--restart", "out", "problem=moved/problem.py", "time.end=1"]) == 0
    assert "note: problem.py" not in capsys.readouterr().err
    assert energy("out")[1] == pytest.approx(1.5 + 2 * 1.0, rel=1e-13)
    # the folder now names the moved file
    assert main(["run", "--restart", "out", "time.end=1.5"]) == 0


def test_the_source_is_kept(mine):
    assert main(["run", "mine/setup.yaml", "time.end=0.5"]) == 0
    with h5py.File("out/checkpoints/checkpoint_00000.h5") as file:
        source = json.loads(file["source"][()])
    assert source["files"] == {"problem.py": PROBLEM, "helper.py": HELPER}
    assert (source["path"], source["installed"]) == (str(mine / "problem.py"), False)


def test_another_problem_is_refused(mine, capsys):
    assert main(["run", "mine/setup.yaml", "time.end=0.5"]) == 0
    error = refused(capsys, "run", "--restart", "out", "blast")
    assert (
        "comes from the problem 'mine', not from 'blast': leave 'blast' out, or say problem=blast"
        in error
    )


def test_a_built_in_name_beside_another_problem_is_refused(mine, capsys):
    (mine / "setup.yaml").write_text("problem: {name: blast}\n" + SETUP)
    error = refused(capsys, "run", "mine/setup.yaml")
    assert (
        "'problem.name' = 'blast' is another problem than the one in mine/problem.py beside "
        "the "
        "file: write 'problem.py'"
    ) in error


def test_copies_name_themselves(capsys):
    """Every variant of a copy runs the copy, by the commands of its README, and shows no word of
    the original's name."""
    names = sorted(problem_folders())
    assert len(names) > 20
    for name in names:
        assert main(["problems", "copy", name, f"my/{name}_2"]) == 0
        folder = Path("my") / f"{name}_2"
        for path in folder.glob("*.yaml"):
            found = find_problem(path)
            assert found.problem_class.source_path == (folder / "problem.py").resolve(), path
            given, _, _ = read_sources(path)
            assert find(given, "problem.name") == f"{name}_2", path
        for path in (*folder.glob("*.yaml"), *folder.glob("README.md")):
            commands = re.findall(r"crmpi (?:run|sweep|converge) [^`\n]*", path.read_text())
            assert not [line for line in commands if re.search(rf"\s{name}(?=[\s/]|$)", line)], path
    text = Path("my/galactic_wind_2/README.md").read_text()
    assert "\ncrmpi run ./galactic_wind_2/column  " in text and text.startswith(
        "# galactic_wind_2: cosmic rays"
    )


def test_a_copied_variant_runs_the_copy(monkeypatch, capsys):
    assert main(["problems", "copy", "galactic_wind", "gw2"]) == 0
    file = Path("gw2/problem.py")
    file.write_text(file.read_text() + '\nraise CrmpiError("this is the copy")\n')
    file.write_text("from crmpi.errors import CrmpiError\n" + file.read_text())
    for target in ("gw2/column.yaml", "gw2/column", "./gw2"):
        assert "this is the copy" in refused(capsys, "run", target, "--dry-run")


# ------------------------------------------------------------------ only code the user points to


def with_configuration(path, change):
    """Let `change` edit the texts of a checkpoint and seal it anew, as someone with bad intentions
    would."""
    with h5py.File(path, "r+") as file:
        texts = {name: file[name][()].decode() for name in ("config", "source", "provenance")}
        change(texts)
        for name, text in texts.items():
            del file[name]
            file.create_dataset(name, data=np.bytes_(text))
        arrays = {
            name: (file[name].dtype, file[name].shape)
            for name in file
            if name.endswith(CHECKSUMS) or name + CHECKSUMS in file
        }
        file.attrs[DIGEST] = digest(
            dict(file.attrs), {name: file[name][()] for name in file if name not in arrays}, arrays
        )


@pytest.mark.parametrize("where", ["lone file", "in its folder"])
def test_a_path_in_a_checkpoint_is_not_followed(mine, tmp_path, capsys, where):
    evil = tmp_path / "evil" / "problem.py"
    evil.parent.mkdir()
    evil.write_text(
        f"open({str(tmp_path / 'ran')!r}, 'w')\n"
        + PROBLEM.replace("import helper", "").replace("helper.gain", "max")
    )

    def point_to_evil(texts):
        config, source = yaml.safe_load(texts["config"]), json.loads(texts["source"])
        config["problem"]["name"] = source["path"] = str(evil)
        source["files"] = {"problem.py": evil.read_text()}
        texts["config"], texts["source"] = yaml.safe_dump(config), json.dumps(source)

    assert main(["run", "mine/setup.yaml", "time.end=0.5"]) == 0
    path = Path("out/checkpoints/checkpoint_00000.h5")
    with_configuration(path, point_to_evil)
    words = ["--restart", "out"]
    if where == "lone file":
        shutil.copy(path, "evil.h5")
        words = ["--restart", "evil.h5", "output.dir=new"]
    error = refused(capsys, "run", *words, "time.end=1")
    assert (
        "comes from the problem file" in error
        and "name the problem file with problem=PATH" in error
    )
    assert not (tmp_path / "ran").exists()


def test_a_damaged_checkpoint_imports_nothing(mine, tmp_path, capsys):
    assert main(["run", "mine/setup.yaml", "time.end=0.5"]) == 0
    (mine / "problem.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n" + PROBLEM)
    with h5py.File("out/checkpoints/checkpoint_00000.h5", "r+") as file:
        file.attrs["step"] = 3
    assert "it is damaged, its attributes" in refused(
        capsys, "run", "--restart", "out", "time.end=1"
    )
    assert not (tmp_path / "ran").exists()


def test_a_file_of_another_user_is_not_imported(mine, monkeypatch, capsys):
    assert main(["run", "mine/setup.yaml", "time.end=0.5"]) == 0
    owner = (mine / "problem.py").stat().st_uid
    monkeypatch.setattr("os.getuid", lambda: owner + 1)
    if owner == 0:
        real = Path.stat
        monkeypatch.setattr(
            Path,
            "stat",
            lambda self, **how: _owned_by(
                real(self, **how), 4711 if self.name == "problem.py" else 0
            ),
        )
    assert "belongs to another user; if you trust it, name" in refused(
        capsys, "run", "--restart", "out", "time.end=1"
    )


def _owned_by(status, uid):
    values = list(status)
    values[4] = uid
    return type(status)(values)


# ------------------------------------------------------------------ no other physics


def test_other_physics_is_refused_by_name(capsys):
    assert main(["run", *TUBE, steps(2), "output.dir=a"]) == 0
    before = {path: path.read_bytes() for path in Path("a").rglob("*") if path.is_file()}
    error = refused(
        capsys,
        "run",
        "--restart",
        "a",
        steps(4),
        "mesh.cells=[16,1,1]",
        "mesh.upper=[1000,1,1]",
        "fluid.gamma=1.4",
        "transport.solver=two_moment",
        "transport.vmax=30",
        "problem.left=[1,0,1,1]",
    )
    keys = re.findall(r"([a-z_]+\.[a-z_.]+) = \S+.*?\(was", error)
    assert keys == ["mesh.cells", "mesh.upper", "problem.left", "fluid.gamma", "transport.solver"]
    assert "fluid.gamma = 1.4 (was 1.6666666666666667)" in error
    assert {path: path.read_bytes() for path in Path("a").rglob("*") if path.is_file()} == before
    assert "mesh.cells" in refused(capsys, "run", "cr_shock_tube", "--restart", "a", steps(4))


def test_a_program_is_refused_like_the_command(tmp_path):
    assert main(["run", *TUBE, steps(2), "output.dir=a"]) == 0
    (checkpoint,) = Path("a/checkpoints").glob("*.h5")
    config, problem_class = configure(
        TUBE[0], [*TUBE[1:], steps(4), "output.dir=a", "fluid.gamma=1.4"]
    )
    with pytest.raises(
        CrmpiError, match=r"cannot restart from .* with fluid.gamma = 1.4 \(was 1.66"
    ):
        driver.run(config, problem_class, SerialComm(), restart=checkpoint)


@pytest.mark.parametrize("name", sorted(problem_folders()))
def test_what_a_checkpoint_keeps_is_the_configuration(name):
    """A restart without a changed parameter finds nothing changed, for every problem and
    variant."""
    for path in problem_folders()[name].glob("*.yaml"):
        found = find_problem(path)
        config = load_run(found.problem_class, found.yaml)
        text = yaml.load(config.yaml(), Loader=yaml.BaseLoader)
        assert changed_keys(load_run(found.problem_class, text), config) == [], path


def test_what_may_change_with_a_note(capsys):
    assert main(["run", *TUBE, steps(2), "output.dir=a"]) == 0
    capsys.readouterr()
    words = [
        "time.cfl=0.2",
        "mesh.boundaries.ix1=reflect",
        "fluid.floors.dens=1e-9",
        "output.checkpoints_kept=3",
        "time.end=300",
    ]
    assert main(["run", "--restart", "a", steps(4), *words]) == 0
    (note,) = [
        line
        for line in capsys.readouterr().err.splitlines()
        if line.startswith("note: changed at this restart")
    ]
    for text in (
        "mesh.boundaries.ix1 = reflect (was outflow)",
        "time.cfl = 0.2 (was 0.3)",
        "fluid.floors.dens = 1e-09 (was 1e-12)",
    ):
        assert text in note
    assert "output" not in note and "time.end" not in note


def test_an_end_in_the_past_is_said(capsys):
    assert main(["run", *TUBE, steps(3), "output.dir=a"]) == 0
    assert "time.max_steps = 2 lies before the checkpoint a/checkpoints" in refused(
        capsys, "run", "--restart", "a", steps(2)
    )
    assert "time.end = 1e-06 lies before the checkpoint a/checkpoints" in refused(
        capsys, "run", "--restart", "a", "time.end=1e-6"
    )
    assert main(["run", "--restart", "a"]) == 0
    assert "has reached time.max_steps = 3: there is nothing to do" in capsys.readouterr().err


def test_the_page_lists_what_may_change():
    page = (Path(__file__).parents[2] / "docs" / "output.md").read_text(encoding="utf-8")
    rows = re.search(r"\| may change \| \|\n\|---\|---\|\n(.*)\n(.*)\n\n", page)
    assert [tuple(re.findall(r"`([^`]+)`", row.split("|")[1])) for row in rows.groups()] == [
        FREE,
        NOTED,
    ]
