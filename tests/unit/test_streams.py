"""Streams show the cells that the snapshot of the same time has: read back, they are what the
reader makes of the snapshot."""

import h5py
import numpy as np
import pytest

from crmpi.analysis.read.cells import facts_of
from crmpi.analysis.read.info import info
from crmpi.analysis.read.readers import open_snapshot
from crmpi.analysis.streams.writing import check_streams
from crmpi.errors import ConfigError, CrmpiError
from crmpi.output.checkpoint import latest_checkpoint, read_checkpoint
from crmpi.output.schedule import EverySteps
from crmpi.output.writer import OutputWriter
from crmpi.params.core import OutputParams
from crmpi.params.loader import make
from crmpi.params.streams import StreamParams
from tests.output_case import Params, make_case
from tests.stream_case import make_sim, stream_of, write_with_snapshot


@pytest.fixture(params=["3d", "2d", "2d_x1_x3"])
def case(request):
    return make_sim(mesh=request.param)


def opened(paths):
    snapshot, stream = map(open_snapshot, paths)
    assert (stream.time, stream.step) == (0.1 + 0.2, 7)
    assert stream.units.cgs("pressure") == snapshot.units.cgs("pressure")
    return snapshot, stream


def flat(stream, name, axis, level):
    """Return the numbers of a file with one cell along an axis on the cells of a level."""
    return stream.slice(name, axis, level=level).values


def test_slices_are_those_of_the_snapshot(case, tmp_path):
    top = case[0].tree.max_level
    for number, axis in enumerate(facts_of(case[0]).axes):
        lower, upper = case[0].tree.lower[axis], case[0].tree.upper[axis]
        for share in (0.0, 0.37, 0.5, 1.0):
            position = lower + share * (upper - lower)
            asked = dict(shape="slice", axis=f"x{axis + 1}", position=position)
            asked["variables"] = ["dens", "beta"]
            folder = tmp_path / f"{number}_{share}"
            whole, cut = opened(write_with_snapshot(folder, *case, **asked))
            assert cut.names == ["dens", "beta"] and axis not in cut.axes
            for name in cut.names:
                expected = whole.slice(name, axis, position, level=top).values
                assert np.array_equal(flat(cut, name, axis, top), expected)


@pytest.mark.parametrize("weight", [None, "dens"])
def test_projections_are_those_of_the_snapshot(case, tmp_path, weight):
    """Integrals are sums of positive numbers in another order: equal to rounding."""
    top = case[0].tree.max_level
    for axis in facts_of(case[0]).axes:
        asked = dict(shape="projection", axis=f"x{axis + 1}", variables=["press", "pcr"])
        if weight:
            asked["weight"] = weight
        whole, seen = opened(write_with_snapshot(tmp_path / f"{axis}", *case, **asked))
        for name, stored in zip(["press", "pcr"], seen.names, strict=True):
            assert stored == (name if weight else f"integral_{name}")
            expected = whole.projection(name, axis, weight, level=top).values
            assert flat(seen, stored, axis, top) == pytest.approx(expected, rel=1e-13)


def test_the_column_of_a_density_is_a_surface_density(tmp_path):
    asked = dict(shape="projection", axis="x3", variables=["dens", "press", "beta"])
    _, seen = opened(write_with_snapshot(tmp_path, *make_sim(), **asked))
    assert seen.dimensions == {
        "integral_dens": "surface_density",
        "integral_press": "g/s**2",  # erg/cm^2, which has no name
        "integral_beta": "length",
    }


@pytest.mark.parametrize("coarsen", [1, 2])
def test_boxes_hold_the_cells_inside_and_few_others(case, tmp_path, coarsen):
    sim = case[0]
    extent = np.subtract(sim.tree.upper, sim.tree.lower)
    low, high = (sim.tree.lower + extent * np.array(s) for s in ((0.2, 0.3, 0.55), (0.4, 0.7, 0.6)))
    asked = dict(shape="box", lower=low.tolist(), upper=high.tolist(), coarsen=coarsen)
    _, part = opened(write_with_snapshot(tmp_path / "box", *case, **asked))
    _, whole = opened(write_with_snapshot(tmp_path / "whole", *case, coarsen=coarsen))
    axes = list(part.axes)
    first, last, low, high = (np.array(e)[axes] for e in (part.lower, part.upper, low, high))
    width = (last - first) / np.array(part.cells)[axes]
    piece = 1.001 * width * np.array(part.block)[axes]
    assert np.all((first <= low) & (first > low - piece))
    assert np.all((last >= high) & (last < high + piece))
    # the mesh of the file begins at a level of the mesh of the run
    root = int(np.log2(extent[axes[0]] / whole.cells[axes[0]] / width[0]).round())
    level = part.max_level
    start = np.zeros(3, int)
    start[axes] = np.rint((first - np.array(whole.lower)[axes]) / width).astype(int) << level
    window = tuple(
        slice(a, a + n) for a, n in zip(start[::-1], part.cells_at(level)[::-1], strict=True)
    )
    for name in ("dens", "vel1", "b3"):
        assert np.array_equal(part.array(name, level), whole.array(name, root + level)[window])


def test_coarse_cells_are_means(case, tmp_path):
    whole, coarse = opened(write_with_snapshot(tmp_path, *case, coarsen=2))
    assert coarse.names == whole.names
    assert [2 * n for n in coarse.cells if n > 1] == [n for n in whole.cells if n > 1]
    for name in ("dens", "fcr", "b1"):
        expected = whole.array(name)
        for axis in whole.axes:
            expected = 0.5 * sum(
                np.take(expected, np.arange(n, expected.shape[2 - axis], 2), 2 - axis)
                for n in (0, 1)
            )
        assert coarse.array(name) == pytest.approx(expected, rel=1e-13)


def test_precision_and_compression(tmp_path):
    sim, state, record, _ = make_sim()
    paths = [tmp_path / f"{level}.athdf" for level in (0, 1, 9)]
    for path, level in zip(paths, (0, 1, 9), strict=True):
        stream_of(sim, compression=level).write(path, state, record)
    with h5py.File(paths[0]) as plain, h5py.File(paths[2]) as small:
        assert plain["prim"].dtype == small["prim"].dtype == np.float32
        assert plain["prim"].compression is None and small["prim"].compression == "gzip"
        assert small["prim"][:].tobytes() == plain["prim"][:].tobytes()
        assert small["prim"].id.get_storage_size() < plain["prim"].id.get_storage_size()
    assert "all checksums" not in info(paths[2])  # of a snapshot: no word when all is right
    with h5py.File(paths[2], "r+") as file:
        place = file["prim"].id.get_chunk_info(5)
    data = bytearray(paths[2].read_bytes())
    data[place.byte_offset + place.size // 2] ^= 16
    paths[2].write_bytes(data)
    with pytest.raises(CrmpiError, match="is damaged"):
        info(paths[2])


def test_yt_reads_planes_and_columns(tmp_path):
    yt = pytest.importorskip("yt")
    yt.set_log_level("error")
    case = make_sim(mesh="3d")
    asked = dict(shape="slice", axis="x3", variables=["dens", "vel1"])
    _, path = write_with_snapshot(tmp_path, *case, **asked)
    ds, top = yt.load(str(path)), case[0].tree.max_level
    assert ds.dimensionality == 2 and ds.index.max_level <= top
    with open_snapshot(path) as ours:
        level = ours.max_level
        dims = [n << level if n > 1 else 1 for n in ours.cells]
        grid = ds.covering_grid(level, ds.domain_left_edge, dims)
        for name, stored in (("dens", "rho"), ("vel1", "vel1")):
            read = np.asarray(grid["athena_pp", stored])[:, :, 0]
            assert np.array_equal(read.T, flat(ours, name, 2, level))


MISTAKES = [
    (dict(name="a b", steps=1), r"'output\.streams\[0\]\.name' = 'a b' must be a letter followed"),
    (dict(name="a"), r"interval' and 'steps': give exactly one of the two"),
    (dict(name="a", steps=1, interval=2.0), r"give exactly one of the two"),
    (dict(name="a", steps=0), r"steps' = 0 must be > 0"),
    (dict(name="a", steps=1, shape="cube"), r"shape' = 'cube' is not one of"),
    (dict(name="a", steps=1, shape="slice"), r"axis' must be given for a stream of shape"),
    (
        dict(name="a", steps=1, axis="x1"),
        r"axis' = 'x1' does not belong to a stream of shape 'whole'",
    ),
    (dict(name="a", steps=1, coarsen=3), r"coarsen' = 3 must be a power of two"),
    (dict(name="a", steps=1, compression=12), r"compression' = 12 must be >= 0 and <= 9"),
    (dict(name="a", steps=1, precision="f2"), r"precision' = 'f2' is not one of"),
    (
        dict(name="a", steps=1, shape="box", lower=[0, 0, 0], upper=[1, 0, 1]),
        r"upper' = \[1, 0, 1\] must be above 'lower' along every axis",
    ),
    (dict(name="a", steps=1, variabels=["dens"]), r"did you mean '.*variables'"),
    (dict(steps=1), r"missing required parameter 'output\.streams\[0\]\.name'"),
]


@pytest.mark.parametrize("asked, sentence", MISTAKES)
def test_mistakes_in_parameters_are_one_sentence(asked, sentence):
    from crmpi.params import load

    with pytest.raises(ConfigError, match=sentence) as caught:
        load({"mesh": {"cells": [8, 8, 8]}, "time": {"end": 1.0}, "output": {"streams": [asked]}})
    assert len(caught.value.messages) == 1


IMPOSSIBLE = [
    (dict(variables=["denss"]), "this run has no 'denss'; it has dens, vel1"),
    (dict(shape="projection", axis="x1", weight="mass"), "this run has no 'mass'"),
    (dict(shape="slice", axis="x3"), r"axis = x3 leaves nothing to show"),
    (dict(shape="slice", axis="x1", position=7.0), "position = 7 is outside of the box"),
    (
        dict(shape="box", lower=[2, 0, 0], upper=[3, 1, 1]),
        "lower and upper enclose nothing of the mesh along x1",
    ),
    (dict(coarsen=4), r"coarsen = 4 must divide half of mesh\.block = \[4, 8, 1\] along x1"),
]


@pytest.mark.parametrize("asked, sentence", IMPOSSIBLE)
def test_what_a_run_does_not_have_is_one_sentence(asked, sentence):
    sim, *_ = make_sim(mesh="2d")
    sim.config.output.streams = (make(StreamParams, name="cut", steps=1, **asked),)
    with pytest.raises(CrmpiError, match=sentence) as caught:
        check_streams(sim.config, facts_of(sim))
    assert str(caught.value).startswith("output.streams: 'cut': ") and caught.value.everywhere
    assert "\n" not in str(caught.value)


def test_two_streams_of_one_name():
    sim, *_ = make_sim(mesh="2d")
    sim.config.output.streams = (make(StreamParams, name="cut", steps=1),) * 2
    with pytest.raises(CrmpiError, match="'cut' is the name of two streams"):
        check_streams(sim.config, facts_of(sim))


class Every:
    """A stream that writes a word every two steps."""

    name = "words"

    def schedule(self):
        return EverySteps(2)

    def write(self, path, state, record):
        path.parent.mkdir(parents=True, exist_ok=True)
        with h5py.File(path, "w") as file:
            file.attrs["NumCycles"] = state.step


def write_steps(folder, first, last, restart=None):
    state, record, _, owner = make_case()
    params = Params(str(folder), 100.0, 100.0, 3.0)
    output = OutputWriter(params, make_sim()[0].comm, owner, record, report=str, streams=[Every()])
    output.begin(restart)
    for step in range(first, last + 1):
        output.write_due(state._replace(step=step, time=float(step)))
    output.close()
    return output.directory


def test_a_restart_goes_on_where_the_stream_was(tmp_path):
    """Files after the checkpoint go with the branch that is left, and their numbers are given
    again."""
    directory = write_steps(tmp_path, 0, 8)
    assert [p.name for p in directory.stream_files("words")] == [
        f"words_{n:05d}.athdf" for n in range(5)
    ]
    checkpoint = read_checkpoint(latest_checkpoint(tmp_path))
    assert checkpoint.step == 6
    write_steps(tmp_path, 6, 10, checkpoint)
    steps = []
    for path in directory.stream_files("words"):
        with h5py.File(path) as file:
            steps.append(int(file.attrs["NumCycles"]))
    assert steps == [0, 2, 4, 6, 8, 10]
    aside = tmp_path / "replaced-001" / "streams" / "words"
    assert [p.name for p in aside.iterdir()] == ["words_00004.athdf"]
    write_steps(tmp_path, 0, 1)  # a new run moves the files of the earlier one
    assert len(directory.stream_files("words")) == 1
    assert (tmp_path / "replaced-002" / "streams" / "words" / "words_00005.athdf").is_file()


def test_defaults_of_output_have_no_streams():
    assert make(OutputParams).streams == ()
