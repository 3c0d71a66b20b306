"""Checkpoints: bit-exact, verified, and damage is told in one sentence."""

import shutil

import h5py
import numpy as np
import pytest

from crmpi.errors import CrmpiError
from crmpi.output.checkpoint import (
    active_faces,
    latest_checkpoint,
    read_checkpoint,
    write_checkpoint,
)
from tests.output_case import filled_pack, make_case, make_tree

CASES = {
    "3d": make_tree(),
    "2d": make_tree((16, 8, 1), (8, 8, 1)),
    "1d": make_tree((16, 1, 1), (4, 1, 1)),
}


@pytest.fixture
def written(tmp_path):
    state, record, writer, _ = make_case()
    path = tmp_path / "checkpoint_00003.h5"
    write_checkpoint(path, state, record, writer, {"snapshot": {"interval": 0.1, "count": 4}})
    return path, state, record


@pytest.mark.parametrize("tree", CASES.values(), ids=CASES)
def test_restored_pack_has_the_same_bits(tmp_path, tree):
    state, record, writer, _ = make_case(tree=tree)
    write_checkpoint(tmp_path / "c.h5", state, record, writer)
    gids = state.pack.gids[1:]  # as a rank that owns some of the blocks
    pack = filled_pack(tree, gids)
    pack.u0[...] = pack.b0[...] = np.nan
    read_checkpoint(tmp_path / "c.h5", gids).restore(pack)
    assert pack.active(pack.u0).tobytes() == state.pack.active(state.pack.u0)[1:].tobytes()
    for axis in range(3):
        assert active_faces(pack, axis).tobytes() == active_faces(state.pack, axis)[1:].tobytes()
        assert active_faces(pack, axis).shape[3 - axis] == tree.block[axis] + (tree.cells[axis] > 1)


def test_clock_ledgers_and_schedules_come_back(written):
    path, state, record = written
    checkpoint = read_checkpoint(path, [2, 5])
    assert (checkpoint.time, checkpoint.time_compensation, checkpoint.step, checkpoint.dt) == (
        0.1 + 0.2,
        1e-17,
        7,
        1.0 / 3.0,
    )
    assert checkpoint.blocks["floors"].tolist() == state.blocks["floors"][[2, 5]].tolist()
    assert checkpoint.scalars == state.scalars
    assert checkpoint.schedules == {"snapshot": {"interval": 0.1, "count": 4}}
    assert (checkpoint.config, checkpoint.provenance) == (record.config, record.provenance)


def test_hydro_without_field(tmp_path):
    state, record, writer, _ = make_case(magnetic=False)
    write_checkpoint(tmp_path / "c.h5", state, record, writer)
    checkpoint = read_checkpoint(tmp_path / "c.h5")
    assert checkpoint.faces == ()
    with pytest.raises(CrmpiError, match="has no magnetic field"):
        checkpoint.restore(make_case()[0].pack)


def test_other_variables_are_refused(written):
    path, state, _ = written
    other = filled_pack(make_tree(), state.pack.gids, fields=state.pack.fields[:4])
    with pytest.raises(CrmpiError, match=r"has the variables .*fcr; this run needs .*ecr$"):
        read_checkpoint(path).restore(other)


@pytest.mark.parametrize("keep", [0.0, 0.1, 0.5, 0.999])
def test_truncated_file(written, keep):
    path, _, _ = written
    data = path.read_bytes()
    path.write_bytes(data[: int(keep * len(data))])
    with pytest.raises(CrmpiError, match=r"cannot restart from .* truncated or damaged"):
        read_checkpoint(path)


def test_flipped_bit_is_found(written):
    path, _, _ = written
    with h5py.File(path, "r") as file:
        place = file["u0"].id.get_offset() + 8 * file["u0"][0].size * 3 + 100
    data = bytearray(path.read_bytes())
    data[place] ^= 4
    path.write_bytes(data)
    with pytest.raises(CrmpiError, match="'u0' of block 3 is damaged"):
        read_checkpoint(path)
    read_checkpoint(path, [0, 1, 2])  # other blocks are fine


def flipped(value):
    """Return an attribute or a small data set with one bit changed."""
    if isinstance(value, str):
        return chr(ord(value[0]) ^ 1) + value[1:] if value else "1"
    array = np.array(value)
    data = bytearray(array.tobytes())
    data[0] ^= 1
    return np.frombuffer(bytes(data), array.dtype).reshape(array.shape)


def names_in(path):
    with h5py.File(path, "r") as file:
        return list(file.attrs), list(file)


def change(path, action):
    """Apply `action(file)` to a copy of the checkpoint and return its path."""
    copy = path.with_name("changed.h5")
    shutil.copy(path, copy)
    with h5py.File(copy, "r+") as file:
        action(file)
    return copy


def flip_attribute(file, name):
    value = flipped(file.attrs[name])
    file.attrs[name] = value if isinstance(value, str) else value[()]


def flip_dataset(file, name):
    old = file[name][()]
    del file[name]
    file[name] = flipped(old)


def test_every_flipped_attribute_is_refused(written):
    path, _, _ = written
    attributes, _ = names_in(path)
    assert {
        "time",
        "time_compensation",
        "step",
        "dt",
        "schedules",
        "scalars",
        "cells",
        "block",
        "complete",
    } <= set(attributes)
    for name in attributes:
        with pytest.raises(CrmpiError, match="cannot restart from"):
            read_checkpoint(change(path, lambda file, name=name: flip_attribute(file, name)))


def test_every_flipped_data_set_is_refused(written):
    path, _, _ = written
    _, datasets = names_in(path)
    assert {"config", "provenance", "u0", "b1", "b2", "b3", "blocks.floors"} <= set(datasets)
    for name in datasets:
        with pytest.raises(CrmpiError, match=r"damaged.*; restart from an earlier checkpoint"):
            read_checkpoint(change(path, lambda file, name=name: flip_dataset(file, name)))


def test_everything_deleted_or_added_is_refused(written):
    path, _, _ = written
    attributes, datasets = names_in(path)
    deletions = [lambda file, name=name: file.attrs.__delitem__(name) for name in attributes]
    deletions += [lambda file, name=name: file.__delitem__(name) for name in datasets]
    deletions += [lambda file: [file.__delitem__(name) for name in ("b3", "b3.crc32")]]
    additions = [
        lambda file: file.attrs.__setitem__("more", 1),
        lambda file: file.__setitem__("blocks.more", np.ones(8)),
    ]
    for action in deletions + additions:
        with pytest.raises(CrmpiError, match="cannot restart from"):
            read_checkpoint(change(path, action))


def test_edited_step_and_time_are_refused(written):
    path, _, _ = written
    for name, value in (("step", np.int64(8)), ("time", 0.5), ("schedules", "{}")):
        changed = change(
            path, lambda file, name=name, value=value: file.attrs.__setitem__(name, value)
        )
        with pytest.raises(
            CrmpiError,
            match="its attributes or its list of data sets are not those that were written",
        ):
            read_checkpoint(changed)


def test_missing_and_foreign_files(tmp_path):
    with pytest.raises(CrmpiError, match="no such file"):
        read_checkpoint(tmp_path / "none.h5")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = 1
    with pytest.raises(CrmpiError, match="not a crmpi checkpoint"):
        read_checkpoint(tmp_path / "other.h5")


def test_latest_skips_damaged_ones(written):
    path, _, _ = written
    newer = path.with_name("checkpoint_00004.h5")
    shutil.copy(path, newer)
    assert latest_checkpoint(path.parent) == newer
    newer.write_bytes(newer.read_bytes()[:5000])
    assert latest_checkpoint(path.parent) == path
    path.unlink()
    assert latest_checkpoint(path.parent) is None


def test_more_blocks_than_the_file_has(written):
    with pytest.raises(CrmpiError, match="it has 8 blocks"):
        read_checkpoint(written[0], [6, 7, 8])
