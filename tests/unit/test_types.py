"""The public surface has types: every public function of the files that mypy checks is annotated,
and mypy finds nothing wrong (also the step `types` of launch/test.sh)."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from crmpi import api

ROOT = Path(__file__).parents[2]
CHECKED = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]["files"]
SURFACE = [name for name in CHECKED if name.startswith("crmpi/")]
INNER = {
    "crmpi/diagnostics/reductions.py": {"total", "mean", "minimum", "maximum"},
    "crmpi/model/problem.py": {"Problem"},
    "crmpi/physics/base.py": {"Source", "SourceParams", "source_classes", "make_sources"},
    "crmpi/physics/operators.py": {"Operator"},
    "crmpi/types.py": {"Field"},
}
"""Files in which only these classes and functions are public."""


def public(body, prefix="", only=None):
    """Yield (name, node) of the public functions and methods of a file."""
    for node in body:
        if only is not None and getattr(node, "name", None) not in only:
            continue
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public(node.body, f"{prefix}{node.name}.")
        elif isinstance(node, ast.FunctionDef) and (
            node.name == "__init__" or not node.name.startswith("_")
        ):
            yield prefix + node.name, node


@pytest.mark.parametrize("name", SURFACE)
def test_public_functions_have_types(name):
    tree = ast.parse((ROOT / name).read_text(encoding="utf-8"))
    for function, node in public(tree.body, only=INNER.get(name)):
        every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        bare = [a.arg for a in every if a.annotation is None and a.arg not in ("self", "cls")]
        assert node.returns is not None and not bare, f"{function}: {', '.join(bare) or 'returns'}"


def test_the_base_classes_of_plugins_and_the_readers_are_checked():
    names = ("Problem", "Source", "TransportSolver", "ScatteringModel", "Criterion", "Observable")
    objects = [getattr(api, name) for name in (*names, "Simulation", "open_snapshot")]
    files = {thing.__module__.replace(".", "/") + ".py" for thing in objects}
    assert files <= set(SURFACE)
    assert (ROOT / "crmpi" / "py.typed").is_file()


def test_api_tells_type_checkers_what_it_offers():
    tree = ast.parse((ROOT / "crmpi" / "api.py").read_text(encoding="utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    told = {
        (alias.name, "" if alias.name in api._PACKAGES else node.module)
        for node in block.body
        for alias in node.names
    }
    offered = {(name, "") for name in api._PACKAGES}
    assert told == offered | set(api._MODULE.items())


@pytest.mark.full
def test_mypy_finds_nothing():
    command = [sys.executable, "-m", "mypy", "--no-error-summary"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
