"""Blocks of several levels on a uniform mesh of one level: means of smaller cells, copies of larger
ones. Planes, projections and layers.

All of it walks the leaves block by block, so that each counts once: integrals over a resampled mesh
are those over the leaves.
"""

from typing import NamedTuple

import numpy as np

from crmpi.errors import CrmpiError

# axis across a slice or a map to its (horizontal, vertical) axes
PLANES = {0: (1, 2), 1: (0, 2), 2: (0, 1)}
LARGEST = 4096**2
"""Cells of the finest picture that is chosen by itself."""


class Slice(NamedTuple):
    """A plane of cells, or means or integrals along lines through the box.

    `values[vertical, horizontal]`; `axes` names the two axes (0, 1, 2); `faces` are the cell faces
    along them; `position` is where the plane is, NaN for a projection; `blocks` (n, 4) are the ends
    left, right, bottom, top of the blocks that it cuts.
    """

    values: np.ndarray
    axes: tuple[int, int]
    faces: tuple[np.ndarray, np.ndarray]
    position: float
    blocks: np.ndarray


class Profile(NamedTuple):
    """Means `values` over the cells at each `x`."""

    x: np.ndarray
    values: np.ndarray


def spread(values, first, steps):
    """Return (index, values) of cells on a mesh of another level: what they add to its cells.

    Parameters
    ----------
    values : array
    first : sequence of int
        for each axis of `values` the index of its first cell on the mesh of its own level
    steps : sequence of int
        for each axis the level of the other mesh minus the own one, 0 for a missing axis

    Returns
    -------
    index : tuple of slices
    values : array
        copies where the other cells are smaller; where they are larger, sums of the shares that the
        own cells have of them
    """
    index = []
    for axis, (start, step) in enumerate(zip(first, steps, strict=True)):
        n = values.shape[axis]
        if step >= 0:
            values = np.repeat(values, 2**step, axis) if step else values
            index.append(slice(start << step, (start + n) << step))
            continue
        cells = (start + np.arange(n)) >> -step
        groups = np.flatnonzero(np.diff(cells, prepend=cells[0] - 1))
        values = np.add.reduceat(values, groups, axis) * 2.0**step
        index.append(slice(int(cells[0]), int(cells[-1]) + 1))
    return tuple(index), values


def picture_level(snapshot, axis):
    """Return the highest level of the mesh of which a picture normal to `axis` has at most
    `LARGEST` cells."""
    level = snapshot.max_level
    while level and np.prod([snapshot.cells_at(level)[a] for a in PLANES[axis]]) > LARGEST:
        level -= 1
    return level


def array_of(snapshot, name, level):
    """Return a quantity on the whole mesh of a level, array (n3, n2, n1): means over volume of
    smaller cells, copies of larger ones."""
    out = _zeros(snapshot, level, (2, 1, 0))
    for gid in range(snapshot.nblock):
        index, part = snapshot.spread(gid, snapshot.values(name, gid), level)
        out[index] += part
    return out


def _zeros(snapshot, level, axes):
    """Return an array for the mesh of a level along `axes`."""
    check_level(snapshot, level)
    shape = [snapshot.cells_at(level)[a] for a in axes]
    try:
        return np.zeros(shape)
    except (MemoryError, ValueError):
        sizes = " x ".join(map(str, shape))
        raise CrmpiError(
            f"{sizes} cells of level {level} of {snapshot.path} do not fit into memory; choose "
            "a lower level"
        ) from None


def check_level(snapshot, level):
    """Refuse a level that a mesh cannot have."""
    if not 0 <= level <= 20:
        raise CrmpiError(
            f"level = {level} is not possible; levels of {snapshot.path} go from 0 to "
            f"{snapshot.max_level}"
        )


def slice_of(snapshot, name, axis, position=None, level=None):
    """Return the `Slice` of a quantity at `position`, see
    `crmpi.analysis.read.readers.Snapshot.slice`."""
    lower, upper = snapshot.lower[axis], snapshot.upper[axis]
    position = 0.5 * (lower + upper) if position is None else position
    if not lower <= position <= upper:
        raise CrmpiError(
            f"a slice at x{axis + 1} = {position:g} is outside of {snapshot.path}, which "
            f"reaches from {lower:g} to {upper:g}"
        )
    cut, index = [], {}
    for own in np.unique(snapshot.levels).tolist():
        count = snapshot.cells_at(own)[axis]
        index[own] = min(
            int(np.searchsorted(snapshot.faces(axis, own), position, side="right")) - 1, count - 1
        )
        there = (snapshot.levels == own) & (
            snapshot.locations[:, axis] == index[own] // snapshot.block[axis]
        )
        cut += np.flatnonzero(there).tolist()
    finest = int(snapshot.levels[cut].max())
    level = min(finest, picture_level(snapshot, axis)) if level is None else level
    horizontal, vertical = PLANES[axis]
    out = _zeros(snapshot, level, (vertical, horizontal))
    for gid in cut:
        inside = index[int(snapshot.levels[gid])] % snapshot.block[axis]
        where = tuple(inside if a == axis else slice(None) for a in (2, 1, 0))
        place, part = snapshot.spread(
            gid, snapshot.values(name, gid, where), level, (vertical, horizontal)
        )
        out[place] += part
    faces = tuple(snapshot.faces(a, level) for a in (horizontal, vertical))
    centre = float(snapshot.centres(axis, finest)[index[finest]])
    return Slice(out, (horizontal, vertical), faces, centre, outlines(snapshot, cut, axis))


def outlines(snapshot, gids, axis):
    """Return the ends (n, 4), left, right, bottom, top, of blocks as a picture normal to `axis`
    shows them."""
    ends = [snapshot.ends(gid) for gid in gids]
    return np.array(
        [[end for a in PLANES[axis] for end in (low[a], high[a])] for low, high in ends]
    ).reshape(-1, 4)


def projection_of(snapshot, name, axis, weight=None, level=None):
    """Return the integral of a quantity along an axis, or its mean weighted with `weight`, see
    `Snapshot.projection`."""
    level = picture_level(snapshot, axis) if level is None else level
    horizontal, vertical = PLANES[axis]
    total = _zeros(snapshot, level, (vertical, horizontal))
    norm = np.zeros_like(total)
    for gid in range(snapshot.nblock):
        values = snapshot.values(name, gid)
        width = (snapshot.upper[axis] - snapshot.lower[axis]) / snapshot.cells_at(
            snapshot.levels[gid]
        )[axis]
        if weight is not None:
            weights = snapshot.values(weight, gid)
            values = values * weights
            place, part = snapshot.spread(
                gid, weights.sum(axis=2 - axis) * width, level, (vertical, horizontal)
            )
            norm[place] += part
        place, part = snapshot.spread(
            gid, values.sum(axis=2 - axis) * width, level, (vertical, horizontal)
        )
        total[place] += part
    if weight is not None:
        with np.errstate(divide="ignore", invalid="ignore"):
            total /= norm
    faces = tuple(snapshot.faces(a, level) for a in (horizontal, vertical))
    return Slice(
        total,
        (horizontal, vertical),
        faces,
        np.nan,
        outlines(snapshot, range(snapshot.nblock), axis),
    )


def layer_profile(snapshot, name, axis, weight=None):
    """Return the `Profile` over layers along an axis, as thick as the largest cells there: every
    cell lies in one layer."""
    level, others = snapshot.max_level, tuple(2 - a for a in range(3) if a != axis)
    total, norm = (np.zeros(snapshot.cells_at(level)[axis]) for _ in range(2))
    for gid, values, weights in snapshot.weighted(name, weight):
        for target, sums in ((total, values * weights), (norm, weights)):
            (place,), part = snapshot.spread(gid, sums.sum(axis=others), level, (axis,))
            target[place] += part
    if not level or axis not in snapshot.axes:
        return Profile(snapshot.centres(axis), total / norm)
    first = _starts(_layers(snapshot, axis))
    faces = snapshot.faces(axis, level)[np.append(first, len(total))]
    means = np.add.reduceat(total, first) / np.add.reduceat(norm, first)
    return Profile(0.5 * (faces[1:] + faces[:-1]), means)


def _layers(snapshot, axis):
    """Return for each layer of cells of the highest level how many levels lower the lowest one is
    that it goes through."""
    top = snapshot.max_level
    step = np.zeros(snapshot.cells_at(top)[axis], np.int64)
    for place, level in {
        (int(p[axis]), int(n)) for p, n in zip(snapshot.locations, snapshot.levels, strict=True)
    }:
        width = snapshot.block[axis] << (top - level)
        step[place * width : (place + 1) * width] = np.maximum(
            step[place * width : (place + 1) * width], top - level
        )
    return step


def _starts(step):
    """Return where groups of 2^step neighbours begin, counted from the first one."""
    return np.flatnonzero(np.arange(len(step)) & ((1 << step) - 1) == 0)


def shell_profile(snapshot, name, nbins=None, weight=None):
    """Return the `Profile` over shells about the origin, see
    `crmpi.analysis.read.readers.Snapshot.radial_profile`."""
    furthest = np.sqrt(
        sum(max(abs(snapshot.lower[a]), abs(snapshot.upper[a])) ** 2 for a in snapshot.axes)
    )
    top = 0 if nbins else snapshot.max_level
    nbins = nbins or max(1, max(snapshot.cells) // 2) << top
    total, norm = np.zeros(nbins), np.zeros(nbins)
    step = np.zeros(nbins, np.int64)
    for gid, values, weights in snapshot.weighted(name, weight):
        bins = np.minimum((snapshot.radius(gid) / furthest * nbins).astype(int), nbins - 1).ravel()
        total += np.bincount(bins, (values * weights).ravel(), nbins)
        norm += np.bincount(bins, weights.ravel(), nbins)
        if top:
            here = slice(bins.min(), bins.max() + 1)
            step[here] = np.maximum(step[here], top - snapshot.levels[gid])
    first = np.arange(nbins)
    if top:
        for n in range(top):  # a group is as wide as the widest of its shells
            wide = np.repeat(np.maximum.reduceat(step, first[:: 2 << n]) > n, 2 << n)
            step[wide] = np.maximum(step[wide], n + 1)
        first = _starts(step)
        total, norm = np.add.reduceat(total, first), np.add.reduceat(norm, first)
    middles = (first + 0.5 * np.diff(first, append=nbins)) * furthest / nbins
    filled = norm > 0
    return Profile(middles[filled], total[filled] / norm[filled])
