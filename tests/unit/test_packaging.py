"""What is in the packages, and what their metadata say; `launch/packages.sh` tries them in
environments of their own."""

import importlib
import json
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

import crmpi

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

NEEDED = (
    "CHANGELOG.md",
    "CITATION.cff",
    "docs/index.md",
    "docs/site/conf.py",
    "docs/figures/wind_mass_loading.png",
    "launch/test.sh",
    "problems/galactic_wind/problem.py",
    "problems/galactic_wind/galactic_wind.yaml",
    "tests/unit/test_packaging.py",
)
"""Files of the sdist without which its reader could neither build the documentation nor run the
tests."""

BUILD = """
import sys
from setuptools import build_meta
folder = sys.argv[1]  # building changes sys.argv
print(build_meta.build_sdist(folder), build_meta.build_wheel(folder))
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Return the paths of sdist and wheel, built of a copy of the checkout without a registry."""
    setuptools = importlib.import_module("setuptools")
    if int(setuptools.__version__.split(".")[0]) < 77:
        pytest.skip(f"setuptools {setuptools.__version__} is too old to build, and no registry")
    folder = tmp_path_factory.mktemp("packages")
    copy = folder / "checkout"
    names = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    ).stdout.split("\n")
    for name in filter(None, names):
        source, target = ROOT / name, copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_symlink():
            target.symlink_to(source.readlink())
        elif source.is_file():
            target.write_bytes(source.read_bytes())
    words = [sys.executable, "-c", BUILD, str(folder)]
    done = subprocess.run(words, cwd=copy, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return tuple(folder / name for name in done.stdout.split()[-2:])


def test_sdist_holds_documentation_problems_and_tests(built):
    with tarfile.open(built[0]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert set(NEEDED) <= names
    assert not [name for name in names if "__pycache__" in name or name.startswith(".venv")]


def test_wheel_holds_problems_data_and_types(built):
    with zipfile.ZipFile(built[1]) as archive:
        names = set(archive.namelist())
    tops = {name.split("/")[0] for name in names}
    assert tops == {"crmpi", f"crmpi-{crmpi.__version__}.dist-info"}
    assert {"crmpi/py.typed", "crmpi/builtin_problems/blast/problem.py"} <= names
    own = {path.parent.name for path in (ROOT / "problems").glob("*/problem.py")}
    shipped = [name.split("/") for name in names if name.startswith("crmpi/builtin_problems/")]
    assert own == {parts[2] for parts in shipped if parts[-1] == "problem.py"}


def test_wheel_works_outside_of_the_checkout(built, tmp_path):
    """Unpacked; launch/packages.sh installs it, with each of the extras, from a registry."""
    with zipfile.ZipFile(built[1]) as archive:
        archive.extractall(tmp_path / "site")
    outside = os.environ | {"PYTHONPATH": str(tmp_path / "site")}

    def said(*words):
        command = [sys.executable, "-m", "crmpi", *words]
        done = subprocess.run(command, cwd=tmp_path, env=outside, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "crmpi COMMAND" in said("--help")
    folders = {Path(problem["folder"]) for problem in json.loads(said("problems", "--json"))}
    assert len(folders) > 20 and all(folder.is_relative_to(tmp_path) for folder in folders)
    assert "mesh.cells" in said("params", "mesh") and "two_moment" in said("models", "two_moment")


def test_metadata_are_complete(built):
    with zipfile.ZipFile(built[1]) as archive:
        text = archive.read(f"crmpi-{crmpi.__version__}.dist-info/METADATA").decode()
    metadata = Parser().parsestr(text)
    assert metadata["Author"] == "The crmpi developers"
    assert metadata["License-Expression"] == "BSD-3-Clause"
    assert "Typing :: Typed" in metadata.get_all("Classifier")
    assert set(metadata.get_all("Provides-Extra")) == set(PROJECT["optional-dependencies"])


def test_page_of_the_package_needs_no_other_file():
    """On the page of a registry a relative link or picture leads nowhere."""
    text = (ROOT / PROJECT["readme"]).read_text()
    assert not [target for target in re.findall(r"\]\(([^)]*)\)", text) if "://" not in target]


@pytest.mark.parametrize("group", PROJECT["entry-points"])
def test_entry_points_name_what_is_there(group):
    for value in PROJECT["entry-points"][group].values():
        module, _, name = value.partition(":")
        found = importlib.import_module(module)
        assert not name or hasattr(found, name)


def test_citation_has_the_version_of_the_code():
    assert f"version: {crmpi.__version__}" in (ROOT / "CITATION.cff").read_text()
