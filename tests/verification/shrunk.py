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


PIECES = {"isolated_galaxy": (16.0, 16.0, 3.2)}
"""Half widths of the piece of the box that stands for it where regions resolve something thin."""


def is_piece(source):
    """Tell whether a small mesh is a piece of the box: what is on the grid must stay on it, patches
    that are resolved, or what regions refine for."""
    resolved = source.get("scattering", {}).get("mode") == "resolved"
    return resolved or source.get("problem", {}).get("name") in PIECES


def corners(source, few):
    """Return (lower, upper) of a mesh with `few` cells."""
    mesh = source["mesh"]
    ends = [[number(x) for x in mesh[side]] for side in ("lower", "upper")]
    if source.get("problem", {}).get("name") in PIECES:
        half = PIECES[source.get("problem", {}).get("name")]
        return [[-x for x in half], list(half)]
    if is_piece(source):
        cells = mesh["cells"]
        return [[x * a / b for x, a, b in zip(end, few, cells, strict=True)] for end in ends]
    return ends


def without_nests(source):
    """Return the overrides that take regions away, and surfaces that are outside of the piece."""
    if "refinement" not in source["mesh"]:
        return ()
    return "mesh.refinement={regions: []}", "observables.compute=[]"


def number(value):
    """Return a length of the configuration without its unit."""
    return float(value.split()[0]) if isinstance(value, str) else float(value)
