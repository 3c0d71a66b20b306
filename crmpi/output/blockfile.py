"""One logical HDF5 file with data sets over all blocks, written by any number of ranks.

Every data set has one axis over the blocks of the run, in order of their global ids; a rank holds
the rows of its own blocks. The bytes of the data never depend on the number of ranks. Three ways to
write, chosen here and nowhere else:

- HDF5 with MPI: all ranks write into one file, collectively.
- serial HDF5, all ranks in one group (`ranks_per_file`): they send to rank 0, array by array, which
  writes one plain file.
- serial HDF5, several groups: the first rank of each writes a part, then rank 0 a master whose
  *virtual* data sets show the
  parts as one.

A file appears under its name only when it is complete, parts before their master. Arrays have
checksums, the rest of the file a digest (`crmpi.output.seal`).
"""

import contextlib
import re
from collections import deque
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np

from crmpi.errors import CrmpiError, RunError
from crmpi.output.files import (
    WRITE_FAILURES,
    clear_write_errors,
    commit,
    describe_failure,
    hush_destructors,
    require_space,
    temporary,
    unwritten,
)
from crmpi.output.seal import CHECKSUMS, DIGEST, block_checksums, digest

PARTS = "parts"  # folder beside a master
# run, number of the writing, number of the part: what the name of a part adds to its master's
PART_ENDING = r"\.[\w-]+\.\d+\.\d{5}"
_MARGIN = 1.02  # free space asked for, in file sizes


class BlockArray(NamedTuple):
    """A data set over blocks: `values` of this rank's blocks, in order of global id, which run
    along `axis`."""

    name: str
    axis: int
    values: np.ndarray


class Contents(NamedTuple):
    """What to write. `arrays` go over blocks; `common` (small data sets) and `attrs` are equal on
    all ranks."""

    arrays: tuple[BlockArray, ...]
    common: dict[str, np.ndarray]
    attrs: dict[str, object]


def runs_of(numbers):
    """Return ``[(position, first, length)]`` of the runs of consecutive integers in `numbers`."""
    numbers = np.asarray(numbers)
    starts = np.flatnonzero(np.diff(numbers, prepend=numbers[:1] - 2) != 1)
    stops = np.append(starts[1:], len(numbers))[: len(starts)]
    return [(int(a), int(numbers[a]), int(b - a)) for a, b in zip(starts, stops, strict=True)]


def rows(axis, start, length):
    """Return the index of `length` blocks from `start` along `axis`."""
    return (slice(None),) * axis + (slice(start, start + length),)


class BlockFileWriter:
    """Writes block files for all ranks of `comm`.

    Parameters
    ----------
    comm : Comm
        with serial HDF5 and several ranks, `comm.mpi` (the MPI communicator) carries the arrays
    owner : array of int (number of blocks)
        rank that owns each block
    ranks_per_file : int
        ranks that share one part
    run_id : str
        goes into the names of parts: a master never picks up parts of another run
    """

    def __init__(self, comm, owner, ranks_per_file=64, run_id="0"):
        self.comm = comm
        self.nblocks = len(owner)
        self.gids_of = [np.flatnonzero(np.asarray(owner) == rank) for rank in range(comm.nranks)]
        self.ranks_per_file = max(1, ranks_per_file)
        self.run_id = run_id
        self.collective = comm.nranks > 1 and bool(h5py.get_config().mpi)
        self.writes = 0
        hush_destructors()

    def write(self, path, contents):
        """Write `contents` as the file `path`. Collective: a failure of one rank raises the same
        `RunError` on all of them."""
        path = Path(path)
        contents = self._sealed(contents)
        self.writes += 1
        self._on_root(path, self._prepare, path)
        if self.collective:
            self._together(path, self._attempt(path, self._write_collective, path, contents))
        else:
            self._write_grouped(path, contents)
        self._on_root(path, commit, path)
        self._on_root(path, self._drop_old_parts, path)

    # -- serial HDF5 --

    def _groups(self):
        ranks = range(self.comm.nranks)
        return [
            ranks[first : first + self.ranks_per_file] for first in ranks[:: self.ranks_per_file]
        ]

    def _gids(self, members):
        return np.concatenate([self.gids_of[rank] for rank in members])

    def _write_grouped(self, path, contents):
        groups = self._groups()
        members = groups[self.comm.rank // self.ranks_per_file]
        plain = len(groups) == 1
        target = temporary(path) if plain else self._part(path, members[0] // self.ranks_per_file)
        failure = None
        if self.comm.rank == members[0]:
            failure = self._write_members(target, path, members, contents, plain)
        else:
            for array in contents.arrays:
                self.comm.mpi.Send(np.ascontiguousarray(array.values), members[0])
        self._together(path, failure)
        if not plain:
            self._on_root(path, self._write_master, path, groups, contents)

    def _write_members(self, target, path, members, contents, plain):
        """Write the blocks of the ranks `members`; return the failure, if any: messages are
        received even then, nobody waits for ever."""
        incoming = self._incoming(members, contents)
        gids = self._gids(members)
        positions = gids if plain else np.arange(len(gids))
        failure = self._attempt(path, self._fill, target, positions, incoming, contents, plain)
        deque(incoming, maxlen=0)
        return failure

    def _incoming(self, members, contents):
        """Yield (array, place of its first row in the group, values) of every member, one at a
        time."""
        for array in contents.arrays:
            place = 0
            for rank in members:
                shape = list(array.values.shape)
                shape[array.axis] = len(self.gids_of[rank])
                values = array.values
                if rank != self.comm.rank:
                    values = np.empty(shape, array.values.dtype)
                    self.comm.mpi.Recv(values, rank)
                yield array, place, values
                place += shape[array.axis]

    def _fill(self, target, positions, incoming, contents, plain):
        target.parent.mkdir(parents=True, exist_ok=True)
        require_space(target.parent, _MARGIN * self._nbytes(contents.arrays, len(positions)))
        with h5py.File(target, "w") as file:
            if plain:
                self._describe(file, contents)
            file.attrs["run_id"] = self.run_id
            for array in contents.arrays:
                file.create_dataset(
                    array.name, self._shape(array, len(positions)), array.values.dtype
                )
            for array, place, values in incoming:
                count = values.shape[array.axis]
                for offset, first, length in runs_of(positions[place : place + count]):
                    file[array.name][rows(array.axis, first, length)] = values[
                        rows(array.axis, offset, length)
                    ]

    def _write_master(self, path, groups, contents):
        with h5py.File(temporary(path), "w") as file:
            self._describe(file, contents)
            for array in contents.arrays:
                layout = h5py.VirtualLayout(self._shape(array, self.nblocks), array.values.dtype)
                for number, members in enumerate(groups):
                    gids = self._gids(members)
                    # relative: the folder can be moved as a whole
                    part = Path(PARTS) / self._part(path, number).name
                    source = h5py.VirtualSource(
                        str(part), array.name, self._shape(array, len(gids)), array.values.dtype
                    )
                    for place, first, length in runs_of(gids):
                        layout[rows(array.axis, first, length)] = source[
                            rows(array.axis, place, length)
                        ]
                fill = np.nan if array.values.dtype.kind == "f" else 0
                file.create_virtual_dataset(array.name, layout, fillvalue=fill)

    def _part(self, path, number):
        return path.parent / PARTS / f"{self._part_stem(path)}.{number:05d}"

    def _part_stem(self, path):
        return f"{path.name}.{self.run_id}.{self.writes}"

    # -- HDF5 with MPI --

    def _write_collective(self, path, contents):
        spans = [runs_of(gids) for gids in self.gids_of]
        # collective calls must match one by one on all ranks
        alike = len({len(span) for span in spans}) == 1
        with h5py.File(temporary(path), "w", driver="mpio", comm=self.comm.mpi) as file:
            self._describe(file, contents)
            for array in contents.arrays:
                file.create_dataset(
                    array.name, self._shape(array, self.nblocks), array.values.dtype
                )
            for array in contents.arrays:
                dataset = file[array.name]
                for place, first, length in spans[self.comm.rank]:
                    values = np.ascontiguousarray(array.values[rows(array.axis, place, length)])
                    if alike:
                        with dataset.collective:
                            dataset[rows(array.axis, first, length)] = values
                    else:
                        dataset[rows(array.axis, first, length)] = values

    # -- shared --

    def _sealed(self, contents):
        """Return the contents with the checksums of all blocks, the id of the run and the
        digest."""
        arrays = []
        for array in contents.arrays:
            checksums = block_checksums(array.values, array.axis)
            arrays += [array, BlockArray(array.name + CHECKSUMS, 0, checksums)]
        attrs = contents.attrs | {"run_id": self.run_id}
        shapes = {
            array.name: (array.values.dtype, self._shape(array, self.nblocks)) for array in arrays
        }
        return Contents(
            tuple(arrays), contents.common, attrs | {DIGEST: digest(attrs, contents.common, shapes)}
        )

    @staticmethod
    def _shape(array, count):
        shape = list(array.values.shape)
        shape[array.axis] = count
        return tuple(shape)

    def _nbytes(self, arrays, count):
        return sum(np.prod(self._shape(array, count)) * array.values.itemsize for array in arrays)

    def _describe(self, file, contents):
        for name, value in contents.common.items():
            file.create_dataset(name, data=value)
        for name, value in contents.attrs.items():
            file.attrs[name] = value

    def _prepare(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary(path).unlink(missing_ok=True)

    def _drop_old_parts(self, path):
        """Remove the parts of a file that `path` has just replaced."""
        for part in parts_of(path):
            if not part.name.startswith(self._part_stem(path) + "."):
                part.unlink()

    def _on_root(self, path, action, *arguments):
        """Run `action` on rank 0; its failure is everybody's."""
        self._together(
            path, self._attempt(path, action, *arguments) if self.comm.rank == 0 else None
        )

    def _attempt(self, path, action, *arguments):
        """Return None, or one sentence on why `action` failed."""
        try:
            action(*arguments)
        except WRITE_FAILURES as error:
            unwritten.append(path)
            return describe_failure(path, error)
        return None

    def _together(self, path, failure):
        """Raise on every rank when one of them failed; what was begun is removed, earlier files
        stay as they are."""
        first = self.comm.first(failure)
        if first is not None:
            if self.comm.rank == 0:
                self._remove_begun(path)
            raise RunError(first, everywhere=True)

    def _remove_begun(self, path):
        """Remove what was begun of a file; on a disk that has turned read-only it stays."""
        with contextlib.suppress(OSError):
            temporary(path).unlink(missing_ok=True)
            for part in (path.parent / PARTS).glob(f"{self._part_stem(path)}.*"):
                part.unlink()


def parts_of(path):
    """Return the files beside the block file `path` that are parts of it, of any run, and nothing
    else that begins like them."""
    name = re.compile(rf"{re.escape(path.name)}{PART_ENDING}")
    return sorted(
        part for part in (path.parent / PARTS).glob(f"{path.name}.*") if name.fullmatch(part.name)
    )


def missing_parts(file):
    """Return the parts (paths) that an open block file needs and that are absent, unreadable or of
    another run; [] if all is there.

    HDF5 itself says nothing: it shows fill values in place of a missing part.
    """
    datasets = [
        item for item in file.values() if isinstance(item, h5py.Dataset) and item.is_virtual
    ]
    names = sorted(
        {source.file_name for dataset in datasets for source in dataset.virtual_sources()}
    )
    folder = Path(file.filename).parent
    return [folder / name for name in names if not _belongs(folder / name, file.attrs["run_id"])]


def _belongs(part, run_id):
    try:
        with h5py.File(part, "r") as file:
            return file.attrs["run_id"] == run_id
    except (OSError, KeyError):
        return False


def merge(path, output):
    """Copy the block file `path`, which may be a master with parts, into one plain file `output`.

    Raises
    ------
    CrmpiError
        a part is missing; `RunError` if `output` cannot be written
    """
    with h5py.File(path, "r") as source, clear_write_errors(output):
        missing = missing_parts(source)
        if missing:
            raise CrmpiError(f"cannot merge {path}: the part {missing[0]} is missing or damaged")
        with h5py.File(temporary(output), "w") as target:
            target.attrs.update(source.attrs)
            for name, dataset in source.items():
                copy = target.create_dataset(name, dataset.shape, dataset.dtype)
                for row in range(dataset.shape[0]) if dataset.shape else [()]:
                    copy[row] = dataset[row]
        commit(output)
