"""Every problem and variant runs a few steps at low resolution and gives its recorded numbers.

``python -m tests.verification.test_every_problem`` records them anew into ``problems/<name>/reference.json``; say why in the changelog.
"""

import json
from pathlib import Path

import pytest
import yaml

from tests.verification.runs import run_problem

PROBLEMS = Path(__file__).parents[2] / "problems"
STEPS = 5
LARGEST = {1: 64, 2: 32, 3: 16}  # cells along the longest axis, by the number of dimensions
TOLERANCE = 1e-8  # compilers may contract and reorder; five steps do not amplify this


def variants():
    """Return 'name' or 'name/variant' of every YAML file that stands beside a recorded reference."""
    return [f"{path.parent.name}/{path.stem}" for path in sorted(PROBLEMS.glob("*/*.yaml")) if (path.parent / "problem.py").is_file()]


def small(target):
    """Return the overrides that shrink a configuration to a few cells in one block."""
    source = yaml.safe_load((PROBLEMS / f"{target}.yaml").read_text())
    cells = source["mesh"]["cells"]
    shrink = max(1, max(cells) // LARGEST[sum(n > 1 for n in cells)])
    few = [max(8, n // shrink) if n > 1 else 1 for n in cells]
    overrides = f"mesh.cells={few}", f"mesh.block={few}", f"time.max_steps={STEPS}"
    if source.get("scattering", {}).get("mode") == "resolved":  # what is on the grid must stay on it: a piece of the box, not coarser cells
        ends = {side: [x * a / b for x, a, b in zip(source["mesh"][side], few, cells, strict=True)] for side in ("lower", "upper")}
        overrides += tuple(f"mesh.{side}={end}" for side, end in ends.items())
    return overrides


def numbers(target):
    """Return the recorded quantities of a short run: time, history sums and L1 norms."""
    outcome = run_problem(target, *small(target))
    last = {name: float(column[-1]) for name, column in outcome.history.items() if name not in ("step", "dt")}
    return last | {f"L1 {name}": norm["L1"] for name, norm in outcome.norms.items()}


@pytest.mark.parametrize("target", variants())
def test_problem_gives_its_reference(target):
    folder, variant = target.split("/")
    reference = json.loads((PROBLEMS / folder / "reference.json").read_text())[variant]
    found = numbers(target)
    scale = max(abs(value) for value in reference.values())
    for name, value in reference.items():
        assert found[name] == pytest.approx(value, rel=TOLERANCE, abs=1e-13 * scale), name


def record():
    """Write all references."""
    for folder in sorted({target.split("/")[0] for target in variants()}):
        found = {target.split("/")[1]: numbers(target) for target in variants() if target.split("/")[0] == folder}
        (PROBLEMS / folder / "reference.json").write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    record()
