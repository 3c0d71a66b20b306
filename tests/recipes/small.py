"""How commands of the pages are made to take a second: a small mesh and few steps."""

import re

from crmpi.cli.configuration import configure
from crmpi.cli.run import split_words
from crmpi.parallel.comm import SerialComm
from tests.recipes.commands import choices, parsed
from tests.verification.shrunk import PIECES

LARGEST = {0: 8, 1: 64, 2: 32, 3: 16}  # cells along the longest axis, by the number of dimensions
STEPS = 2
SMALL_SWEEP = "[16,16,16],[32,32,32]"

SPECIAL = {
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


FIVE_SNAPSHOTS = ["time.end=0.004 Myr", "output.snapshot_interval=0.001 Myr"]
"""What makes a run in physical units write several snapshots in few steps."""

WHOLE = ("patchy_box",)
"""Problems that keep their mesh: resolved patches must not be smaller than a cell."""


def small_words(words):
    """Return the words of a `crmpi` command that does the same on a small mesh, for few steps."""
    name = words[1]
    words = [word for word in words if word != "--single"]
    if name not in ("run", "warm", "sweep", "converge"):
        return words
    words = [
        re.sub(r"^mesh\.cells=\[.*\],\[.*$", f"mesh.cells={SMALL_SWEEP}", word) for word in words
    ]
    _, arguments = parsed(words)
    target, overrides = split_words(arguments.words)
    if name == "converge":
        overrides = [*overrides, *choices(name, arguments)[0]]
    chosen = small(target, overrides)
    if any(word == f"mesh.cells={SMALL_SWEEP}" for word in words):
        chosen = [word for word in chosen if not word.startswith("mesh.")]
    return [*words, *chosen]


def small(target, overrides):
    """Return the overrides that shrink a run."""
    config, problem, _ = configure(SerialComm(), target, overrides)
    if problem.name in WHOLE:
        return [f"time.max_steps={STEPS}"]
    cells, block = config.mesh.cells, config.mesh.block
    shrink = max(1, max(cells) // LARGEST[sum(n > 1 for n in cells)])
    few = [max(8, n // shrink) if n > 1 else 1 for n in cells]
    blocks = [min(n, max(b // shrink, 8)) if n > 1 else 1 for n, b in zip(few, block, strict=True)]
    blocks = [b if n % b == 0 else n for n, b in zip(few, blocks, strict=True)]
    return [
        f"mesh.cells={few}",
        f"mesh.block={blocks}",
        f"time.max_steps={STEPS}",
        *SPECIAL.get(problem.name, []),
    ]
