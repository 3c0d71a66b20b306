"""Data sets over blocks inside one HDF5 file: made with their place on the disk, filled by rows.

A data set gets its place when it is made, and the file system is asked for it before a single
number is written (`crmpi.output.files.allocate`): a full disk, a quota or a limit is met by one
rank, in an ordinary call that says so, never inside a write that all ranks do together, where the
others would wait forever. Compressed data sets come as chunks that the ranks have compressed.
"""

import zlib

import h5py
import numpy as np

PIECE = 2**30
"""Bytes that a rank writes in one collective call at most: MPI counts in 32 bits."""


def runs_of(numbers):
    """Return ``[(position, first, length)]`` of the runs of consecutive integers in `numbers`."""
    numbers = np.asarray(numbers)
    starts = np.flatnonzero(np.diff(numbers, prepend=numbers[:1] - 2) != 1)
    stops = np.append(starts[1:], len(numbers))[: len(starts)]
    return [(int(a), int(numbers[a]), int(b - a)) for a, b in zip(starts, stops, strict=True)]


def rows(axis, start, length):
    """Return the index of `length` blocks from `start` along `axis`."""
    return (slice(None),) * axis + (slice(start, start + length),)


def shape_of(array, count):
    """Return the shape of a `BlockArray` over `count` blocks."""
    shape = list(array.values.shape)
    shape[array.axis] = count
    return tuple(shape)


def create(file, array, count, compression=0):
    """Make the data set of a `BlockArray` over `count` blocks in an open file; with its place in
    the file, or, compressed, in chunks of one block."""
    shape = shape_of(array, count)
    if compression and count:
        chunk = (1,) * (array.axis + 1) + shape[array.axis + 1 :]
        options = {"chunks": chunk, "shuffle": True, "compression": compression}
        file.create_dataset(array.name, shape, array.values.dtype, **options)
        return
    made = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    made.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    made.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    made.set_obj_track_times(False)  # the same run writes the same bytes
    kind = h5py.h5t.py_create(array.values.dtype, logical=True)
    space = h5py.h5s.create_simple(shape)
    h5py.h5d.create(file.id, array.name.encode(), kind, space, dcpl=made)


def describe(file, common, attrs):
    """Put small data sets and attributes, name to value, into a new file.

    h5py's own way of setting an attribute makes it under another name first, in case there is one
    already: that costs more than the numbers of a small file.
    """
    for name, value in common.items():
        kind, space, values = _stored(value)
        made = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        made.set_obj_track_times(False)
        dataset = h5py.h5d.create(file.id, name.encode(), kind, space, dcpl=made)
        dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, values)
    for name, value in attrs.items():
        kind, space, values = _stored(value)
        h5py.h5a.create(file.id, name.encode(), kind, space).write(values)


def _stored(value):
    """Return (HDF5 type, HDF5 space, array) of a number, a text or an array; texts that are `str`
    are of variable length."""
    kind = h5py.string_dtype() if isinstance(value, str) else None
    values = np.asarray(value, dtype=kind, order="C")
    kind = h5py.h5t.py_create(values.dtype, logical=True)
    space = h5py.h5s.create_simple(values.shape) if values.shape else None
    return kind, space or h5py.h5s.create(h5py.h5s.SCALAR), values


def write_rows(file, array, gids, values):
    """Write the rows `gids` (ascending) of a `BlockArray`, from an array with as many along its
    axis."""
    dataset = file[array.name]
    for offset, first, length in runs_of(gids):
        dataset[rows(array.axis, first, length)] = values[rows(array.axis, offset, length)]


def write_rows_together(file, array, gids, most):
    """Write the rows `gids` of this rank's part of a `BlockArray`, all ranks in the same calls.

    Parameters
    ----------
    most : int
        rows of the rank that has most: all ranks make as many calls

    Returns
    -------
    Exception or None
        what went wrong here first; the other calls are made even then, as other ranks wait in them
    """
    size = array.values.dtype.itemsize * int(np.prod(shape_of(array, 1)))
    step = max(1, PIECE // max(size, 1))
    failure = None
    for first in range(0, most, step):
        span = slice(first, first + step)
        part = array.values[rows(array.axis, first, len(gids[span]))]
        try:
            _write_piece(file[array.name], array.axis, gids[span], part)
        except (OSError, RuntimeError) as error:
            failure = failure or error
    return failure


def _write_piece(dataset, axis, gids, values):
    """Write rows in one collective call; a rank without any takes part with an empty selection."""
    target, source = dataset.id.get_space(), h5py.h5s.create_simple((1,))
    together = h5py.h5p.create(h5py.h5p.DATASET_XFER)
    together.set_dxpl_mpio(h5py.h5fd.MPIO_COLLECTIVE)
    target.select_none()
    if len(gids) and values.size:
        source = h5py.h5s.create_simple(values.shape)
        start, count = [0] * values.ndim, list(values.shape)
        for number, (_, first, length) in enumerate(runs_of(gids)):
            start[axis], count[axis] = first, length
            how = h5py.h5s.SELECT_OR if number else h5py.h5s.SELECT_SET
            target.select_hyperslab(tuple(start), tuple(count), op=how)
    else:
        source.select_none()
        values = np.empty(1, dataset.dtype)
    dataset.id.write(source, target, np.ascontiguousarray(values), dxpl=together)


def packed(array, level):
    """Return (sizes, bytes) of the compressed chunks of a `BlockArray`, one for each block, in the
    order of the array."""
    values, split = np.ascontiguousarray(array.values), array.axis + 1
    count, length = (int(np.prod(n)) for n in (values.shape[:split], values.shape[split:]))
    chunks = values.reshape(count, length)
    size = values.dtype.itemsize
    parts = [
        zlib.compress(chunk.view(np.uint8).reshape(-1, size).T.tobytes(), level) for chunk in chunks
    ]
    sizes = np.array([len(part) for part in parts], np.int64)
    return sizes, np.frombuffer(b"".join(parts), np.uint8)


def write_packed(file, array, gids, sizes, data):
    """Write compressed chunks, made by `packed` from the rows `gids` of a `BlockArray`."""
    dataset = file[array.name]
    outer = array.values.shape[: array.axis]
    ends = np.cumsum(sizes)
    inner = (0,) * (dataset.ndim - array.axis - 1)
    places = [(*before, int(gid)) for before in np.ndindex(*outer) for gid in gids]
    for place, end, size in zip(places, ends, sizes, strict=True):
        dataset.id.write_direct_chunk((*place, *inner), data[end - size : end].tobytes())
