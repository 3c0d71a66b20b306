"""One logical HDF5 file with data sets over all blocks, written by any number of ranks.

Every data set has one axis over the blocks of the run, in order of their global ids; a rank holds
the rows of its own blocks. The bytes of the data never depend on the number of ranks. Three ways to
write, chosen here and nowhere else:

- HDF5 with MPI: all ranks write into one file, collectively.
- serial HDF5, all ranks in one group (`ranks_per_file`): they send to rank 0, array by array, which
  writes one plain file.
- serial HDF5, several groups: the first rank of each writes a part, then rank 0 a master whose
  *virtual* data sets show the parts as one.

Each time one rank makes the file, with the place of all its numbers, before any is written
(`crmpi.output.datasets`). A file appears under its name only when it is complete, parts before
their master. Arrays have checksums, the rest of the file a digest (`crmpi.output.seal`).
"""

import contextlib
import re
import sys
from collections import deque
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np

from crmpi.errors import CrmpiError, RunError
from crmpi.output.datasets import (
    create,
    describe,
    packed,
    rows,
    runs_of,
    shape_of,
    write_packed,
    write_rows,
    write_rows_together,
)
from crmpi.output.files import (
    WRITE_FAILURES,
    allocate,
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
_MARGIN = 1.02  # free space asked for, in sizes of the numbers
_HEADERS = 40_000  # bytes of a file besides: names, types, shapes; more than it ever has


class BlockArray(NamedTuple):
    """A data set over blocks: `values` of this rank's blocks, in order of global id, which run
    along `axis`."""

    name: str
    axis: int
    values: np.ndarray


class Contents(NamedTuple):
    """What to write. `arrays` go over blocks; `common` (small data sets) and `attrs` are equal on
    all ranks; `compression` is a level of deflate, 0 for none."""

    arrays: tuple[BlockArray, ...]
    common: dict[str, np.ndarray]
    attrs: dict[str, object]
    compression: int = 0

    def level(self, array):
        """Return how an array is compressed: checksums are too small for it."""
        return 0 if array.name.endswith(CHECKSUMS) else self.compression


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

    Attributes
    ----------
    collective : bool
        whether all ranks write into one file; what is compressed goes the other way
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
        if self.collective and not contents.compression:
            self._write_collective(path, contents)
        else:
            self._write_grouped(path, contents)
        self._on_root(path, commit, path)
        self._on_root(path, self._drop_old_parts, path)

    def on_root(self, path, action, *arguments):
        """Run `action`, which writes the small file `path`, on rank 0; its failure is a `RunError`
        on all ranks."""
        failure = self._attempt(path, action, *arguments) if self.comm.rank == 0 else None
        failure = self.comm.bcast(failure)
        if failure:
            raise RunError(failure, everywhere=True)

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
        outgoing = _Outgoing(contents)
        sizes = self.comm.allgather_object(outgoing.nbytes)
        failure = None
        if self.comm.rank == members[0]:
            nbytes = sum(sizes[rank] for rank in members)
            failure = self._attempt(
                path, self._write_members, target, members, outgoing, plain, nbytes
            )
        else:
            for array in contents.arrays:
                for message in outgoing.messages(array):
                    self.comm.mpi.Send(message, members[0])
        self._together(path, failure)
        if not plain:
            self._on_root(path, self._write_master, path, groups, contents)

    def _write_members(self, target, members, outgoing, plain, nbytes):
        """Write the blocks of the ranks `members`; messages are received even if that fails: no
        rank waits forever."""
        incoming = self._incoming(members, outgoing)
        gids = self._gids(members)
        positions = gids if plain else np.arange(len(gids))
        try:
            self._create(target, outgoing.contents, len(positions), plain, nbytes)
            with h5py.File(target, "r+") as file:
                for array, place, count, messages in incoming:
                    write = write_packed if len(messages) > 1 else write_rows
                    write(file, array, positions[place : place + count], *messages)
        finally:
            deque(incoming, maxlen=0)

    def _incoming(self, members, outgoing):
        """Yield (array, place of its first row in the group, number of rows, messages) of every
        member, one at a time."""
        for array in outgoing.contents.arrays:
            place = 0
            for rank in members:
                count = len(self.gids_of[rank])
                messages = (
                    outgoing.messages(array)
                    if rank == self.comm.rank
                    else self._received(array, rank, count, outgoing.contents.level(array))
                )
                yield array, place, count, messages
                place += count

    def _received(self, array, rank, count, compression):
        """Return what another rank sends of an array of which it has `count` rows."""
        shape, receive = shape_of(array, count), self.comm.mpi.Recv
        if not compression:
            values = np.empty(shape, array.values.dtype)
            receive(values, rank)
            return [values]
        sizes = np.empty(int(np.prod(shape[: array.axis + 1])), np.int64)
        receive(sizes, rank)
        data = np.empty(int(sizes.sum()), np.uint8)
        receive(data, rank)
        return [sizes, data]

    def _write_master(self, path, groups, contents):
        require_space(path.parent, _HEADERS + _common_bytes(contents))
        with h5py.File(temporary(path), "w") as file:
            describe(file, contents.common, contents.attrs)
            for array in contents.arrays:
                layout = h5py.VirtualLayout(shape_of(array, self.nblocks), array.values.dtype)
                for number, members in enumerate(groups):
                    gids = self._gids(members)
                    # relative: the folder can be moved as a whole
                    part = Path(PARTS) / self._part(path, number).name
                    source = h5py.VirtualSource(
                        str(part), array.name, shape_of(array, len(gids)), array.values.dtype
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
        """Rank 0 makes the file and its place on the disk; all ranks fill it."""
        nbytes = sum(self._nbytes(array) for array in contents.arrays)
        target = temporary(path)
        self._on_root(path, self._create, target, contents, self.nblocks, True, nbytes)
        file, failure = None, None
        try:
            file = h5py.File(target, "r+", driver="mpio", comm=self.comm.mpi)
        except WRITE_FAILURES as error:
            failure = describe_failure(path, error)
        failures = self.comm.allgather_object(failure)
        if any(failures) and not all(failures):
            self._end_all(next(filter(None, failures)))  # no rank can close a file of all by itself
        self._together(path, failure)
        most = max(len(gids) for gids in self.gids_of)
        for array in contents.arrays:
            error = write_rows_together(file, array, self.gids_of[self.comm.rank], most)
            failure = failure or (describe_failure(path, error) if error else None)
        try:
            file.close()
        except WRITE_FAILURES as error:
            # other ranks may wait in it for this one, which cannot come again
            self._end_all(describe_failure(path, error))
        self._together(path, failure)

    def _end_all(self, sentence):
        """End all ranks at once, with the exit code of a run that cannot go on."""
        print(f"crmpi: error: {sentence}", file=sys.stderr, flush=True)
        self.comm.abort(RunError.exit_code)

    # -- shared --

    def _create(self, target, contents, count, whole, nbytes):
        """Make a file over `count` blocks with room for `nbytes` of numbers; `whole`: it is no
        part."""
        target.parent.mkdir(parents=True, exist_ok=True)
        common = _common_bytes(contents) if whole else 0
        require_space(target.parent, _MARGIN * nbytes + common + _HEADERS)
        with h5py.File(target, "w") as file:
            if whole:
                describe(file, contents.common, contents.attrs)
            file.attrs["run_id"] = self.run_id
            for array in contents.arrays:
                create(file, array, count, contents.level(array))
        allocate(target, target.stat().st_size)

    def _sealed(self, contents):
        """Return the contents with the checksums of all blocks, the id of the run and the
        digest."""
        arrays = []
        for array in contents.arrays:
            checksums = block_checksums(array.values, array.axis)
            arrays += [array, BlockArray(array.name + CHECKSUMS, 0, checksums)]
        attrs = contents.attrs | {"run_id": self.run_id}
        shapes = {
            array.name: (array.values.dtype, shape_of(array, self.nblocks)) for array in arrays
        }
        sealed = attrs | {DIGEST: digest(attrs, contents.common, shapes)}
        return contents._replace(arrays=tuple(arrays), attrs=sealed)

    def _nbytes(self, array):
        return int(np.prod(shape_of(array, self.nblocks))) * array.values.itemsize

    def _prepare(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary(path).unlink(missing_ok=True)

    def _drop_old_parts(self, path):
        """Remove the parts of a file that `path` has just replaced."""
        for part in parts_of(path):
            if not part.name.startswith(self._part_stem(path) + "."):
                part.unlink()

    def _on_root(self, path, action, *arguments):
        """Run `action` on rank 0; its failure is that of all ranks."""
        self._together(
            path, self._attempt(path, action, *arguments) if self.comm.rank == 0 else None
        )

    def _attempt(self, path, action, *arguments):
        """Return None, or one sentence on why `action` failed."""
        try:
            action(*arguments)
        except RunError as error:
            return str(error)
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


class _Outgoing:
    """What this rank gives to the one that writes for it: arrays as they are, or compressed."""

    def __init__(self, contents):
        self.contents = contents
        self._packed = {
            array.name: packed(array, contents.level(array))
            for array in contents.arrays
            if contents.level(array)
        }

    @property
    def nbytes(self):
        """Size of all of it."""
        return sum(part.nbytes for array in self.contents.arrays for part in self.messages(array))

    def messages(self, array):
        """Return the rows of an array, or sizes and bytes of their chunks."""
        return self._packed.get(array.name) or (np.ascontiguousarray(array.values),)


def _common_bytes(contents):
    """Return the size of the small data sets, and of attributes, which HDF5 keeps with them."""
    values = [*contents.common.values(), *contents.attrs.values()]
    return sum(np.asarray(value).nbytes for value in values)


def parts_of(path):
    """Return the files beside the block file `path` that are parts of it, of any run, and nothing
    else that begins like them."""
    name = re.compile(rf"{re.escape(path.name)}{PART_ENDING}")
    return sorted(
        part for part in (path.parent / PARTS).glob(f"{path.name}.*") if name.fullmatch(part.name)
    )


def broken_parts(file):
    """Return {path: what is wrong} of the parts that an open block file needs and cannot use; {} if
    all is there.

    HDF5 itself says nothing: it shows fill values in place of a missing part.
    """
    datasets = [
        item for item in file.values() if isinstance(item, h5py.Dataset) and item.is_virtual
    ]
    names = sorted(
        {source.file_name for dataset in datasets for source in dataset.virtual_sources()}
    )
    folder, run_id = Path(file.filename).parent, file.attrs["run_id"] if names else None
    faults = {folder / name: _fault(folder / name, run_id) for name in names}
    return {part: fault for part, fault in faults.items() if fault}


def _fault(part, run_id):
    """Return what is wrong with a part of a file of the run `run_id`, or ''."""
    if not part.is_file():
        return "missing"
    try:
        with h5py.File(part, "r") as file:
            return "" if file.attrs["run_id"] == run_id else "of another run"
    except (OSError, LookupError, RuntimeError):
        return "truncated or damaged"


def stray_parts(folder):
    """Return the files among the parts in a folder that belong to no file beside them: left over,
    or brought from elsewhere."""
    wanted = {part for path in Path(folder).iterdir() if path.is_file() for part in parts_of(path)}
    parts = Path(folder) / PARTS
    return sorted(set(parts.iterdir()) - wanted) if parts.is_dir() else []


def merge(path, output):
    """Copy the block file `path`, which may be a master with parts, into one plain file `output`.

    Raises
    ------
    CrmpiError
        a part is missing; `RunError` if `output` cannot be written
    """
    with h5py.File(path, "r") as source, clear_write_errors(output):
        for part, fault in broken_parts(source).items():
            raise CrmpiError(f"cannot merge {path}: the part {part} is {fault}")
        with h5py.File(temporary(output), "w") as target:
            target.attrs.update(source.attrs)
            for name, dataset in source.items():
                copy = target.create_dataset(name, dataset.shape, dataset.dtype)
                for row in range(dataset.shape[0]) if dataset.shape else [()]:
                    copy[row] = dataset[row]
        commit(output)
