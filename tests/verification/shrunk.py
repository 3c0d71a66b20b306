"""Configurations of the problems as they are written, and small meshes that stand for theirs."""

from pathlib import Path

import yaml

PROBLEMS = Path(__file__).parents[2] / "problems"
LARGEST = {1: 64, 2: 32, 3: 16}
"""Cells along the longest axis of a small mesh, by the number of dimensions."""


def source_of(target):
    """Return the configuration of a problem or variant as it is written, with that it is based
    on."""
    path = PROBLEMS / f"{target}.yaml"
    source = yaml.safe_load(path.read_text())
    if "base" not in source:
        return source
    base = source_of(f"{target.split('/')[0]}/{Path(source['base']).stem}")
    groups = [
        name
        for name in source
        if isinstance(source[name], dict) and isinstance(base.get(name), dict)
    ]
    return base | source | {name: base[name] | source[name] for name in groups}


def shrink(source):
    """Return by how much a mesh has more cells than a small one."""
    cells = source["mesh"]["cells"]
    return max(1, max(cells) // LARGEST[sum(n > 1 for n in cells)])


def must_keep_cells(source):
    """Tell whether what is on the grid must stay on it: patches that are resolved, and what regions
    refine for."""
    resolved = source.get("scattering", {}).get("mode") == "resolved"
    return resolved or "refinement" in source["mesh"]


def corners(source, few):
    """Return (lower, upper) of a mesh with `few` cells: the box, or of one that must keep its cells
    a piece with the smallest of them."""
    mesh = source["mesh"]
    ends = [[number(x) for x in mesh[side]] for side in ("lower", "upper")]
    if not must_keep_cells(source):
        return ends
    regions = mesh.get("refinement", {}).get("regions", [])
    parts = 2 ** max((region["level"] for region in regions), default=0)
    return [
        [x * a / b / parts for x, a, b in zip(end, few, mesh["cells"], strict=True)] for end in ends
    ]


def number(value):
    """Return a length of the configuration without its unit."""
    return float(value.split()[0]) if isinstance(value, str) else float(value)
