"""How commands of the pages are made to take a second: a small mesh and few steps."""

import re

from crmpi.cli.configuration import configure
from crmpi.cli.run import split_words
from crmpi.parallel.comm import SerialComm
from tests.verification.shrunk import PIECES

LARGEST = {0: 8, 1: 64, 2: 32, 3: 16}  # cells along the longest axis, by the number of dimensions
STEPS = 2
SMALL_SWEEP = "[16,16,16],[32,32,32]"

SPECIAL = {
    # resolved patches must not be smaller than a cell: a piece of the box
    "patchy_box": ["scattering.mode=harmonic"],
    # a disc must not be thinner than two cells: a piece without nests
    **{
        name: [
            f"mesh.lower={[-x for x in half]}",
            f"mesh.upper={list(half)}",
            "mesh.refinement={regions: []}",
            "observables.compute=[]",
        ]
        for name, half in PIECES.items()
    },
}
"""Further overrides, by the name of the problem."""


def small_words(words):
    """Return the words of a `crmpi` command that does the same on a small mesh, for few steps."""
    name = words[1]
    words = [word for word in words if word != "--single"]
    if name in ("run", "warm"):
        target, overrides = split_words([word for word in words[2:] if word[:2] != "--"])
        return [*words, *small(target, overrides)]
    if name == "sweep":
        words = [
            re.sub(r"^mesh\.cells=(\[.*\],\[.*)$", f"mesh.cells={SMALL_SWEEP}", word)
            for word in words
        ]
        return [*words, f"time.max_steps={STEPS}"]
    if name == "converge":
        return [*words, f"time.max_steps={STEPS}"]
    return words


def small(target, overrides):
    """Return the overrides that shrink a run."""
    config, problem, _ = configure(SerialComm(), target, overrides)
    cells, block = config.mesh.cells, config.mesh.block
    axes = sum(n > 1 for n in cells)
    shrink = max(1, max(cells) // LARGEST[axes])
    few = [max(8, n // shrink) if n > 1 else 1 for n in cells]
    blocks = [min(n, max(b // shrink, 8)) if n > 1 else 1 for n, b in zip(few, block, strict=True)]
    blocks = [b if n % b == 0 else n for n, b in zip(few, blocks, strict=True)]
    return [
        f"mesh.cells={few}",
        f"mesh.block={blocks}",
        f"time.max_steps={STEPS}",
        *SPECIAL.get(problem.name, []),
    ]
