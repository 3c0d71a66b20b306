"""The examples of docs/plugins.md, and small runs with plug-ins from a folder."""

import io
import re
from pathlib import Path

import yaml

from crmpi.cli.configuration import configure
from crmpi.parallel.comm import SerialComm
from crmpi.run import driver

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")

_EXAMPLE = r"^### [^\n]*`(\w+)\.py`\n```python\n(.*?)```\n```yaml\n(.*?)```"

EXAMPLES = {
    name: (code, settings)
    for name, code, settings in re.findall(_EXAMPLE, PAGE, re.DOTALL | re.MULTILINE)
}
"""{name of the file: (its text, lines of YAML that switch it on)}."""

PROBLEM = '''
from crmpi.api import Problem, np


class Waves(Problem):
    """A wave of density and cosmic rays in moving gas with a field."""

    def initial(self, x, p):
        wave = 1 + 0.3 * np.sin(2 * np.pi * x.x1) * np.cos(2 * np.pi * x.x2)
        return {"dens": wave, "press": 1e3 * wave, "ecr": 1e3 * wave, "vel1": 10.0, "b1": 5.0}
'''

BASE = {
    "mesh.cells": "[16, 8, 8]",
    "mesh.block": "[8, 8, 8]",
    "time.end": "1.0",
    "time.max_steps": "1",
}


def write_problem(folder, code=PROBLEM, settings="", plugins="[my_models]"):
    """Write problem.py and its YAML file to a folder named `waves`; return the YAML file."""
    folder = folder / "waves"
    folder.mkdir(exist_ok=True)
    (folder / "problem.py").write_text(code)
    path = folder / "waves.yaml"
    path.write_text((f"plugins: {plugins}\n" if plugins else "") + settings)
    return path


def write_example(folder, name):
    """Write an example of the page to `my_models` beside the problem; return the YAML file."""
    code, settings = EXAMPLES[name]
    models = folder / "waves" / "my_models"
    models.mkdir(parents=True, exist_ok=True)
    (models / f"{name}.py").write_text(code)
    return write_problem(folder, settings=settings)


def words(folder, **changes):
    """Return the overrides of a small run."""
    base = BASE | {"output.dir": str(folder / "run")}
    return [f"{key}={value}" for key, value in (base | changes).items()]


def run(path, folder, restart=None, **changes):
    """Run a YAML file for a step; return the `Result`."""
    mesh = yaml.safe_load(path.read_text()).get("mesh", {}) if path else {}
    own = {f"mesh.{key}" for key in mesh}  # what an example says of its mesh stays
    overrides = [word for word in words(folder, **changes) if word.partition("=")[0] not in own]
    config, problem_class, checkpoint = configure(
        SerialComm(), None if restart else str(path), overrides, restart
    )
    return driver.run(config, problem_class, SerialComm(), restart=checkpoint, stream=io.StringIO())
