"""`crmpi check`: what is right passes, and each fault is found by the check that looks for it."""

import pytest

from crmpi import plugins
from crmpi.cli.main import main
from crmpi.tools.check import problems
from crmpi.tools.check.checks import CHECKS, Subject, _complaint, switched_on
from tests.plugin_case import EXAMPLES
from tests.selection import in_full


@pytest.fixture(autouse=True)
def _no_plugins_stay():
    yield
    plugins.use([])


def complaint(folder, name, old, new, check):
    """Return what a check says of an example of docs/plugins.md with a fault."""
    code, _ = EXAMPLES[name]
    assert old in code
    (folder / f"{name}.py").write_text(code.replace(old, new, 1))
    plugins.use([folder])
    registry = next(registry for registry in plugins.KINDS if name in registry)
    on = switched_on(registry, name)
    subject = Subject(registry, name, registry[name], (f"plugins=[{folder}]", *on))
    return _complaint(CHECKS[check], subject)


@pytest.mark.parametrize(
    ("name", "old", "new", "check", "said"),
    [
        ("density_law", 'reference = "docs/plugins.md"', "", "documentation", "has no reference"),
        (
            "density_law",
            'doc="exponent"',
            "",
            "documentation",
            "parameter 'slope' has no doc",
        ),
        *in_full(
            (
                "nozzle",
                "0.5 * np.exp",
                "1.5 * np.exp",
                "shapes",
                "relative() is not positive and finite everywhere",
            ),
        ),
        (
            "density_law",
            "out[:, KAPPA_PERP] = 0.0",
            "",
            "shapes",
            "kappa() leaves kappa_perp unset or not finite in",
        ),
        (
            "density_law",
            "= p.kappa_0\n",
            "= -p.kappa_0\n",
            "shapes",
            "in an active cell; it must be set, finite and not negative",
        ),
        (
            "density_law",
            '"1 m_p/cm^3", unit="density"',
            '1.0, unit="density"',
            "code units",
            "'dens' depends on the code units: declare units of parameters",
        ),
        (
            "stirring_heat",
            "gained = self.params.rate * dt",
            "gained = self.params.rate * dt * energy.shape[0]",
            "layout of blocks",
            "depends on the layout of blocks: read neighbours from ghost zones only",
        ),
        (
            "stirring_heat",
            "gained = self.params.rate * dt",
            "self.calls = getattr(self, 'calls', 0) + 1\n"
            "        gained = self.params.rate * dt * self.calls",
            "restart",
            "depends on a restart: keep what lasts from step to step",
        ),
        (
            "stirring_heat",
            "energy += gained",
            "energy += gains",
            "one step",
            "stirring_heat.py, line 19, apply(): 'gains' is not defined; did you mean 'gained'?",
        ),
        (
            "stirring_heat",
            'self.account.add("heat"',
            'self.account.add("hheat"',
            "one step",
            "stirring_heat.py, line 20, apply(): the account has no column 'hheat'",
        ),
        (
            "logarithmic",
            "return self.p.velocity**2 / (",
            "return 2 * self.p.velocity**2 / (",
            "shapes",
            "acceleration() along x1 is not -grad of potential()",
        ),
        (
            "cold_gas",
            'self.label("cold_mass", "Msun")',
            '"cold_mass"',
            "shapes",
            "finish(): the column 'cold_mass' has no unit",
        ),
        (
            "cold_gas",
            "np.array([cells.integral(cold)])",
            "cold",
            "shapes",
            "partial() returns the shape (8, 8, 8); it must be a list of sums",
        ),
        (
            "high_pressure",
            'view["press"] /',
            'view["press"][:, 0] /',
            "shapes",
            "indicator() returns the shape",
        ),
        (
            "two_phases",
            "1.0 - 0.999999 * neutral",
            "neutral",
            "shapes",
            "the shares of the ions of H do not add up to 1",
        ),
    ],
)
def test_faults_are_found(tmp_path, name, old, new, check, said):
    found = complaint(tmp_path, name, old, new, check)
    assert found, "the check passes"
    assert said in found


def test_the_command_prints_a_line_for_each_check(tmp_path, capsys):
    (tmp_path / "stirring_heat.py").write_text(EXAMPLES["stirring_heat"][0])
    assert main(["check", str(tmp_path / "stirring_heat.py")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "all checks passed"
    assert [line.split(": ")[1:] for line in lines[:-1]] == [[check, "ok"] for check in CHECKS]


def test_the_command_fails_with_its_checks(tmp_path, capsys):
    code = EXAMPLES["density_law"][0].replace('    reference = "docs/plugins.md"\n', "")
    (tmp_path / "density_law.py").write_text(code)
    assert main(["check", str(tmp_path), "scattering.slope=0"]) == 1
    out = capsys.readouterr().out
    assert "scattering model density_law: documentation: FAILED: has no reference" in out
    assert out.endswith("1 checks failed\n")


def test_a_problem_is_checked(capsys):
    assert main(["check", "cr_streaming"]) == 0
    assert "problem cr_streaming: restart: ok" in capsys.readouterr().out


def test_unknown_names_and_empty_files_are_one_sentence(tmp_path, capsys):
    assert main(["check", "nothing_like_it"]) == 2
    assert "there is no plug-in 'nothing_like_it'" in capsys.readouterr().err
    (tmp_path / "empty.py").write_text("")
    assert main(["check", str(tmp_path / "empty.py")]) == 2
    assert "empty.py' defines no plug-in: a subclass" in capsys.readouterr().err


def test_problems_on_refined_meshes_are_tried_too():
    regions = "mesh.refinement={regions: [{level: 1, shape: sphere, radius: 0.15}]}"
    small = problems.Small("blast", [regions, "mesh.block=[8,8,1]"])
    assert problems.one_step(small) == problems.restart_agrees(small) == ""
    values = problems.whole(small.run())
    other = {name: array.copy() for name, array in values.items()}
    other["dens"][-1, 0, 0, 0] *= 1.0 + 1e-15
    assert len(values["dens"]) > 4 and problems.difference(values, other) == "dens"
    other = values | {"blocks of the mesh": values["blocks of the mesh"][::-1]}
    assert problems.difference(values, other) == "blocks of the mesh"
