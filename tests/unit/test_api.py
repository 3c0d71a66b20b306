"""`crmpi.api` holds all that problems import."""

import ast
from pathlib import Path

import pytest

import crmpi.api

ROOT = Path(__file__).parents[2]
FOLDERS = ("problems", "tests/problems", "docs/examples")
FILES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))


def crmpi_imports(path):
    """Return [(module, names)] of the imports from crmpi of a file."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "crmpi":
            found.append((node.module, [alias.name for alias in node.names]))
        elif isinstance(node, ast.Import):
            found += [(a.name, []) for a in node.names if a.name.split(".")[0] == "crmpi"]
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_problems_import_the_api_alone(path):
    for module, names in crmpi_imports(path):
        assert module == "crmpi.api"
        assert [name for name in names if name not in crmpi.api.__all__] == []


def test_every_name_of_the_api_is_there():
    missing = [name for name in crmpi.api.__all__ if not hasattr(crmpi.api, name)]
    assert missing == []
    with pytest.raises(AttributeError, match=r"crmpi\.api has no 'Problm'"):
        crmpi.api.Problm  # noqa: B018


def test_exact_solutions_are_found_by_module():
    assert crmpi.api.exact.sedov.Sedov.__module__ == "crmpi.exact.sedov"
    with pytest.raises(AttributeError, match="no module 'sedof'"):
        crmpi.api.exact.sedof  # noqa: B018
