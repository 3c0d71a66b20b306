"""Movies of the snapshots of runs: one picture for each, all on the same scales, as MP4 or GIF by
the name of the output."""

import shutil
import subprocess
from contextlib import ExitStack, contextmanager
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from crmpi.analysis.draw import panels, phase, plots
from crmpi.analysis.draw.style import DEFAULT, STYLE, pool
from crmpi.analysis.read.cells import AXIS_NUMBERS
from crmpi.analysis.read.readers import open_snapshot
from crmpi.errors import CrmpiError
from crmpi.output.directory import RunDirectory
from crmpi.output.files import clear_write_errors, commit, temporary

FORMATS = (".mp4", ".gif")
DPI = 150
_COLOURS = 256  # of a GIF


def frames_of(folders, every=1):
    """Return [[snapshot of each run]], one entry for each frame, and how many snapshots of longer
    runs are left out.

    Raises
    ------
    CrmpiError
        a folder without snapshots, or with one alone
    """
    lists = []
    for folder in map(Path, folders):
        if not folder.is_dir():
            raise CrmpiError(f"{folder} is not the folder of a run, so it has no snapshots to show")
        found = RunDirectory(folder).snapshots()
        if not found:
            RunDirectory(folder).latest_snapshot()  # says what is missing
        lists.append(found)
    count = min(map(len, lists))
    if count < 2:
        raise CrmpiError(
            f"{folders[0]} has one snapshot, a movie needs two or more: set "
            "output.snapshot_interval, or draw a picture with crmpi plot"
        )
    left_out = max(map(len, lists)) - count
    return list(map(list, zip(*lists, strict=False)))[::every], left_out


def movie(folders, fields=None, axis=None, position=None, kind=None, output=None, options=DEFAULT,
          *, fps=10.0, every=1, report=lambda line: None):  # fmt: skip
    """Draw a movie of the snapshots of one run, or of several beside one another, and return where
    it was written.

    Parameters
    ----------
    folders : paths
        of runs
    fields, axis, position, kind, options
        as those of `crmpi.analysis.draw.plots.plot`; density and cosmic-ray pressure by default
    output : path, optional
        name ending in .mp4 or .gif; by default movie.mp4 in the folder of the first run
    fps : float
        snapshots shown in a second
    every : int
        show every n-th snapshot
    report : callable
        is told in one line which snapshots are left out

    Raises
    ------
    CrmpiError
        nothing to show, another kind of file, no ffmpeg, or a file that cannot be written
    """
    output = Path(output) if output else Path(folders[0]) / "movie.mp4"
    if output.suffix not in FORMATS:
        raise CrmpiError(f"--output {output} must end in one of {', '.join(FORMATS)}")
    frames, left_out = frames_of(folders, every)
    program = ffmpeg() if output.suffix == ".mp4" else None
    if left_out:
        report(f"the last {left_out} snapshots of the longer runs have no counterpart: left out")
    across = AXIS_NUMBERS.get(axis)
    with open_snapshot(frames[0][0]) as first:
        fields = fields or (None if kind == "phase" else plots.default_fields(first)[:2])
        what = plots.settings(first, fields, across, position, kind)
    with mpl.rc_context(STYLE):
        options = options._replace(pooled=pooled(frames, what, options))
        images = alike(pixels(plots.figure_of(paths, *_given(what), options)) for paths in frames)
        with clear_write_errors(output):
            output.parent.mkdir(parents=True, exist_ok=True)
            if program:
                write_mp4(images, output, fps, program)
            else:
                write_gif(images, output, fps)
    return output


def _given(what):
    """Return (fields, axis, position, kind) as `plots.figure_of` takes them."""
    fields, kind, axis, position = what
    return fields, axis, position, kind


def pooled(frames, what, options=DEFAULT):
    """Return {quantity: the numbers that scales depend on}, of all frames; '' for the amounts of
    phase diagrams.

    Parameters
    ----------
    frames : list of lists of paths
    what : tuple
        (fields, kind, axis, position), as `plots.settings` returns them
    options : style.Options
    """
    fields, kind, axis, position = what
    options = options._replace(projection=kind == "projection")
    seen = {name: np.zeros(0) for name in fields}
    for snapshot in _each(frames):
        for name in fields:
            seen[name] = pool([seen[name], _shown(snapshot, name, kind, axis, position, options)])
    if kind == "phase":
        options = options._replace(pooled=seen)
        amounts = np.zeros(0)
        for snapshot in _each(frames):
            found = phase.phase(snapshot, fields, options).amounts
            amounts = pool([amounts, found[found > 0.0]])
        seen = seen | {"": amounts}
    return seen


def _each(frames):
    """Yield all snapshots, open."""
    for paths in frames:
        for path in paths:
            with open_snapshot(path) as snapshot:
                yield snapshot


def _shown(snapshot, name, kind, axis, position, options):
    """Return the numbers of a quantity that a picture shows."""
    if kind in plots.IMAGES:
        return panels.slice_values(snapshot, name, axis, position, options)[1]
    factor = snapshot.shown_in(name)[1]
    if kind == "phase":
        return pool(snapshot.values(name, gid) for gid in range(snapshot.nblock)) * factor
    found = snapshot.radial_profile(name) if kind == "radial" else snapshot.profile(name, axis)
    return found.values * factor


def pixels(figure):
    """Return a figure as an array (height, width, 3) of bytes."""
    figure.set_dpi(DPI)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[:, :, :3]


def alike(images):
    """Yield images of the shape of the first one, white where they have nothing; both sides even,
    as encoders of movies ask for."""
    shape = None
    for image in images:
        shape = shape or [n + n % 2 for n in image.shape[:2]]
        page = np.full((*shape, 3), 255, np.uint8)
        height, width = (min(pair) for pair in zip(shape, image.shape[:2], strict=True))
        page[:height, :width] = image[:height, :width]
        yield page


def write_gif(images, output, fps):
    """Write pictures into a GIF that repeats endlessly."""
    first, *rest = map(_indexed, images)
    first.save(
        temporary(output),
        format="GIF",
        save_all=True,
        append_images=rest,
        duration=max(round(1000.0 / fps), 20),
        loop=0,
    )
    commit(output)


def _indexed(image):
    """Return a picture in as many colours as a GIF may have. Most of a page is white, which leaves
    few of them to a bar of colours: shades between them are mixed of neighbouring pixels."""
    picture = Image.fromarray(image)
    palette = picture.quantize(_COLOURS, dither=Image.Dither.NONE)
    return picture.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)


def write_mp4(images, output, fps, program):
    """Write pictures into an H.264 movie that browsers and talks can show."""
    first = next(images)
    height, width, _ = first.shape
    command = [
        program, "-hide_banner", "-loglevel", "error", "-y",
        "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", f"{fps:g}",
        "-i", "-", "-an", "-c:v", "libx264", "-crf", "18", "-pix_fmt", "yuv420p",
        "-movflags", "+faststart", "-f", "mp4", str(temporary(output)),
    ]  # fmt: skip
    with _encoder(command, output) as pipe:
        pipe.write(first.tobytes())
        for image in images:
            pipe.write(image.tobytes())
    commit(output)


@contextmanager
def _encoder(command, output):
    """Give the standard input of an encoder, and turn what it complains of into a sentence."""
    with ExitStack() as stack:
        process = stack.enter_context(
            subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        )
        try:
            yield process.stdin
            process.stdin.close()
        except BrokenPipeError:
            pass  # what it wrote to its standard error says why it ended
        said = process.stderr.read().decode(errors="replace").strip()
        if process.wait() != 0:
            temporary(output).unlink(missing_ok=True)
            reason = said.splitlines()[-1] if said else f"exit code {process.returncode}"
            raise CrmpiError(
                f"{command[0]} cannot write {output}: {reason}; a name ending in .gif needs no "
                "ffmpeg"
            )


def ffmpeg():
    """Return the path of ffmpeg: of the machine, or of the package imageio-ffmpeg.

    Raises
    ------
    CrmpiError
        there is neither
    """
    found = shutil.which("ffmpeg")
    if found:
        return found
    try:
        from imageio_ffmpeg import get_ffmpeg_exe

        return get_ffmpeg_exe()
    except (ImportError, RuntimeError):
        raise CrmpiError(
            "a movie as .mp4 needs ffmpeg: install it, or pip install imageio-ffmpeg; a name "
            "ending in .gif needs neither"
        ) from None
