"""How many blocks and cells a mesh has on each level, as text."""

import numpy as np


def census(cells, block, leaves):
    """Return lines on the levels of a mesh: blocks, cells, and the uniform mesh that would have
    cells of this size everywhere.

    Parameters
    ----------
    cells, block : sequences of 3 ints
        cells of the mesh on level 0, and of a block
    leaves : int array (n, 4)
        see `crmpi.mesh.leaves`
    """
    counts, size = np.bincount(leaves[:, 0]), int(np.prod(block))
    meshes = [
        tuple(int(n) if n == 1 else int(n) << level for n in cells) for level in range(len(counts))
    ]
    total, uniform = size * len(leaves), int(np.prod(meshes[-1], dtype=object))
    lines = [f"{total} cells in {len(leaves)} blocks of {times(block)}"]
    if len(counts) == 1:
        return lines
    lines[0] += (
        f"; all on level {len(counts) - 1} there would be {uniform} cells, "
        f"{uniform / total:.3g} times as many"
    )
    rows = [("level", "blocks", "cells", "as in a mesh of", "of the box")]
    for level, (count, mesh) in enumerate(zip(counts.tolist(), meshes, strict=True)):
        share = count * size / int(np.prod(mesh, dtype=object))
        rows.append(
            (str(level), str(count), str(count * size), times(mesh), f"{100.0 * share:.3g}%")
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return lines + [
        "  ".join(word.rjust(width) for word, width in zip(row, widths, strict=True))
        for row in rows
    ]


def times(numbers):
    """Return '8 x 8 x 1'."""
    return " x ".join(str(int(n)) for n in numbers)
