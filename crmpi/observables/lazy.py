"""Arrays of xarray data sets that read from snapshots what an index asks for; importing this module needs xarray."""

import numpy as np
from xarray.backends import BackendArray
from xarray.core import indexing

from crmpi.observables.readers import open_snapshot


class Files:
    """Snapshots by path, opened at the first use; copies and pickles hold the paths and open the files anew."""

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
    """

    def __init__(self, files, name, factor, along_time):
        self._files, self._name, self._factor, self._along_time = files, name, factor, along_time
        self.shape = ((len(files),) if along_time else ()) + files[0].cells[::-1]
        self.dtype = np.dtype(np.float64)

    def __getitem__(self, key):
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.BASIC, self._read)

    def _read(self, key):
        """Return the part `key`, one integer or slice per axis."""
        wanted = [np.atleast_1d(np.arange(n)[part]) for n, part in zip(self.shape, key, strict=True)]
        chosen = wanted[0] if self._along_time else [0]
        parts = [self._factor * read_part(self._files[n], self._name, wanted[-3:]) for n in chosen]
        whole = np.stack(parts) if self._along_time else parts[0]
        return whole[tuple(slice(None) if isinstance(part, slice) else 0 for part in key)]


def read_part(snapshot, name, wanted):
    """Return a quantity, code units, in the cells `wanted` (three arrays of indices: k, j, i); only blocks that hold some are read."""
    out = np.full([len(indices) for indices in wanted], np.nan)
    for gid in range(snapshot.nblock):
        spans = snapshot.place(gid)
        here = [np.flatnonzero((w >= span.start) & (w < span.stop)) for w, span in zip(wanted, spans, strict=True)]
        if all(hits.size for hits in here):
            inside = [w[hits] - span.start for w, hits, span in zip(wanted, here, spans, strict=True)]
            lowest = [at.min() for at in inside]
            box = tuple(slice(low, at.max() + 1) for low, at in zip(lowest, inside, strict=True))
            values = snapshot.values(name, gid, box)
            out[np.ix_(*here)] = values[np.ix_(*(at - low for low, at in zip(lowest, inside, strict=True)))]
    return out
