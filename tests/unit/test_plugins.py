"""Plug-ins: every kind from a folder, how they are found, mistakes in them, restarts."""

import os
import sys

import numpy as np
import pytest

from crmpi import plugins
from crmpi.cli.main import main
from crmpi.errors import CrmpiError
from crmpi.plugins import discovery
from crmpi.plugins.registry import Origin
from tests.plugin_case import EXAMPLES, PROBLEM, run, write_example, write_problem


@pytest.fixture(autouse=True)
def _no_plugins_stay():
    yield
    plugins.use([])


def test_the_page_has_an_example_of_every_kind():
    assert len(EXAMPLES) == len(plugins.KINDS)


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_every_example_makes_a_step(tmp_path, name):
    result = run(write_example(tmp_path, name), tmp_path)
    assert result.sim.clock.step == 1
    assert result.exit_code == 0


def test_the_solver_of_the_page_follows_its_equation(tmp_path):
    result = run(write_example(tmp_path, "leaky_box"), tmp_path)
    sim = result.sim
    tau = sim.config.transport.escape_time
    before = 1e3  # mean energy density, in a box of volume 1
    lost = sim.transport.account["escaped"].sum()
    assert lost == pytest.approx(before * (1 - np.exp(-sim.time / tau)), rel=1e-3)


def test_the_source_of_the_page_heats(tmp_path):
    sim = run(write_example(tmp_path, "stirring_heat"), tmp_path).sim
    rate = sim.units.to_code(1e-26, "erg/cm^3/s")
    heated = sim.sources[0].account["heat"].sum()
    assert heated == pytest.approx(rate * sim.time, rel=1e-12)  # the volume of the box is 1


# ---------------------------------------------------------------------- where they are found

MODEL = """
from crmpi.api import KAPPA_PAR, ScatteringModel{more}


class Fixed(ScatteringModel):
    name = "{name}"
    doc = "the same everywhere"

    def kappa(self, pack, out, rigidity):
        out[...] = {value}
"""
SETTINGS = "transport: {solver: anisotropic_diffusion}\nscattering: {model: fixed}\n"


def model(name="fixed", value="3.0", more=""):
    """Return the text of a plug-in."""
    return MODEL.format(name=name, value=value, more=more)


def kappa_of(result):
    """Return kappa_par of the run, the same in all cells."""
    out = result.sim.pack.allocate(2)
    result.sim.transport.scattering.evaluate(result.sim.pack, out)
    return float(out[0, 0].max())


def test_a_file_may_be_named(tmp_path):
    path = write_problem(tmp_path, settings=SETTINGS, plugins="[../fixed.py]")
    (tmp_path / "fixed.py").write_text(model())
    assert kappa_of(run(path, tmp_path)) == 3.0


def test_the_problem_file_and_its_modules_may_define_them(tmp_path):
    code = "from models import Fixed\n" + PROBLEM
    path = write_problem(tmp_path, code, SETTINGS, plugins="")
    (path.parent / "models.py").write_text(model(value="4.0"))
    assert kappa_of(run(path, tmp_path)) == 4.0


def test_the_folder_beside_the_problem_is_found(tmp_path):
    path = write_problem(tmp_path, settings=SETTINGS, plugins="")
    (path.parent / "plugins").mkdir()
    (path.parent / "plugins" / "fixed.py").write_text(model(value="5.0"))
    (path.parent / "plugins" / "_draft.py").write_text("this is no Python")
    assert kappa_of(run(path, tmp_path)) == 5.0


def test_two_problems_do_not_mix(tmp_path):
    kappas = []
    for name, value in (("one", "1.0"), ("two", "2.0"), ("one", "1.0")):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        path = write_problem(folder, settings=SETTINGS)
        (path.parent / "my_models").mkdir(exist_ok=True)
        text = model(value="tables.VALUE", more="\nimport tables")
        (path.parent / "my_models" / "fixed.py").write_text(text)
        (path.parent / "my_models" / "tables.py").write_text(f"VALUE = {value}\n")
        kappas.append(kappa_of(run(path, folder)))
    assert kappas == [1.0, 2.0, 1.0]


def test_plugins_of_another_run_are_unknown(tmp_path):
    run(write_example(tmp_path, "density_law"), tmp_path)
    path = write_problem(tmp_path, settings="scattering: {model: density_law}\n", plugins="")
    with pytest.raises(CrmpiError, match=r"'density_law' is not one of .*constant"):
        run(path, tmp_path)


def test_two_simulations_keep_their_own_plugins(tmp_path):
    sims = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        path = write_problem(folder, settings=SETTINGS.replace("fixed", name), plugins="[../m.py]")
        (folder / "m.py").write_text(model(name=name))
        sims.append(run(path, folder).sim)
    first = sims[0]
    first.assemble(first.tree)  # as when its mesh is adapted
    assert first.transport.scattering.name == "one"


def test_a_changed_file_is_read_again(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    path = write_problem(tmp_path, settings=SETTINGS, plugins="[../fixed.py]")
    for value in (1.0, 2.0):
        (tmp_path / "fixed.py").write_text(model(value=value))
        os.utime(tmp_path / "fixed.py", (1e9, 1e9))  # within the same second, of the same size
        assert kappa_of(run(path, tmp_path)) == value


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An installed package: a folder on the search path with the metadata that pip writes."""
    site = tmp_path / "site"
    (site / "my_package").mkdir(parents=True)
    (site / "my_package" / "__init__.py").write_text("")
    (site / "my_package" / "fixed.py").write_text(model(name="packaged", value="6.0"))
    info = site / "my_package-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-package\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text("[crmpi.plugins]\nmine = my_package\n")
    monkeypatch.syspath_prepend(str(site))
    yield site
    for name in ("my_package", "my_package.fixed"):
        sys.modules.pop(name, None)
    plugins.SCATTERING_MODELS.forget(Origin("installed", "my-package 1.2"))
    discovery._packages.pop("mine", None)
    discovery._seen.clear()


def test_an_installed_package_is_found(tmp_path, package):
    path = write_problem(tmp_path, settings=SETTINGS.replace("fixed", "packaged"), plugins="")
    assert kappa_of(run(path, tmp_path)) == 6.0
    assert str(plugins.SCATTERING_MODELS.origin("packaged")) == "package my-package 1.2"


def test_a_broken_package_is_named(tmp_path, package, capsys):
    (package / "my_package" / "fixed.py").write_text("import nothing_of_this_name\n")
    assert main(["run", str(write_problem(tmp_path, plugins=""))]) == 2
    said = capsys.readouterr().err
    assert "the installed package my-package 1.2 cannot be imported as plug-ins: fixed.py" in said
    assert "there is no module 'nothing_of_this_name'" in said


# ---------------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            model(value="np.ones(3)"),
            "fixed.py, line 10, kappa(): 'np' is not defined; write from crmpi.api import np at",
        ),
        (model(value="pack.w9"), "fixed.py, line 10, kappa(): pack has no attribute 'w9'"),
        (model().replace("import KAPPA", "import KAPA"), "fixed.py, line 2: cannot be imported: "),
        (model()[:-20] + "(", "fixed.py, line 10: cannot be imported: SyntaxError"),
        (model(name="constant"), "the scattering model 'constant' of "),
        (
            model().replace("out, rigidity", "out"),
            "fixed.py, line 5: Fixed.kappa(self, pack, out) takes other arguments than it is called"
            " with; write kappa(self, pack, out, rigidity)",
        ),
        (model(name="My Model"), "the scattering model Fixed has the name 'My Model'; a name"),
        (
            model().replace("    doc =", "    class Params:\n        a = 3\n\n    doc ="),
            "fixed.py, line 5: Fixed.Params.a has no type",
        ),
    ],
)
def test_mistakes_are_one_sentence(tmp_path, capsys, text, said):
    path = write_problem(tmp_path, settings=SETTINGS, plugins="[../fixed.py]")
    (tmp_path / "fixed.py").write_text(text)
    assert main(["run", str(path), "time.end=1", "mesh.cells=[8,1,1]", f"output.dir={tmp_path}/r"])
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
    assert error.count("crmpi: error") == 1


def test_a_path_that_is_not_there(tmp_path, capsys):
    assert main(["run", str(write_problem(tmp_path, plugins="[nowhere]"))]) == 2
    assert f"the plug-in '{tmp_path}/waves/nowhere' is not there" in capsys.readouterr().err


# ---------------------------------------------------------------------- restarts


def checkpoint(tmp_path):
    """Return the last checkpoint of a run with a plug-in, and the path of the plug-in."""
    path = write_problem(tmp_path, settings=SETTINGS, plugins="[../fixed.py]")
    (tmp_path / "fixed.py").write_text(model())
    run(path, tmp_path)
    return tmp_path / "run", tmp_path / "fixed.py"


def test_a_restart_uses_the_plugins_of_its_run(tmp_path):
    folder, _ = checkpoint(tmp_path)
    result = run(None, tmp_path, str(folder), **{"time.max_steps": "2"})
    assert result.sim.clock.step == 2
    assert kappa_of(result) == 3.0


def test_a_restart_without_its_plugin_says_so(tmp_path):
    folder, file = checkpoint(tmp_path)
    file.rename(tmp_path / "moved.py")
    with pytest.raises(CrmpiError, match=r"fixed.py of .* is not there any more; .*plugins=\["):
        run(None, tmp_path, str(folder), **{"time.max_steps": "2"})
    with pytest.raises(CrmpiError, match=r"from a run with the plug-in .*/fixed.py, which is not"):
        run(None, tmp_path, str(folder), **{"time.max_steps": "2", "plugins": "[]"})
    (tmp_path / "other").mkdir()
    (tmp_path / "moved.py").rename(tmp_path / "other" / "fixed.py")
    there = {"time.max_steps": "2", "plugins": f"[{tmp_path}/other]"}
    assert run(None, tmp_path, str(folder), **there).sim.clock.step == 2


def test_a_checkpoint_outside_of_its_run_brings_no_code(tmp_path):
    folder, _ = checkpoint(tmp_path)
    file = sorted((folder / "checkpoints").glob("*.h5"))[-1]
    (tmp_path / "elsewhere").mkdir()
    moved = file.rename(tmp_path / "elsewhere" / file.name)
    problem = {"problem": str(tmp_path / "waves" / "problem.py")}
    with pytest.raises(CrmpiError, match=r"comes from a run with the plug-ins .*it lies outside"):
        run(None, tmp_path, str(moved), **problem)


def test_a_changed_plugin_is_noted(tmp_path):
    folder, file = checkpoint(tmp_path)
    file.write_text(model(value="7.0"))
    base = ["run", f"--restart={folder}", "time.max_steps=2"]
    assert main(base) == 0
    assert "plug-in" in (folder / "log.txt").read_text()
