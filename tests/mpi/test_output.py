"""Files written by several ranks hold the bytes of the serial ones; failures of one rank reach
all."""

import os
import re
import shutil

import h5py
import numpy as np
import pytest

from crmpi.analysis.read.info import info
from crmpi.analysis.read.readers import open_snapshot
from crmpi.cli.main import main
from crmpi.errors import CrmpiError, RunError
from crmpi.output.blockfile import broken_parts, merge, stray_parts
from crmpi.output.checkpoint import active_faces, damage, read_checkpoint, write_checkpoint
from crmpi.output.snapshot import write_snapshot
from tests.output_case import filled_pack, make_case, make_tree
from tests.stream_case import SHAPES as STREAMS
from tests.stream_case import make_sim, stream_of

pytestmark = [pytest.mark.mpi(min_size=2), pytest.mark.parametrize("ranks_per_file", [1, 2, 64])]
serial_hdf5 = pytest.mark.skipif(
    h5py.get_config().mpi, reason="parallel HDF5 writes one file, no parts"
)


@pytest.fixture
def folder(comm, tmp_path):
    return comm.bcast(tmp_path)


def contents(path):
    """Return the bytes, type and shape of every data set, and the attributes as text, in a block
    file."""
    with h5py.File(path, "r") as file:
        data = {
            name: (file[name].dtype.str, file[name].shape, file[name][()].tobytes())
            for name in file
        }
        return data, {name: str(value) for name, value in file.attrs.items()}


def write_both(write, comm, folder, ranks_per_file):
    """Write the same state with one rank and with all of them; return the two paths on rank 0."""
    paths = folder / "serial" / "file_00001.athdf", folder / "parallel" / "file_00001.athdf"
    if comm.rank == 0:
        state, record, writer, _ = make_case()
        write(paths[0], state, record, writer)
    state, record, writer, _ = make_case(comm, ranks_per_file=ranks_per_file)
    write(paths[1], state, record, writer)
    return paths


@pytest.mark.parametrize("write", [write_snapshot, write_checkpoint])
def test_same_bytes_as_serial(comm, folder, ranks_per_file, write):
    serial, parallel = write_both(write, comm, folder, ranks_per_file)
    if comm.rank == 0:
        assert contents(serial) == contents(parallel)
        parts = list(parallel.parent.glob("parts/*"))
        groups = -(-comm.nranks // ranks_per_file)
        assert len(parts) == (0 if groups == 1 or h5py.get_config().mpi else groups)
    comm.barrier()


@pytest.mark.parametrize("shape", STREAMS)
def test_streams_have_the_bytes_of_serial_ones(comm, folder, ranks_per_file, shape):
    """On a refined mesh, whose blocks are dealt unevenly."""
    if comm.rank == 0:
        sim, state, record, _ = make_sim()
        stream_of(sim, **STREAMS[shape]).write(folder / "serial" / "cut.athdf", state, record)
    sim, state, record, _ = make_sim(comm, ranks_per_file=ranks_per_file)
    path = folder / "parallel" / "cut.athdf"
    stream_of(sim, **STREAMS[shape]).write(path, state, record)
    if comm.rank == 0:
        assert contents(path) == contents(folder / "serial" / "cut.athdf")
        sidecars = [path.parents[1] / kind / "cut.athdf.xdmf" for kind in ("serial", "parallel")]
        assert sidecars[0].read_bytes() == sidecars[1].read_bytes()
        assert not info(path).count("MISSING")
    comm.barrier()


@pytest.mark.parametrize("write", [write_snapshot, write_checkpoint])
@pytest.mark.skipif(not h5py.get_config().mpi, reason="h5py is built without MPI: docs/install.md")
def test_collective_files_are_those_of_one_rank_and_of_parts(comm, folder, ranks_per_file, write):
    """On a refined mesh, whose blocks are dealt unevenly."""
    paths = {}
    for kind in ("collective", "grouped"):
        _, state, record, writer = make_sim(comm, ranks_per_file=ranks_per_file)
        assert writer.collective
        writer.collective = kind == "collective"
        paths[kind] = folder / kind / "file_00001.athdf"
        write(paths[kind], state, record, writer)
    if comm.rank == 0:
        _, state, record, writer = make_sim()
        write(folder / "serial.athdf", state, record, writer)
        expected = contents(folder / "serial.athdf")
        assert contents(paths["collective"]) == expected
        assert contents(paths["grouped"]) == expected
        assert not (paths["collective"].parent / "parts").exists()
    comm.barrier()


def test_restart_on_other_ranks(comm, folder, ranks_per_file):
    """Ranks in reverse order read blocks they did not write."""
    _, path = write_both(write_checkpoint, comm, folder, ranks_per_file)
    comm.barrier()
    tree = make_tree()
    gids = np.flatnonzero(make_case(comm)[3] == comm.nranks - 1 - comm.rank)
    expected, pack = filled_pack(tree, gids), filled_pack(tree, gids)
    pack.u0[...] = pack.b0[...] = np.nan
    read_checkpoint(path, gids).restore(pack)
    assert pack.active(pack.u0).tobytes() == expected.active(expected.u0).tobytes()
    for axis in range(3):
        assert active_faces(pack, axis).tobytes() == active_faces(expected, axis).tobytes()
    comm.barrier()


def test_merge_makes_one_plain_file(comm, folder, ranks_per_file):
    serial, parallel = write_both(write_snapshot, comm, folder, ranks_per_file)
    if comm.rank == 0:
        merge(parallel, folder / "one.athdf")
        assert contents(folder / "one.athdf") == contents(serial)
        with h5py.File(folder / "one.athdf", "r") as file:
            assert not any(file[name].is_virtual for name in file)
    comm.barrier()


def test_missing_blocks_of_a_snapshot_are_nan_and_named(comm, folder, ranks_per_file):
    _, path = write_both(write_snapshot, comm, folder, ranks_per_file)
    if comm.rank == 0 and (path.parent / "parts").exists():
        part = sorted(path.parent.glob("parts/*"))[-1]
        part.unlink()
        assert f"MISSING    {part}" in info(path)
        with open_snapshot(path) as snapshot:
            assert snapshot.missing == {part: "missing"}
            assert np.isnan(snapshot.array("dens")).any()
            assert np.isfinite(snapshot.extrema("dens")).all()
        with pytest.raises(CrmpiError, match="cannot merge"):
            merge(path, folder / "one.athdf")
    comm.barrier()


@serial_hdf5
def test_missing_and_foreign_parts_are_found(comm, folder, ranks_per_file):
    _, path = write_both(write_checkpoint, comm, folder, ranks_per_file)
    if comm.rank == 0 and ranks_per_file == 1:
        moved = path.parent.rename(folder / "moved") / path.name  # names of parts are relative
        assert not damage(moved)
        part = sorted(moved.parent.glob("parts/*"))[1]
        keep = shutil.copy(part, folder / "keep")
        part.unlink()
        with h5py.File(moved, "r") as file:
            assert broken_parts(file) == {part: "missing"}
            assert np.isnan(file["u0"][:]).any()
        assert "is missing" in damage(moved)
        shutil.copy(keep, part)
        assert not damage(moved)
        with h5py.File(part, "r+") as file:
            file.attrs["run_id"] = "another run"
        assert "is of another run" in damage(moved)
        part.write_bytes(part.read_bytes()[:1000])
        assert "is truncated or damaged" in damage(moved)
        assert stray_parts(moved.parent) == []
        (part.parent / "other.h5.run.1.00000").write_bytes(b"")
        assert stray_parts(moved.parent) == [part.parent / "other.h5.run.1.00000"]
    comm.barrier()


@serial_hdf5
def test_info_of_a_run_names_all_that_is_wrong_with_parts(comm, folder, ranks_per_file, capsys):
    """Missing, foreign, truncated and stray ones, of snapshots and checkpoints, in one listing."""
    snapshots = [folder / "snapshots" / f"snapshot_0000{n}.athdf" for n in range(4)]
    checkpoint = folder / "checkpoints" / "checkpoint_00001.h5"
    for path in snapshots:
        state, record, writer, _ = make_case(comm, ranks_per_file=ranks_per_file)
        write_snapshot(path, state, record, writer)
    write_checkpoint(checkpoint, state, record, writer)
    if comm.rank == 0 and ranks_per_file == 1:
        assert main(["info", str(folder)]) == 0
        assert not re.search("MISSING|ANOTHER|TRUNCATED|FOREIGN", capsys.readouterr().out)
        missing, moved, cut, lost = (
            sorted(path.parent.glob(f"parts/{path.name}.*"))[-1]
            for path in (*snapshots[:3], checkpoint)
        )
        missing.unlink()
        with h5py.File(moved, "r+") as file:
            file.attrs["run_id"] = "elsewhere"
        cut.write_bytes(cut.read_bytes()[:1000])
        lost.unlink()
        stray = lost.with_name("checkpoint_00007.h5.run.1.00000")
        stray.write_bytes(b"")
        assert main(["info", str(folder)]) == 0
        said = capsys.readouterr().out
        assert f"  MISSING    {missing}\n" in said
        assert f"  OF ANOTHER RUN    {moved}\n" in said
        assert f"  TRUNCATED OR DAMAGED    {cut}\n" in said
        assert f"  FOREIGN    {stray}: it belongs to no file here\n" in said
        assert re.search(f"checkpoint_00001.h5: .*{re.escape(str(lost))}.* is missing", said)
        assert snapshots[3].name not in said.partition("snapshot ")[0]
    comm.barrier()


def test_rewriting_leaves_no_old_parts(comm, folder, ranks_per_file):
    path = folder / "file_00001.athdf"
    for run_id, ranks in (("first", 1), ("second", ranks_per_file)):
        state, record, writer, _ = make_case(comm, ranks_per_file=ranks, run_id=run_id)
        write_snapshot(path, state, record, writer)
    if comm.rank == 0:
        assert all(".second." in part.name for part in path.parent.glob("parts/*"))
        with h5py.File(path, "r") as file:
            assert not broken_parts(file)
    comm.barrier()


def test_failure_on_one_rank_is_everybodys(comm, folder, ranks_per_file, monkeypatch):
    """The last group's writer (or the only one) meets a full disk: all ranks raise the same error
    and the earlier file stays."""
    path = folder / "file_00001.athdf"
    state, record, writer, _ = make_case(comm, ranks_per_file=ranks_per_file)
    write_checkpoint(path, state, record, writer)
    before = sorted(os.listdir(folder)) if comm.rank == 0 else None

    def full(*arguments):
        raise OSError(28, "No space left on device")

    leader = (comm.nranks - 1) // ranks_per_file * ranks_per_file
    if comm.rank == (0 if writer.collective else leader):
        monkeypatch.setattr("crmpi.output.blockfile.allocate", full)
    with pytest.raises(RunError, match="no space left on the disk"):
        write_checkpoint(path, state._replace(step=8), record, writer)
    comm.barrier()
    if comm.rank == 0:
        assert sorted(os.listdir(folder)) == before
        assert read_checkpoint(path).step == 7
    comm.barrier()
