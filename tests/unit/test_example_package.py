"""The example package of docs/examples, installed: its model and its problem are found."""

import os
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.selection import in_full

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "crmpi-example"


def by_pip(source, site):
    """Install the package as a user does, without a network."""
    setuptools = int(version("setuptools").split(".")[0]) if find_spec("setuptools") else 0
    if not find_spec("pip") or (setuptools < 71 and not find_spec("wheel")):
        pytest.skip("pip cannot build a wheel here: setuptools >= 71, or wheel, is missing")
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-build-isolation"]
    command += ["--no-index", "--quiet", "--target", str(site), str(source)]
    subprocess.run(command, check=True, timeout=120)


def by_hand(source, site):
    """Put the package and what pip would write about its entry points on the search path."""
    project = tomllib.loads((source / "pyproject.toml").read_text())["project"]
    shutil.copytree(source / "crmpi_example", site / "crmpi_example")
    info = site / f"crmpi_example-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    lines = []
    for group, entries in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {value}" for name, value in entries.items())]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")


@pytest.fixture(params=[by_hand, *in_full(by_pip)], ids=["metadata", "pip"])
def crmpi(request, tmp_path):
    """Return a function that runs ``crmpi ARGUMENTS`` where the package is installed."""
    source, site = tmp_path / "source", tmp_path / "site"
    shutil.copytree(EXAMPLE, source)
    site.mkdir()
    request.param(source, site)
    paths = os.pathsep.join([str(site), str(ROOT)])

    def run(*words):
        done = subprocess.run(
            [sys.executable, "-m", "crmpi.cli.main", *words],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            timeout=180,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    return run


def test_what_the_package_brings_is_found_and_runs(crmpi, tmp_path):
    listed = crmpi("models", "speed_law")
    assert "scattering.model = speed_law  (from package crmpi-example 1.0)" in listed
    assert "swirl" in crmpi("problems")
    said = crmpi("run", "swirl", "mesh.cells=[16,16,1]", "time.max_steps=1")
    assert "stopped: reached time.max_steps" in said
    resolved = (tmp_path / "runs" / "swirl" / "resolved.yaml").read_text()
    assert "model: speed_law" in resolved
