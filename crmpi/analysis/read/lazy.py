"""Arrays of xarray data sets that read from snapshots what an index asks for; importing this module
needs xarray."""

import numpy as np
from xarray.backends import BackendArray
from xarray.core import indexing

from crmpi.analysis.read.readers import open_snapshot
from crmpi.analysis.read.resampled import spread


class Files:
    """Snapshots by path, opened at the first use; copies and pickles hold the paths and open the
    files anew."""

    def __init__(self, snapshots):
        self.paths = [snapshot.path for snapshot in snapshots]
        self._open = dict(enumerate(snapshots))

    def __getstate__(self):
        return {"paths": self.paths, "_open": {}}

    def __deepcopy__(self, memo):
        copy = type(self).__new__(type(self))
        copy.__dict__ |= self.__getstate__()
        return copy

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, n):
        if n not in self._open:
            self._open[n] = open_snapshot(self.paths[n])
        return self._open[n]

    def close(self):
        """Close the files that are open."""
        while self._open:
            self._open.popitem()[1].close()


class Lazy(BackendArray):
    """A quantity of snapshots, (n3, n2, n1) or (time, n3, n2, n1).

    Parameters
    ----------
    files : Files
    name : str
        of the quantity
    factor : float
        from code units to those of the data set
    along_time : bool
    level : int
        of the mesh on which it is shown
    resample : bool
        whether cells of other levels are copied and averaged; otherwise they are NaN
    """

    def __init__(self, files, name, factor, along_time, level=0, resample=True):
        self._files, self._name, self._factor, self._along_time = files, name, factor, along_time
        self._level, self._resample = level, resample
        self.shape = ((len(files),) if along_time else ()) + files[0].cells_at(level)[::-1]
        self.dtype = np.dtype(np.float64)

    def __getitem__(self, key):
        return indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.BASIC, self._read
        )

    def _read(self, key):
        """Return the part `key`, one integer or slice per axis."""
        wanted = [
            np.atleast_1d(np.arange(n)[part]) for n, part in zip(self.shape, key, strict=True)
        ]
        chosen = wanted[0] if self._along_time else [0]
        what = (self._name, wanted[-3:], self._level, self._resample)
        parts = [self._factor * read_part(self._files[n], *what) for n in chosen]
        whole = np.stack(parts) if self._along_time else parts[0]
        return whole[tuple(slice(None) if isinstance(part, slice) else 0 for part in key)]


def read_part(snapshot, name, wanted, level=0, resample=True):
    """Return a quantity, code units, in the cells `wanted` (three arrays of indices: k, j, i) of
    the mesh of a level.

    Only blocks that hold some are read, and of them the smallest box around these. Smaller cells
    are averaged, larger ones copied; without `resample` cells of other levels are NaN.
    """
    out = np.full([len(indices) for indices in wanted], 0.0 if resample else np.nan)
    for gid in _near(snapshot, wanted, level, resample):
        steps = [
            0 if snapshot.cells[a] == 1 else level - int(snapshot.levels[gid]) for a in (2, 1, 0)
        ]
        ends = [_scaled(span, step) for span, step in zip(snapshot.place(gid), steps, strict=True)]
        here = [
            np.flatnonzero((w >= low) & (w < high))
            for w, (low, high) in zip(wanted, ends, strict=True)
        ]
        if all(hits.size for hits in here):
            asked = [w[hits] for w, hits in zip(wanted, here, strict=True)]
            index, values = _box(snapshot, name, gid, asked, steps)
            chosen = values[
                np.ix_(*(at - span.start for at, span in zip(asked, index, strict=True)))
            ]
            # blocks may share a larger cell
            out[np.ix_(*here)] = chosen if min(steps) >= 0 else out[np.ix_(*here)] + chosen
    return out


def _near(snapshot, wanted, level, resample):
    """Return the numbers of the blocks that may hold some of the cells `wanted`, those that lie
    between the ends of them."""
    near = np.full(snapshot.nblock, True) if resample else snapshot.levels == level
    if not all(indices.size for indices in wanted):
        return []
    for axis, indices in zip((2, 1, 0), wanted, strict=True):
        scale = 1.0 if snapshot.cells[axis] == 1 else 2.0 ** (level - snapshot.levels)
        low = snapshot.locations[:, axis] * snapshot.block[axis] * scale
        near = (
            near & (low < indices.max() + 1) & (low + snapshot.block[axis] * scale > indices.min())
        )
    return np.flatnonzero(near).tolist()


def _scaled(span, step):
    """Return the ends of a span of cells counted in cells `step` levels finer, those that are
    covered in part included."""
    return (
        (span.start << step, span.stop << step)
        if step >= 0
        else (span.start >> -step, ((span.stop - 1) >> -step) + 1)
    )


def _box(snapshot, name, gid, asked, steps):
    """Return (index, values) as `crmpi.analysis.read.resampled.spread` does, of the part of a block
    that holds the cells `asked`."""
    box, first = [], []
    for indices, step, span in zip(asked, steps, snapshot.place(gid), strict=True):
        low, high = (
            at >> step if step >= 0 else at << -step
            for at in (int(indices.min()), int(indices.max()) + (step < 0))
        )
        low, high = max(low, span.start), min(high + (step >= 0), span.stop)
        box.append(slice(low - span.start, high - span.start))
        first.append(low)
    return spread(snapshot.values(name, gid, tuple(box)), first, steps)
