"""Straight lines through the mesh: which cells each one crosses, and the exact length of its path
in each."""

from typing import NamedTuple

import numpy as np

from crmpi.errors import CrmpiError

# turn between neighbours of a spiral that covers the sphere evenly
GOLDEN = np.pi * (3.0 - np.sqrt(5.0))


class Line(NamedTuple):
    """A sight line: a point on it, its direction (unit vector), and its distance from the
    origin."""

    point: np.ndarray
    direction: np.ndarray
    impact: float


class Path(NamedTuple):
    """What a line crosses: `cells` (n, 3), global indices i, j, k, the length of the path in each,
    and how far along the line it begins."""

    cells: np.ndarray
    lengths: np.ndarray
    starts: np.ndarray


class Crossed:
    """The cells of one level that lines cross, found by the block that holds them.

    Parameters
    ----------
    paths : sequence of Path
        of all lines, on the mesh of one level
    block : sequence of 3 ints
        cells of a block

    Attributes
    ----------
    cells, lengths, starts : as in `Path`, of all lines one after the other
    owner : int array
        number of the line
    """

    def __init__(self, paths, block):
        self.cells, self.lengths, self.starts = (
            np.concatenate(parts) for parts in zip(*paths, strict=True)
        )
        self.owner = np.repeat(np.arange(len(paths)), [len(path.lengths) for path in paths])
        places = self.cells // np.array(block)
        unique, which = np.unique(places, axis=0, return_inverse=True)
        order = np.argsort(which.ravel(), kind="stable")
        pieces = np.split(order, np.cumsum(np.bincount(which.ravel(), minlength=len(unique)))[:-1])
        self._inside = self.cells - places * np.array(block)
        self._by_block = dict(zip(map(tuple, unique.tolist()), pieces, strict=True))

    def in_block(self, place):
        """Return (which of the cells lie in the block at `place`, their index (k, j, i) in it)."""
        here = self._by_block.get(tuple(int(n) for n in place), np.zeros(0, int))
        i, j, k = self._inside[here].T
        return here, (k, j, i)


def axis_lines(impacts, axis, count, missing=()):
    """Return lines along an axis (0, 1, 2) around the origin, `count` of them evenly around it for
    every impact parameter.

    Parameters
    ----------
    impacts : sequence of float
    axis, count : int
    missing : sequence of int
        axes across the line in which the mesh has one cell: lines are then at +b and -b along the
        other one
    """
    across = [a for a in range(3) if a != axis and a not in missing]
    direction = np.eye(3)[axis]
    lines = []
    for b in impacts:
        if len(across) == 2:
            angles = 2.0 * np.pi * (np.arange(count) + 0.5) / count
            offsets = np.stack([np.cos(angles), np.sin(angles)], axis=1) * b
        else:
            offsets = np.array([[b], [-b]] if across else np.zeros((1, 0)))
        for offset in offsets:
            point = np.zeros(3)
            point[across] = offset
            lines.append(Line(point, direction, float(b)))
    return lines


def tilted_lines(impacts, count):
    """Return lines in `count` directions that cover the sphere evenly, for every impact parameter;
    on each its own side of the origin."""
    height = 1.0 - 2.0 * (np.arange(count) + 0.5) / count
    turn = GOLDEN * np.arange(count)
    directions = np.stack(
        [np.sqrt(1.0 - height**2) * np.cos(turn), np.sqrt(1.0 - height**2) * np.sin(turn), height],
        axis=1,
    )
    lines = []
    for b in impacts:
        for n, direction in enumerate(directions):
            first = np.cross(direction, np.eye(3)[np.argmin(np.abs(direction))])
            first /= np.linalg.norm(first)
            side = np.cos(n) * first + np.sin(n) * np.cross(direction, first)
            lines.append(Line(b * side, direction, float(b)))
    return lines


def lines_at(mesh, impacts, axes, count):
    """Return lines at distances from the origin: `count` around each of the `axes` (0, 1, 2), or
    without axes in all directions.

    Of a spherical mesh, a `Snapshot` or its `Facts`, one line at each distance says everything.
    """
    if mesh.geometry == "spherical":
        return axis_lines(impacts, 2, 1)
    if not axes:
        return tilted_lines(impacts, count)
    missing = [axis for axis in range(3) if axis not in mesh.axes]
    return [line for axis in axes for line in axis_lines(impacts, axis, count, missing)]


def trace(mesh, line, where, level=0):
    """Return the `Path` of a line through a mesh with equal cells, those of a level.

    On a refined mesh, cells that lie in blocks of this level are those that the line crosses;
    others of the path are parts of larger cells, or made of smaller ones.

    Parameters
    ----------
    mesh : object with ``cells_at``, ``lower``, ``upper``
        a `Snapshot` or its `Facts`
    line : Line
    where : str or path
        what to call it in messages
    level : int

    Raises
    ------
    CrmpiError
        the line misses the box
    """
    lower, upper, cells = (
        np.array(values, float) for values in (mesh.lower, mesh.upper, mesh.cells_at(level))
    )
    widths = (upper - lower) / cells
    moving = line.direction != 0.0
    beside = ~moving & ((line.point < lower) | (line.point > upper))
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = np.sort(
            np.stack(
                [(lower - line.point) / line.direction, (upper - line.point) / line.direction]
            ),
            axis=0,
        )
    start, stop = ends[0][moving].max(), ends[1][moving].min()
    if beside.any() or not start < stop:
        point = ", ".join(f"{value:g}" for value in line.point)
        box = " x ".join(f"[{a:g}, {b:g}]" for a, b in zip(mesh.lower, mesh.upper, strict=True))
        raise CrmpiError(
            f"the sight line through ({point}) misses the box {box} of {where}; choose a "
            "smaller impact parameter"
        )
    marks = [np.array([start, stop])]
    for axis in np.flatnonzero(moving):
        faces = lower[axis] + (upper[axis] - lower[axis]) * (
            np.arange(cells[axis] + 1) / cells[axis]
        )
        marks.append((faces - line.point[axis]) / line.direction[axis])
    marks = np.unique(np.clip(np.concatenate(marks), start, stop))
    middles = line.point + 0.5 * (marks[1:] + marks[:-1])[:, None] * line.direction
    index = np.clip(np.floor((middles - lower) / widths), 0, cells - 1).astype(int)
    return Path(index, np.diff(marks), marks[:-1])


def shells(faces, impact, where):
    """Return the `Path` of a line at a distance from the centre through shells between spheres of
    the radii `faces`."""
    if not faces[0] <= impact < faces[-1]:
        reach = f"{faces[0]:g} to {faces[-1]:g}"
        raise CrmpiError(
            f"the sight line at {impact:g} is outside of the shells of {where}, which reach "
            f"from {reach}"
        )
    reached = np.sqrt(np.maximum(faces**2 - impact**2, 0.0))
    lengths = 2.0 * np.diff(reached)
    crossed = np.flatnonzero(lengths > 0.0)
    return Path(
        np.stack([crossed, 0 * crossed, 0 * crossed], axis=1), lengths[crossed], reached[crossed]
    )
