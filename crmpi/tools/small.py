"""A mesh of few cells on which a problem runs in seconds."""

import math
from pathlib import Path
from typing import NamedTuple

from crmpi.errors import CrmpiError
from crmpi.model.files import configurations
from crmpi.run.configuration import load_run
from crmpi.run.rehearsal import rehearse

_EDGE = {1: 64, 2: 16, 3: 8}
"""Cells along an axis, by the number of axes."""

LARGEST = 2**15
"""Cells of a mesh that is small as it stands."""


class SmallMesh(NamedTuple):
    """A configuration and the mesh to run it on.

    yaml : Path
    cells, block : list of 3 ints
    halves : list of 3 ints, or None
        another layout of blocks; None on a refined mesh, where another layout is another mesh
    """

    yaml: Path
    cells: list
    block: list
    halves: list | None


def small_mesh(problem_class, yaml, words=()):
    """Return the `SmallMesh` of a problem: a few cells of its configuration, or where the problem
    refuses them, as it does when they do not resolve what it needs, the smallest of its
    configurations.

    Raises
    ------
    CrmpiError
        the problem refuses all of them: what it says of the first
    """
    first = load_run(problem_class, yaml, words).mesh.cells
    most = _EDGE[max(1, sum(n > 1 for n in first))]
    cells = [min(n, most) for n in first]
    try:
        return _tried(problem_class, yaml, [*_words(cells, cells), *words])
    except CrmpiError as error:
        refusal = error
    found = []
    for other in configurations(yaml.parent) if not words else ():
        mesh = load_run(problem_class, other).mesh
        found.append((math.prod(mesh.cells), other))
    for count, other in sorted(found):
        if count <= LARGEST:
            try:
                return _tried(problem_class, other, [])
            except CrmpiError:
                continue
    raise refusal


def _words(cells, block):
    return [f"mesh.cells={cells}", f"mesh.block={block}"]


def _tried(problem_class, yaml, words):
    """Return the `SmallMesh` of a configuration that sets its initial state without a complaint."""
    config = load_run(problem_class, yaml, words)
    rehearse(config, problem_class)
    cells, block = list(config.mesh.cells), list(config.mesh.block)
    longest = block.index(max(block))
    halves = [n // 2 if axis == longest else n for axis, n in enumerate(block)]
    plain = config.mesh.refinement.levels == 0 and block[longest] % 2 == 0
    return SmallMesh(yaml, cells, block, halves if plain else None)
