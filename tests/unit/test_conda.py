"""The conda recipe asks for what the package asks for."""

import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


def test_conda_asks_for_the_packages_of_pip_with_the_same_bounds():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    recipe = yaml.safe_load((ROOT / "launch" / "conda.yaml").read_text(encoding="utf-8"))
    asked = dict(line.partition(" ")[::2] for line in recipe["dependencies"])
    extras = project["optional-dependencies"]
    wheels = [*project["dependencies"], *extras["plot"], extras["mpi"][0]]
    bounds = dict(line.split(">=") for line in wheels) | {
        "python": project["requires-python"].removeprefix(">=")
    }
    # a build of h5py stands behind its version: name, version, build
    assert {name: asked[name].partition("=*")[0] for name in bounds} == {
        name: f">={bound}" for name, bound in bounds.items()
    }
    assert asked["h5py"].endswith("=*mpi_mpich*") and "mpich" in asked
