"""Movies: a frame for each snapshot, all on one scale and one page, as GIF and as MP4."""

import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image, ImageSequence

from crmpi.analysis.draw import movie as movies
from crmpi.analysis.draw import plots
from crmpi.analysis.draw.movie import alike, movie, pooled
from crmpi.analysis.draw.style import DEFAULT, pool
from crmpi.analysis.read.readers import open_snapshot
from crmpi.errors import CrmpiError
from crmpi.output.directory import RunDirectory
from tests.picture_case import SHAPES
from tests.unit.test_plot import make_run


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Folders of runs by the shape of their box."""
    root = tmp_path_factory.mktemp("movies")
    return {name: make_run(root / name, SHAPES[name]) for name in ("square", "tower", "line")}


def test_gif_has_a_frame_for_each_snapshot(runs, tmp_path):
    made = movie([runs["square"]], ["dens"], output=tmp_path / "a.gif", fps=5.0)
    with Image.open(made) as image:
        frames = [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(image)]
        assert image.info["duration"] == 200
        assert image.info["loop"] == 0
    assert len(frames) == len(RunDirectory(runs["square"]).snapshots()) == 2
    assert np.ptp(frames[0]) == 255
    assert list(tmp_path.iterdir()) == [made]


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg on the PATH")
def test_mp4_is_what_ffmpeg_reads(runs, tmp_path):
    made = movie([runs["tower"]], ["dens"], output=tmp_path / "a.mp4")
    done = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", made, "-f", "rawvideo", "-pix_fmt", "gray", "-"],
        capture_output=True,
        check=True,
    )
    first = next(alike([movies.pixels(plots.figure_of([snapshot(runs["tower"], 0)], ["dens"]))]))
    assert len(done.stdout) == 2 * first.shape[0] * first.shape[1]


def snapshot(run, number):
    return RunDirectory(run).snapshot(number)


@pytest.mark.parametrize("kind", ["slice", "projection", "profile", "radial"])
def test_scales_hold_the_numbers_of_all_frames(runs, kind):
    """Colours of a frame are those of the smallest and the largest number of all frames."""
    paths = [[path] for path in RunDirectory(runs["square"]).snapshots()]
    found = pooled(paths, (["vel1"], kind, 2 if kind in plots.IMAGES else 0, None))["vel1"]
    shown = []
    for (path,) in paths:
        with open_snapshot(path) as one:
            values = {
                "slice": lambda one=one: one.slice("vel1", 2).values,
                "projection": lambda one=one: one.projection("vel1", 2, "dens").values,
                "profile": lambda one=one: one.profile("vel1", 0).values,
                "radial": lambda one=one: one.radial_profile("vel1").values,
            }[kind]()
            shown.append(values * one.shown_in("vel1")[1])
    assert found[0] == min(values.min() for values in shown)
    assert found[-1] == max(values.max() for values in shown)
    options = DEFAULT._replace(pooled={"vel1": found})
    if kind == "slice":
        norms = [
            plots.figure_of(one, ["vel1"], 2, options=options).axes[0].images[0].norm
            for one in paths
        ]
        assert len({(norm.vmin, norm.vmax) for norm in norms}) == 1


def test_pool_keeps_what_scales_depend_on():
    assert list(pool([np.array([3.0, np.nan]), np.array([[-1.0, 0.5], [np.inf, 2.0]])])) == [
        -1.0,
        0.5,
        3.0,
    ]
    assert pool([np.array([np.nan])]).size == 0


def test_frames_have_one_shape(runs, tmp_path):
    images = list(alike([np.zeros((5, 4, 3), np.uint8), np.zeros((8, 2, 3), np.uint8)]))
    assert [image.shape for image in images] == [(6, 4, 3)] * 2
    assert images[0][5].min() == images[1][0, 3].min() == 255
    made = movie([runs["square"], runs["square"]], kind="phase", output=tmp_path / "a.gif")
    with Image.open(made) as image:
        assert image.n_frames == 2


def test_mistakes(runs, tmp_path, monkeypatch):
    run = runs["line"]
    (tmp_path / "empty").mkdir()
    for folders, options, message in (
        ([run], {"output": "x.avi"}, r"--output x.avi must end in one of .mp4, .gif"),
        ([tmp_path / "empty"], {"output": "x.gif"}, "has no snapshots; expected"),
        ([snapshot(run, 0)], {"output": "x.gif"}, "is not the folder of a run"),
        ([run], {"output": "x.gif", "kind": "projection"}, "there is nothing to project"),
        ([run], {"output": "x.gif", "fields": ["mass"]}, "has no 'mass'"),
    ):
        with pytest.raises(CrmpiError, match=message):
            movie(folders, **options)
    one = tmp_path / "one/snapshots"
    one.mkdir(parents=True)
    shutil.copy(snapshot(run, 0), one)
    with pytest.raises(CrmpiError, match="has one snapshot, a movie needs two or more"):
        movie([one.parent], output=tmp_path / "x.gif")
    monkeypatch.setattr(movies.shutil, "which", lambda name: None)
    monkeypatch.setitem(__import__("sys").modules, "imageio_ffmpeg", None)
    with pytest.raises(CrmpiError, match="needs ffmpeg: install it, or pip install imageio-ffmpeg"):
        movie([run], output=tmp_path / "x.mp4")
    monkeypatch.setattr(movies, "ffmpeg", lambda: shutil.which("false") or "/bin/false")
    with pytest.raises(
        CrmpiError, match=r"cannot write .*x.mp4: exit code 1; a name ending in .gif"
    ):
        movie([run], output=tmp_path / "x.mp4")
    assert not list(tmp_path.glob("x*"))
