"""What can be measured of a figure without looking at it: letters that overlap, are cut off, or
cover a panel."""

import itertools

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from tests.output_case import make_tree

SHAPES = {
    "square": make_tree((16, 16, 1), (8, 8, 1)),
    "wide": make_tree((24, 8, 1), (8, 8, 1)),
    "very wide": make_tree((96, 4, 1), (8, 4, 1)),
    "tall": make_tree((4, 32, 1), (4, 8, 1)),
    "very tall": make_tree((4, 96, 1), (4, 8, 1)),
    "line": make_tree((32, 1, 1), (8, 1, 1)),
    "cube": make_tree((8, 8, 8), (8, 8, 8)),
    "tower": make_tree((4, 4, 32), (4, 4, 8)),
}
"""Boxes that pictures are drawn of."""

_TOUCH = 1.0  # pixels by which letters may overlap


def _texts(artist):
    """Yield every `Text` that is drawn; of an axis the numbers in its range alone."""
    if not artist.get_visible():
        return
    if isinstance(artist, Axes) and not artist.axison:
        return
    if isinstance(artist, Text):
        if artist.get_text().strip():
            yield artist
        return
    if isinstance(artist, Axis):
        drawn = artist._update_ticks()
        parts = [
            artist.label,
            artist.offsetText,
            *(label for tick in drawn for label in (tick.label1, tick.label2)),
        ]
        for part in parts:
            yield from _texts(part)
        return
    for child in artist.get_children():
        yield from _texts(child)


def letters(figure):
    """Return [(text, box in pixels)] of everything written on a figure."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    return [(text.get_text(), text.get_window_extent(renderer)) for text in _texts(figure)]


def faults(figure):
    """Return sentences: letters on letters, letters beyond the page, letters of one panel on
    another panel."""
    found = letters(figure)
    assert found
    page = figure.bbox
    said = [f"'{text}' is cut off" for text, box in found if _beyond(box, page)]
    for (one, a), (other, b) in itertools.combinations(found, 2):
        if _overlap(a, b):
            said.append(f"'{one}' is on '{other}'")
    for axes in figure.axes:
        if axes.images or axes.collections:
            inside = axes.get_window_extent().padded(-2.0)
            said += [
                f"'{text}' is on an image"
                for text, box in found
                if _overlap(box, inside) and text not in _own(axes)
            ]
    return said


def _own(axes):
    """Return what is written inside of axes on purpose."""
    return [text.get_text() for text in axes.texts]


def _beyond(box, page):
    return (
        box.x0 < -_TOUCH
        or box.y0 < -_TOUCH
        or box.x1 > page.width + _TOUCH
        or box.y1 > page.height + _TOUCH
    )


def _overlap(a, b):
    return min(a.x1, b.x1) - max(a.x0, b.x0) > _TOUCH and min(a.y1, b.y1) - max(a.y0, b.y0) > _TOUCH


def share_of_page(figure):
    """Return the share of the page that panels cover."""
    boxes = [axes.get_window_extent() for axes in figure.axes]
    return sum(box.width * box.height for box in boxes) / (figure.bbox.width * figure.bbox.height)
